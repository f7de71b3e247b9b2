"""Ring 2: linking the commits that no hook saw (docs/design.md, "Linking")."""

import os
from hashlib import sha256

from nbgit.errors import NbgitError
from nbgit.store.captures import CaptureStore, write_whole
from nbgit.store.changes import raw_changes
from nbgit.store.entries import read_some_entries
from nbgit.store.link import link_commits
from nbgit.store.objects import ObjectReader
from nbgit.store.policy_file import load_policy
from nbgit.store.refs import ENTRIES, refs_below
from nbgit.store.repository import Repository, head_commit


def link_missing(repository: Repository) -> int:
    """Do what `link_pending` does and never raise: what can't be linked now stays captured."""
    try:
        return link_pending(repository)
    except NbgitError:
        return 0


def link_pending(repository: Repository) -> int:
    """Link the commits that no hook saw (made by a library, a GUI, with hooks off); return how many notebooks.

    Only commits that changed a path with a pending capture, and to just that source, are looked at, and of those the
    ones whose entry does not name that path: a notebook that was run again since is not that commit's. Raises
    NbgitError.
    """
    pending = CaptureStore(repository, load_policy(repository)).all()
    if not pending:
        return 0
    wanted = {(capture.path, capture.source_oid) for capture in pending}
    state = _state(repository, wanted)
    if state and state == _searched(repository):
        return 0
    commits = unlinked_commits(repository, wanted)
    if not commits and state:
        _note_searched(repository, state)
    return link_commits(repository, commits, lazily=True) if commits else 0


def _state(repository: Repository, wanted: set[tuple[str, str]]) -> str:
    """Return a digest of all that decides which commits are found: what waits, HEAD, branches, entries.

    "" where HEAD can't be told without git.
    """
    head = head_commit(repository)
    rows = [*sorted(wanted), *sorted(refs_below(repository, "refs/heads", ENTRIES).items())]
    told = "\n".join([head, *(f"{one} {other}" for one, other in rows)])
    return sha256(told.encode("utf-8", "surrogateescape")).hexdigest() if head else ""


def _searched(repository: Repository) -> str:
    """Return the state in which no unlinked commit was found; to walk the history again for the same is slow."""
    try:
        with open(os.path.join(repository.nbgit_dir, "searched"), encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _note_searched(repository: Repository, state: str) -> None:
    try:
        write_whole(os.path.join(repository.nbgit_dir, "searched"), f"{state}\n".encode("ascii"))
    except OSError:
        pass  # a memory: what is missing is found out again


def unlinked_commits(repository: Repository, wanted: set[tuple[str, str]]) -> list[str]:
    """Return the commits on HEAD and all branches, oldest first, that set a (path, source oid) of `wanted` and whose
    entry does not name that path.

    Dates are not looked at: a commit may carry any. The newest 200 commits that touch one of the paths are searched.
    """
    options = ["--reverse", "--max-count=200", "--branches"]
    changes = raw_changes(repository, options, ["HEAD"], sorted({path for path, _ in wanted}))
    changes = [change for change in changes if (change.path, change.source_oid) in wanted]
    commits = list(dict.fromkeys(change.commit for change in changes))
    with ObjectReader(repository) as reader:
        noted = read_some_entries(reader, commits)
    missing = {change.commit for change in changes if change.path not in noted.get(change.commit, {})}
    return [commit for commit in commits if commit in missing]
