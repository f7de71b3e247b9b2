"""`nbgit blame-output`: which commit introduced this output, and what its cell said then."""

import json
import os
from collections.abc import Callable
from typing import NamedTuple

import click

from nbgit.cli.export_options import Exports, export_options
from nbgit.cli.numbers import Number
from nbgit.cli.terminal import print_lines, print_text, progress, warn
from nbgit.lineage.answers import Answer, blame_file, blame_notebook
from nbgit.lineage.blame import Selection
from nbgit.lineage.cuts.linking import link_missing
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.lineage.lookup.pictures import picture_size
from nbgit.lineage.origin.origin import Origin, Origins
from nbgit.lineage.origin.story import tell_briefly, tell_origin
from nbgit.lineage.pending import Pending, find_pending, with_origins
from nbgit.lineage.runs.records import Records
from nbgit.lineage.story import MANY, Sizes, tell_input, tell_matches, tell_pending
from nbgit.lineage.targets import FileTarget, NotebookTarget, read_target
from nbgit.notebook.text import visible
from nbgit.store.repository import find_repository

EPILOG = """\b
Examples:
  nbgit blame-output fig3.png                     a figure or a file that a run wrote
  nbgit blame-output screenshot.png               a picture of a figure, wherever it was pasted
  nbgit blame-output fit.ipynb                    all figures of a notebook
  nbgit blame-output fit.ipynb --cell 7 --history  one cell's, and what it showed before
  nbgit blame-output v1.0:fit.ipynb --cell 7      as it was in another commit
  nbgit blame-output fig3.png --script fig3.py    its recipe, to be run
"""


@click.command("blame-output", epilog=EPILOG)
@click.argument("target")
@click.option("--cell", type=Number(), metavar="N", help="The cell: N counts from 0 over all cells.")
@click.option("--cell-id", metavar="ID", help="The cell with this id.")
@click.option("--output", type=Number(), metavar="K", help="Only output K of the cell, from 0.")
@click.option("--history", is_flag=True, help="Also the earlier versions of the same cell's figure.")
@export_options
@click.option("--json", "as_json", is_flag=True, help="For programs (schemas/blame-output.v1.schema.json).")
def command(
    target: str,
    cell: int | None,
    cell_id: str | None,
    output: int | None,
    history: bool,
    exports: Exports,
    as_json: bool,
) -> int:
    """What produced this figure?

    TARGET is a notebook as it is in HEAD (one cell of it, or all its figures), a notebook in another commit (REV:PATH),
    or a file: one that a recorded run has written, or a picture (PNG, JPEG, GIF, WebP, TIFF, BMP, SVG, PDF) that a
    notebook shows, by its bytes, else its pixels or drawing, else what is alike, told as that. Of a file that somebody
    committed, an input, it says who did, and which cells read it. Exits 1 where no commit has anything that matches.
    """
    if cell is not None and cell_id is not None:
        raise click.UsageError("--cell and --cell-id both name a cell; give one of them")
    repository = find_repository(os.getcwd(), os.environ)
    link_missing(repository, warn)
    asked = read_target(repository, os.getcwd(), target)
    selection = Selection(cell, cell_id, output)
    if isinstance(asked, FileTarget) and selection != Selection():
        raise click.UsageError(f"{target} is no notebook; --cell, --cell-id and --output go with a notebook")
    with progress("Reading the history of notebooks") as report:

        def work(index: Index) -> Callable[[], int]:
            past = Past(repository, index, _tips(asked), report)
            records = Records(repository, index, report)
            found = _find(past, records, asked, selection, _answer(past, records, asked, selection, history))
            if exports.is_wanted and not found.answer.matches:
                return lambda: _refuse_export(found.answer)
            if exports.is_wanted:
                data = asked.data if isinstance(asked, FileTarget) else None
                return _prepare(past, records, found, data, exports)
            return lambda: _print_json(found, history=history) if as_json else _tell(found, history=history)

        answer = with_index(repository, work)
    return answer()


