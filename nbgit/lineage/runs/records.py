"""Ring 3: all runs that were recorded here, behind the questions that lineage asks of them."""

from collections.abc import Iterable
from functools import cached_property

from nbgit.lineage.runs.journals import FileSeen, Run, read_runs
from nbgit.store.repository import Repository


class Records:
    """The runs of all sessions, by session, by what they displayed and by what they wrote; read when first asked."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    @cached_property
    def runs(self) -> list[Run]:
        """Every run, in the order in which they began; those that another run has started stand in that one."""
        return [run for run in read_runs(self.repository) if run.parent is None]

    @cached_property
    def sessions(self) -> dict[str, list[Run]]:
        """Session id -> its runs in their order; ids sort by when sessions began."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            found.setdefault(run.session.id, []).append(run)
        return {session: sorted(runs, key=lambda run: run.number) for session, runs in sorted(found.items())}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Session id -> its number among the sessions that were recorded here, from 1."""
        return {session: number for number, session in enumerate(self.sessions, 1)}

    @cached_property
    def _shown(self) -> dict[str, list[Run]]:
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            for digest in {shown.digest for shown in run.displayed}:
                found.setdefault(digest, []).append(run)
        return found

    @cached_property
    def _written(self) -> dict[str, list[tuple[Run, FileSeen]]]:
        """Digest, and path, to the runs that wrote such a file; a digest is 64 hex digits and no path is."""
        found: dict[str, list[tuple[Run, FileSeen]]] = {}
        for run in self.runs:
            for file in run.writes:
                found.setdefault(file.path, []).append((run, file))
                if file.sha256:
                    found.setdefault(file.sha256, []).append((run, file))
        return found

    @cached_property
    def _read(self) -> dict[str, list[tuple[Run, FileSeen]]]:
        """The same of the runs that read such a file."""
        found: dict[str, list[tuple[Run, FileSeen]]] = {}
        for run in self.runs:
            for file in run.reads:
                found.setdefault(file.path, []).append((run, file))
                if file.sha256:
                    found.setdefault(file.sha256, []).append((run, file))
        return found

    def readers(self, path: str) -> list[Run]:
        """Return the runs that read the file at `path`, whatever it held, or a copy of what it held."""
        pairs = [*self._read.get(path, ()), *self._written.get(path, ())]
        digests = {file.sha256 for _, file in pairs if file.sha256 and file.size}
        found = [*self._read.get(path, ()), *(pair for digest in digests for pair in self._read.get(digest, ()))]
        return list({run.id: run for run, _ in found}.values())

    def readers_of(self, file: FileSeen) -> list[Run]:
        """Return the runs that read just what `file` holds: by content, else by path, size and time."""
        if file.sha256 and file.size:
            return [run for run, _ in self._read.get(file.sha256, ())]
        return [run for run, one in self._read.get(file.path, ()) if one[:3] == file[:3]]

    def showing(self, digest: str) -> list[Run]:
        """Return the runs that displayed this payload (`sha256:...`), oldest first."""
        return self._shown.get(digest, [])

    def writers(self, file: FileSeen) -> Iterable[tuple[Run, FileSeen]]:
        """Return the runs that wrote what `file` was, oldest first: by content, else by path, size and time."""
        if file.sha256 and file.sha256 in self._written:
            return self._written[file.sha256]
        same = self._written.get(file.path, ())
        return [(run, one) for run, one in same if one[:3] == file[:3]]
