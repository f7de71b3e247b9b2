"""`nbgit refresh`: capture what was run, and clear the " M" of notebooks whose outputs alone changed."""

import os

import click

from nbgit.cli.worktree_paths import in_repository
from nbgit.store.refresh import refresh
from nbgit.store.repository import find_repository

EPILOG = """\b
Examples:
  nbgit refresh                  every tracked notebook that git calls modified
  nbgit refresh analysis.ipynb   this one
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
def command(paths: tuple[str, ...]) -> int:
    """Capture the outputs of notebooks that were run, and tell git which of them have no change but that.

    Git compares sizes, so a notebook that was only run again stands as modified although `git diff` is empty.
    """
    repository = find_repository(os.getcwd(), os.environ)
    captured, cleared = refresh(repository, [in_repository(repository, path) for path in paths])
    click.echo(f"{_many(captured)} captured, {cleared} of them as git has it.")
    return 0


def _many(number: int) -> str:
    return "1 notebook" if number == 1 else f"{number} notebooks"
