"""Ring 3: where in the history a recorded run belongs: its notebook, its cell there, the commit that has it.

Some frontends don't tell a kernel which notebook it is of. Then it is the notebook that shows what the session
displayed, or else the one in HEAD with most of its code.
"""

from collections import Counter
from functools import cached_property
from typing import NamedTuple, Protocol

from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.documents import CellKey, source_key
from nbgit.lineage.history.figures import counts_of, documents_with
from nbgit.lineage.history.past import Past
from nbgit.lineage.history.versions import Shown, Version
from nbgit.lineage.runs.journals import Run, Session
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.times import is_before


class Place(NamedTuple):
    """A run's notebook, its cell (from 0, and its id) in a commit, that commit and version; None where not known."""

    path: str | None
    cell_index: int | None = None
    cell_id: str | None = None
    commit: Commit | None = None
    version: Version | None = None


class Places(Protocol):
    """What knows where a run belongs."""

    def place(self, run: Run) -> Place:
        """Return the notebook and the cell of a run."""


class Whereabouts:
    """Finds the notebooks, cells and commits of runs; each session is looked for once."""

    def __init__(self, past: Past, records: Records) -> None:
        self._past = past
        self._records = records
        self._notebooks: dict[str, str | None] = {}
        self._known: dict[str, list[tuple[Version, Commit]]] = {}

    def notebook(self, session: Session) -> str | None:
        """Return the path of a session's notebook, from the top, or None."""
        if session.notebook is not None:
            return session.notebook
        if session.id not in self._notebooks:
            self._notebooks[session.id] = self._by_outputs(session) or self._by_code(session)
        return self._notebooks[session.id]

    def place(self, run: Run) -> Place:
        """Return where a run belongs: in the first commit after it that has its code, rather with its count, too.

        Where none has, in the last one before it that has its code.
        """
        path = self.notebook(run.session)
        if path is None or not self._past.has_name(path):
            return Place(path)
        key = source_key(run.code)
        best: tuple[tuple[bool, bool], Place] | None = None
        for version, commit in self._states(path):
            cells = self._past.cells(version.shown)
            index = cell_of(run.cell_id, key, cells)
            if index is None:
                continue
            is_later = is_before(run.started, commit.date)
            has_count = self._counts(version.shown).get(index) == run.execution_count
            fit = (is_later, is_later and has_count)
            if best is None or fit > best[0] or (fit == best[0] and not is_later):
                best = fit, Place(path, index, cells[index].id, commit, version)
        return best[1] if best else Place(path)

    def _counts(self, shown: Shown) -> dict[int, int]:
        return counts_of(self._past.index, shown.document)

    def _states(self, path: str) -> list[tuple[Version, Commit]]:
        """Return what a notebook was, oldest first, each with the first commit that shows it."""
        if path not in self._known:
            versions = self._past.versions_of([path])
            self._past.learn(versions.all_shown())
            first: dict[Shown, Version] = {}
            for _, version in versions.oldest_first():
                first.setdefault(version.shown, version)
            commits = self._past.commits(version.position for version in first.values())
            self._known[path] = [(version, commits[version.position]) for version in first.values()]
        return self._known[path]

    def _by_outputs(self, session: Session) -> str | None:
        """Return the notebook that shows most of what a session has displayed."""
        digests = {shown.digest for run in self._records.of_session(session.id) for shown in run.displayed}
        found: Counter[str] = Counter()
        for digest in digests:
            documents = documents_with(self._past.index, digest)
            found.update(self._past.names_showing(documents) if documents else ())
        return _most(found)

    def _by_code(self, session: Session) -> str | None:
        """Return the notebook in HEAD that has most of a session's code."""
        found: Counter[str] = Counter()
        for key in {source_key(run.code) for run in self._records.of_session(session.id) if run.code.strip()}:
            found.update(self._in_head.get(key, ()))
        return _most(found)

    @cached_property
    def _in_head(self) -> dict[str, set[str]]:
        """Digest of a cell's source -> the notebooks of HEAD that have it."""
        shown = self._past.versions_of(self._past.all_names()).at(self._past.head)
        self._past.learn(shown.values())
        found: dict[str, set[str]] = {}
        for path, state in shown.items():
            for cell in self._past.cells(state):
                found.setdefault(cell.source, set()).add(path)
        return found


def cell_of(cell_id: str | None, key: str, cells: list[CellKey]) -> int | None:
    """Return which cell has the code with this digest: the one with this id, if there is one, else the first."""
    found = [index for index, cell in enumerate(cells) if cell.source == key]
    same_id = [index for index in found if cell_id is not None and cells[index].id == cell_id]
    return next(iter(same_id or found), None)


def _most(found: Counter[str]) -> str | None:
    """Return what was counted most often, None where nothing was; of several the first by name."""
    return min(found, key=lambda path: (-found[path], path), default=None)
