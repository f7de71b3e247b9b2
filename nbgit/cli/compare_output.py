"""`nbgit compare-output`: what changed between two outputs, and in all that made them."""

import os

import click

from nbgit.cli.diff_options import picture_protocol
from nbgit.cli.diff_page import PageOptions, page_options, put_page
from nbgit.cli.numbers import Number
from nbgit.cli.terminal import print_json, print_lines, print_text, progress, warn
from nbgit.comparing.as_json import comparison_as_json
from nbgit.comparing.comparison import Comparison, compare_outputs, shown_output
from nbgit.comparing.sides import Asked, Sides
from nbgit.comparing.story import tell_code, tell_comparison
from nbgit.diff.beside import pictures_of
from nbgit.diff.outputs import OutputChange
from nbgit.diff.view import CONTEXT, View
from nbgit.gitproto.git_settings import picture_setting, read_view, stdout_is_terminal
from nbgit.lineage.blame import Selection
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.lineage.lookup.inline import PROTOCOLS
from nbgit.lineage.lookup.pictures import picture_size
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.records import Records
from nbgit.lineage.story import Sizes
from nbgit.lineage.targets import FileTarget, NotebookTarget, read_target
from nbgit.store.late import link_missing
from nbgit.store.repository import find_repository

EPILOG = """\b
Examples:
  nbgit compare-output v1:fit.ipynb fit.ipynb --cell 7    the same cell then and now
  nbgit compare-output HEAD~9:fit.ipynb fit.ipynb         of a notebook with one figure
  nbgit compare-output paper/fig3.png fit.ipynb --cell 7  a file against a cell
  nbgit compare-output old.png new.png --web              both pictures in the browser
"""


@click.command("compare-output", epilog=EPILOG)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--cell", type=Number(), metavar="N", help="The cell of B, from 0; of A it is the one it comes from.")
@click.option("--cell-id", metavar="ID", help="The cell with this id.")
@click.option("--from-cell", type=Number(), metavar="N", help="The cell of A, where it is another one.")
@click.option("--worktree", is_flag=True, help="B as the notebook on disk shows it, in place of HEAD.")
@click.option("--output", type=Number(), metavar="K", help="Output K of the cell, from 0; else its first figure.")
@click.option(
    "-U", "--unified", "context", type=Number(), metavar="N", help="Lines of context around a change of code."
)
@click.option("--pictures", type=click.Choice(["auto", *PROTOCOLS, "none"]), help="As of nbgit diff --outputs.")
@click.option("--json", "as_json", is_flag=True, help="For programs (schemas/compare-output.v1.schema.json).")
@page_options
@click.option("--exit-code", is_flag=True, help="Exit with 1 where the outputs differ.")
def command(
    before: str,
    after: str,
    cell: int | None,
    cell_id: str | None,
    from_cell: int | None,
    worktree: bool,
    output: int | None,
    context: int | None,
    pictures: str | None,
    as_json: bool,
    page: PageOptions,
    exit_code: bool,
) -> int:
    """What changed between this figure and last month's?

    A and B are outputs as nbgit blame-output takes them: a notebook in HEAD or in another commit (REV:PATH), with
    --cell, or a file. Says whether they are the same, and what of all that was recorded differs: code, values that are
    set in it, input files, packages, kernel.
    """
    if cell is not None and cell_id is not None:
        raise click.UsageError("--cell and --cell-id both name a cell; give one of them")
    what, sizes = _compare((before, after), Selection(cell, cell_id, output), from_cell, worktree=worktree)
    if page.is_wanted:
        _write_page(what, page, (before, after), CONTEXT if context is None else context)
    elif as_json:
        print_json(comparison_as_json(what))
    else:
        view = read_view(os.environ, stdout_is_terminal(), "always" if os.environ.get("FORCE_COLOR") else "")
        view.context = view.context if context is None else context
        view.picture = picture_protocol(pictures or picture_setting())
        _tell(what, sizes, view)
    return 1 if exit_code and not what.same else 0


def _compare(
    names: tuple[str, str], selection: Selection, from_cell: int | None, *, worktree: bool
) -> tuple[Comparison, Sizes]:
    repository = find_repository(os.getcwd(), os.environ)
    link_missing(repository, warn)
    first, second = (read_target(repository, os.getcwd(), name) for name in names)
    if isinstance(first, FileTarget) and isinstance(second, FileTarget) and not selection.is_all:
        raise click.UsageError("both are files; --cell, --cell-id and --output go with a notebook")
    asked = Asked((first, second), names, selection, from_cell, worktree)
    tips = [one.commit for one in (first, second) if isinstance(one, NotebookTarget) and one.commit]
    with progress("Reading the history of notebooks") as report:

        def work(index: Index) -> tuple[Comparison, Sizes]:
            past = Past(repository, index, tips, report)
            records = Records(repository, index, report)
            sides = Sides(past, records, asked)
            what = compare_outputs(*sides.find(), Whereabouts(past, records).place, decode=True)
            what.notes += sides.notes
            return what, _sizes(what)

        return with_index(repository, work)


def _sizes(what: Comparison) -> Sizes:
    """Return the sizes of both pictures, in pixels."""
    found = {side.figure.digest: picture_size(side.payload or b"") for side in (what.before, what.after)}
    return {digest: size for digest, size in found.items() if size}


def _write_page(what: Comparison, options: PageOptions, names: tuple[str, str], context: int) -> None:
    from nbgit.comparing.page import comparison_page

    place = what.after.figure.cell_index
    asked = f"nbgit compare-output {' '.join(names)} --cell {place}"
    put_page(options, lambda: comparison_page(what, asked, context, options.limit))


def _tell(what: Comparison, sizes: Sizes, view: View) -> None:
    print_lines(tell_comparison(what, sizes))
    if view.picture and what.before.payload and what.after.payload and not what.same:
        shown = pictures_of(OutputChange(shown_output(what.before), shown_output(what.after)), view.picture)
        print_text(f"\n{shown}\n" if shown else "")
    code = "".join(f"{line}\n" for line in tell_code(what, view))
    print_text(f"\n{code}" if code else "")
