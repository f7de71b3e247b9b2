"""Ring 3: the notebooks of the working tree as they lie there, and which recorded run made what each cell shows.

Within one session an execution count is of one run only; so once it is known which sessions a notebook was run in, a
cell that was edited since, or that shows nothing but a stream, still leads to its run.
"""

from collections import Counter
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from nbgit.errors import NotANotebook
from nbgit.lineage.history.commits import Report
from nbgit.lineage.history.documents import CellKey, source_key
from nbgit.lineage.origin.whereabouts import Place
from nbgit.lineage.runs.journals import Run, Session
from nbgit.lineage.runs.records import Records
from nbgit.notebook.cells import Cell, read_cells
from nbgit.notebook.outputs import ERROR, STDERR, STDOUT, count_of, is_figure, output_data
from nbgit.store.git import run_git
from nbgit.store.repository import Repository
from nbgit.store.worktree import read_worktree_file, worktree_file

SUFFIX, CHECKPOINTS = ".ipynb", ".ipynb_checkpoints"
MOST_SESSIONS = 30  # of one notebook that are read where cells are left of which no run is found
UNRECORDED = (STDOUT, STDERR, ERROR)  # no run has digests of these


@dataclass(frozen=True)
class Showing:
    """A code cell and what it shows: `data` as (media type, digest) of all outputs."""

    cell: Cell
    key: CellKey
    count: int | None
    data: tuple[tuple[str, str], ...]

    @property
    def digests(self) -> set[str]:
        """The payloads that a record of the run has."""
        return {digest for mime, digest in self.data if mime not in UNRECORDED}

    def is_made_by(self, run: Run) -> bool:
        """Return whether a run of the same count made just this."""
        digests = self.digests
        return any(one.digest in digests for one in run.displayed) if digests else run.code == self.cell.source

    @property
    def is_run(self) -> bool:
        """Whether it shows that it was run: outputs, or a count."""
        return bool(self.data) or self.count is not None


class Notebook(NamedTuple):
    """A notebook of the working tree: `keys` of all its cells, and its code cells that are not blank."""

    path: str
    cells: list[Cell]
    keys: list[CellKey]
    code: list[Showing]
    language: str

    @property
    def counts(self) -> dict[int, int]:
        """Cell index -> execution count."""
        return {one.cell.index: one.count for one in self.code if one.count is not None}


def find_notebooks(repository: Repository, paths: Iterable[str] = ()) -> list[str]:
    """Return the notebooks of the working tree, at or below `paths` (from the top) if there are any, in git's order.

    Those that git ignores, and Jupyter's checkpoints, are left out.
    """
    if repository.worktree is None:
        return []
    arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--full-name", "--"]
    literal = [f":(top,literal){path}" for path in paths] or [":(top)"]
    found = run_git([*arguments, *literal], cwd=repository.worktree).decode("utf-8", "surrogateescape").split("\0")
    named = {path for path in found if path.endswith(SUFFIX) and CHECKPOINTS not in path.split("/")}
    return sorted(path for path in named if worktree_file(repository, path))


def read_notebook(repository: Repository, path: str) -> Notebook | None:
    """Return a notebook of the working tree, or None where there is none that can be read."""
    data = read_worktree_file(repository, path)
    if data is None:
        return None
    try:
        notebook = read_cells(data)
    except (NotANotebook, ValueError):
        return None
    keys = [CellKey(cell.id, source_key(cell.source)) for cell in notebook.cells]
    code = [
        Showing(cell, keys[cell.index], count_of(cell.execution_count), tuple(_data(cell)))
        for cell in notebook.cells
        if cell.kind == "code" and cell.source.strip()
    ]
    return Notebook(path, notebook.cells, keys, code, notebook.language)


def _data(cell: Cell) -> Iterable[tuple[str, str]]:
    for output in cell.outputs:
        if isinstance(output, dict):
            for mime, data in output_data(output):
                yield mime, "sha256:" + sha256(data).hexdigest()


