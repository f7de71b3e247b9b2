"""Ring 3: the answer of `nbgit blame` as lines for people: (text, style) pieces, the same with and without colour."""

from nbgit.lineage.blamed import Blamed, BlamedCell, BlamedOutput
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.story import SHORT_OID, Line, Sizes
from nbgit.notebook.outputs import STDERR, STDOUT
from nbgit.notebook.text import shorten, visible

LONGEST_NAME = 20  # columns of an author's name
LONGEST_LINE = 80  # characters of the first line that tells one cell from another
NOT_YET = "not committed yet"


def tell_blamed(blamed: Blamed, sizes: Sizes, *, cells_only: bool = False) -> list[Line]:
    """Return the lines that tell who wrote which line of which cell; with `cells_only` one line a cell."""
    width = max((len(_name(commit)) for commit in _commits(blamed)), default=0)
    lines: list[Line] = []
    for number, cell in enumerate(blamed.cells):
        if cells_only:
            lines.append(_tell_cell(cell, width))
            continue
        lines += [[]] if number else []
        lines.append(_tell_head(cell))
        digits = len(str(len(cell.lines)))
        for at, line in enumerate(cell.lines, 1):
            lines.append([*_tell_commit(line.commit, width), (f" {at:>{digits}} ", "dim"), (visible(line.text), "")])
        lines += [_tell_output(output, width, sizes) for output in cell.outputs]
    return lines


def _commits(blamed: Blamed) -> list[Commit | None]:
    found: list[Commit | None] = []
    for cell in blamed.cells:
        found += [cell.changed, *(line.commit for line in cell.lines), *(output.introduced for output in cell.outputs)]
    return found


def _tell_head(cell: BlamedCell) -> Line:
    line: Line = [(_cell_name(cell), "bold")]
    if cell.introduced is None:
        return [*line, (f" · {NOT_YET}", "yellow")]
    made = cell.introduced
    return [*line, (" · since ", "dim"), (made.oid[:SHORT_OID], "yellow"), (f" {made.date[:10]}", "dim")]


def _cell_name(cell: BlamedCell) -> str:
    return visible(f"cell {cell.cell.index} [{cell.cell.kind}]{' ' + cell.title if cell.title else ''}")


def _tell_cell(cell: BlamedCell, width: int) -> Line:
    first = next((line.text for line in cell.lines if line.text.strip()), "")
    name = f" cell {cell.cell.index} [{cell.cell.kind}]"
    return [*_tell_commit(cell.changed, width), (name, "bold"), (f" {visible(shorten(first, LONGEST_LINE))}", "")]


def _tell_commit(commit: Commit | None, width: int) -> Line:
    oid, date = (commit.oid[:SHORT_OID], commit.date[:10]) if commit else ("0" * SHORT_OID, "")
    style = "yellow" if commit else "red"
    return [(oid, style), (f"  {_name(commit):<{width}}", "green" if commit else "red"), (f"  {date:<10} ", "")]


def _tell_output(output: BlamedOutput, width: int, sizes: Sizes) -> Line:
    figure = output.figure
    kind = {STDOUT: "stdout", STDERR: "stderr"}.get(figure.mime, figure.mime.replace("vnd.jupyter.", ""))
    across, down = sizes.get(figure.digest, (0, 0))
    pixels = f" {across}x{down}" if across else ""
    commit = _tell_commit(output.introduced, width)
    return [*commit, (f" output {figure.output_index} · {visible(kind)}{pixels}", "cyan")]


def _name(commit: Commit | None) -> str:
    return visible(shorten(commit.author.rsplit(" <", 1)[0], LONGEST_NAME)) if commit else NOT_YET
