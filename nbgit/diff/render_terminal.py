"""Ring 3: changes as unified diff text, one hunk header per place, in git's colours (docs/design.md, "Diff").

Every hunk header is a real one, with line numbers that count within the cell, so that pagers and highlighters that
know diffs (delta, diff-so-fancy, editors) know this one. Remarks begin with a backslash, as git's own do.
"""

from nbgit.diff.changes import CellChange, Changes, LineEdits
from nbgit.diff.fold import folded_metadata
from nbgit.diff.lines import Hunk
from nbgit.diff.render_outputs import NONE, Block, OutputView, one_sided, output_blocks
from nbgit.notebook.text import heading_of, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbgit.diff.palette import Palette

CONTEXT = 3  # lines before and after a change, as in git
NO_NEWLINE = "\n\\ No newline at end of file"  # behind a line of a file that has no line end there


def render_changes(
    what: Changes, palette: "Palette", context: int = CONTEXT, outputs: OutputView | None = None
) -> "Iterator[str]":
    """Yield the lines (without line ends) of everything in `what` that a reader would call a change.

    `outputs` says how outputs are shown (None: in one line each).
    """
    yield from render_edits(what.about, "notebook", palette, context)
    view = outputs or OutputView()
    said = one_sided(what) if view.detail != NONE else ""
    titles = {"before": "", "after": ""}
    folded = folded_metadata(what)
    for change in what.cells:
        title = follow_titles(change, titles)
        if change.shows and not (folded and change.only_metadata):
            yield from _render_cell(change, title, palette, context)
        if view.detail != NONE and not said and what.is_edit:
            yield from _render_outputs(change, title, palette, context, view)
    yield from [remark(line, palette) for line in (folded, said) if line]
    if what.ids_changed:
        yield remark(f"{_cells(what.ids_changed)} with another id", palette)


def _render_outputs(
    change: CellChange, title: str, palette: "Palette", context: int, view: OutputView
) -> "Iterator[str]":
    """Yield what happened to a cell's outputs; a cell that shows nothing else is named in full."""
    cell = change.after or change.before
    assert cell is not None
    number = f"cell {cell.index}"
    name = number if change.shows else name_of(change, title)
    for block in output_blocks(change, name, view, context):
        yield from _render_block(block, palette)


def _render_block(block: Block, palette: "Palette") -> "Iterator[str]":
    if block.edits is None:
        yield remark(block.remark, palette)
    else:
        yield from render_edits(block.edits, block.name, palette, block.context)


def render_edits(
    edits: LineEdits, name: str, palette: "Palette", context: int = CONTEXT, start: tuple[int, int] = (0, 0)
) -> "Iterator[str]":
    """Yield one text's changed lines as unified hunks, each under a header that ends with `name`.

    `start` are the lines of the older and the newer cell that the text begins at.
    """
    for group in _groups(edits.hunks, context):
        a_start, a_end = max(0, group[0].a_start - context), min(len(edits.before), group[-1].a_end + context)
        b_start, b_end = max(0, group[0].b_start - context), min(len(edits.after), group[-1].b_end + context)
        yield hunk_header(a_start + start[0], a_end + start[0], b_start + start[1], b_end + start[1], name, palette)
        at = a_start
        for hunk in group:
            yield from _lines(" ", edits.before[at : hunk.a_start], palette)
            yield from _lines("-", edits.before[hunk.a_start : hunk.a_end], palette)
            yield from _lines("+", edits.after[hunk.b_start : hunk.b_end], palette)
            at = hunk.a_end
        yield from _lines(" ", edits.before[at:a_end], palette)
    if not edits.exact:
        yield remark("large and very different: a shorter diff may exist", palette)


def hunk_header(a_start: int, a_end: int, b_start: int, b_end: int, name: str, palette: "Palette") -> str:
    """Return `@@ -3,7 +3,7 @@ name` for half-open ranges that count from 0."""
    ranges = f"@@ -{_range(a_start, a_end)} +{_range(b_start, b_end)} @@"
    return palette.paint("frag", ranges) + (" " + palette.paint("func", visible(name)) if name else "")


def remark(text: str, palette: "Palette") -> str:
    """Return a line about the diff itself."""
    return palette.paint("meta", f"\\ {visible(text)}")


def name_of(change: CellChange, title: str) -> str:
    """Return what a reader calls this cell: `cell 7 [code] Density`, with what happened to it as a whole."""
    before = change.split.cell if change.split else change.before
    after = change.joined.cell if change.joined else change.after
    tail = f" {title}" if title else ""
    if after is None:
        assert before is not None
        return f"deleted cell {before.index} [{before.kind}]{tail}"
    if before is None:
        return f"inserted cell {after.index} [{after.kind}]{tail}"
    kind = f"[{before.kind} → {after.kind}]" if before.kind != after.kind else f"[{after.kind}]"
    verb = "split" if change.split else "joined" if change.joined else "moved" if change.moved else ""
    if verb:
        return f"{verb} cell {before.index} → {after.index} {kind}{tail}"
    return f"cell {after.index} {kind}{tail}"


def _render_cell(change: CellChange, title: str, palette: "Palette", context: int) -> "Iterator[str]":
    name = name_of(change, title)
    metadata = list(render_edits(change.metadata_edits, f"metadata of {name}", palette, context))
    source = change.source_edits
    old, new = change.split.start if change.split else 0, change.joined.start if change.joined else 0
    is_elsewhere = change.moved or change.kind_changed or change.split or change.joined
    if source.hunks:
        yield from render_edits(source, name, palette, context, (old, new))
    elif is_elsewhere or not metadata:  # a header alone, and the first line to know it by
        shown = source.after[:1]
        yield hunk_header(old, old + len(shown), new, new + len(shown), name, palette)
        yield from _lines(" ", shown, palette)
    yield from metadata


def follow_titles(change: CellChange, titles: dict[str, str]) -> str:
    """Return the section a cell is in: the last heading at or above it, on its own side."""
    for side, cell in (("before", change.before), ("after", change.after)):
        if cell is not None:
            titles[side] = heading_of(cell) or titles[side]
    return titles["before"] if change.after is None else titles["after"]


def _groups(found: list[Hunk], context: int) -> "Iterator[list[Hunk]]":
    """Yield the hunks in groups that share their context."""
    group: list[Hunk] = []
    for hunk in found:
        if group and hunk.a_start - group[-1].a_end > 2 * context:
            yield group
            group = []
        group.append(hunk)
    if group:
        yield group


def _lines(mark: str, lines: list[str], palette: "Palette") -> "Iterator[str]":
    slot = {" ": "context", "-": "old", "+": "new"}[mark]
    for line in lines:
        text = line.removesuffix(NO_NEWLINE)
        yield palette.paint(slot, mark + visible(text))
        if text != line:
            yield palette.paint(slot, NO_NEWLINE[1:])


def _range(start: int, end: int) -> str:
    size = end - start
    first = start + 1 if size else start
    return str(first) if size == 1 else f"{first},{size}"


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"
