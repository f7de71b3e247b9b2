"""Ring 3: the recipe of an output: those of a session's runs, or of a notebook's cells, that it rests on."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from nbgit.lineage.origin.edges import Edges, slicer_version
from nbgit.lineage.runs.journals import ERROR, INTERRUPTED, LOST, OK, Run, Session
from nbgit.lineage.runs.records import Records
from nbgit.lineage.slicing import slicer
from nbgit.lineage.slicing.slicer import Facts, find_needed
from nbgit.notebook.cells import Cell

PLACES = {"random": "rng:random", "numpy.random": "rng:numpy", "torch.random": "rng:torch"}
FAILED = {OK: slicer.OK, ERROR: slicer.ERROR, INTERRUPTED: slicer.INTERRUPTED, LOST: slicer.INTERRUPTED}
PYTHON = ("", "python", "ipython", "python3", "ipython3")


@dataclass(frozen=True)
class Step:
    """One cell of a recipe as it was run; `run` is None and `cell_index` known where no run was recorded."""

    code: str
    execution_count: int | None
    cell_id: str | None
    run: Run | None = None
    cell_index: int | None = None


@dataclass(frozen=True)
class Recipe:
    """The steps in the order in which they were run, out of `among`; `kind` is slicer.RECORDED, IMPORTED or STATIC."""

    kind: str
    steps: tuple[Step, ...]
    among: int

    @property
    def runs(self) -> list[Run]:
        """Return the runs of the steps."""
        return [step.run for step in self.steps if step.run is not None]


class Recipes:
    """Makes recipes from recorded runs; each session is followed once, and the index keeps what came of it."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._edges: dict[str, Edges] = {}
        self._version = ""

    def of(self, target: Run) -> Recipe:
        """Return the recipe of what a run has made."""
        runs = self._records.of_session(target.session.id)
        position = _position(runs, target)
        kept = [runs[index] for index in self._edges_of(runs).reached(position)]
        steps = tuple(Step(run.code, run.execution_count, run.cell_id, run) for run in kept)
        kind = slicer.IMPORTED if target.session.imported else slicer.RECORDED
        return Recipe(kind, steps, max(position + 1, target.among))

    def among(self, run: Run) -> int:
        """Return how many runs its session had up to a run."""
        return max(_position(self._records.of_session(run.session.id), run) + 1, run.among)

    def needs(self, run: Run) -> list[int]:
        """Return the numbers of the runs of its session that a run needs itself."""
        runs = self._records.of_session(run.session.id)
        return sorted(runs[one].number for one in self._edges_of(runs)[_position(runs, run)])

    def resting_on(self, source: Run) -> list[Run]:
        """Return the runs of its session that rest on a run, itself first."""
        runs = self._records.of_session(source.session.id)
        return [runs[position] for position in self._edges_of(runs).resting_on(_position(runs, source))]

    def needed_by(self, target: Run) -> list[Run]:
        """Return the runs of its session that a run needs itself, not by way of others."""
        runs = self._records.of_session(target.session.id)
        return [runs[one] for one in sorted(self._edges_of(runs)[_position(runs, target)])]

    def needing(self, source: Run) -> list[Run]:
        """Return the runs of its session that need a run themselves, not by way of others."""
        runs = self._records.of_session(source.session.id)
        return [runs[one] for one in self._edges_of(runs).needing(_position(runs, source))]

    def _edges_of(self, runs: list[Run]) -> Edges:
        """Return the edges among all runs of a session."""
        session = runs[0].session.id
        if session not in self._edges:
            self._version = self._version or slicer_version()
            kept = self._records.kept_edges(session, self._version)
            found = Edges.unpacked(kept, len(runs)) if kept is not None else None
            if found is None:
                found = Edges.of(_edges(runs))
                self._records.keep_edges(session, self._version, found.packed())
            self._edges[session] = found
        return self._edges[session]


