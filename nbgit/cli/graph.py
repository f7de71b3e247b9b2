"""`nbgit graph`: the lineage of figures, notebooks and files as a graph."""

import os
import sys

import click

from nbgit.cli.new_file import write_file
from nbgit.cli.numbers import Number
from nbgit.cli.terminal import print_json, print_lines, progress, warn
from nbgit.lineage.blame import Selection
from nbgit.lineage.graph.answer import GraphMaker
from nbgit.lineage.graph.asked import Asked
from nbgit.lineage.graph.model import CELLS, NONE, NOTEBOOKS, Graph
from nbgit.lineage.graph.notations import as_dot, as_mermaid
from nbgit.lineage.graph.svg import svg_file
from nbgit.lineage.graph.thumbs import Picture, pictures_of
from nbgit.lineage.graph.tree import tell_graph
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.lineage.runs.records import Records
from nbgit.lineage.targets import SUFFIX, FileTarget, NotebookTarget, read_target, repository_path
from nbgit.notebook.text import visible
from nbgit.store.late import link_missing
from nbgit.store.repository import Repository, find_repository

FORMATS = ("text", "svg", "html", "dot", "mermaid", "json")
ENDINGS = {
    ".svg": "svg",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".json": "json",
    ".html": "html",
    ".txt": "text",
}
EPILOG = """\b
Examples:
  nbgit graph                               all notebooks, and the files between them
  nbgit graph --html lineage.html           the same as a page: pan, zoom, figures
  nbgit graph plot.ipynb --cell 7           what a figure rests on, step by step
  nbgit graph data/raw.csv --up 0           what rests on a file
  nbgit graph -o lineage.svg                by the ending: .svg .html .dot .mmd .json
  nbgit graph --format dot | dot -Tpdf      Graphviz does the layout
"""


@click.command("graph", epilog=EPILOG)
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option("--cell", type=Number(), metavar="N", help="Of a notebook: the cell; N counts from 0 over all cells.")
@click.option("--cell-id", metavar="ID", help="Of a notebook: the cell with this id.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="text at first, or by the ending of FILE.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE; - is stdout.")
@click.option("--html", "html_file", metavar="FILE", help="Write one self-contained HTML page to FILE.")
@click.option("--up", type=Number(), metavar="N", help="At most N steps back (0: none); all, if not given.")
@click.option("--down", type=Number(), metavar="N", help="At most N steps on.")
@click.option(
    "--collapse",
    type=click.Choice([NONE, CELLS, NOTEBOOKS]),
    help="none: every step; cells: those that read, write or show; notebooks. At first as much as can be read.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def command(
    targets: tuple[str, ...],
    cell: int | None,
    cell_id: str | None,
    form: str | None,
    output: str | None,
    html_file: str | None,
    up: int | None,
    down: int | None,
    collapse: str | None,
    force: bool,
) -> int:
    """Where do these figures, notebooks and files come from, and where do they go?

    TARGET is a notebook, one cell of it (--cell), a picture (a figure is known by its bytes, pixels or drawing), or any
    other file; without one it is all that the repository has. What runs have recorded is drawn through, what code alone
    tells is dashed. Exits 1 where there is nothing to tell.
    """
    selection = Selection(cell, cell_id)
    form, file = _where(form, output, html_file)
    if not selection.is_all and (len(targets) != 1 or not targets[0].endswith(SUFFIX)):
        raise click.UsageError("--cell and --cell-id go with one notebook")
    repository = find_repository(os.getcwd(), os.environ)
    link_missing(repository, warn)
    with progress("Reading the history of notebooks") as report:

        def work(index: Index) -> tuple[Graph, dict[str, Picture]]:
            past = Past(repository, index, (), report)
            past.learn_all()
            records = Records(repository, index, report)
            asked = [_read(repository, records, target) for target in targets]
            graph = GraphMaker(past, records).make(asked, selection, collapse, up, down)
            return graph, pictures_of(past, graph) if form in ("svg", "html") else {}

        graph, pictures = with_index(repository, work)
    if not graph.nodes and form != "json":
        click.echo("No run that was recorded here, and no code of a notebook, tells of a file or a figure.", err=True)
        return 1
    _write(graph, pictures, list(targets), form, file, force=force)
    return 0 if graph.nodes else 1


def _where(form: str | None, output: str | None, html_file: str | None) -> tuple[str, str | None]:
    """Return the format and the file that are meant."""
    if html_file is not None:
        if output is not None or form not in (None, "html"):
            raise click.UsageError("--html FILE names both the format and the file")
        return "html", html_file
    ending = os.path.splitext(output or "")[1].lower()
    if output not in (None, "-") and form is None and ending not in ENDINGS:
        raise click.UsageError(
            f"{visible(str(output))}: name the format with --format, or by an ending: {' '.join(ENDINGS)}"
        )
    return form or ENDINGS.get(ending, "text"), output


def _read(repository: Repository, records: Records, target: str) -> Asked:
    """Return what a target means: a notebook, a picture that notebooks may show, or any other file by its path."""
    if target.endswith(SUFFIX):
        asked = read_target(repository, os.getcwd(), target)
        return NotebookTarget(asked.path, None) if isinstance(asked, NotebookTarget) else asked
    path = repository_path(repository, os.getcwd(), target)
    if records.readers(path) or records.writers_at(path):
        return path
    if os.path.isfile(target):
        found = read_target(repository, os.getcwd(), target)
        if isinstance(found, FileTarget) and _is_picture(found.data):
            return found
    return path


def _is_picture(data: bytes) -> bool:
    heads = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\0", b"MM\0*", b"%PDF", b"BM")
    return data.startswith(heads) or b"<svg" in data[:4096]


def _write(
    graph: Graph, pictures: dict[str, Picture], targets: list[str], form: str, file: str | None, *, force: bool
) -> None:
    """Write a graph to a file, or to stdout."""
    title = f"Lineage of {', '.join(targets)}" if targets else "Lineage"
    if form == "text" and file in (None, "-"):
        print_lines(tell_graph(graph), cut=True)
        return
    if form == "json" and file in (None, "-"):
        print_json(graph.as_json(targets))
        return
    data = _made(graph, pictures, targets, form, title)
    if file in (None, "-"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_file(str(file), data, force=force)
    click.echo(visible(f"{file}: {len(graph.nodes)} nodes, {len(graph.edges)} edges"), err=True)


def _made(graph: Graph, pictures: dict[str, Picture], targets: list[str], form: str, title: str) -> bytes:
    if form == "svg":
        return svg_file(graph, title, pictures)
    if form == "html":
        from nbgit.lineage.graph.page import page

        return page(graph, title, pictures)
    if form == "json":
        import json

        return (json.dumps(graph.as_json(targets), indent=2) + "\n").encode()
    if form == "text":
        lines = ("".join(text for text, _ in line).rstrip() for line in tell_graph(graph))
        return ("\n".join(lines) + "\n").encode("utf-8", "replace")
    text = as_dot(graph) if form == "dot" else as_mermaid(graph)
    return text.encode("utf-8", "replace")
