"""Ring 5: `nbgit diff REV:PATH [REV:PATH or FILE]`: one version of a file against another, or against one on disk."""

import os
import re
import sys

import click

from nbgit.diff.between import FileChange
from nbgit.diff.report import Side
from nbgit.diff.stored import COMMIT, INDEX, WORKTREE, State, Stored
from nbgit.errors import GitFailed, TargetNotFound
from nbgit.lineage.history.past import resolve_commit
from nbgit.lineage.targets import find_colon, repository_path, split_revision
from nbgit.notebook.policy import Policy
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository

MODE = "100644"
_IN_INDEX = re.compile(r":(?:([0-3]):)?([^(/!^:].*)", re.DOTALL)  # git's pathspecs begin with other characters


class _Version:
    """One version of a file: `side` has its source, `state` says whose outputs it has."""

    def __init__(self, side: Side, state: State) -> None:
        self.side = side
        self.state = state


def blob_sides(
    targets: tuple[str, ...], behind: int, *, cached: bool, outputs: bool
) -> tuple[list[FileChange], Policy, list[str]] | None:
    """Return what differs, as in_repository does, where a target is REV:PATH (the index's is :PATH); else None.

    One alone is compared with the file on disk. `behind` of the targets are paths. With `outputs` each version has
    those that it is linked to.
    """
    named = targets[: len(targets) - behind]
    if not any(":" in target and not os.path.lexists(target) for target in named):
        return None
    repository = find_repository(os.getcwd(), os.environ)
    versions: list[_Version | None] = [_version(repository, target) for target in named]
    versions += [None] * behind
    if not any(versions):
        return None
    if cached or len(targets) > 2:
        words = "--cached compares the index with a commit" if cached else "two files are compared, and no more"
        raise click.UsageError(f"{words}; {targets[0]} is one version of one file")
    policy = load_policy(repository)
    sides = [found or _on_disk(target) for target, found in zip(targets, versions, strict=True)]
    if len(sides) == 1:
        sides.append(_in_worktree(repository, sides[0].side.path))
    before, after = sides
    change = FileChange("M", before.side, after.side, after.state.kind == WORKTREE, [])
    if outputs:
        with Stored(repository, policy, before.state, after.state) as stored:
            stored.fill(change)
    return ([change] if change.before.data != change.after.data else []), policy, []


def _version(repository: Repository, target: str) -> _Version | None:
    """Return the version of a file that is meant; None where something else is (a commit, a folder, a path)."""
    colon = find_colon(target)
    if colon < 0 or os.path.lexists(target) or "*" in target:
        return None
    if colon == 0:
        match = _IN_INDEX.fullmatch(target)
        if match is None:
            return None
        path = repository_path(repository, os.getcwd(), match[2]) if match[2].startswith(".") else match[2]
        state, name, place = State(INDEX, resolve_commit(repository, "HEAD") or ""), f":{match[1] or 0}:{path}", "index"
    else:
        found = split_revision(repository, os.getcwd(), target)
        assert found is not None
        commit, path = found
        state, name, place = State(COMMIT, commit), f"{commit}:{path}", target[:colon]
    code, out, _ = try_git(["rev-parse", "--verify", "--quiet", name], cwd=repository.start)
    oid = out.decode("ascii", "replace").strip()
    if code:
        raise TargetNotFound(f"{target}: there is no {path} in {'the index' if place == 'index' else place}")
    if try_git(["cat-file", "-t", oid], cwd=repository.start)[1].strip() != b"blob":
        return None
    with ObjectReader(repository) as reader:
        return _Version(Side(path, reader.read(oid), MODE, oid), state)


def _in_worktree(repository: Repository, path: str) -> _Version:
    place = os.path.join(repository.worktree or "", path)
    if repository.worktree is None or not os.path.isfile(place):
        raise TargetNotFound(f"{path} is not on disk; name a second version, or a file, to compare with")
    return _Version(Side(path, read_file(place, path), MODE), State(WORKTREE, ""))


def _on_disk(target: str) -> _Version:
    if target == "-" or os.path.isfile(target):
        return _Version(Side(target, read_file(target, target), MODE), State(WORKTREE, ""))
    kind = "a directory" if os.path.isdir(target) else "not a file"
    raise TargetNotFound(f"{target} is {kind}; one version of a file is compared with another one, or with a file")


def read_file(place: str, name: str) -> bytes:
    """Return a file's bytes, or those of stdin for `-`; raises GitFailed with its `name` where it can't be read."""
    if place == "-":
        return sys.stdin.buffer.read()
    try:
        with open(place, "rb") as file:
            return file.read()
    except OSError as error:
        raise GitFailed(f"{name} can't be read: {error.strerror or error}") from error
