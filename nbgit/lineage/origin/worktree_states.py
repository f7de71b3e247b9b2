"""Ring 3: the state of every cell in the working tree: fresh, stale, out of order, never run, or unknown."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from nbgit.lineage.history.commits import Report
from nbgit.lineage.history.documents import CellKey
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.committed import committed_recipes
from nbgit.lineage.origin.recipe import Recipe, Recipes, StaticRecipes, Step
from nbgit.lineage.origin.state import STALE, Now, State
from nbgit.lineage.origin.upstream import Upstream
from nbgit.lineage.origin.worktree import Notebook, Showing, Worktree, find_notebooks, read_notebook
from nbgit.lineage.runs.journals import Run
from nbgit.lineage.runs.records import Records
from nbgit.lineage.slicing.slicer import IMPORTED, RECORDED, STATIC
from nbgit.store.repository import Repository

OUT_OF_ORDER, NEVER_RUN = "out of order", "never run"


@dataclass
class CellState:
    """A code cell with outputs, or one that was never run: its state's name, and why, in short clauses.

    `kind` is RECORDED, IMPORTED or STATIC, after what the state was read from; `run` is the run that made what it
    shows.
    """

    index: int
    id: str | None
    count: int | None
    name: str
    kind: str
    reasons: list[str] = field(default_factory=list)
    is_out_of_order: bool = False
    run: Run | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/status.v1.schema.json describes it."""
        return {
            "cell_index": self.index,
            "cell_id": self.id,
            "execution_count": self.count,
            "state": self.name,
            "kind": self.kind,
            "out_of_order": self.is_out_of_order,
            "reasons": self.reasons,
            "run": self.run.id if self.run else None,
        }


@dataclass
class NotebookStates:
    """The states of a notebook's cells, in order; `is_read` is False where the file is no notebook."""

    path: str
    cells: list[CellState] = field(default_factory=list)
    is_read: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/status.v1.schema.json describes it."""
        return {"path": self.path, "readable": self.is_read, "cells": [cell.as_json() for cell in self.cells]}


class AtHand(Now):
    """What is there now, where it is known which cell shows what which run made."""

    def __init__(self, repository: Repository, worktree: Worktree) -> None:
        super().__init__(repository, worktree)
        self._worktree = worktree

    def seen_from(self, path: str, run: Run) -> "tuple[AtHand, Worktree]":
        """Return the same for the notebook at `path`, which shows what a run made, perhaps as a copy of another."""
        if self._worktree.home(run.session) == path:
            return self, self._worktree
        found = copy(self)
        found._worktree = found._places = self._worktree.seen_from(path, run.session)
        return found, found._worktree

    def cells(self, path: str) -> list[CellKey] | None:
        """Return the cells of the notebook at `path`, None where there is none."""
        notebook = self._worktree.notebooks.get(path)
        return notebook.keys if notebook else super().cells(path)

    def cell_now(self, step: Step, cells: list[CellKey]) -> tuple[int | None, bool]:
        """Return which cell a step is of, and whether it still has that code."""
        shown = self._worktree.cell_of(step.run) if step.run else None
        if shown is not None and (step.cell_id is None or shown.key.id is None):
            return shown.cell.index, shown.cell.source == step.code
        return super().cell_now(step, cells)

    def was_run_again(self, step: Step, index: int) -> bool:
        """Return whether the cell at `index` shows what a later run of a step's code made, and it is something else."""
        path = self._worktree.home(step.run.session) if step.run else None
        notebook = self._worktree.notebooks.get(path or "")
        shown = next((one for one in notebook.code if one.cell.index == index), None) if notebook else None
        last = self._worktree.maker_of(path or "", shown) if shown else None
        if step.run is None or last is None or last.session.id != step.run.session.id or last.code != step.run.code:
            return False
        digests = {one.digest for one in last.displayed}
        return last.number > step.run.number and digests != {one.digest for one in step.run.displayed}


class States:
    """Answers for notebooks of one working tree; each session, file and notebook is gone through once."""

    def __init__(self, repository: Repository, records: Records, report: Report) -> None:
        self._repository = repository
        self._records = records
        self.unread: list[str] = []
        self._found: dict[str, NotebookStates] = {}
        self._left: dict[str, list[Showing]] = {}  # path -> cells of which no run was recorded
        notebooks = {}
        for path in find_notebooks(repository):
            notebook = read_notebook(repository, path)
            if notebook is None:
                self.unread.append(path)
            else:
                notebooks[path] = notebook
        self.worktree = Worktree(notebooks, records, report)
        self._now = AtHand(repository, self.worktree)

    def look(self, paths: Iterable[str], report: Report) -> None:
        """Find the states of the cells whose runs were recorded, and of those that were never run."""
        todo: list[tuple[Run, str, Showing]] = []
        for path in paths:
            self._found[path] = NotebookStates(path, is_read=path not in self.unread)
            notebook = self.worktree.notebooks.get(path)
            for shown in notebook.code if notebook else ():
                run = self.worktree.maker_of(path, shown)
                if run is not None and shown.data:
                    todo.append((run, path, shown))
                elif shown.data:
                    self._left.setdefault(path, []).append(shown)
                elif shown.count is None and not self.worktree.was_run(path, shown):
                    self._add(path, shown, State(NEVER_RUN), STATIC)
        recipes = Recipes(self._records)
        todo.sort(key=lambda one: (one[0].session.id, -one[0].number))  # the last first: each session is sliced once
        for number, (run, path, shown) in enumerate(todo, 1):
            now, worktree = self._now.seen_from(path, run)
            made = Upstream(self._records, recipes, worktree).of(run)
            self._add(path, shown, now.state_of(made), IMPORTED if run.session.imported else RECORDED, run)
            report(number, len(todo))

    @property
    def needs_history(self) -> bool:
        """Whether there are cells of which only the history can tell anything."""
        return bool(self._left)

    def look_back(self, past: Past | None, report: Report) -> None:
        """Find the states of the other cells from what was committed, or from their execution counts alone."""
        recipes = StaticRecipes()
        found = committed_recipes(past, self._left, recipes) if past else {}
        total = sum(map(len, self._left.values()))
        done = 0
        for path, cells in self._left.items():
            notebook = self.worktree.notebooks[path]
            for shown in cells:
                recipe = found.get((path, shown.cell.index)) or _recipe_here(notebook, shown, recipes)
                self._add(path, shown, self._now.state_of_static(recipe, path), STATIC)
                done += 1
                report(done, total)

    def all(self) -> list[NotebookStates]:
        """Return the notebooks that were looked at, in the order in which they were asked for."""
        for one in self._found.values():
            one.cells.sort(key=lambda cell: cell.index)
        return list(self._found.values())

    def _add(self, path: str, shown: Showing, state: State, kind: str, run: Run | None = None) -> None:
        is_order_alone = state.name == STALE and state.is_out_of_order and len(state.reasons) == 1
        name = OUT_OF_ORDER if is_order_alone else state.name
        cell = CellState(shown.cell.index, shown.cell.id, shown.count, name, kind, state.reasons, state.is_out_of_order)
        cell.run = run
        self._found[path].cells.append(cell)


def _recipe_here(notebook: Notebook, shown: Showing, recipes: StaticRecipes) -> Recipe:
    """Return the static recipe of a cell, from the notebook as it lies there."""
    document = f"worktree:{notebook.path}"
    return recipes.of(document, notebook.cells, notebook.counts, shown.cell.index, notebook.language)
