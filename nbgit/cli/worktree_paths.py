"""Ring 5: paths as people type them, and as git has them."""

import os

from nbgit.errors import TargetNotFound
from nbgit.store.repository import Repository


def in_repository(repository: Repository, path: str) -> str:
    """Return a path that was typed here as the repository has it: from its top, with forward slashes.

    Raises TargetNotFound for one that lies outside.
    """
    if repository.worktree is None:
        raise TargetNotFound("this repository is bare: it has no working tree to take the file from")
    top = os.path.realpath(repository.worktree)
    folder, name = os.path.split(os.path.abspath(path))
    relative = os.path.relpath(os.path.join(os.path.realpath(folder), name), top)
    if relative.startswith(os.pardir + os.sep) or relative == os.pardir:
        raise TargetNotFound(f"{path} lies outside the repository at {top}; name a file inside it")
    return relative.replace(os.sep, "/")
