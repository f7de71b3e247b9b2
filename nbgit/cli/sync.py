"""`nbgit sync`: exchange outputs with a remote by hand."""

import os

import click

from nbgit.cli.terminal import warn
from nbgit.errors import NbgitError, TargetNotFound
from nbgit.lineage.cuts.linking import fold_waiting, link_missing
from nbgit.notebook.printable import printable
from nbgit.store.recalled import tell_recalled
from nbgit.store.repository import Repository, find_repository
from nbgit.sync.exchange import Exchanged, exchange
from nbgit.sync.remotes import add_refspecs, remotes

EPILOG = """\b
Examples:
  nbgit sync            every remote: fetch outputs, unite them with yours, share those of pushed commits
  nbgit sync origin     this remote
  nbgit sync --overwrite origin     ... after `nbgit forget`: it shall hold nothing of what was forgotten
"""


@click.command(epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[REMOTE]...")
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
@click.option("--overwrite", is_flag=True, help="Replace the remote's refs, less what `nbgit forget` removed here.")
def command(names: tuple[str, ...], quiet: bool, overwrite: bool) -> int:
    """Fetch the outputs that others shared, unite them with yours, and share those of commits that are pushed.

    After `nbgit install` pull and push do this by themselves. What is linked to commits that you have not pushed, and
    what is not committed, stays here.
    """
    repository = find_repository(os.getcwd(), os.environ)
    if overwrite and not names:
        raise click.UsageError("--overwrite needs the remote's name: `nbgit sync --overwrite origin`")
    wanted = _wanted(repository, names)
    add_refspecs(repository)
    link_missing(repository, warn)
    fold_waiting(repository)
    failed = False
    for remote in wanted:
        try:
            done = exchange(repository, remote, anew=overwrite)
        except NbgitError as error:
            click.echo(f"nbgit: {printable(str(error))}", err=True)
            failed = True
            continue
        if done.refused:
            click.echo(f"nbgit: {remote} did not take the outputs: {printable(done.refused)}", err=True)
            failed = True
        if not quiet:
            click.echo(f"{remote}: {_story(done)}")
    for sentence in tell_recalled(repository, always=True):
        warn(sentence)
    return 1 if failed else 0


def _wanted(repository: Repository, names: tuple[str, ...]) -> list[str]:
    there = list(remotes(repository))
    for name in names:
        if name not in there:
            known = f"it has {', '.join(there)}" if there else "it has none"
            raise TargetNotFound(f"{name} is no remote of this repository ({known}); `git remote -v` lists them")
    if not there:
        raise TargetNotFound("this repository has no remote to exchange outputs with; `git remote add` adds one")
    return list(names) or there


def _story(done: Exchanged) -> str:
    came = f"outputs of {_many(done.came, 'commit')} came" if done.came else "nothing new came"
    went = f"{_many(done.snapshots, 'snapshot')} of {_many(done.commits, 'commit')} went" if done.commits else ""
    shown = f"{_many(len(done.filled), 'notebook')} got outputs on disk" if done.filled else ""
    return "; ".join(part for part in (came, went or "nothing to share", shown) if part) + "."


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
