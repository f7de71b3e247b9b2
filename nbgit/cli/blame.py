"""`nbgit blame`: who wrote which line of which cell, and when; what its outputs are from."""

import os

import click

from nbgit.cli.paging import paged
from nbgit.cli.terminal import cut_to_screen, encoded, print_json, progress, render, wants_colour
from nbgit.lineage.blamed import Blamed, Options, blame_cells, read_on_disk
from nbgit.lineage.blamed_story import tell_blamed
from nbgit.lineage.cuts.linking import link_missing
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past, resolve_commit
from nbgit.lineage.story import Sizes
from nbgit.lineage.targets import NotebookTarget, read_target
from nbgit.notebook.text import visible
from nbgit.store.repository import Repository, find_repository

EPILOG = """\b
Examples:
  nbgit blame analysis.ipynb               every line, as it is on disk
  nbgit blame v1.2:analysis.ipynb          as it was in a commit
  nbgit blame analysis.ipynb --cell 7      one cell (counted from 0)
  nbgit blame analysis.ipynb --cells       one line for each cell
"""


@click.command("blame", epilog=EPILOG)
@click.argument("target", metavar="[REV:]NOTEBOOK")
@click.option("--cell", type=click.IntRange(min=0), metavar="N", help="Only cell N, counted from 0.")
@click.option("--cell-id", metavar="ID", help="Only the cell with this id.")
@click.option("--cells", "cells_only", is_flag=True, help="One line for each cell: who changed it last.")
@click.option("--outputs/--no-outputs", default=True, help="Also where each output is from (default).")
@click.option("-w", "--ignore-space", is_flag=True, help="A line stays its author's where only white space changed.")
@click.option("--no-pager", is_flag=True, help="Write straight to the terminal.")
@click.option("--json", "as_json", is_flag=True, help="For programs (schemas/blame.v1.schema.json).")
def command(
    target: str,
    cell: int | None,
    cell_id: str | None,
    cells_only: bool,
    outputs: bool,
    ignore_space: bool,
    no_pager: bool,
    as_json: bool,
) -> int:
    """Who wrote which line of which cell, and when.

    Cells are followed through moves, new ids and renames of the notebook, and each output stands with the commit that
    introduced it. Without REV it is the notebook on disk; what is not committed yet says so. Exits 1 where there is no
    such cell.
    """
    if cell is not None and cell_id is not None:
        raise click.UsageError("--cell and --cell-id both name a cell; give one of them")
    repository = find_repository(os.getcwd(), os.environ)
    link_missing(repository)
    asked = read_target(repository, os.getcwd(), target)
    if not isinstance(asked, NotebookTarget):
        raise click.UsageError(f"{target} is no notebook; for other files there is git blame")
    options = Options(cell, cell_id, outputs and (as_json or not cells_only), ignore_space)
    blamed, sizes = _blame(repository, asked, options)
    if as_json:
        print_json(blamed.as_json())
    elif blamed.cells:
        lines = tell_blamed(blamed, sizes, cells_only=cells_only)
        with paged(not no_pager) as out:
            out.write(encoded(render(cut_to_screen(lines), coloured=wants_colour())))
    if not blamed.cells and (cell is not None or cell_id is not None):
        which = f"cell {cell}" if cell is not None else f"cell with the id {cell_id}"
        click.echo(visible(f"{target} has no {which}."), err=True)
        return 1
    return 0


def _blame(repository: Repository, asked: NotebookTarget, options: Options) -> tuple[Blamed, Sizes]:
    merged = None if asked.commit else resolve_commit(repository, "MERGE_HEAD")
    tips = [tip for tip in (asked.commit, merged) if tip]
    with progress("Reading the history of notebooks") as report:

        def work(index: Index) -> tuple[Blamed, Sizes]:
            past = Past(repository, index, tips, report)
            positions = [past.graph.position[asked.commit]] if asked.commit else past.tips
            on_disk = None if asked.commit else read_on_disk(past, asked.path)
            blamed = blame_cells(past, asked.path, positions, on_disk, options, report)
            shown = [output.figure for cell in blamed.cells for output in cell.outputs if output.introduced]
            return blamed, past.sizes(shown)

        return with_index(repository, work)
