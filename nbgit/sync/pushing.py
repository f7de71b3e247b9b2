"""Ring 3: what happens around a `git push`: the pre-push hook's part (githooks(5)).

git calls the hook with the remote's name and URL, and on stdin a line for each ref that it will push. Whatever happens
here, the push goes on.
"""

from nbgit.notebook.printable import printable
from nbgit.store.callers import words_of
from nbgit.store.git import try_git
from nbgit.store.refs import ENTRIES, SNAPSHOTS
from nbgit.store.repository import Repository
from nbgit.sync.fetched import fetch, unite_fetched
from nbgit.sync.remotes import TRACKING, tracking_name, wants_sync
from nbgit.sync.share import pushed_branches, share


class PushedRef:
    """One line of git's: what is pushed where, and what the remote has there now."""

    __slots__ = ("local_oid", "remote_oid", "remote_ref")

    def __init__(self, line: str) -> None:
        _, self.local_oid, self.remote_ref, self.remote_oid = line.split(" ")


def before_push(repository: Repository, remote: str, lines: list[str]) -> str:
    """Share the outputs of what is about to be pushed; return a sentence for the person, or "". Raises GitFailed."""
    refs = [PushedRef(line) for line in lines if line.count(" ") == 3]
    if not wants_sync(repository, remote):
        return ""
    name = tracking_name(repository, remote)
    is_mirror = any(ref.remote_ref.startswith((TRACKING, "refs/remotes/")) for ref in refs)
    if is_mirror or any(ref.remote_ref in (SNAPSHOTS, ENTRIES) for ref in refs):
        return _guard(repository, remote, name, refs, is_mirror=is_mirror)
    pushed = [ref.local_oid for ref in refs if ref.local_oid.strip("0")]
    pushed += pushed_branches(repository, name)
    unite_fetched(repository)  # it may say what was forgotten
    shared = share(repository, remote, name, pushed)
    if shared.refused:
        return (
            f"{printable(remote)} did not take the outputs ({printable(shared.refused)}); they stay in this clone, and "
            f"your push goes on. `nbgit sync` tries again; `git config remote.{name}.nbgitSync false` stops trying"
        )
    return ""


def only_tries(pid: str) -> bool:
    """Return whether the process `pid` is a `git push --dry-run`, as far as the system shows its arguments.

    git does not tell its hooks that it only tries.
    """
    if not pid.isdigit():
        return False
    words = words_of(pid)
    return b"--dry-run" in words or b"-n" in words


def _guard(repository: Repository, remote: str, name: str, refs: list[PushedRef], *, is_mirror: bool) -> str:
    """Bring home what this push deletes or overwrites of the outputs on the remote.

    git does not tell this hook what a `--mirror` deletes; that it is one shows in refs that no other push sends.
    """
    ours = [ref for ref in refs if ref.remote_ref in (SNAPSHOTS, ENTRIES)]
    lost = [ref for ref in ours if ref.remote_oid.strip("0") and not _holds(repository, ref)]
    if not lost and not is_mirror:
        return ""
    fetch(repository, remote, name)
    if unite_fetched(repository) is None and not lost:
        return ""
    return (
        f"this push takes outputs away that are stored on {printable(remote)}; they were brought here first, and "
        f"`nbgit sync {printable(remote)}` puts them back"
    )


def _holds(repository: Repository, ref: PushedRef) -> bool:
    """Return whether what is pushed contains what the remote has."""
    if not ref.local_oid.strip("0"):
        return False
    arguments = ["merge-base", "--is-ancestor", ref.remote_oid, ref.local_oid]
    return try_git(arguments, cwd=repository.start)[0] == 0
