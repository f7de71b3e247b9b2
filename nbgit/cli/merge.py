"""`nbgit merge`: three notebooks made one, as `git merge-file` does it with text."""

import os
import sys

import click

from nbgit.errors import GitFailed
from nbgit.gitproto.merge_labels import named
from nbgit.gitproto.merging import merge_files, with_style
from nbgit.gitproto.telling import say
from nbgit.merge.conflicts import DEFAULT_SIZE, DIFF3, ZDIFF3, Markers, Names
from nbgit.merge.marked import find_conflicts
from nbgit.merge.resolve import BOTH, OURS, THEIRS, resolve
from nbgit.notebook.cells import read_cells
from nbgit.store.captures import write_whole

EPILOG = """\b
Examples:
  nbgit merge base.ipynb mine.ipynb yours.ipynb > merged.ipynb
  nbgit merge base.ipynb mine.ipynb yours.ipynb -o mine.ipynb
  nbgit merge -L mine -L base -L yours --zdiff3 base.ipynb mine.ipynb yours.ipynb -o merged.ipynb
"""


@click.command(epilog=EPILOG)
@click.argument("base", type=click.Path(exists=True, dir_okay=False))
@click.argument("ours", type=click.Path(exists=True, dir_okay=False))
@click.argument("theirs", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", metavar="FILE", help="Write here (it may be one of the three), not to stdout.")
@click.option("-L", "labels", multiple=True, metavar="NAME", help="Up to three: the names of ours, base, theirs.")
@click.option("--diff3", "style", flag_value=DIFF3, help="Show the base in conflicts.")
@click.option("--zdiff3", "style", flag_value=ZDIFF3, help="The same, without what both sides begin or end with.")
@click.option("--marker-size", "size", type=click.IntRange(DEFAULT_SIZE, 1000), default=DEFAULT_SIZE, metavar="N")
@click.option("--ours", "favour", flag_value=OURS, help="Settle conflicts by our side.")
@click.option("--theirs", "favour", flag_value=THEIRS, help="Settle conflicts by their side.")
@click.option("--union", "favour", flag_value=BOTH, help="Settle conflicts by both sides' lines.")
def command(
    base: str,
    ours: str,
    theirs: str,
    output: str | None,
    labels: tuple[str, ...],
    style: str | None,
    size: int,
    favour: str | None,
) -> int:
    """Merge what changed from BASE to THEIRS into OURS, cell by cell.

    Exits with 0 where all could be merged, and with 1 where conflicts are left: they are marked inside their cells, and
    the result is a notebook that Jupyter opens (`nbgit resolve` walks them). What is no notebook is merged as text.
    """
    if len(labels) > 3:
        raise click.UsageError("-L names three files at most: ours, base, theirs")
    files = [base, ours, theirs]
    contents = [_read(file) for file in files]
    outcome = merge_files(files, contents, Markers(size, lambda: _names(files, labels, style)))
    data, left = outcome.data, not outcome.is_clean
    if left and favour and outcome.by_cell:
        data, left = settle(data, favour)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        _write(output, data)
    if left:
        say(f"{output or ours}: {outcome.words}")
    return 1 if left else 0


def settle(data: bytes, favour: str) -> tuple[bytes, bool]:
    """Return the notebook with its conflicts settled by one side or both, and whether any is left.

    Values that are not lines can't be both: those are left to a person.
    """
    found = find_conflicts(read_cells(data))
    chosen = {one.number: favour for one in found if favour != BOTH or one.takes_both}
    return resolve(data, dict(chosen)), len(chosen) < len(found)


def _names(files: list[str], labels: tuple[str, ...], style: str | None) -> Names:
    base, ours, theirs = files
    shown = [*labels, *(ours, base, theirs)[len(labels) :]]
    names = named(shown[0], shown[2], shown[1])
    return Names(names.ours, names.theirs, names.base, style) if style else with_style(names)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise GitFailed(f"{path} can't be read: {error.strerror or error}") from error


def _write(path: str, data: bytes) -> None:
    target = os.path.realpath(path)  # a link stays one
    mode = os.stat(target).st_mode if os.path.exists(target) else None
    write_whole(target, data)
    if mode is not None:
        os.chmod(target, mode)
