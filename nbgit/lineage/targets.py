"""Ring 3: what a TARGET on the command line means: a notebook at a commit, or a file's bytes."""

import os
from typing import NamedTuple

from nbgit.errors import TargetNotFound
from nbgit.lineage.history.past import resolve_commit
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository

SUFFIX = ".ipynb"
LIKENESS = 0.75  # of two names, so that one is offered for the other (difflib's ratio)


class NotebookTarget(NamedTuple):
    """A notebook at a commit: `path` is repo-relative, `commit` an oid, or None for HEAD."""

    path: str
    commit: str | None


class FileTarget(NamedTuple):
    """A file that may be a notebook's output, or written by one: the name it was asked for by, and its bytes.

    `path` is repo-relative, None for a file outside of the repository.
    """

    name: str
    data: bytes
    path: str | None


def read_target(repository: Repository, directory: str, argument: str) -> NotebookTarget | FileTarget:
    """Return what `argument` (PATH or REV:PATH, seen from `directory`) means; raises TargetNotFound.

    A path that ends in .ipynb is a notebook in HEAD, whether it is on disk or not; any other file is read, from the
    disk if it is there.
    """
    on_disk = os.path.join(directory, argument)
    is_notebook = argument.endswith(SUFFIX)
    if os.path.isfile(on_disk) and not is_notebook:
        try:
            with open(on_disk, "rb") as file:
                return FileTarget(argument, file.read(), _path_inside(repository, directory, argument))
        except OSError as error:
            raise TargetNotFound(f"{argument} can't be read: {error.strerror or error}") from error
    if os.path.isdir(on_disk):
        raise TargetNotFound(f"{argument} is a directory; name a notebook or a file in it")
    revision = None if os.path.exists(on_disk) else split_revision(repository, directory, argument)
    if revision and is_notebook:
        return NotebookTarget(revision[1], revision[0])
    if revision is None and is_notebook:
        return NotebookTarget(repository_path(repository, directory, argument), None)
    commit, path = revision or ("HEAD", repository_path(repository, directory, argument))
    with ObjectReader(repository) as reader:
        data = reader.read(f"{commit}:{path}")
    if data is None:
        raise TargetNotFound(f"{argument} is neither a file on disk nor one in HEAD{_near(on_disk)}")
    return FileTarget(argument, data, path)


def _path_inside(repository: Repository, directory: str, argument: str) -> str | None:
    try:
        return repository_path(repository, directory, argument)
    except TargetNotFound:
        return None


def _near(place: str) -> str:
    """Return ` (did you mean NAME?)` for the file beside it whose name is most like that of `place`, or ""."""
    from difflib import get_close_matches

    try:
        names = os.listdir(os.path.dirname(place) or os.curdir)
    except OSError:
        return ""
    near = get_close_matches(os.path.basename(place), names, 1, LIKENESS)
    return f" (did you mean {near[0]}?)" if near else ""


def split_revision(repository: Repository, directory: str, argument: str) -> tuple[str, str] | None:
    """Return (commit oid, repo-relative path) of REV:PATH, or None where `argument` isn't that.

    As in git PATH counts from the top of the repository, or from `directory` if it starts with ./ or ../; a path that
    does not exist from the top but does from `directory` is taken as that. Raises TargetNotFound for an unknown REV.
    """
    colon = find_colon(argument)
    if colon < 1:
        return None
    revision, path = argument[:colon], argument[colon + 1 :]
    commit = resolve_commit(repository, revision)
    if commit is None:
        raise TargetNotFound(f"{revision} names no commit in this repository, and {argument} no file")
    relative = repository_path(repository, directory, path)
    if path.startswith(("./", "../")):
        return commit, relative
    if relative != path and not _exists(repository, commit, path) and _exists(repository, commit, relative):
        return commit, relative
    return commit, os.path.normpath(path).replace(os.sep, "/")


def repository_path(repository: Repository, directory: str, path: str) -> str:
    """Return a path, given from `directory`, as git names it (from the top, with /); raises TargetNotFound outside."""
    if repository.worktree is None:
        return os.path.normpath(path).replace(os.sep, "/")
    place = os.path.normpath(os.path.join(directory, path))
    for top, named in ((repository.worktree, place), (os.path.realpath(repository.worktree), _real_parent(place))):
        relative = os.path.relpath(named, top)
        if relative != os.pardir and not relative.startswith(os.pardir + os.sep) and not os.path.isabs(relative):
            return relative.replace(os.sep, "/")
    raise TargetNotFound(f"{path} lies outside this repository ({repository.worktree})")


def _real_parent(place: str) -> str:
    return os.path.join(os.path.realpath(os.path.dirname(place)), os.path.basename(place))


def find_colon(argument: str) -> int:
    """Return where REV ends: the first colon outside of braces (`HEAD^{/fix: it}:a.ipynb`), or -1."""
    depth = 0
    for at, letter in enumerate(argument):
        depth += (letter == "{") - (letter == "}")
        if letter == ":" and depth == 0:
            return at
    return -1


def _exists(repository: Repository, commit: str, path: str) -> bool:
    return try_git(["cat-file", "-e", f"{commit}:{path}"], cwd=repository.start)[0] == 0