class StaticRecipes:
    """Makes recipes from code and execution counts as committed; each document is followed once."""

    def __init__(self) -> None:
        self._followed: dict[tuple[str, bool], tuple[list[Cell], Edges]] = {}

    def of(self, document: str, cells: list[Cell], counts: dict[int, int], target: int, language: str) -> Recipe:
        """Return the recipe of what the cell at index `target` of a document shows.

        Cells without a count were not run; where the target itself has none, all are taken as run in their order. Cells
        in other languages than Python are not read: all that were run before count.
        """
        key = (document, target in counts)
        if key not in self._followed:
            code = [cell for cell in cells if cell.kind == "code" and cell.source.strip()]
            if target in counts:
                code = sorted((cell for cell in code if cell.index in counts), key=lambda cell: counts[cell.index])
            self._followed[key] = code, Edges.of(_static_edges(code, counts, language))
        ran, edges = self._followed[key]
        at = next((number for number, cell in enumerate(ran) if cell.index == target), None)
        if at is None:
            return Recipe(slicer.STATIC, (), 0)
        kept = [ran[number] for number in edges.reached(at)]
        steps = tuple(Step(cell.source, counts.get(cell.index), cell.id, cell_index=cell.index) for cell in kept)
        return Recipe(slicer.STATIC, steps, at + 1)


def _static_edges(cells: list[Cell], counts: dict[int, int], language: str) -> list[set[int]]:
    if language.lower() not in PYTHON:
        return [set(range(number)) for number in range(len(cells))]
    runs = [slicer.Run(cell.source, counts.get(cell.index), cell.id) for cell in cells]
    return find_needed(runs)


def _position(runs: list[Run], run: Run) -> int:
    return next(index for index, one in enumerate(runs) if one.id == run.id)


def _edges(runs: Sequence[Run]) -> list[set[int]]:
    """Return for each run the positions of those before it that it needs.

    Of a run that came in a cut that is told: the runs between, which say more about it, have stayed at home.
    """
    places = {run.number: position for position, run in enumerate(runs)}
    told = [None if run.needs is None else {places[one] for one in run.needs if one in places} for run in runs]
    followed = find_needed(units_of(runs)) if None in told else told
    for position, run in enumerate(runs):
        if run.is_forgotten and run.needs is None:
            followed[position] = set(range(position))  # nobody can say any more
    return [{*(found or ()), *(needed or ())} for found, needed in zip(followed, told, strict=True)]


def units_of(runs: Sequence[Run]) -> list[slicer.Run]:
    """Return the runs of one session, from its first on, as the slicer takes them."""
    return [_unit(run) for run in runs]


def _unit(run: Run) -> slicer.Run:
    """Return a run as the slicer takes it."""
    outcome = FAILED.get(run.outcome)
    if run.seconds is None:
        return slicer.Run(run.code, run.execution_count, run.cell_id, outcome)
    touches = {PLACES.get(touch, touch.partition(":")[0]) for touch in run.touches}
    facts = Facts(
        bound=frozenset(run.bound),
        deleted=frozenset(run.deleted),
        bound_before=frozenset(run.bound_before),
        read=tuple(as_seen_from(run.session, file.path) for file in run.reads),
        written=tuple(as_seen_from(run.session, file.path) for file in run.writes),
        touches=frozenset(touches),
        commands=run.commands,
        figures_left=0 if run.figures is None and "pyplot" not in run.touches else run.figures,
        is_exact=not run.omitted and not run.is_cut,
    )
    return slicer.Run(run.code, run.execution_count, run.cell_id, outcome, facts, run.undefined)


def as_seen_from(session: Session, path: str) -> str:
    """Return a recorded path as code in the session's first directory would write it."""
    if path.startswith(("/", "~/")) or path[1:2] == ":" or session.cwd in ("", "."):
        return path
    if session.cwd.startswith(("/", "~/")) or session.cwd[1:2] == ":":
        return path
    return posixpath.relpath(path, session.cwd)
