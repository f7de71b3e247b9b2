"""Ring 3: `nbgit sync`: all of an exchange with one remote, in order: fetch, unite, show, share."""

from nbgit.store.fill import fill_bare
from nbgit.store.repository import Repository
from nbgit.store.switch import rebases
from nbgit.sync.fetched import fetch, unite_fetched
from nbgit.sync.share import overwrite, pushed_branches, share


class Exchanged:
    """What an exchange did: commits whose entries came, what went (and was refused), notebooks filled on disk."""

    __slots__ = ("came", "commits", "filled", "refused", "snapshots")

    def __init__(self, came: int, filled: list[str], commits: int, snapshots: int, refused: str) -> None:
        self.came = came
        self.filled = filled
        self.commits = commits
        self.snapshots = snapshots
        self.refused = refused


def exchange(repository: Repository, remote: str, *, anew: bool = False) -> Exchanged:
    """Exchange outputs with a configured remote; raises GitFailed where it can't be reached.

    With `anew` the remote's refs are replaced, so that they hold nothing that was forgotten here.
    """
    fetch(repository, remote, remote, prune=True)
    came = unite_fetched(repository)
    filled = [] if rebases(repository) else fill_bare(repository)
    if anew:
        shared = overwrite(repository, remote, remote)
    else:
        shared = share(repository, remote, remote, pushed_branches(repository, remote))
    return Exchanged(came or 0, filled, shared.commits, shared.snapshots, shared.refused)
