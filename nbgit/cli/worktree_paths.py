"""Ring 5: paths as people type them, and as git has them."""

import os

from nbgit.errors import NotANotebook, TargetNotFound
from nbgit.notebook.printable import printable
from nbgit.store.attributes import filtered
from nbgit.store.changes import SUFFIX
from nbgit.store.repository import Repository
from nbgit.store.worktree import path_in


def in_repository(repository: Repository, path: str) -> str:
    """Return a path that was typed here as the repository has it: from its top, with forward slashes.

    Raises TargetNotFound for one that lies outside.
    """
    if repository.worktree is None:
        raise TargetNotFound("this repository is bare: it has no working tree to take the file from")
    relative = path_in(repository, path)
    if relative is None:
        raise TargetNotFound(
            f"{path} lies outside the repository at {os.path.realpath(repository.worktree)}; name a file inside it"
        )
    return relative


def check_given(repository: Repository, *names: str) -> None:
    """Raise NotANotebook or TargetNotFound for the first of these files that git does not give to nbgit."""
    given = filtered(repository, names)
    for name in names:
        if name in given:
            continue
        if not name.endswith(SUFFIX):
            raise NotANotebook(f"{printable(name)} is no notebook ({SUFFIX}), so nbgit keeps no outputs of it")
        raise TargetNotFound(
            f"{printable(name)} is not given to nbgit by git's attributes; "
            "`nbgit install` sets them, `nbgit doctor` says what stands in the way"
        )
