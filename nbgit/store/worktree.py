"""Ring 2: notebooks in the working tree, read and replaced with care."""

import os
from hashlib import sha256

from nbgit.store.repository import Repository


def worktree_file(repository: Repository, path: str) -> str | None:
    """Return where the repository's `path` lies on disk, or None where there is no regular file there.

    A path that leads outside (`..`, an absolute path, through a symbolic link) has no file here.
    """
    if repository.worktree is None or os.path.isabs(path) or ".." in path.split("/"):
        return None
    file = os.path.join(repository.worktree, *path.split("/"))
    inside = os.path.realpath(os.path.dirname(file))
    if os.path.normpath(file) != os.path.join(os.path.normpath(repository.worktree), *path.split("/")):
        return None
    top = os.path.realpath(repository.worktree)
    if os.path.commonpath([inside, top]) != top or os.path.islink(file) or not os.path.isfile(file):
        return None
    return file


def free_place(repository: Repository, path: str) -> str | None:
    """Return where the repository's `path` is to lie on disk, or None where something is there, or leads outside."""
    if repository.worktree is None or os.path.isabs(path) or ".." in path.split("/"):
        return None
    file = os.path.join(repository.worktree, *path.split("/"))
    top = os.path.realpath(repository.worktree)
    inside = os.path.commonpath([os.path.realpath(os.path.dirname(file)), top]) == top
    return file if inside and not os.path.lexists(file) else None


def path_in(repository: Repository, file: str) -> str | None:
    """Return a file's path as the repository has it (from its top, with forward slashes), or None for one outside."""
    if repository.worktree is None:
        return None
    top = os.path.realpath(repository.worktree)
    folder, name = os.path.split(os.path.abspath(file))
    try:
        relative = os.path.relpath(os.path.join(os.path.realpath(folder), name), top)
    except ValueError:  # on another drive
        return None
    outside = relative == os.pardir or relative.startswith(os.pardir + os.sep)
    return None if outside else relative.replace(os.sep, "/")


def read_worktree_file(repository: Repository, path: str) -> bytes | None:
    """Return the bytes of a file of the working tree, or None where there is none that can be read."""
    file = worktree_file(repository, path)
    try:
        return None if file is None else _read(file)
    except OSError:
        return None


def digest_of_worktree_file(repository: Repository, path: str) -> str | None:
    """Return the sha256 of a file of the working tree, in hex, or None where there is none."""
    data = read_worktree_file(repository, path)
    return None if data is None else sha256(data).hexdigest()


def _read(file: str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()
