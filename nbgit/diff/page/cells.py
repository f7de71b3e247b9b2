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


class Shown:
    """One cell that changed, in the section `title`: its `edits`, and its `verbs` (what happened to it as a whole)."""

    def __init__(self, change: CellChange, title: str) -> None:
        self.change = change
        self.title = title
        self.edits = change.told_edits
        self.metadata = change.metadata_edits
        self.verbs = self._verbs()

    @property
    def number(self) -> str:
        """Its number, or both where they are not to be expected: `3 → 7`."""
        before, after = _ends(self.change)
        if before is None or after is None or not (self.change.moved or self.change.split or self.change.joined):
            cell = after or before
            assert cell is not None
            return str(cell.index)
        return f"{before.index} → {after.index}"

    def _verbs(self) -> list[str]:
        change = self.change
        if change.before is None and change.split is None:
            return ["inserted"]
        if change.after is None and change.joined is None:
            return ["deleted"]
        found = ["split"] if change.split else []
        found += ["joined"] if change.joined else []
        found += ["moved"] if change.moved else []
        if self.edits.hunks or change.kind_changed:
            found.append("edited")
        elif self.metadata.hunks and not found:
            found.append("metadata")
        return found or ["outputs"]


def cell_html(shown: Shown, anchor: str, view: View, *, folded: bool = False) -> Html:
    """Return one cell that changed, with an id to go to; `folded` leaves its metadata to the notebook's last lines."""
    room = view.room.left
    parts = [_source(shown, view)]
    if not folded and shown.metadata.hunks:
        parts += [tag("h4", "Metadata"), Rows(shown.metadata).render(view.context)]
    if view.outputs:
        parts += _outputs(shown.change, view)
    body = tag("div", join(parts), class_="body")
    if not view.room.take(len(body) - (room - view.room.left)):  # pictures and frames took theirs
        view.room.left = room
        body = tag("p", "left out to keep the page small", class_="remark left-out")
    classes = f"cell change {' '.join(shown.verbs)}"
    return tag("article", _head(shown), body, class_=classes, id=anchor, tabindex="-1")


def unchanged_html(cells: list[tuple[CellChange, str]], view: View) -> Html:
    """Return cells that did not change as one fold; `cells` are they and the sections that they are in."""
    number = len(cells)
    told = tag("summary", "1 unchanged cell" if number == 1 else f"{number:,} unchanged cells")
    shown = []
    for change, title in cells:
        cell = change.after
        assert cell is not None
        lines = plain_lines(split_lines(cell.source), view.language_of(cell), MOST_UNCHANGED)
        shown.append(tag("article", _cell_head(change, str(cell.index), [], title), lines, class_="cell"))
    body = join(shown)
    if not view.room.take(len(body)):
        body = tag("p", "left out to keep the page small", class_="remark left-out")
    return tag("details", told, body, class_="unchanged")


def _head(shown: Shown) -> Html:
    return _cell_head(shown.change, shown.number, shown.verbs, shown.title)


def _cell_head(change: CellChange, number: str, names: list[str], title: str) -> Html:
    before, after = _ends(change)
    cell = after or before
    assert cell is not None
    count = f"[{cell.execution_count}]" if cell.execution_count is not None else "[ ]" if cell.kind == "code" else ""
    kind = f"{before.kind} → {after.kind}" if before and after and before.kind != after.kind else cell.kind
    parts = [tag("span", name, class_=f"badge {name}") for name in names]
    parts.append(tag("h3", f"Cell {number}"))
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


def _source(shown: Shown, view: View) -> Html:
    change, edits = shown.change, shown.edits
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
