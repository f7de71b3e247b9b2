"""Ring 3: what came from elsewhere is taken in: before a smudge, after a pull, at the first look of any command."""

from nbgit.errors import NbgitError
from nbgit.store.repository import Repository
from nbgit.sync.fetch_head import complete_fetch
from nbgit.sync.fetched import fetch_once, unite_fetched
from nbgit.sync.remotes import add_refspecs, needs_refspecs


def before_smudge(repository: Repository) -> None:
    """Take in what was fetched; in a fresh clone set the refspecs and fetch nbgit's refs, once. Never raises."""
    try:
        if needs_refspecs(repository):
            for remote in add_refspecs(repository):
                fetch_once(repository, remote)
        complete_fetch(repository)
        unite_fetched(repository)
    except (NbgitError, OSError):
        return  # a checkout without the newest outputs is better than none; `nbgit sync` says what is wrong


def take_in(repository: Repository, *, always: bool = False) -> list[str]:
    """Unite what was fetched and give bare notebooks on disk what came for them; return their paths.

    With `always` they get what is known for them also where nothing came. Raises NbgitError. While a rebase is under
    way no file is touched: it has the index in memory.
    """
    from nbgit.store.fill import fill_bare  # here: before a smudge neither is needed, and time counts
    from nbgit.store.switch import rebases

    complete_fetch(repository)
    if (unite_fetched(repository) is None and not always) or rebases(repository):
        return []
    return fill_bare(repository)
