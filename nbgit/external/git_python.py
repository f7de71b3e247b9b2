"""The one door to GitPython: what a repository is at (branch, remotes, plain settings) and what a ref holds.

Cold path only, and never for add or checkout, which would bypass the filter. GitPython can't read sha256 repositories:
there the git command line answers. Its configuration reader keeps the backslashes of quoted values, so commands are
read through git itself (`setup.config`); plain values are right.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from nbgit.errors import GitFailed
from nbgit.store.git import run_git, try_git
from nbgit.store.repository import Repository

if TYPE_CHECKING:
    from git import Repo


class Position(NamedTuple):
    """Where a repository stands: its branch (None: detached), HEAD's commit (None: none yet), its remotes' names."""

    branch: str | None
    head: str | None
    remotes: list[str]


class RefContent(NamedTuple):
    """What a ref points to: the commit, its summary and date (RFC 3339, UTC offset kept), and its top entries."""

    commit: str
    summary: str
    date: str
    entries: list[str]


def open_repo(repository: Repository) -> Repo | None:
    """Return GitPython's view of the repository, or None where GitPython can't read it (sha256)."""
    if repository.hash_name != "sha1":
        return None
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # a missing git is ours to report, not the import's
    from git import Repo
    from git.exc import GitError

    try:
        return Repo(repository.worktree or repository.git_dir)
    except GitError:
        return None


def read_position(repository: Repository) -> Position:
    """Return where the repository stands; raises GitFailed where neither GitPython nor git can say."""
    repo = open_repo(repository)
    if repo is None:
        return _position_by_git(repository)
    with repo:
        branch = None if repo.head.is_detached else repo.active_branch.name
        head = repo.head.commit.hexsha if repo.head.is_valid() else None
        return Position(branch, head, [remote.name for remote in repo.remotes])


def _position_by_git(repository: Repository) -> Position:
    code, branch, _ = try_git(["symbolic-ref", "-q", "--short", "HEAD"], cwd=repository.start)
    found, head, _ = try_git(["rev-parse", "-q", "--verify", "HEAD"], cwd=repository.start)
    remotes = run_git(["remote"], cwd=repository.start).decode("utf-8", "surrogateescape").split()
    return Position(
        branch.decode("utf-8", "surrogateescape").strip() if code == 0 else None,
        head.decode().strip() if found == 0 else None,
        remotes,
    )


def read_ref(repository: Repository, ref: str) -> RefContent | None:
    """Return what `ref` holds, read down to its tree, or None where there is no such ref.

    Raises GitFailed where the ref is there and its commit or tree can't be read.
    """
    if try_git(["rev-parse", "-q", "--verify", ref], cwd=repository.start)[0]:
        return None
    repo = open_repo(repository)
    if repo is None:
        return _ref_by_git(repository, ref)
    from git.exc import GitError, ODBError

    try:
        with repo:
            commit = repo.commit(ref)
            names = [str(item.name) for item in commit.tree]
            return RefContent(commit.hexsha, str(commit.summary), commit.committed_datetime.isoformat(), names)
    except (GitError, ODBError, ValueError, OSError) as error:
        raise GitFailed(f"{ref} can't be read: {error}; run `git fsck`") from error


def _ref_by_git(repository: Repository, ref: str) -> RefContent:
    line = run_git(["log", "-1", "--no-notes", "--format=%H%x00%s%x00%cI", ref], cwd=repository.start)
    commit, summary, date = line.decode("utf-8", "replace").rstrip("\n").split("\0")
    names = run_git(["ls-tree", "-z", "--name-only", "--full-tree", ref], cwd=repository.start).split(b"\0")
    return RefContent(commit, summary, date, [os.fsdecode(name) for name in names if name])


def read_setting(repository: Repository, name: str) -> str | None:
    """Return a plain setting ("filter.nbgit.required") as the repository sees it, or None where it is unset."""
    head, _, option = name.rpartition(".")
    kind, dot, own = head.partition(".")
    section = f'{kind} "{own}"' if dot else kind
    repo = open_repo(repository)
    if repo is not None:
        from configparser import Error

        with repo:
            try:
                return str(repo.config_reader().get(section, option))
            except (Error, OSError):
                pass  # a scope GitPython doesn't know (worktree, GIT_CONFIG_GLOBAL): git has the last word
    code, out, _ = try_git(["config", "--get", name], cwd=repository.start)
    return out.decode("utf-8", "replace").rstrip("\n") if code == 0 else None
