"""`nbgit link`: link commits that no hook saw to the outputs that were captured for them."""

import os

import click

from nbgit.cli.terminal import warn
from nbgit.lineage.cuts.linking import fold_all_runs, fold_waiting
from nbgit.store.late import link_pending
from nbgit.store.link import link_commits
from nbgit.store.refs import resolve_commits
from nbgit.store.repository import find_repository

EPILOG = """\b
Examples:
  nbgit link            every commit on a branch that has no outputs yet, where they are stored
  nbgit link HEAD~2     just this commit
"""


@click.command(epilog=EPILOG)
@click.argument("revisions", nargs=-1, metavar="[REVISION]...")
def command(revisions: tuple[str, ...]) -> int:
    """Link commits to their outputs, where no hook did.

    Commits made by a library, a GUI or with hooks off are linked by the next nbgit command; this is that command when
    there is no other. It also looks through the whole history for commits that were written anew, by a tool or on a
    server, and had their outputs before.
    """
    repository = find_repository(os.getcwd(), os.environ)
    if revisions:
        linked = link_commits(
            repository, resolve_commits(repository, list(revisions)), lazily=True, tell=warn, fold=fold_all_runs
        )
    else:
        linked = link_pending(repository, tell=warn, fold=fold_all_runs) + fold_waiting(repository)
    click.echo(f"{linked} notebook{'' if linked == 1 else 's'} linked.")
    return 0
