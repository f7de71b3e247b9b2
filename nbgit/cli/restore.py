"""`nbgit restore`: put outputs back into a notebook."""

import os

import click

from nbgit.cli.completion import complete_captures, complete_paths
from nbgit.cli.numbers import cells as in_words
from nbgit.cli.worktree_paths import in_repository
from nbgit.store.repository import find_repository
from nbgit.store.restore import Outcome, restore

EPILOG = """\b
Examples:
  nbgit restore analysis.ipynb                     the newest captured outputs of this code
  nbgit restore analysis.ipynb --capture 3f9ac1    these (see `nbgit captures`)
  nbgit restore analysis.ipynb --from HEAD~2       those of a commit
  nbgit restore analysis.ipynb --cells 3,5-7       only those of some cells (counted from 0)
"""


@click.command(epilog=EPILOG)
@click.argument("path", shell_complete=complete_paths)
@click.option(
    "--capture", "capture_id", metavar="ID", shell_complete=complete_captures, help="Take the outputs of this capture."
)
@click.option("--from", "revision", metavar="REV", help="Take the outputs that the notebook has in this commit.")
@click.option("--cells", metavar="LIST", help="Only these cells, counted from 0: 3,5-7.")
def command(path: str, capture_id: str | None, revision: str | None, cells: str | None) -> int:
    """Put outputs back into the notebook at PATH; its code stays as it is.

    What is there now is captured first, so nothing is lost: the same command again takes it back. Without an option
    only captures of the very code count; from one that you name, cells whose code has changed since get nothing. A
    notebook that is no longer on disk comes back whole. Exits 1 where no cell could be given outputs.
    """
    if capture_id is not None and revision is not None:
        raise click.UsageError("--capture and --from are two places; name one")
    repository = find_repository(os.getcwd(), os.environ)
    name = in_repository(repository, path)
    chosen = None if cells is None else _parse_cells(cells)
    done = restore(repository, name, capture_id=capture_id, revision=revision, cells=chosen)
    for line in _told(done, path, chosen):
        click.echo(line)
    return 0 if done.given or done.is_back else 1


def _told(done: Outcome, path: str, chosen: frozenset[int] | None) -> list[str]:
    if done.is_back:
        return [f"{path} is back on disk, from {done.origin}, with the outputs of {in_words(done.given)}."]
    lines = [f"{path}: {'outputs of ' if done.given else ''}{in_words(done.given)} from {done.origin}."]
    if not done.given:
        lines = [f"{path}: no outputs of {done.origin} fit; the file is as it was."]
    elif not done.changed:
        lines = [f"{path} shows the outputs of {done.origin} already; the file is as it was."]
    if chosen is None and done.left_out:
        lines.append(f"Left out, because the code has changed since: {in_words(done.left_out)} of {done.origin}.")
    missed = sorted((chosen or frozenset()) - set(done.given))
    if missed:
        lines.append(f"Nothing for {in_words(missed)}: the code has changed since, or there were no outputs.")
    if done.changed and done.given and done.others:
        lines.append(f"Outputs of more than one run are mixed now: those of {in_words(done.others)} are as they were.")
    return lines


def _parse_cells(text: str) -> frozenset[int]:
    """Return the indices that a list like `3,5-7` names."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = (end.strip() for end in part.partition("-"))
        if not first.isdigit() or not (last or first).isdigit() or len(part) > 20:
            raise click.UsageError(f"--cells takes numbers and ranges like 3,5-7, not {part.strip()!r}")
        if int(last or first) > 100_000:
            raise click.UsageError("--cells counts the cells of a notebook; there are not that many")
        if int(last or first) < int(first):
            raise click.UsageError(f"--cells: the range {part.strip()} ends before it begins")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)
