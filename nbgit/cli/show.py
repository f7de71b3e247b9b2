"""`nbgit show`: one output of one commit, to a file, a pipe, or the terminal."""

import os
import sys

import click

from nbgit.cli.new_file import write_file
from nbgit.cli.numbers import Number
from nbgit.cli.terminal import print_lines, print_text, warn
from nbgit.errors import NotANotebook, TargetNotFound
from nbgit.lineage.cuts.linking import link_missing
from nbgit.lineage.lookup.inline import find_protocol, inline_picture
from nbgit.lineage.lookup.pictures import picture_size
from nbgit.lineage.story import Line
from nbgit.lineage.targets import NotebookTarget, read_target
from nbgit.notebook.outputs import Payload, is_figure, rank, read_payloads
from nbgit.notebook.text import visible, visible_lines
from nbgit.store.git import try_git
from nbgit.store.lookup import notebook_at
from nbgit.store.repository import Repository, find_repository

TEXTUAL = ("text/", "application/vnd.jupyter.", "application/json", "application/javascript", "image/svg+xml")


EPILOG = """\b
Examples:
  nbgit show HEAD:fit.ipynb                       its outputs, listed
  nbgit show HEAD~3:fit.ipynb --cell 7 -o old.png  a figure, into a file
  nbgit show fit.ipynb --cell 2 --mime text/plain  a table as text, as HEAD has it
"""


@click.command("show", epilog=EPILOG)
@click.argument("target", metavar="[REV:]PATH")
@click.option("--cell", type=Number(), metavar="N", help="The cell: N counts from 0 over all cells.")
@click.option("--cell-id", metavar="ID", help="The cell with this id.")
@click.option("--output", type=Number(), metavar="K", help="Output K of the cell, from 0 (a file: -o).")
@click.option("--mime", metavar="TYPE", help="This datum of the output (image/png, text/plain ...).")
@click.option(
    "-o", "--to", "file", type=click.Path(dir_okay=False), metavar="FILE", help="Write to FILE (- is stdout)."
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def command(
    target: str,
    cell: int | None,
    cell_id: str | None,
    output: int | None,
    mime: str | None,
    file: str | None,
    force: bool,
) -> int:
    """Write one output of one commit to a file or the terminal.

    Without --output it is the cell's first figure, or else its first output; without --cell the outputs are listed. In
    a pipe the bytes come as they are; a terminal that can shows the picture. Exits 1 where there is no such output.
    """
    repository = find_repository(os.getcwd(), os.environ)
    link_missing(repository, warn)
    asked = read_target(repository, os.getcwd(), target)
    if not isinstance(asked, NotebookTarget):
        raise click.UsageError(f"{target} is no notebook; for other files there is git show")
    payloads = _read(repository, asked, target)
    if cell is None and cell_id is None:
        return _list_outputs(payloads, target)
    chosen = _choose(payloads, cell, cell_id, output, mime)
    if chosen is None:
        click.echo(visible(_why_not(target, cell, cell_id, output, mime)), err=True)
        return 1
    if file not in (None, "-"):
        write_file(str(file), chosen.data, force=force)
    elif file is None and sys.stdout.isatty():
        _show(chosen, target)
    else:
        sys.stdout.buffer.write(chosen.data)
        sys.stdout.buffer.flush()
    return 0


def _read(repository: Repository, asked: NotebookTarget, target: str) -> list[Payload]:
    commit = asked.commit or "HEAD"
    if try_git(["cat-file", "-e", f"{commit}:{asked.path}"], cwd=repository.start)[0]:
        raise TargetNotFound(f"{asked.path} is not in {target.split(':')[0] if asked.commit else 'HEAD'}")
    try:
        return read_payloads(notebook_at(repository, commit, asked.path))
    except (NotANotebook, TypeError) as error:
        raise NotANotebook(f"{asked.path} is no notebook in that commit ({error})") from error


def _choose(
    payloads: list[Payload], cell: int | None, cell_id: str | None, output: int | None, mime: str | None
) -> Payload | None:
    """Return the datum that is meant: of the named output, else of the first that is a figure, else of the first."""
    found = [p for p in payloads if cell in (None, p.cell_index) and cell_id in (None, p.cell_id)]
    found = [p for p in found if output in (None, p.output_index) and mime in (None, p.mime)]
    figures = [p for p in found if is_figure(p.mime)]
    first = (figures or found)[0].output_index if found else None
    return min((p for p in found if p.output_index == first), key=lambda p: rank(p.mime), default=None)


def _why_not(target: str, cell: int | None, cell_id: str | None, output: int | None, mime: str | None) -> str:
    place = f"Cell {cell}" if cell is not None else f"Cell {cell_id}"
    which = "no output" if output is None else f"no output {output}"
    kind = f" of type {mime}" if mime else ""
    return f"{place} of {target} has {which}{kind}; `nbgit show {target}` lists what there is."


def _list_outputs(payloads: list[Payload], target: str) -> int:
    if not payloads:
        click.echo(f"{visible(target)} has no outputs.")
        return 1
    lines: list[Line] = []
    for p in payloads:
        count = f" [{p.execution_count}]" if p.execution_count is not None else ""
        place = f"cell {p.cell_index}{count} output {p.output_index}"
        lines.append([(f"{place:<26}", ""), (visible(p.mime), "cyan"), (f"  {_extent(p)}", "dim")])
    print_lines(lines)
    return 0


def _extent(payload: Payload) -> str:
    size = picture_size(payload.data)
    pixels = f"{size[0]}x{size[1]}, " if size else ""
    return f"{pixels}{len(payload.data):,} bytes"


def _show(payload: Payload, target: str) -> None:
    """Show a datum on the terminal: a picture where the terminal can, text with nothing that steers it, or one line."""
    picture = inline_picture(payload.data, payload.mime, find_protocol(os.environ))
    if picture is not None:
        sys.stdout.buffer.write(picture)
        sys.stdout.buffer.flush()
    elif payload.mime.startswith(TEXTUAL) or payload.mime.endswith("+json"):
        text = payload.data.decode("utf-8", "replace").rstrip("\n")
        print_text("\n".join(visible_lines(text)) + "\n")
    else:
        place = f"--cell {payload.cell_index} --output {payload.output_index} --mime {payload.mime}"
        what = f"{payload.mime}, {_extent(payload)}; this terminal can't show it."
        print_text(visible(f"{what} To write it to a file: nbgit show '{target}' {place} -o FILE") + "\n")
