"""Ring 3: what changed between two notebooks, as typed values (docs/design.md, "Diff": changes)."""

from nbgit.diff.align import align
from nbgit.diff.lines import Hunk, hunks
from nbgit.diff.outputs import OutputChange, output_changes
from nbgit.diff.pieces import Section
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import cell_metadata_lines, head_line, notebook_metadata_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbgit.notebook.cells import Cell, Notebook


class LineEdits:
    """A text's change by lines: `before` and `after` are its lines, `hunks` turn one into the other.

    `exact` is False where a shorter set of edits may exist (nbgit.diff.lines).
    """

    __slots__ = ("after", "before", "exact", "hunks")

    def __init__(self, before: list[str], after: list[str]) -> None:
        self.before = before
        self.after = after
        self.hunks, self.exact = hunks(before, after)

    @classmethod
    def of(cls, before: list[str], after: list[str], found: list[Hunk], exact: bool = True) -> "LineEdits":
        """Return edits whose hunks are known."""
        made = cls.__new__(cls)
        made.before, made.after, made.hunks, made.exact = before, after, found, exact
        return made


class Piece:
    """Some of the lines of a cell, from `start` (counted from 0) on."""

    __slots__ = ("cell", "is_last", "lines", "start")

    def __init__(self, cell: "Cell", section: Section) -> None:
        self.cell = cell
        self.start = section.start
        lines = split_lines(cell.source)
        self.lines = lines[section.start : section.end]
        self.is_last = section.end >= len(lines)

    @property
    def told(self) -> int:
        """How many of the lines say something: all, but for blank ones where the cell was cut behind them."""
        end = len(self.lines)
        while end and not self.is_last and not self.lines[end - 1].strip():
            end -= 1
        return end


class CellChange:
    """What happened to one cell: `before` is None where it was inserted, `after` where it was deleted.

    `moved` says that it changed its place among the cells that stayed in order; `policy` what is volatile. Where an
    older cell was split, `split` is what this part was of it, and of its parts one has a `before`; where older cells
    were joined, `joined` is what this one is of the newer, and one of them has an `after`.
    """

    __slots__ = ("_policy", "after", "before", "joined", "moved", "split")

    def __init__(self, before: "Cell | None", after: "Cell | None", policy: Policy, moved: bool = False) -> None:
        self.before = before
        self.after = after
        self.moved = moved
        self.split: Piece | None = None
        self.joined: Piece | None = None
        self._policy = policy

    @property
    def source_edits(self) -> LineEdits:
        """The change of the source by lines; of a split or joined cell that of its own piece."""
        before = self.split.lines if self.split else split_lines(self.before.source) if self.before else []
        after = self.joined.lines if self.joined else split_lines(self.after.source) if self.after else []
        return LineEdits(before, after)

    @property
    def told_edits(self) -> LineEdits:
        """The change of the source as a reader is told of it: without blank lines that came or went at a cut."""
        edits = self.source_edits
        if not edits.hunks or not (self.split or self.joined):
            return edits
        last = edits.hunks[-1]
        a_end, b_end = len(edits.before), len(edits.after)
        if self.split and last.a_end == a_end:
            a_end = max(last.a_start, self.split.told)
        if self.joined and last.b_end == b_end:
            b_end = max(last.b_start, self.joined.told)
        kept = Hunk(last.a_start, min(last.a_end, a_end), last.b_start, min(last.b_end, b_end))
        is_left = kept.a_start < kept.a_end or kept.b_start < kept.b_end
        found = [*edits.hunks[:-1], *([kept] if is_left else [])]
        return LineEdits.of(edits.before[:a_end], edits.after[:b_end], found, edits.exact)

    @property
    def metadata_edits(self) -> LineEdits:
        """The change of what the metadata and attachments say, a leaf a line (nbgit.notebook.text)."""
        return LineEdits(_metadata_of(self.before, self._policy), _metadata_of(self.after, self._policy))

    @property
    def output_changes(self) -> list[OutputChange]:
        """What happened to the outputs, where the cell is on both sides or was inserted."""
        return output_changes(self.before, self.after) if self.after else []

    @property
    def kind_changed(self) -> bool:
        """Whether code became Markdown, or the like."""
        return self.before is not None and self.after is not None and self.before.kind != self.after.kind

    @property
    def id_changed(self) -> bool:
        """Whether the same cell has another id, a new one, or none any more."""
        return self.before is not None and self.after is not None and self.before.id != self.after.id

    @property
    def shows(self) -> bool:
        """Whether a reader would call this a change: text, kind, place, or metadata that says something."""
        if self.before is None or self.after is None:
            return True
        return (
            self.moved
            or self.before.source != self.after.source
            or self.kind_changed
            or (self.before.raw != self.after.raw and bool(self.metadata_edits.hunks))
        )

    @property
    def only_metadata(self) -> bool:
        """Whether nothing but its metadata changed."""
        before, after = self.before, self.after
        if before is None or after is None or self.moved or self.kind_changed or before.source != after.source:
            return False
        return before.raw != after.raw and bool(self.metadata_edits.hunks)


