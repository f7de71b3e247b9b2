"""`nbgit status --outputs`: whether what the notebooks of the working tree show is what their code would show now."""

import os
from typing import Any

from nbgit.cli.terminal import print_lines, progress, warn
from nbgit.cli.worktree_paths import in_repository
from nbgit.errors import TargetNotFound
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past, resolve_commit
from nbgit.lineage.origin.worktree import find_notebooks
from nbgit.lineage.origin.worktree_states import NotebookStates, States
from nbgit.lineage.origin.worktree_story import tell_states
from nbgit.lineage.runs.records import Records
from nbgit.store.late import link_missing
from nbgit.store.repository import find_repository


def look_at_outputs(paths: tuple[str, ...]) -> list[NotebookStates]:
    """Return the states of the notebooks at or below `paths`, as typed; of all of the working tree where none is."""
    repository = find_repository(os.getcwd(), os.environ)
    asked = [in_repository(repository, path) for path in paths]
    for name, path in zip(asked, paths, strict=True):
        if not find_notebooks(repository, [name]):
            raise TargetNotFound(f"there is no notebook at {path} in the working tree; `git status` shows what is")
    link_missing(repository, warn)
    with progress("Following the runs behind outputs") as report:

        def work(index: Index) -> list[NotebookStates]:
            states = States(repository, Records(repository, index, report), report)
            states.look(find_notebooks(repository, asked), report)
            if states.needs_history:
                has_past = resolve_commit(repository, "HEAD") is not None
                states.look_back(Past(repository, index, (), report) if has_past else None, report)
            return states.all()

        return with_index(repository, work)


def as_json(notebooks: list[NotebookStates]) -> list[dict[str, Any]]:
    """Return them as schemas/status.v1.schema.json describes `outputs`."""
    return [notebook.as_json() for notebook in notebooks]


def show(notebooks: list[NotebookStates]) -> None:
    """Print what there is to tell of these notebooks."""
    if notebooks:
        print_lines(tell_states(notebooks), cut=True)
    else:
        print_lines([[("no notebook in the working tree", "dim")]])
