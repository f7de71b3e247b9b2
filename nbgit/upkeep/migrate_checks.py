"""Ring 3: when a history is not to be rewritten, and which refs are."""

import os

from nbgit.errors import NbgitError
from nbgit.notebook.policy import Policy
from nbgit.notebook.printable import printable
from nbgit.notebook.spans import split
from nbgit.store.changes import SUFFIX
from nbgit.store.git import run_git, try_git
from nbgit.store.objects import object_id
from nbgit.store.repository import Repository
from nbgit.store.worktree import read_worktree_file

UNDER_WAY = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}
PATHS_TOLD = 5


def check_repository(repository: Repository, policy: Policy) -> None:
    """Raise NbgitError where the history must not be rewritten now; the sentence says what to do first."""
    if os.path.exists(os.path.join(repository.common_dir, "shallow")):
        raise NbgitError("this clone is shallow: run `git fetch --unshallow` first, or migrate a full clone")
    if try_git(["config", "extensions.partialclone"], cwd=repository.start)[0] == 0:
        raise NbgitError("this clone is partial and lacks blobs: migrate a full clone")
    if run_git(["for-each-ref", "--count=1", "refs/replace"], cwd=repository.start):
        raise NbgitError("this repository has refs/replace, which change its history: delete them first")
    for name, what in UNDER_WAY.items():
        if os.path.exists(os.path.join(repository.git_dir, name)):
            raise NbgitError(f"{what} is under way: finish it or abort it first")
    worktrees = run_git(["worktree", "list", "--porcelain"], cwd=repository.start).decode("utf-8", "replace")
    if worktrees.count("\nHEAD ") > 1:
        raise NbgitError("there are linked worktrees, whose files would not fit: `git worktree remove` them first")
    if repository.worktree is not None:
        _check_filter(repository)
        _check_clean(repository, policy)


def head_branch(repository: Repository) -> str | None:
    """Return the ref that HEAD is, or None where it is no branch yet or the repository is bare."""
    if repository.worktree is None:
        return None
    code, out, _ = try_git(["symbolic-ref", "-q", "HEAD"], cwd=repository.start)
    if code:
        raise NbgitError("HEAD is detached: check out a branch first")
    return out.decode("utf-8", "surrogateescape").rstrip("\n")


def chosen_refs(repository: Repository, names: tuple[str, ...]) -> dict[str, str]:
    """Return ref -> oid of the branches and tags of these names (none: all local ones); symbolic ones are left out."""
    shape = "--format=%(objectname) %(symref)%00%(refname)"
    out = run_git(["for-each-ref", shape, "refs/heads", "refs/tags"], cwd=repository.start)
    rows = [line.split("\0", 1) for line in out.decode("utf-8", "surrogateescape").splitlines()]
    found = {name: facts.split(" ")[0] for facts, name in rows if facts.endswith(" ")}
    if not names:
        return found
    chosen = {}
    for name in names:
        full = [ref for ref in (name, f"refs/heads/{name}", f"refs/tags/{name}") if ref in found]
        if not full:
            raise NbgitError(f"{printable(name)} is no branch or tag here; `git branch` and `git tag` list them")
        chosen[full[0]] = found[full[0]]
    return chosen


def _check_filter(repository: Repository) -> None:
    """The files on disk keep their outputs, so without the filter git would call every one of them modified."""
    if try_git(["config", "filter.nbgit.clean"], cwd=repository.start)[0]:
        raise NbgitError("nbgit is not installed in this repository: run `nbgit install` first")
    paths = run_git(["ls-files", "-z", "--", f":(top)*{SUFFIX}"], cwd=repository.worktree)
    out = run_git(["check-attr", "--stdin", "-z", "filter"], cwd=repository.worktree, stdin=paths)
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    other = [path for path, value in zip(fields[::3], fields[2::3], strict=False) if value != "nbgit"]
    if other:
        raise NbgitError(
            f"{_list(other)}: git's attributes keep nbgit's filter away; `nbgit doctor` says where they are set"
        )


def _check_clean(repository: Repository, policy: Policy) -> None:
    """Raise unless index and files are as HEAD has them; a notebook that differs in outputs alone is."""
    if try_git(["rev-parse", "--verify", "-q", "HEAD"], cwd=repository.start)[0]:
        return
    staged = run_git(["diff-index", "--cached", "--name-only", "-z", "HEAD"], cwd=repository.worktree)
    try_git(["update-index", "-q", "--refresh"], cwd=repository.worktree)
    raw = run_git(["diff-files", "-z", "--no-abbrev", "--ignore-submodules"], cwd=repository.worktree)
    fields = raw.decode("utf-8", "surrogateescape").split("\0")
    changed = [
        path
        for facts, path in zip(fields[::2], fields[1::2], strict=False)
        if not _is_same(repository, policy, path, facts.split(" ")[2])
    ]
    changed += [path for path in staged.decode("utf-8", "surrogateescape").split("\0") if path]
    if changed:
        raise NbgitError(f"there are changes that are not committed ({_list(changed)}): commit or stash them first")


def _is_same(repository: Repository, policy: Policy, path: str, blob: str) -> bool:
    """Return whether a file has the bytes of this blob, or those of its source."""
    data = read_worktree_file(repository, path)
    if data is None:
        return False
    if object_id("blob", data, repository.hash_name) == blob:
        return True
    parts = split(data, policy)
    return parts is not None and object_id("blob", parts.source, repository.hash_name) == blob


def _list(paths: list[str]) -> str:
    shown = ", ".join(printable(path) for path in paths[:PATHS_TOLD])
    return shown + (f" and {len(paths) - PATHS_TOLD} more" if len(paths) > PATHS_TOLD else "")