class Worktree:
    """The notebooks of the working tree (path -> Notebook), and the sessions and runs behind them."""

    def __init__(self, notebooks: dict[str, Notebook], records: Records, report: Report | None = None) -> None:
        self.notebooks = notebooks
        self._records = records
        self._runs: dict[str, list[Run]] = {}  # by session: only those that may have made what is there now
        for number, notebook in enumerate(notebooks.values(), 1):
            self._read_sessions(notebook)
            if report:
                report(number, len(notebooks))
        self._shown: dict[str, list[Run]] = {}
        for runs in self._runs.values():
            for run in runs:
                for digest in {shown.digest for shown in run.displayed}:
                    self._shown.setdefault(digest, []).append(run)

    def _read_sessions(self, notebook: Notebook) -> None:
        """Read the sessions of a notebook, the last first, until each cell has a run that made what it shows."""
        left = [one for one in notebook.code if one.is_run]
        digests = {digest for one in left for digest in one.digests}
        sessions = self._records.latest_of(notebook.path, digests, {one.cell.source for one in notebook.code})
        for session in sessions[:MOST_SESSIONS]:
            if not left:
                return
            runs = self._runs[session] = self._records.of_session(session)
            by_count: dict[int | None, list[Run]] = {}
            for run in runs:
                by_count.setdefault(run.execution_count, []).append(run)
            left = [one for one in left if not any(one.is_made_by(run) for run in by_count.get(one.count, ()))]

    def home(self, session: Session) -> str | None:
        """Return the notebook that a session is of: the one it was told, unless that is not there (renamed)."""
        return self._homes.get(session.id) or session.notebook

    def seen_from(self, path: str, session: Session) -> "Worktree":
        """Return the same where a session is of the notebook at `path`: a copy is compared with itself."""
        found = copy(self)
        found._homes = {**self._homes, session.id: path}
        return found

    def place(self, run: Run) -> Place:
        """Return the notebook of a run, and the cell that shows what it made."""
        path = self.home(run.session)
        cell = self.cell_of(run)
        return Place(path, cell.cell.index, cell.key.id) if cell else Place(path)

    def cell_of(self, run: Run) -> Showing | None:
        """Return the cell that shows what a run made, in the notebook of its session."""
        return self._claims.get((self.home(run.session), run.id))

    def maker_of(self, path: str, shown: Showing) -> Run | None:
        """Return the run that made what a cell shows, None where no such run was recorded."""
        return self._makers.get((path, shown.cell.index))

    def was_run(self, path: str, shown: Showing) -> bool:
        """Return whether a run of just this code was recorded for the notebook, whatever it shows now."""
        runs = (run for session in self._sessions.get(path, ()) for run in self._runs[session])
        code = shown.cell.source
        return any(run.code == code for run in runs) or bool(self._records.of_code(code, [path]))

    @cached_property
    def _evidence(self) -> dict[str, Counter[str]]:
        """Session id -> how much of what it ran and displayed each notebook has."""
        having: dict[str, set[str]] = {}
        for path, notebook in self.notebooks.items():
            for one in notebook.code:
                for key in (one.cell.source, *(digest for _, digest in one.data)):
                    having.setdefault(key, set()).add(path)
        found: dict[str, Counter[str]] = {}
        for session, runs in self._runs.items():
            keys = {key for run in runs for key in (run.code, *(shown.digest for shown in run.displayed))}
            found[session] = Counter(path for key in keys for path in having.get(key, ()))
        return found

    @cached_property
    def _homes(self) -> dict[str, str]:
        homes: dict[str, str] = {}
        for session, runs in self._runs.items():
            named, evidence = runs[0].session.notebook, self._evidence[session]
            if named in self.notebooks:
                homes[session] = named
            elif evidence:
                homes[session] = min(evidence, key=lambda path: (-evidence[path], path))
        return homes

    @cached_property
    def _sessions(self) -> dict[str, list[str]]:
        """Path -> its sessions; those of another notebook where it has none of its own and is mostly a copy."""
        found: dict[str, list[str]] = {}
        for session, path in self._homes.items():
            found.setdefault(path, []).append(session)
        for path, notebook in self.notebooks.items():
            if path not in found:
                least = max(1, (len(notebook.code) + 1) // 2)
                found[path] = [one for one, evidence in self._evidence.items() if evidence[path] >= least]
        return found

    @cached_property
    def _by_count(self) -> dict[tuple[str, int], list[Run]]:
        found: dict[tuple[str, int], list[Run]] = {}
        for run in (run for runs in self._runs.values() for run in runs):
            if run.execution_count is not None:
                found.setdefault((run.session.id, run.execution_count), []).append(run)
        return found

    @cached_property
    def _makers(self) -> dict[tuple[str, int], Run]:
        found: dict[tuple[str, int], Run] = {}
        for path, notebook in self.notebooks.items():
            sessions = set(self._sessions.get(path, ()))
            codes = {one.cell.source for one in notebook.code}
            for one in notebook.code:
                run = self._likeliest(one, sessions, codes) if one.is_run else None
                if run is not None:
                    found[path, one.cell.index] = run
        return found

    @cached_property
    def _claims(self) -> dict[tuple[str | None, str], Showing]:
        shown = {(path, one.cell.index): one for path, notebook in self.notebooks.items() for one in notebook.code}
        return {(place[0], run.id): shown[place] for place, run in self._makers.items()}

    def _likeliest(self, shown: Showing, sessions: set[str], codes: set[str]) -> Run | None:
        """Return the run that fits a cell best: by what it shows, its code, its id, its count; of several the last."""
        digests = shown.digests
        found: dict[str, Run] = {}
        for mime, digest in shown.data:
            for run in self._shown.get(digest, ()):
                if is_figure(mime) or (run.session.id in sessions and _is_cell(run, shown)):
                    found[run.id] = run
        for session in sessions if shown.count is not None else ():
            for run in self._by_count.get((session, shown.count or 0), ()):
                if _may_have_made(run, shown, digests, codes):
                    found[run.id] = run

        def fit(run: Run) -> tuple[bool, int, bool, bool, bool, str, int]:
            same_id = run.cell_id is not None and run.cell_id == shown.cell.id
            overlap = sum(one.digest in digests for one in run.displayed)
            same_count = run.execution_count == shown.count
            same_code = run.code == shown.cell.source
            return run.session.id in sessions, overlap, same_code, same_id, same_count, run.started, run.number

        return max(found.values(), key=fit, default=None)


def _is_cell(run: Run, shown: Showing) -> bool:
    """Return whether something besides the output speaks for a run: short texts are shown by many."""
    same_id = run.cell_id is not None and run.cell_id == shown.cell.id
    return same_id or run.code == shown.cell.source or (run.execution_count == shown.count and run.cell_id is None)


def _may_have_made(run: Run, shown: Showing, digests: set[str], codes: set[str]) -> bool:
    """Return whether a run of this count in a session of the notebook is one of this cell."""
    if run.cell_id is not None and shown.cell.id is not None and run.cell_id != shown.cell.id:
        return False
    if run.code != shown.cell.source and run.code in codes:
        return False  # another cell's
    displayed = {one.digest for one in run.displayed}
    return "displayed" in run.omitted or not (displayed or digests) or bool(displayed & digests)
