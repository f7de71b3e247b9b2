"""`nbgit refresh`: capture what was run, and clear the " M" of notebooks whose outputs alone changed."""

import os

import click

from nbgit.cli.worktree_paths import check_given, in_repository
from nbgit.errors import NotANotebook, TargetNotFound
from nbgit.store.refresh import EDITED, LOCKED, UNMODIFIED, capture_saved, modified_notebooks
from nbgit.store.repository import Repository, find_repository

EPILOG = """\b
Examples:
  nbgit refresh                  every tracked notebook that git calls modified
  nbgit refresh analysis.ipynb   this one
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
def command(paths: tuple[str, ...]) -> int:
    """Capture the outputs of notebooks that were run, and tell git which of them have no change but that.

    Git compares sizes, so a notebook that was only run again stands as modified although `git diff` is empty. Saving in
    Jupyter, and `nbgit watch` beside other editors, do the same.
    """
    repository = find_repository(os.getcwd(), os.environ)
    asked = [in_repository(repository, path) for path in paths]
    if asked:
        _check(repository, asked, paths)
    saved = capture_saved(repository, asked or modified_notebooks(repository))
    if asked and len(saved) < len(set(asked)):
        found = {one.path for one in saved}
        wrong = next(path for path, name in zip(paths, asked, strict=True) if name not in found)
        raise NotANotebook(f"{wrong} is not a notebook as it stands; the others were captured")
    if not saved:
        click.echo("No notebook is modified.")
        return 0
    states = [one.state for one in saved]
    parts = [
        f"{_many(len(saved))} captured",
        f"{states.count(UNMODIFIED)} with no change but outputs: unmodified for git",
        f"{states.count(EDITED)} with edits: modified",
        f"{states.count(LOCKED)} left for the next time, since the index is in use",
    ]
    click.echo("; ".join(parts[:1] + [part for part in parts[1:] if not part.startswith("0 ")]) + ".")
    return 0


def _check(repository: Repository, asked: list[str], paths: tuple[str, ...]) -> None:
    for path in paths:
        if not os.path.isfile(path):
            raise TargetNotFound(f"{path} is no file; name a notebook on disk")
    check_given(repository, *asked)


def _many(number: int) -> str:
    return "1 notebook" if number == 1 else f"{number} notebooks"
