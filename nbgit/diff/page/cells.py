"""Ring 3: one cell of the page: what happened to it, its source, its metadata, its outputs."""

from __future__ import annotations

from nbgit.diff.changes import CellChange, Piece, split_lines
from nbgit.diff.compare import describe, lines_text
from nbgit.diff.outputs import read_outputs
from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.page.outputs import output_html
from nbgit.diff.page.room import Room
from nbgit.diff.page.rows import Rows, plain_lines
from nbgit.notebook.cells import Cell
from nbgit.notebook.text import is_made_up

MOST_OUTPUTS = 40  # of one cell
MOST_UNCHANGED = 40  # lines of a cell that did not change
FEW = 10  # lines of an unchanged source that are shown at once


class View:
    """How cells are shown: lines of `context`, whether `outputs` show, the `language` of code, the page's `room`."""

    def __init__(self, context: int, outputs: bool, language: str, room: Room) -> None:
        self.context = context
        self.outputs = outputs
        self.language = language
        self.room = room

    def language_of(self, cell: Cell) -> str:
        """Return the language of a cell's source."""
        return {"code": self.language, "markdown": "markdown"}.get(cell.kind, "")


def verbs(change: CellChange) -> list[str]:
    """Return what happened to a cell as a whole, in words that the style sheet knows."""
    if change.before is None and change.split is None:
        return ["inserted"]
    if change.after is None and change.joined is None:
        return ["deleted"]
    found = ["split"] if change.split else []
    found += ["joined"] if change.joined else []
    found += ["moved"] if change.moved else []
    if change.source_edits.hunks or change.kind_changed:
        found.append("edited")
    elif change.metadata_edits.hunks and not found:
        found.append("metadata")
    return found or ["outputs"]


def number_of(change: CellChange) -> str:
    """Return a cell's number, or both where they are not to be expected: `3 → 7`."""
    before, after = _ends(change)
    if before is None or after is None or not (change.moved or change.split or change.joined):
        shown = after or before
        assert shown is not None
        return str(shown.index)
    return f"{before.index} → {after.index}"


def cell_html(change: CellChange, title: str, anchor: str, view: View, *, folded: bool = False) -> Html:
    """Return one cell that changed, with an id to go to; `folded` leaves its metadata to the notebook's last lines."""
    room = view.room.left
    parts = [_source(change, view)]
    if not folded and change.metadata_edits.hunks:
        parts += [tag("h4", "Metadata"), Rows(change.metadata_edits).render(view.context)]
    if view.outputs:
        parts += _outputs(change, view)
    body = tag("div", join(parts), class_="body")
    if not view.room.take(len(body) - (room - view.room.left)):  # pictures and frames took theirs
        view.room.left = room
        body = tag("p", "left out to keep the page small", class_="remark left-out")
    names = verbs(change)
    classes = f"cell change {' '.join(names)}"
    return tag("article", _head(change, names, title), body, class_=classes, id=anchor, tabindex="-1")


def unchanged_html(cells: list[tuple[CellChange, str]], view: View) -> Html:
    """Return cells that did not change as one fold; `cells` are they and the sections that they are in."""
    number = len(cells)
    told = tag("summary", "1 unchanged cell" if number == 1 else f"{number:,} unchanged cells")
    shown = []
    for change, title in cells:
        cell = change.after
        assert cell is not None
        lines = plain_lines(split_lines(cell.source), view.language_of(cell), MOST_UNCHANGED)
        shown.append(tag("article", _head(change, [], title), lines, class_="cell"))
    body = join(shown)
    if not view.room.take(len(body)):
        body = tag("p", "left out to keep the page small", class_="remark left-out")
    return tag("details", told, body, class_="unchanged")


def _head(change: CellChange, names: list[str], title: str) -> Html:
    before, after = _ends(change)
    cell = after or before
    assert cell is not None
    count = f"[{cell.execution_count}]" if cell.execution_count is not None else "[ ]" if cell.kind == "code" else ""
    kind = f"{before.kind} → {after.kind}" if before and after and before.kind != after.kind else cell.kind
    parts = [tag("span", name, class_=f"badge {name}") for name in names]
    parts.append(tag("h3", f"Cell {number_of(change)}"))
    parts.append(tag("span", kind, class_="kind"))
    parts += [tag("span", where, class_="where") for where in _pieces(change)]
    parts += [tag("span", title, class_="title")] if title else []
    parts += [tag("code", cell.id, class_="id")] if cell.id and not is_made_up(cell.id) else []
    parts.append(tag("code", count, class_="count", title="execution count") if count else Html())
    return tag("header", *parts)


def _ends(change: CellChange) -> tuple[Cell | None, Cell | None]:
    """Return the cells that this change is between, whole ones in place of pieces."""
    before = change.split.cell if change.split else change.before
    return before, change.joined.cell if change.joined else change.after


def _pieces(change: CellChange) -> list[str]:
    found = [f"from {_span(change.split)} of cell {change.split.cell.index}"] if change.split else []
    return found + ([f"to {_span(change.joined)} of cell {change.joined.cell.index}"] if change.joined else [])


def _span(piece: Piece) -> str:
    first, last = piece.start + 1, piece.start + len(piece.lines)
    return f"line {first}" if first >= last else f"lines {first}-{last}"


def _source(change: CellChange, view: View) -> Html:
    edits = change.source_edits
    cell = change.after or change.before
    assert cell is not None
    start = change.split.start if change.split else 0, change.joined.start if change.joined else 0
    if edits.hunks:
        return Rows(edits, view.language_of(cell), start).render(view.context)
    if not edits.after:
        return tag("p", "an empty cell", class_="remark") if change.before is None or change.after is None else Html()
    lines = plain_lines(edits.after, view.language_of(cell), MOST_UNCHANGED)
    if len(edits.after) <= FEW:
        return lines
    return tag("details", tag("summary", f"source unchanged ({lines_text(len(edits.after))})"), lines, class_="quiet")


def _outputs(change: CellChange, view: View) -> list[Html]:
    if change.after is None:
        had = [describe(output) for output in read_outputs(change.before.outputs)] if change.before else []
        more = f" and {len(had) - 8:,} more" if len(had) > 8 else ""
        return [tag("p", f"had {', '.join(had[:8])}{more}", class_="remark")] if had else []
    found = change.output_changes
    parts = [output_html(output, view.room, view.context) for output in found[:MOST_OUTPUTS]]
    if len(found) > MOST_OUTPUTS:
        parts.append(tag("p", f"{len(found) - MOST_OUTPUTS:,} more outputs changed", class_="remark"))
    return [tag("div", join(parts), class_="outputs")] if parts else []
