"""Ring 3: what happened to outputs, as lines of a diff: one line each, or with the lines and rows that changed.

Nothing printed here is long: what is cut says how much was cut.
"""

from nbgit.diff.changes import CellChange, Changes, LineEdits
from nbgit.diff.compare import TextEdits, compare, describe, output_lines, tell
from nbgit.diff.lines import Hunk
from nbgit.diff.outputs import OutputChange, read_outputs
from nbgit.diff.view import FULL, View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbgit.diff.compare import Edits

MOST_PRINTED = 40  # lines of one output, in a full diff
MOST_TOLD = 8  # outputs of one cell that have a line of their own in a summary
LONGEST_LINE = 400  # characters of a printed line
FEW = 3  # cells; where more have outputs on one side only, one line says so


class Block:
    """One piece of what is printed: a remark, the edits of a text under a `name`, or what shows a `picture`."""

    __slots__ = ("edits", "name", "picture", "remark")

    def __init__(self, remark: str, edits: LineEdits | None = None, name: str = "", picture: str = "") -> None:
        self.remark = remark
        self.edits = edits
        self.name = name
        self.picture = picture


def output_blocks(change: CellChange, name: str, view: View) -> "Iterator[Block]":
    """Yield what is to be printed of a cell's outputs; each remark begins with `name`."""
    found = change.output_changes
    if change.before is None:
        if found:
            yield Block(f"{name} shows: {_listed(change)}")
        return
    told = len(found) if view.outputs == FULL or len(found) <= MOST_TOLD else MOST_TOLD - 1
    for output in found[:told]:
        edits = compare(output, decode=view.decode)
        yield Block(f"{name}, output {output.index}: {tell(output, edits)}")
        if view.outputs == FULL:
            yield from _within(output, edits, name, view)
    if told < len(found):
        yield Block(f"{name}: {len(found) - told:,} more outputs changed")


def one_sided(what: Changes) -> str:
    """Return a remark where many cells have outputs on one side and none on the other, "" elsewhere."""
    old = sum(bool(change.before and change.before.outputs) for change in what.cells)
    new = sum(bool(change.after and change.after.outputs) for change in what.cells)
    if new == 0 and old > FEW:
        return f"outputs of {old} cells before, of none after"
    if old == 0 and new > FEW and any(change.before for change in what.cells):
        return f"outputs of no cell before, of {new} after"
    return ""


def cut(edits: LineEdits, context: int, most: int = MOST_PRINTED) -> tuple[LineEdits, int]:
    """Return as many of the hunks as `most` lines hold, the last one shortened, and how many changed lines don't show.

    Long lines are cut, too.
    """
    kept: list[Hunk] = []
    room = most
    a_limit, b_limit = len(edits.before), len(edits.after)
    for hunk in edits.hunks:
        if _size(hunk) > room:
            last = _shortened(hunk, max(0, room))
            kept += [last] if _size(last) else []
            a_limit, b_limit = last.a_end, last.b_end
            break
        kept.append(hunk)
        room -= _size(hunk) + 2 * context
    before, after = ([_short(line) for line in lines] for lines in (edits.before[:a_limit], edits.after[:b_limit]))
    return LineEdits.of(before, after, kept), sum(map(_size, edits.hunks)) - sum(map(_size, kept))


def _size(hunk: Hunk) -> int:
    return hunk.a_end - hunk.a_start + hunk.b_end - hunk.b_start


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line):,} characters)"


def _shortened(hunk: Hunk, room: int) -> Hunk:
    old, new = hunk.a_end - hunk.a_start, hunk.b_end - hunk.b_start
    half = room // 2
    old_shown = min(old, max(half, room - new))
    return Hunk(hunk.a_start, hunk.a_start + old_shown, hunk.b_start, hunk.b_start + min(new, room - old_shown))


def _listed(change: CellChange) -> str:
    assert change.after is not None
    outputs = [describe(output) for output in read_outputs(change.after.outputs)]
    more = f" and {len(outputs) - MOST_TOLD:,} more" if len(outputs) > MOST_TOLD else ""
    return ", ".join(outputs[:MOST_TOLD]) + more


def _within(output: OutputChange, edits: "Edits | None", name: str, view: View) -> "Iterator[Block]":
    """Yield the lines or rows that changed, as far as they are worth reading, or the pictures."""
    if view.picture and output.kind == "figure":
        from nbgit.diff.beside import pictures_of

        yield Block("", picture=pictures_of(output, view.picture))
    what = f"output {output.index} of {name}"
    if isinstance(edits, TextEdits):
        lines = edits.edits
    elif output.kind == "table" and edits is not None:
        from nbgit.diff.tables import TableEdits, row_lines

        assert isinstance(edits, TableEdits)
        columns = " | ".join(edits.before.columns)
        what += f": {columns}" if columns.strip(" |") else ""
        lines = LineEdits.of(row_lines(edits.before.rows), row_lines(edits.after.rows), edits.hunks)
    elif edits is None and output.after is not None and output.kind in ("stdout", "stderr", "error", "text"):
        lines = LineEdits([], output_lines(output.after))
    else:
        return
    shown, left_out = cut(lines, view.context)
    yield Block("", shown, what)
    if left_out:
        yield Block(f"{left_out:,} more changed lines of this output are not shown")