class Changes:
    """`cells` are all cells in the order of the newer notebook, a deleted one after what stood before it in the older.

    `about` is the change of the notebook's own lines (format, kernel, metadata).
    """

    __slots__ = ("about", "cells")

    def __init__(self, cells: list[CellChange], about: LineEdits) -> None:
        self.cells = cells
        self.about = about

    @property
    def is_edit(self) -> bool:
        """Whether there are cells on both sides, and not one whole notebook that came or went."""
        return any(change.before for change in self.cells) and any(change.after for change in self.cells)

    @property
    def shows(self) -> bool:
        """Whether a reader would call anything in a cell a change."""
        return any(change.shows for change in self.cells)

    @property
    def ids_changed(self) -> int:
        """How many cells have another id than before."""
        return sum(change.id_changed for change in self.cells)


def changes(a: "Notebook | None", b: "Notebook | None", policy: Policy | None = None) -> Changes:
    """Return what turns `a` into `b`; None stands for no notebook at all, and for the default policy."""
    policy = policy or Policy()
    cells_a, cells_b = a.cells if a else [], b.cells if b else []
    alignment = align(cells_a, cells_b)
    partners = {b_index: a_index for a_index, b_index in alignment.pairs.items()}
    found: list[CellChange] = []
    deleted_at = 0
    for cell in cells_b:
        a_index = partners.get(cell.index)
        if a_index is None:
            found.append(CellChange(None, cell, policy))
            continue
        moved = a_index in alignment.moved
        if not moved:
            found += _deleted(cells_a[deleted_at:a_index], alignment.pairs, found, policy)
            deleted_at = a_index + 1
        found.append(CellChange(cells_a[a_index], cell, policy, moved))
    found += _deleted(cells_a[deleted_at:], alignment.pairs, found, policy)
    for change in found:
        split = alignment.splits.get(change.after.index) if change.after else None
        joined = alignment.joins.get(change.before.index) if change.before else None
        change.split = Piece(cells_a[split.cell], split) if split else None
        change.joined = Piece(cells_b[joined.cell], joined) if joined else None
    return Changes(found, LineEdits(_about(a, policy), _about(b, policy)))


def _deleted(cells: "list[Cell]", pairs: dict[int, int], found: list[CellChange], policy: Policy) -> list[CellChange]:
    """Return the deleted ones of `cells`, with the insertions at the end of `found` moved behind them."""
    deleted = [CellChange(cell, None, policy) for cell in cells if cell.index not in pairs]
    inserted: list[CellChange] = []
    while deleted and found and found[-1].before is None:
        inserted.append(found.pop())
    inserted.reverse()
    return deleted + inserted


def apply(a: "Notebook", what: Changes) -> "list[dict[str, Any]]":
    """Return the cells (as JSON objects) that `what` makes of those of `a`: the inverse of `changes`.

    Raises ValueError where `what` was not made from `a`.
    """
    made = [change.after for change in what.cells if change.after is not None]
    sources: dict[int, list[tuple[int, str]]] = {}  # index of a cell -> (first line, text) of each piece that is made
    for change in what.cells:
        target = change.joined.cell if change.joined else change.after
        if target is not None:
            start = change.joined.start if change.joined else 0
            sources.setdefault(target.index, []).append((start, _apply_edits(a, change)))
    for cell in made:
        if "\n".join(text for _, text in sorted(sources[cell.index])) != cell.source:
            raise ValueError("these changes were made from another notebook")
    return [cell.raw for cell in made]


def _apply_edits(a: "Notebook", change: CellChange) -> str:
    origin = change.split.cell if change.split else change.before
    start, edits = change.split.start if change.split else 0, change.source_edits
    lines = split_lines(a.cells[origin.index].source) if origin else []
    return apply_hunks(lines[start : start + len(edits.before)], edits)


def apply_hunks(lines: list[str], edits: LineEdits) -> str:
    """Return the text that `edits` make of `lines`; raises ValueError where they were made from other lines."""
    made: list[str] = []
    at = 0
    for hunk in edits.hunks:
        if lines[hunk.a_start : hunk.a_end] != edits.before[hunk.a_start : hunk.a_end]:
            raise ValueError("these edits were made from another text")
        made += lines[at : hunk.a_start]
        made += edits.after[hunk.b_start : hunk.b_end]
        at = hunk.a_end
    return "\n".join(made + lines[at:])


def split_lines(text: str) -> list[str]:
    """Return the lines of `text` (only line feeds part them; a final one leaves a last empty line), none for no text.

    `"\\n".join` is the inverse.
    """
    return text.split("\n") if text else []


def _metadata_of(cell: "Cell | None", policy: Policy) -> list[str]:
    if cell is None or (policy.outputs and not (cell.metadata or cell.attachments)):
        return []
    return cell_metadata_lines(cell, policy)


def _about(notebook: "Notebook | None", policy: Policy) -> list[str]:
    return [] if notebook is None else [head_line(notebook), *notebook_metadata_lines(notebook, policy)]