class Found(NamedTuple):
    """An answer, the origin of each match, and what is not committed yet with its own; sizes in pixels; HEAD."""

    answer: Answer
    origins: list[Origin]
    pending: list[tuple[Pending, Origin]]
    sizes: Sizes
    head: str


def _prepare(past: Past, records: Records, found: Found, data: bytes | None, exports: Exports) -> Callable[[], int]:
    from nbgit.cli.blame_export import prepare_exports  # here: an answer alone needs no exporters

    return prepare_exports(past, records, found.answer.matches, found.origins, data, exports)


def _tips(asked: NotebookTarget | FileTarget) -> list[str]:
    return [asked.commit] if isinstance(asked, NotebookTarget) and asked.commit else []


def _answer(
    past: Past, records: Records, asked: NotebookTarget | FileTarget, selection: Selection, history: bool
) -> Answer:
    if isinstance(asked, FileTarget):
        return blame_file(past, records, asked, history=history)
    position = past.head if asked.commit is None else past.graph.position[asked.commit]
    return blame_notebook(past, asked.path, position, selection, history=history)


def _find(
    past: Past, records: Records, asked: NotebookTarget | FileTarget, selection: Selection, answer: Answer
) -> Found:
    origins = Origins(past, records)
    found = [origins.of_match(match) for match in answer.matches]
    pending = []
    if answer.pending and isinstance(asked, FileTarget):
        pending = [Pending(answer.pending, asked.path or asked.name)]
    elif isinstance(asked, NotebookTarget) and asked.commit is None and not (answer.matches and selection.is_all):
        known = {match.figure.digest for match in answer.matches}
        pending = find_pending(past, records, asked.path, selection, known)
    return Found(answer, found, with_origins(pending, origins), _sizes(past, asked, answer), past.graph.oids[past.head])


def _sizes(past: Past, asked: NotebookTarget | FileTarget, answer: Answer) -> Sizes:
    """Return the sizes of the pictures that are told about, in pixels."""
    earlier = [item.figure for match in answer.matches for item in match.history]
    found = past.sizes([match.figure for match in answer.matches] + earlier)
    size = picture_size(asked.data) if isinstance(asked, FileTarget) else None
    return found | {match.figure.digest: size for match in answer.matches if match.written and size}


def _print_json(found: Found, *, history: bool) -> int:
    answer = found.answer
    matches = [
        {**match.as_json(history=history), **origin.as_json()}
        for match, origin in zip(answer.matches, found.origins, strict=True)
    ]
    verdict = {"verdict": answer.verdict} if answer.verdict else {}
    pending = {"not_committed": [one.as_json(origin) for one, origin in found.pending]} if found.pending else {}
    read = {"input": answer.input.as_json()} if answer.input else {}
    print_text(json.dumps({"matches": matches, **verdict, **pending, **read}, indent=2) + "\n")
    return _exit_code(answer, err=True)  # stdout is for programs


def _tell(found: Found, *, history: bool) -> int:
    answer, origins = found.answer, found.origins
    if answer.matches:
        is_long = len(origins) > MANY
        lines = [list(tell_briefly(origin) if is_long else tell_origin(origin)) for origin in origins]
        if answer.head:
            print_lines([[(answer.head, "yellow")], []])
        print_lines(tell_matches(answer.matches, found.sizes, found.head, lines, history=history))
        if answer.notes:
            print_lines([[], *([(note, "dim")] for note in answer.notes)])
    if answer.input is not None:
        print_lines(tell_input(answer.input.path, answer.input))
    code = _exit_code(answer, err=False)
    for one, origin in found.pending:
        print_lines([[], tell_pending(one.path, one.figure, found.sizes), *tell_origin(origin)])
    return code


def _refuse_export(answer: Answer) -> int:
    click.echo(visible(answer.reason), err=True)
    return 1


def _exit_code(answer: Answer, *, err: bool) -> int:
    """Return 0 where something was found; else say why nothing was, and return 1."""
    if answer.matches or (answer.input is not None and answer.input.committed):
        return 0
    if answer.input is None or err:
        click.echo(visible(answer.reason), err=err)
    return 1
