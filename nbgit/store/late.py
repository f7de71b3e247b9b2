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
from nbgit.store.refs import ENTRIES, SNAPSHOTS, refs_below
from nbgit.store.repository import Repository, head_commit
from nbgit.store.rewritten import EVERY, stored_but_unlinked

NEWEST = 200  # how many commits are searched where nobody asked for linking


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbgit.store.folding import Fold


def _say_nothing(sentence: str) -> None:
    return


def link_missing(
    repository: Repository, tell: "Callable[[str], object]" = _say_nothing, fold: "Fold | None" = None
) -> int:
    """Do what `link_pending` does for the newest commits and never raise: what can't be linked now stays captured."""
    try:
        return link_pending(repository, NEWEST, tell, fold)
    except NbgitError:
        return 0


def link_pending(
    repository: Repository,
    most: int = EVERY,
    tell: "Callable[[str], object]" = _say_nothing,
    fold: "Fold | None" = None,
) -> int:
    """Link the commits that no hook saw (made by a library, a GUI, with hooks off); return how many notebooks.

    First those that a pending capture is of: commits that changed its path to just its source and whose entry does not
    name that path (a notebook that was run again since is not that commit's). Then those whose outputs are stored;
    `most` is how many commits are searched for them; `tell` and `fold` are as `link_commits` has them. Raises
    NbgitError.
    """
    captures = CaptureStore(repository, load_policy(repository))
    wanted = {(capture.path, capture.source_oid) for capture in captures.all()}
    state = _state(repository, wanted, most)
    if state and state == _searched(repository):
        return 0
    commits = unlinked_commits(repository, wanted) if wanted else []
    linked = link_commits(repository, commits, lazily=True, tell=tell, fold=fold) if commits else 0
    stored = stored_but_unlinked(repository, most, captures.paths())
    if stored:
        copies = {commit: original for commit, original in stored.items() if original is not None}
        linked += link_commits(repository, list(stored), lazily=True, copies=copies, tell=tell, fold=fold)
    if state and not commits and not linked:
        _note_searched(repository, state)
    return linked


def _state(repository: Repository, wanted: set[tuple[str, str]], most: int) -> str:
    """Return a digest of all that decides which commits are found: what waits, HEAD, branches, entries, snapshots.

    "" where HEAD can't be told without git.
    """
    head = head_commit(repository)
    rows = [*sorted(wanted), *sorted(refs_below(repository, "refs/heads", ENTRIES, SNAPSHOTS).items())]
    told = "\n".join([head, str(most), *(f"{one} {other}" for one, other in rows)])
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
