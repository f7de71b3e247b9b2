"""Ring 3: all runs that were recorded here, behind the questions that lineage asks of them."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from hashlib import blake2b

from nbgit.lineage.history.commits import Report
from nbgit.lineage.history.index import Index
from nbgit.lineage.runs import run_index
from nbgit.lineage.runs.journals import FileSeen, Run, instant, read_session
from nbgit.lineage.runs.run_index import (
    SessionRow,
    all_homes,
    all_sessions,
    keep_edges,
    kept_edges,
    learn_runs,
    newest_sessions,
    sessions_at_home,
    sessions_with,
)
from nbgit.lineage.runs.sources import Source, list_sources, removed_journals
from nbgit.lineage.runs.times import ended
from nbgit.store.repository import Repository

HELD = 100_000  # runs that are kept in memory; those of sessions that were not asked for of late are read again


class Records:
    """The runs of all sessions, found by the index; a session is read when a question first concerns it.

    Runs that another run has started stand in that one, and are told by `latest` only.
    """

    def __init__(self, repository: Repository, index: Index, report: Report | None = None) -> None:
        self._repository = repository
        self._index = index
        self._report = report
        self._read: dict[str, list[Run]] = {}
        self._outer: dict[str, list[Run]] = {}
        self._held = 0
        self._homes: set[int] | None = None
        self._readers: dict[object, list[Run]] = {}

    @cached_property
    def _sources(self) -> dict[str, list[Source]]:
        """Session id -> its sources; by then the index knows all of them."""
        sources = list_sources(self._repository)
        learn_runs(self._index, sources, self._report)
        found: dict[str, list[Source]] = {}
        for source in sources:
            found.setdefault(source.session, []).append(source)
        return found

    @cached_property
    def _rows(self) -> dict[int, SessionRow]:
        return all_sessions(self._index) if self._sources else {}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        counts: dict[int, int] = {}
        found: dict[str, int] = {}
        for row in self._rows.values():
            found[row.id] = counts[row.kin] = counts.get(row.kin, 0) + 1
        return found

    def number(self, session: str) -> int:
        """Return a session's number, from 1, among those that were recorded in this clone; of one that came from
        elsewhere the number that it has there, where that is known, else the one among those that came from that
        machine."""
        if any(source.is_local for source in self._sources.get(session, ())):
            return self._numbers.get(session, 0) + sum(one < session for one in self._removed)
        runs = self.of_session(session)
        return (runs[0].session.number if runs else 0) or self._numbers.get(session, 0)

    @cached_property
    def _removed(self) -> set[str]:
        return removed_journals(self._repository)

    def of_session(self, session: str) -> list[Run]:
        """Return the runs of a session in their order."""
        runs = self._all_of(session)
        if session not in self._outer:
            self._outer[session] = [run for run in runs if run.parent is None]
        return self._outer[session]

    def kept_edges(self, session: str, version: str) -> bytes | None:
        """Return what the index keeps of how the runs of a session need each other, as this version has found it."""
        return kept_edges(self._index, session, self._stamp(session, version))

    def keep_edges(self, session: str, version: str, packed: bytes) -> None:
        """Have the index keep that; it holds until a source of the session changes."""
        keep_edges(self._index, session, self._stamp(session, version), packed)

    def showing(self, digest: str, code: str | None = None) -> list[Run]:
        """Return the runs (of this code) that displayed this payload (`sha256:...`), oldest first."""
        sessions = self._with(run_index.SHOWN, digest)
        if code is not None:
            sessions &= self._with(run_index.CODE, code)
        return self._runs(
            sessions,
            lambda run: code in (None, run.code) and any(shown.digest == digest for shown in run.displayed),
        )

    def of_code(self, code: str, notebooks: Iterable[str]) -> list[Run]:
        """Return the runs of this code in sessions of these notebooks, or of none that is known; oldest first."""
        sessions = self._with(run_index.CODE, code)
        if sessions:
            sessions &= sessions_at_home(self._index, notebooks)
        return self._runs(sessions, lambda run: run.code == code)

    def concerning(
        self, notebooks: Iterable[str], digests: Iterable[str], codes: Iterable[str]
    ) -> dict[str, list[Run]]:
        """Return session -> its runs, where it is of one of these notebooks, or displayed or ran one of these."""
        found = sessions_at_home(self._index, notebooks) if self._sources else set()
        found |= self._having(digests, codes)
        names = [row.id for number, row in self._rows.items() if number in found]
        return {name: self.of_session(name) for name in names}

    def latest_of(self, notebook: str, digests: Iterable[str], codes: Iterable[str]) -> list[str]:
        """Return the sessions that displayed or ran one of these, the latest first: before all others those of the
        notebook, and of none that is known."""
        found = self._having(digests, codes)
        home = sessions_at_home(self._index, [notebook]) if found else set()
        rows = [(number in home, row) for number, row in self._rows.items() if number in found]
        return [row.id for _, row in sorted(rows, key=lambda one: (one[0], one[1].last), reverse=True)]

    def readers(self, path: str) -> list[Run]:
        """Return the runs that read the file at `path`, whatever it held, or a copy of what it held; oldest first."""
        sessions = self._with(run_index.READ, path)
        digests = self.digests_at(path)
        for digest in digests:
            sessions |= self._with(run_index.READ_CONTENT, digest)
        return self._runs(sessions, lambda run: any(one.path == path or one.sha256 in digests for one in run.reads))

    def digests_at(self, path: str) -> set[str]:
        """Return the digests of what runs have found or left at `path`; not of empty files, which are no copies."""
        return {
            file.sha256
            for run in self._runs(self._with(run_index.READ, path) | self._with(run_index.WRITTEN, path), _has_files)
            for file in (*run.reads, *run.writes)
            if file.path == path and file.sha256 and file.size
        }

    def readers_of(self, file: FileSeen) -> list[Run]:
        """Return the runs that read just what `file` holds, oldest first: by content, else by path, size and time."""
        content = file.sha256 if file.size else None
        key = content or file[:3]
        if key not in self._readers:
            if content:
                sessions = self._with(run_index.READ_CONTENT, content)
                self._readers[key] = self._runs(sessions, lambda run: any(one.sha256 == content for one in run.reads))
            else:
                sessions = self._with(run_index.READ, file.path)
                self._readers[key] = self._runs(sessions, lambda run: any(is_same(one, file) for one in run.reads))
        return self._readers[key]

    def writers(self, file: FileSeen) -> list[tuple[Run, FileSeen]]:
        """Return the runs that wrote what `file` was, oldest first: by content, else by path, size and time.

        An empty file is looked for at its path alone: all empty files are alike.
        """
        if file.sha256 and file.size:
            runs = self._runs(self._with(run_index.WRITTEN_CONTENT, file.sha256), _has_files)
            if found := [(run, one) for run in runs for one in run.writes if one.sha256 == file.sha256]:
                return found
        return [(run, one) for run, one in self.writers_at(file.path) if is_same(one, file)]

    def writers_at(self, path: str) -> list[tuple[Run, FileSeen]]:
        """Return the runs that wrote the file at `path`, whatever it held, oldest first."""
        runs = self._runs(self._with(run_index.WRITTEN, path), _has_files)
        return [(run, one) for run in runs for one in run.writes if one.path == path]

    def has_session_of(self, notebook: str) -> bool:
        """Return whether a session is known to be of the notebook at that path."""
        if self._homes is None:
            self._homes = all_homes(self._index) if self._sources else set()
        return run_index.key_of(run_index.PLACE, notebook) in self._homes

    def newest(self) -> list[str]:
        """Return the last session of each notebook, and those of which it is not known, oldest first."""
        return newest_sessions(self._index) if self._sources else []

    def writer(self, file: FileSeen, reader: Run) -> Run | None:
        """Return the run that wrote a file as `reader` has read it: the last one before, rather of the same path."""
        found = self.writing(file, reader)
        return found[0] if found else None

    def writing(self, file: FileSeen, reader: Run) -> tuple[Run, FileSeen] | None:
        """Return that run with the file as it wrote it."""
        end = ended(reader.started, reader.seconds) or reader.started
        found = [(run, one) for run, one in self.writers(file) if run.started <= end]
        return max(found, key=lambda pair: (pair[1].path == file.path, pair[0].started, pair[0].number), default=None)

    def latest(self, since: str = "", until: str = "", places: Iterable[str] = ()) -> Iterator[Run]:
        """Yield every run that began between two times, newest first; no session is read before it is needed.

        `places` are notebooks, files and folders: sessions that have to do with none of them are left out, all others
        told whole.
        """
        rows = list(self._rows.items())
        if wanted := list(places):
            found = set[int]().union(*(self._with(run_index.PLACE, place) for place in wanted))
            rows = [row for row in rows if row[0] in found]
        waiting: list[tuple[_Newest, Run]] = []
        for _, row in sorted(rows, key=lambda one: one[1].last, reverse=True):
            if since and row.last < since:
                break
            if until and row.began > until:
                continue
            while waiting and instant(waiting[0][1].started) > row.last:
                yield heapq.heappop(waiting)[1]
            for run in self._all_of(row.id, keep=False):
                if (not since or run.started >= since) and (not until or run.started <= until):
                    heapq.heappush(waiting, (_Newest(_age(run)), run))
        while waiting:
            yield heapq.heappop(waiting)[1]

    def _having(self, digests: Iterable[str], codes: Iterable[str]) -> set[int]:
        found = (self._with(run_index.SHOWN, digest) for digest in digests)
        return set[int]().union(*found, *(self._with(run_index.CODE, code) for code in codes))

    def _with(self, kind: str, text: str) -> set[int]:
        return sessions_with(self._index, kind, text) if self._sources else set()

    def _runs(self, sessions: set[int], is_wanted: Callable[[Run], bool]) -> list[Run]:
        """Return those runs of sessions (numbers of the index) that are wanted, oldest first."""
        names = [self._rows[session].id for session in sessions if session in self._rows]
        return sorted((run for name in names for run in self.of_session(name) if is_wanted(run)), key=_age)

    def _stamp(self, session: str, version: str) -> bytes:
        told = [version, *(f"{source.key} {source.stamp}" for source in self._sources.get(session, ()))]
        return blake2b("\n".join(told).encode(), digest_size=16).digest()

    def _all_of(self, session: str, *, keep: bool = True) -> list[Run]:
        found = self._read.pop(session, None)
        keep = keep or found is not None
        if found is None:
            found = read_session(self._sources.get(session, ()))
            self._held += len(found) if keep else 0
        if keep:
            self._read[session] = found  # the last one to go
        while self._held > HELD and len(self._read) > 1:
            oldest = next(iter(self._read))
            self._held -= len(self._read.pop(oldest))
            self._outer.pop(oldest, None)
        return found


def is_same(one: FileSeen, other: FileSeen) -> bool:
    """Return whether two files without digests are one, by path, size and time; empty ones by path and size."""
    return one[:3] == other[:3] or (one.path == other.path and one.size == other.size == 0)


class _Newest(tuple[str, str, str, int]):
    """An age that sorts the other way round."""

    def __lt__(self, other: tuple[object, ...]) -> bool:
        return tuple.__gt__(self, other)


def _has_files(run: Run) -> bool:
    return bool(run.reads or run.writes)


def _age(run: Run) -> tuple[str, str, str, int]:
    """Return what runs sort by: when they began, then their sessions; then their order in it."""
    return instant(run.started), instant(run.session.started), run.session.id, run.number
