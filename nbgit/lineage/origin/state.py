"""Ring 3: whether an output is still what the code, the files and the packages at hand would make."""

import os
import platform
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

from nbgit.errors import NotANotebook
from nbgit.lineage.history.documents import CellKey, source_key
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.installed import differing, installed_in, prefix_of
from nbgit.lineage.origin.recipe import Recipe, Step
from nbgit.lineage.origin.upstream import Made
from nbgit.lineage.origin.whereabouts import Places, cell_of
from nbgit.lineage.runs.journals import LOST, FileSeen, Run
from nbgit.lineage.runs.paths import is_hidden
from nbgit.notebook.cells import read_cells
from nbgit.store.repository import Repository

FRESH, STALE, UNKNOWN = "fresh", "stale", "unknown"
ORDER = "out of order: "
GONE, ABSENT = "is gone", "is not in this clone"  # absent: data that never came here, with runs that did
UNRECORDED = "no run of it was recorded"
IMPORTED = "its run was imported: what it read is not known"
LARGEST = 64 << 20  # bytes of a file that is digested to compare it


@dataclass
class State:
    """FRESH, STALE or UNKNOWN, and why in short clauses; out of order is STALE, for a run of all may tell otherwise."""

    name: str
    reasons: list[str] = field(default_factory=list)
    is_out_of_order: bool = False


