"""Ring 3: changes as unified diff text, one hunk header per place, in git's colours (docs/design.md, "Diff").

Every hunk header is a real one, with line numbers that count within the cell, so that pagers and highlighters that
know diffs (delta, diff-so-fancy, editors) know this one. Remarks begin with a backslash, as git's own do.
"""

from nbgit.diff.changes import CellChange, Changes, LineEdits
from nbgit.diff.fold import folded_metadata
from nbgit.diff.lines import Hunk
from nbgit.diff.render_lines import changed_lines, context_lines
from nbgit.diff.render_outputs import Block, one_sided, output_blocks
from nbgit.diff.spaces import ignoring_space
from nbgit.diff.syntax import code_colours
from nbgit.diff.view import NONE, View
from nbgit.notebook.text import heading_of, own_name, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbgit.diff.palette import Palette


def render_changes(what: Changes, view: View | None = None) -> "Iterator[str]":
    """Yield the lines (without line ends) of everything in `what` that a reader would call a change."""
    view = view or View()
    yield from render_edits(what.about, "notebook", view)
    said = one_sided(what) if view.outputs != NONE else ""
    titles = {"before": "", "after": ""}
    folded = folded_metadata(what)
    for change in what.cells:
        title = follow_titles(change, titles)
        is_shown = False
        if change.shows and not (folded and change.only_metadata):
            for line in _render_cell(change, title, view):
                is_shown = True
                yield line
        if view.outputs != NONE and not said and what.is_edit:
            yield from _render_outputs(change, "" if is_shown else name_of(change, title), view)
    yield from [remark(line, view.palette) for line in (folded, said) if line]
    if what.ids_changed:
        yield remark(f"{_cells(what.ids_changed)} with another id", view.palette)


def _render_outputs(change: CellChange, name: str, view: View) -> "Iterator[str]":
    """Yield what happened to a cell's outputs; a cell that shows nothing else is named in full."""
    cell = change.after or change.before
    assert cell is not None
    for block in output_blocks(change, name or f"cell {cell.index}", view):
        yield from _render_block(block, view)


def _render_block(block: Block, view: View) -> "Iterator[str]":
    if block.edits is not None:
        yield from render_edits(block.edits, block.name, view)
    elif block.remark or block.picture:
        yield block.picture or remark(block.remark, view.palette)


def render_edits(
    edits: LineEdits, name: str, view: View, start: tuple[int, int] = (0, 0), language: str = ""
) -> "Iterator[str]":
    """Yield one text's changed lines as unified hunks, each under a header that ends with `name`.

    `start` are the lines of the older and the newer cell that the text begins at, `language` names that of code.
    """
    edits = ignoring_space(edits, view.space)
    context = view.context
    is_code = view.syntax and language != "" and edits.hunks != []
    olds, news = (code_colours(side, language) if is_code else [] for side in (edits.before, edits.after))
    for group in _groups(edits.hunks, context):
        a_start, a_end = max(0, group[0].a_start - context), min(len(edits.before), group[-1].a_end + context)
        b_start, b_end = max(0, group[0].b_start - context), min(len(edits.after), group[-1].b_end + context)
        ranges = (a_start + start[0], a_end + start[0], b_start + start[1], b_end + start[1])
        yield hunk_header(*ranges, name, view.palette)
        at = b_start
        for hunk in group:
            yield from context_lines(edits.after[at : hunk.b_start], view, news[at : hunk.b_start])
            old, new = edits.before[hunk.a_start : hunk.a_end], edits.after[hunk.b_start : hunk.b_end]
            codes = olds[hunk.a_start : hunk.a_end], news[hunk.b_start : hunk.b_end]
            yield from changed_lines(old, new, view, codes)
            at = hunk.b_end
        yield from context_lines(edits.after[at:b_end], view, news[at:b_end])
    if not edits.exact:
        yield remark("large and very different: a shorter diff may exist", view.palette)


def hunk_header(a_start: int, a_end: int, b_start: int, b_end: int, name: str, palette: "Palette") -> str:
    """Return `@@ -3,7 +3,7 @@ name` for half-open ranges that count from 0."""
    ranges = f"@@ -{_range(a_start, a_end)} +{_range(b_start, b_end)} @@"
    return palette.paint("frag", ranges) + (" " + palette.paint("func", visible(name)) if name else "")


def remark(text: str, palette: "Palette") -> str:
    """Return a line about the diff itself."""
    return palette.paint("meta", f"\\ {visible(text)}")


def name_of(change: CellChange, title: str) -> str:
    """Return what a reader calls this cell, with what happened to it as a whole.

    That is `cell 7 [12] [code] load-data Density`: its number from 0, the count that Jupyter shows beside it, its kind,
    the id where a person chose it, and its section; all but the numbers as in the readable text (nbgit.notebook.text).
    """
    before = change.split.cell if change.split else change.before
    after = change.joined.cell if change.joined else change.after
    shown = after or before
    assert shown is not None
    kind = f"{before.kind} → {after.kind}" if before and after and before.kind != after.kind else shown.kind
    count = f" [{shown.execution_count}]" if shown.execution_count is not None else ""
    tail = f"{count} [{kind}]{own_name(shown, title)}"
    if after is None:
        return f"deleted cell {shown.index}{tail}"
    if before is None:
        return f"inserted cell {shown.index}{tail}"
    verb = "split" if change.split else "joined" if change.joined else "moved" if change.moved else ""
    return f"{verb} cell {before.index} → {after.index}{tail}" if verb else f"cell {after.index}{tail}"


def _render_cell(change: CellChange, title: str, view: View) -> "Iterator[str]":
    name = name_of(change, title)
    metadata = list(render_edits(change.metadata_edits, f"metadata of {name}", view))
    source = ignoring_space(change.told_edits, view.space)
    old, new = change.split.start if change.split else 0, change.joined.start if change.joined else 0
    is_elsewhere = change.moved or change.kind_changed or change.split or change.joined
    is_whole = change.before is None or change.after is None
    if source.hunks:
        cell = change.after or change.before
        language = view.language if cell and cell.kind == "code" else "markdown"
        yield from render_edits(source, name, view, (old, new), language)
    elif is_elsewhere or (is_whole and not metadata):  # a header alone, and the first line to know it by
        shown = source.after[:1]
        yield hunk_header(old, old + len(shown), new, new + len(shown), name, view.palette)
        yield from context_lines(shown, view)
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


def _range(start: int, end: int) -> str:
    size = end - start
    first = start + 1 if size else start
    return str(first) if size == 1 else f"{first},{size}"


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"
