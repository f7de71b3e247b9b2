"""Ring 5: paths as people type them, and as git has them."""

import os

from nbgit.errors import TargetNotFound
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