class Now:
    """What is there now: notebooks and files of the working tree, or (without one) of HEAD, and packages.

    Each notebook, file and environment is looked at once.
    """

    def __init__(self, repository: Repository, places: Places, past: Past | None = None) -> None:
        self._repository = repository
        self._places = places
        self._past = past
        self._cells: dict[str, list[CellKey] | None] = {}
        self._digests: dict[str, str] = {}
        self._installed: dict[str, dict[str, str]] = {}

    def state_of(self, made: Made) -> State:
        """Return the state of what a run has made."""
        reasons: list[str] = []
        disorder = ""
        for number, one in enumerate(_all(made)):
            home = made.place.path if number else None
            is_elsewhere = one.place.path != home and bool(number)
            found, order = self._check_steps(one.recipe, one.place.path, is_elsewhere)
            reasons += found
            disorder = disorder or order
            reasons += [
                clause for read in one.inputs if read.file for clause in self._check_file(read.file, read.read_by)
            ]
        then = made.run.session.packages_at(made.run.number)
        changed = self.differing(made.run)
        reasons += [f"{name} is {version} now (was {then[name]})" for name, version in changed.items()]
        reasons = list(dict.fromkeys(reasons))
        if disorder:
            reasons.append(f"{ORDER}{disorder}")
        if reasons and all(reason.endswith(ABSENT) for reason in reasons):
            return State(UNKNOWN, reasons)
        runs = [run for one in _all(made) if one.recipe for run in one.recipe.runs]
        if not reasons and made.run.session.imported:
            return State(UNKNOWN, [IMPORTED])
        if not reasons and any(run.outcome == LOST for run in runs):
            return State(UNKNOWN, ["a run of the recipe was lost with its kernel"])
        return State(STALE if reasons else FRESH, reasons, bool(disorder))

    def state_of_static(self, recipe: Recipe, path: str) -> State:
        """Return the state of what a static recipe of the notebook at `path` tells of."""
        reasons, disorder = self._check_steps(recipe, path, False)
        reasons = list(dict.fromkeys(reasons)) + ([f"{ORDER}{disorder}"] if disorder else [])
        return State(STALE, reasons, bool(disorder)) if reasons else State(UNKNOWN, [UNRECORDED])

    def differing(self, run: Run) -> dict[str, str]:
        """Return name -> version now of those packages of a run that its environment has in another version."""
        prefix = prefix_of(run.session)
        if prefix not in self._installed:
            self._installed[prefix] = installed_in(prefix) if prefix else {}
        return differing(run.session.packages_at(run.number), self._installed[prefix])

    def cells(self, path: str) -> list[CellKey] | None:
        """Return the cells of the notebook at `path`, None where there is none."""
        if path not in self._cells:
            self._cells[path] = self._read(path)
        return self._cells[path]

    def _read(self, path: str) -> list[CellKey] | None:
        top = self._repository.worktree
        if top is None and self._past is not None:
            shown = self._past.versions_of([path]).at(self._past.head).get(path)
            return self._past.cells(shown) if shown else None
        try:
            with open(os.path.join(top or "", path), "rb") as file:
                return [CellKey(cell.id, source_key(cell.source)) for cell in read_cells(file.read()).cells]
        except (OSError, NotANotebook, ValueError):
            return None

    def _check_steps(self, recipe: Recipe | None, path: str | None, is_elsewhere: bool) -> tuple[list[str], str]:
        """Return what became of the cells of a recipe, and how they were run in another order than they stand in."""
        if path is None or recipe is None:
            return [], ""
        cells = self.cells(path)
        if cells is None:
            return [f"{path} is gone"], ""
        where = f" of {path}" if is_elsewhere else ""
        reasons: list[str] = []
        indices: list[int] = []
        for step in recipe.steps:
            index, is_same = self.cell_now(step, cells)
            if index is not None:
                indices.append(index)
            if not is_same:
                count = "a step" if step.execution_count is None else f"[{step.execution_count}]"
                gone = f"the code of {count}{where} is in no cell any more"
                reasons.append(gone if index is None else f"cell {index}{where} has been edited since")
            elif index is not None and self.was_run_again(step, index):
                reasons.append(f"cell {index}{where} was run again since, with another result")
        return reasons, _disorder(indices, where)

    def cell_now(self, step: Step, cells: list[CellKey]) -> tuple[int | None, bool]:
        """Return which cell a step is of, and whether it still has that code."""
        key = source_key(step.code)
        cell_id = step.cell_id or (self._places.place(step.run).cell_id if step.run else None)
        same = [index for index, cell in enumerate(cells) if cell_id is not None and cell.id == cell_id]
        if same:
            return same[0], cells[same[0]].source == key or is_cut(step)
        index = cell_of(None, key, cells)
        return index, index is not None

    def was_run_again(self, step: Step, index: int) -> bool:
        """Return whether the cell at `index` shows what a later run of a step's code made; here nobody knows."""
        return False

    def _check_file(self, file: FileSeen, run: Run) -> Iterator[str]:
        top = self._repository.worktree
        is_inside = not file.path.startswith(("/", "~/", "../")) and file.path[1:2] != ":"
        is_here = not is_hidden(file.path) and run.session.host == platform.node()
        if (is_inside and top is None) or (not is_inside and not is_here):
            return
        path = os.path.join(top or "", file.path) if is_inside else os.path.expanduser(file.path)
        try:
            size = os.stat(path).st_size
            if size == file.size and (file.sha256 is None or size > LARGEST):
                return
            if size != file.size or self._digest_of(path) != file.sha256:
                yield f"{file.path} has changed since"
        except OSError:
            yield f"{file.path} {GONE if run.session.is_local else ABSENT}"

    def _digest_of(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = _digest(path)
        return self._digests[path]


def is_cut(step: Step) -> bool:
    """Return whether a step's code was too long to be recorded whole, so that it can't be compared."""
    return step.run is not None and step.run.is_cut


def _all(made: Made) -> Iterator[Made]:
    """Yield what a run has made and all that it rests on, each once."""
    todo = [made]
    while todo:
        one = todo.pop(0)
        if one.recipe is not None:
            yield one
        todo += [read.written_by for read in one.inputs if read.written_by]


def _disorder(indices: list[int], where: str) -> str:
    often = [index for index, times in Counter(indices).items() if times > 1]
    for before, after in pairwise(indices):
        if after < before:
            return f"cell {after}{where} was run after cell {before}"
    if not often:
        return ""
    times = indices.count(often[0])
    return f"cell {often[0]}{where} was run {'twice' if times == 2 else f'{times} times'}"


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        digest = sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
