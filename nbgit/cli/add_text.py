"""Ring 5: the parts of a notebook's change as `nbgit diff` shows them, and the question about each."""

from collections.abc import Iterator

from nbgit.diff.changes import CellChange, Changes, LineEdits
from nbgit.diff.render_terminal import hunk_header, name_of, remark, render_changes, render_edits
from nbgit.diff.view import View
from nbgit.errors import NotANotebook
from nbgit.merge.parts import LINES, NOTEBOOK, PLACE, REST, VALUES, Part, Parts
from nbgit.notebook.cells import Cell, read_cells
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import heading_of, visible

QUESTIONS = {
    NOTEBOOK: "Stage this of the notebook itself",
    PLACE: "Stage this move",
    VALUES: "Stage these values",
    LINES: "Stage these lines",
    REST: "Stage this notebook",
}


def question(part: Part) -> str:
    """Return what is asked about a part."""
    many = f"these {len(part.changes)} cells" if part.is_group else "this cell"
    return QUESTIONS.get(part.kind, f"Stage {many}")


def part_lines(part: Part, parts: Parts, view: View, policy: Policy) -> Iterator[str]:
    """Yield a part's change as lines of a diff, without line ends; none for REST, which is the whole file's."""
    if part.kind == REST:
        return
    if part.kind == NOTEBOOK:
        shown = list(render_edits(part.edits, "notebook", view)) if part.edits else []
        yield from shown or [remark("notebook: metadata that says nothing differs", view.palette)]
        return
    change = part.changes[0]
    above = _heading_above(change, parts.cells)
    own = heading_of(change.after or change.before or above[0])
    name = name_of(change, own or "".join(heading_of(cell) for cell in above))
    if part.kind == LINES and part.edits is not None:
        yield from render_edits(part.edits, name, view)
    elif part.kind == PLACE:
        yield from _place(change, name, view)
    elif part.kind == VALUES:
        yield from _values(change, name, view)
    else:
        stand_ins = [CellChange(cell, cell, policy) for cell in above]
        what = Changes([*stand_ins, *part.changes], LineEdits([], []))
        yield from list(render_changes(what, view)) or _values(change, name, view)


def _heading_above(change: CellChange, cells: list[CellChange]) -> list[Cell]:
    """Return the last cell with a heading above this one, on its own side, if there is one."""
    found: list[Cell] = []
    for one in cells:
        if one is change:
            break
        cell = one.before if change.after is None else one.after
        if cell is not None and heading_of(cell):
            found = [cell]
    return found


def _place(change: CellChange, name: str, view: View) -> Iterator[str]:
    lines = change.source_edits.before[:1]
    yield hunk_header(0, len(lines), 0, len(lines), name, view.palette)
    yield from (view.palette.paint("context", f" {visible(line)}") for line in lines)


def _values(change: CellChange, name: str, view: View) -> Iterator[str]:
    shown = list(render_edits(change.metadata_edits, f"metadata of {name}", view))
    if change.kind_changed:
        yield hunk_header(0, 0, 0, 0, name, view.palette)
    yield from shown
    if not shown and not change.kind_changed:
        yield remark(f"{name}: values that say nothing differ", view.palette)


def deletion_line(data: bytes, view: View) -> str:
    """Return a line about a notebook that is not on disk any more."""
    try:
        count = len(read_cells(data).cells)
    except NotANotebook:
        return ""
    return (
        remark(f"the notebook is gone, with {'its cell' if count == 1 else f'its {count} cells'}", view.palette) + "\n"
    )
