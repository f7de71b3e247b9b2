"""Ring 4: the steps that two outputs rest on, notebook by notebook, and what became of each."""

import ast
from collections.abc import Callable
from typing import NamedTuple

from nbgit.comparing.sides import Side
from nbgit.diff.changes import CellChange, LineEdits, changes
from nbgit.lineage.export.telling import makings
from nbgit.lineage.origin.recipe import Step
from nbgit.lineage.origin.whereabouts import Place
from nbgit.lineage.runs.journals import Run
from nbgit.lineage.slicing.magics import without_magics
from nbgit.notebook.cells import Cell, Notebook

LONGEST_VALUE = 60  # characters of a value that is told
UNKNOWN = "a kernel"  # stands for a session whose notebook is not known


class StepAt(NamedTuple):
    """A step, and its cell's number in the notebook, where it is known."""

    step: Step
    cell_index: int | None
    cell_id: str | None

    @property
    def name(self) -> str:
        """What people call it: its cell, or else its execution count."""
        return f"cell {self.cell_index}" if self.cell_index is not None else f"[{self.step.execution_count or ' '}]"


class StepChange(NamedTuple):
    """What became of one step of the notebook at `path`: None where one side lacks it."""

    path: str
    before: StepAt | None
    after: StepAt | None
    edits: LineEdits
    moved: bool

    @property
    def shows(self) -> bool:
        """Whether anything differs."""
        return self.moved or self.before is None or self.after is None or bool(self.edits.hunks)

    @property
    def name(self) -> str:
        """The step as the newer side has it."""
        step = self.after or self.before
        assert step is not None
        return step.name

    @property
    def is_of_values(self) -> bool:
        """Whether nothing but literal values that are assigned to names differs."""
        if self.before is None or self.after is None or not self.edits.hunks:
            return False
        old, new = (_parsed(one.step.code) for one in (self.before, self.after))
        if old is None or new is None:
            return False
        for tree in (old, new):
            for _, node in _assigned(tree):
                node.value = ast.Constant(None)
        return ast.dump(old) == ast.dump(new)


class Value(NamedTuple):
    """A name that is assigned a literal, in the notebook at `path`, and what it was and is (source text)."""

    path: str
    name: str
    before: str
    after: str


Stages = dict[str, list[StepAt]]  # path of a notebook -> its steps in the order in which they were run


def stages_of(side: Side, place: Callable[[Run], Place]) -> Stages:
    """Return the steps that an output rests on, upstream ones too, those of each notebook together."""
    made = side.origin.made
    if made is None:
        steps = side.origin.recipe.steps
        return {side.path: [StepAt(step, step.cell_index, step.cell_id) for step in steps]} if steps else {}
    found: Stages = {}
    for one in makings(made):
        for step in one.recipe.steps if one.recipe else ():
            where = one.place if step.run is None or step.run is one.run else place(step.run)
            at = StepAt(step, where.cell_index, step.cell_id or where.cell_id)
            steps_there = found.setdefault(one.place.path or UNKNOWN, [])
            if all(step.run is None or known.step.run is not step.run for known in steps_there):
                steps_there.append(at)
    for steps_there in found.values():
        steps_there.sort(key=_age)
    return found


def _age(at: StepAt) -> tuple[str, int]:
    run = at.step.run
    return (run.session.started or run.session.id, run.number) if run else ("", at.step.execution_count or 0)


def compare_steps(before: Stages, after: Stages, renamed: tuple[str, str]) -> list[StepChange]:
    """Return what became of each step, notebooks in the order of the newer side; `renamed` are one notebook's paths."""
    older = {renamed[1] if path == renamed[0] else path: steps for path, steps in before.items()}
    found = []
    for path in dict.fromkeys([*after, *older]):
        old, new = older.get(path, []), after.get(path, [])
        cells = changes(_as_notebook(old), _as_notebook(new)).cells
        found += [_step_change(path, change, old, new) for change in cells]
    return found


def _step_change(path: str, change: CellChange, old: list[StepAt], new: list[StepAt]) -> StepChange:
    before = old[change.before.index] if change.before else None
    after = new[change.after.index] if change.after else None
    return StepChange(path, before, after, change.told_edits, change.moved)


def compare_values(before: Stages, after: Stages, renamed: tuple[str, str]) -> list[Value]:
    """Return the names that both sides assign a literal, and not the same one; the last assignment counts."""
    older = {renamed[1] if path == renamed[0] else path: steps for path, steps in before.items()}
    found = []
    for path, steps in after.items():
        old, new = _values(older.get(path, [])), _values(steps)
        found += [Value(path, name, old[name], new[name]) for name in new if name in old and old[name] != new[name]]
    return found


def _values(steps: list[StepAt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for at in steps:
        tree = _parsed(at.step.code)
        found |= {name: _short(ast.unparse(node.value)) for name, node in _assigned(tree)} if tree else {}
    return found


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _parsed(code: str) -> ast.Module | None:
    try:
        return ast.parse(without_magics(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _assigned(tree: ast.Module) -> list[tuple[str, ast.Assign]]:
    """Return the statements `name = literal` of a module, with their names."""
    return [
        (node.targets[0].id, node)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and _is_literal(node.value)
    ]


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _as_notebook(steps: list[StepAt]) -> Notebook:
    """Return steps as the cells of a notebook, for the alignment of a diff."""
    cells = [
        Cell(number, {"cell_type": "code", "id": at.cell_id, "source": at.step.code, "metadata": {}})
        for number, at in enumerate(steps)
    ]
    return Notebook({"nbformat": 4, "nbformat_minor": 5, "metadata": {}}, cells)
