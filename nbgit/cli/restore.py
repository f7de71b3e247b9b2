"""`nbgit restore`: put outputs back into a notebook."""

import os

import click

from nbgit.cli.worktree_paths import in_repository
from nbgit.store.repository import find_repository
from nbgit.store.restore import restore

EPILOG = """\b
Examples:
  nbgit restore analysis.ipynb                     the newest captured outputs that are not there now
  nbgit restore analysis.ipynb --capture 3f9ac1    these (see `nbgit captures`)
  nbgit restore analysis.ipynb --from HEAD~2       those of a commit
  nbgit restore analysis.ipynb --cells 3,5-7       only those of some cells (counted from 0)
"""


@click.command(epilog=EPILOG)
@click.argument("path")
@click.option("--capture", "capture_id", metavar="ID", help="Take the outputs of this capture.")
@click.option("--from", "revision", metavar="REV", help="Take the outputs that the notebook has in this commit.")
@click.option("--cells", metavar="LIST", help="Only these cells, counted from 0: 3,5-7.")
def command(path: str, capture_id: str | None, revision: str | None, cells: str | None) -> int:
    """Put outputs back into the notebook at PATH; its code stays as it is.

    What is there now is captured first, so nothing is lost. Cells whose code has changed since keep what they have.
    """
    if capture_id and revision:
        raise click.UsageError("--capture and --from are two places; name one")
    repository = find_repository(os.getcwd(), os.environ)
    name = in_repository(repository, path)
    chosen = None if cells is None else _parse_cells(cells)
    done, origin = restore(repository, name, capture_id=capture_id, revision=revision, cells=chosen)
    given = ", ".join(str(index) for index in done.given) or "none"
    click.echo(f"{path}: outputs of cells {given}, from {origin}.")
    if done.left_out and chosen is None:
        left = ", ".join(str(index) for index in done.left_out)
        click.echo(f"Left out, because the code has changed since: cells {left} of {origin}.")
    return 0


def _parse_cells(text: str) -> frozenset[int]:
    """Return the indices that a list like `3,5-7` names."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or not (last or first).isdigit() or len(part) > 20:
            raise click.UsageError(f"--cells takes numbers and ranges like 3,5-7, not {part.strip()!r}")
        if int(last or first) > 100_000:
            raise click.UsageError("--cells counts the cells of a notebook; there are not that many")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)
