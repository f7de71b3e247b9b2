"""`nbgit slice`: which cells a cell's result rests on."""

import json
import os
from tempfile import TemporaryDirectory
from typing import Any

import click

from nbgit.cli.terminal import print_json, print_lines
from nbgit.errors import NbgitError, TargetNotFound
from nbgit.lineage.slicing.slicer import Run, Slice, slice_runs
from nbgit.lineage.story import Line
from nbgit.notebook.printable import printable

EPILOG = """\b
Examples:
  nbgit slice cells.json           the cells that are needed, and why
  nbgit slice --json cells.json    for programs (nbgit/schemas/slice.v1.schema.json)

\b
cells.json holds {"cells": ["a = 1", "b = 2", "print(a)"], "target": 2, "execute": false}.
"""
WIDTH = 60  # of a cell's first line


@click.command(epilog=EPILOG)
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(file: Any, as_json: bool) -> int:
    """Show which of the cells in FILE (JSON, - for stdin) the target's result rests on, run in their order.

    Sound before small: it may name a cell too many, never one too few that it can know of. With "execute" the cells are
    first run in a fresh kernel in this directory, and what they really bind, read and write is taken in.
    """
    name = printable(getattr(file, "name", "stdin"))
    cells, target, execute = _read(file.read(), name)
    runs = _executed(cells) if execute else [Run(cell) for cell in cells]
    found = slice_runs(runs, target)
    if as_json:
        print_json(_document(found))
    else:
        print_lines(_lines(found, cells))
    return 0


def _read(data: bytes, name: str) -> tuple[list[str], int, bool]:
    """Return what a file asks for; raises NbgitError where it is not as the schema has it."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NbgitError(f"{name} is not JSON ({error}); see `nbgit slice --help`") from error
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, str) for cell in cells):
        raise NbgitError(f'{name} has no "cells", a list of texts; see `nbgit slice --help`')
    target, execute = document.get("target"), document.get("execute", False)
    if type(target) is not int or type(execute) is not bool:
        raise NbgitError(f'{name} needs "target", a number, and "execute", true or false; see `nbgit slice --help`')
    if not 0 <= target < len(cells):
        raise TargetNotFound(f"{name} has no cell {target}: its cells count from 0 to {len(cells) - 1}")
    return cells, target, execute


def _executed(cells: list[str]) -> list[Run]:
    """Return the runs of cells in a fresh kernel, as it recorded them."""
    from nbgit.external.kernel import run_recorded
    from nbgit.lineage.origin.recipe import units_of
    from nbgit.lineage.runs.journals import read_session
    from nbgit.lineage.runs.sources import journals_in

    with TemporaryDirectory(prefix="nbgit-slice-") as folder:
        run_recorded(cells, os.getcwd(), folder)
        runs = [run for run in read_session(journals_in(os.path.join(folder, "nbgit"))) if run.parent is None]
    units = iter([*units_of(runs), *[None] * len(cells)])  # a blank cell is no run
    return [(next(units) if cell.strip() else None) or Run(cell) for cell in cells]


def _document(found: Slice) -> dict[str, Any]:
    """Return a slice as schemas/slice.v1.schema.json describes it."""
    return {
        "schema": "nbgit/slice.v1",
        "cells": list(found.kept),
        "kind": found.kind,
        "edges": [{"cell": edge.run, "needs": edge.needs, "reasons": list(edge.reasons)} for edge in found.edges],
    }


def _lines(found: Slice, cells: list[str]) -> list[Line]:
    """Return a line for each cell that is kept, and one for the sum."""
    lines: list[Line] = []
    for index in found.kept:
        first = next((line for line in cells[index].splitlines() if line.strip()), "")
        text = printable(first if len(first) <= WIDTH else first[: WIDTH - 3] + "...")
        why = printable(", ".join(found.why(index)[:3])) or "the target"
        lines.append([(f"{index:>5}", "bold"), (f"  {text:<{WIDTH}}", ""), (f"  {why}", "dim")])
    return [*lines, [(f"{len(found.kept)} of {len(cells)} cells ({found.kind})", "dim")]]
