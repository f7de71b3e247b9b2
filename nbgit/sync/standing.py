"""Ring 3: how one stands with each remote: whose outputs are there, whose go with the next push."""

from nbgit.store.git import try_git
from nbgit.store.refs import ENTRIES, read_refs
from nbgit.store.repository import Repository
from nbgit.sync.lazy import promising_remote, promising_remotes
from nbgit.sync.remotes import remotes, tracking_refs, wants_sync
from nbgit.sync.share import differing_notes, pushed_branches, reachable


class Standing:
    """One remote: whether nbgit exchanges outputs with it, lazily or not, and two numbers of commits.

    `unpushed` have outputs that go with the next push that has them; `unshared` are on the remote without theirs.
    """

    __slots__ = ("is_lazy", "is_on", "remote", "unpushed", "unshared")

    def __init__(self, remote: str, *, is_on: bool, is_lazy: bool, unpushed: int, unshared: int) -> None:
        self.remote = remote
        self.is_on = is_on
        self.is_lazy = is_lazy
        self.unpushed = unpushed
        self.unshared = unshared


def standings(repository: Repository) -> list[Standing]:
    """Return the Standing with each remote, as far as the last fetch or push tells. Raises GitFailed."""
    lazy = promising_remotes(repository)
    found = []
    for remote in remotes(repository):
        unpushed, unshared = _missing(repository, remote)
        is_lazy = promising_remote(remote) in lazy
        is_on = wants_sync(repository, remote)
        found.append(Standing(remote, is_on=is_on, is_lazy=is_lazy, unpushed=unpushed, unshared=unshared))
    return found


def _missing(repository: Repository, remote: str) -> tuple[int, int]:
    """Return how many commits have entries that the remote lacks: those of branches and tags alone, and pushed ones."""
    tracking = tracking_refs(remote)[ENTRIES]
    refs = read_refs(repository, [ENTRIES, tracking])
    if ENTRIES not in refs:
        return 0, 0
    commits = list(differing_notes(repository, refs.get(tracking), refs[ENTRIES]))
    arguments = ["for-each-ref", "--format=%(objectname)", "refs/heads/", "refs/tags/"]
    ours = reachable(repository, commits, try_git(arguments, cwd=repository.start)[1].decode("ascii").split())
    there = reachable(repository, commits, pushed_branches(repository, remote))
    return len(set(ours) - set(there)), len(there)
