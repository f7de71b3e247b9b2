"""Ring 3: a notebook's change in parts that can be taken one by one (docs/design.md, "Patches").

The cells of a part that is taken stand as the newer notebook has them, byte for byte, all others as the older has them.
"""

from nbgit.diff.changes import CellChange, LineEdits, changes, split_lines
from nbgit.errors import NotANotebook
from nbgit.merge.document import Document
from nbgit.merge.objects import same_json
from nbgit.merge.placing import Placed, in_order, settled_ids
from nbgit.merge.sources import with_source
from nbgit.notebook.cells import SOURCE_KEYS
from nbgit.notebook.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nbgit.diff.lines import Hunk

NOTEBOOK, CELLS, PLACE, VALUES, LINES, REST = "notebook", "cells", "place", "values", "lines", "rest"


class Part:
    """What can be taken or left as one.

    `kind` is NOTEBOOK (format and metadata of the whole), CELLS (one cell; or all of those that one was split into, or
    that were joined), PLACE, VALUES or LINES (of one cell: where it stands, what stands beside its source, lines), or
    REST (ids and layout, where nothing else differs). `changes` are the cells'; `edits` the lines of NOTEBOOK or LINES.
    """

    __slots__ = ("_pieces", "changes", "edits", "kind")

    def __init__(self, kind: str, found: list[CellChange], edits: LineEdits | None = None) -> None:
        self.kind = kind
        self.changes = found
        self.edits = edits
        self._pieces: list[Part] | None = None

    @property
    def is_group(self) -> bool:
        """Whether several cells belong together."""
        return len(self.changes) > 1

    @property
    def pieces(self) -> "list[Part]":
        """The smaller parts of a cell that stands on both sides; where there is one or none, it is not parted."""
        if self._pieces is None:
            self._pieces = self._parted()
        return self._pieces

    def _parted(self) -> "list[Part]":
        change = self.changes[0] if self.kind == CELLS and not self.is_group else None
        if change is None or change.before is None or change.after is None:
            return []
        found = [Part(PLACE, [change])] if change.moved else []
        if values_differ(change):
            found.append(Part(VALUES, [change]))
        edits = change.source_edits
        lines = [LineEdits.of(edits.before, edits.after, [hunk], edits.exact) for hunk in edits.hunks]
        return found + [Part(LINES, [change], one) for one in lines]

    @property
    def text(self) -> str | None:
        """The source of a cell that is there afterwards, None where the part is no one cell's or it is deleted."""
        change = self.changes[0] if self.kind == CELLS and not self.is_group else None
        return change.after.source if change is not None and change.after is not None else None


class Parts:
    """What turns `older` into `newer`, both sources, as parts in the order of the newer notebook.

    None for `older` stands for a notebook without cells. What can't be taken apart (another format) is one part.
    `cells` are all cells, changed or not.
    """

    def __init__(self, older: bytes | None, newer: bytes, policy: Policy) -> None:
        self._newer_bytes = newer
        self._older_bytes = older or b""
        self.cells: list[CellChange] = []
        self.parts: list[Part] = []
        try:
            self._newer = Document(newer)
            self._older_bytes = self._newer.with_texts([]) if older is None else older
            self._older = Document(self._older_bytes)
            self._compare(policy)
        except NotANotebook:
            pass
        if not self.parts and self._older_bytes != newer:
            self.parts.append(Part(REST, []))

    def _compare(self, policy: Policy) -> None:
        old, new = self._older.notebook, self._newer.notebook
        if old.nbformat[0] != new.nbformat[0] or self._older.cells_key != self._newer.cells_key:
            raise NotANotebook("notebooks of different formats can't be compared in parts")
        what = changes(old, new, policy)
        self.cells = what.cells
        if not same_json(_around(self._older), _around(self._newer)):
            self.parts.append(Part(NOTEBOOK, [], what.about))
        self.parts += _parts_of(what.cells)

    def make(self, taken: "Mapping[Part, str | None]") -> bytes:
        """Return the older notebook with these parts, each one of `parts` or one of their pieces.

        A part's value is the source that a person wrote for its cell, None for the one that the newer notebook has.
        """
        if not taken:
            return self._older_bytes
        whole = _whole(self.parts, taken)
        if len(whole) == len(self.parts) and not any(text is not None for text in taken.values()):
            return self._newer_bytes
        by_change: dict[int, dict[Part, str | None]] = {}
        for part, text in {**taken, **{part: taken.get(part) for part in whole}}.items():
            for change in part.changes:
                by_change.setdefault(id(change), {})[part] = text
        takes_top = any(part.kind == NOTEBOOK for part in taken)
        placed = [self._placed(change, by_change.get(id(change), {})) for change in self.cells]
        cells = settled_ids(in_order(placed), self._older, self._newer, takes_top=takes_top)
        layout = self._older if self._older.cell_texts else self._newer
        return layout.with_texts(cells, (self._newer if takes_top else self._older).top)

    def _placed(self, change: CellChange, taken: "dict[Part, str | None]") -> Placed:
        """Return a cell as it stands with what was taken of it."""
        kinds = {part.kind for part in taken}
        before, after = change.before, change.after
        old = None if before is None else self._older.cell_texts[before.index]
        new = None if after is None else self._newer.cell_texts[after.index]
        if CELLS in kinds:
            edited = next(iter(taken.values()))
            text = new if new is None or edited is None else with_source(new, edited)
            return Placed(change, text, is_new=True, at_new=True)
        text = old
        is_new = VALUES in kinds
        if old is not None and new is not None and before is not None and after is not None and kinds:
            lines = [part.edits for part in taken if part.kind == LINES and part.edits is not None]
            source = _with_hunks(split_lines(before.source), [(edits.hunks[0], edits) for edits in lines])
            text, had = (new, after.source) if is_new else (old, before.source)
            text = text if source == had else with_source(text, source)
        return Placed(change, text, is_new=is_new, at_new=PLACE in kinds)


def values_differ(change: CellChange) -> bool:
    """Say whether a cell on both sides differs in more than its source, its id and how it is laid out."""
    before, after = change.before, change.after
    return before is not None and after is not None and _beside(before.raw) != _beside(after.raw)


def _beside(raw: "dict[str, Any]") -> "dict[str, Any]":
    return {key: value for key, value in raw.items() if key not in (*SOURCE_KEYS, "id")}


def _around(document: Document) -> str:
    return document.top.write({**document.top.values, document.cells_key: "[]"}, document.top.keys)


def _parts_of(cells: list[CellChange]) -> list[Part]:
    """Return the parts of all cells that changed; those of one that was split, or that were joined, are one part."""
    found: dict[tuple[str, int], Part] = {}
    for position, change in enumerate(cells):
        if change.split is not None:
            key = "split", change.split.cell.index
        elif change.joined is not None:
            key = "joined", change.joined.cell.index
        elif change.shows or values_differ(change):
            key = "alone", position
        else:
            continue
        if key in found:
            found[key].changes.append(change)
        else:
            found[key] = Part(CELLS, [change])
    return list(found.values())


def _whole(parts: list[Part], taken: "Mapping[Part, str | None]") -> list[Part]:
    """Return those of `parts` that are taken, at once or piece by piece."""
    is_parted = any(part.kind in (PLACE, VALUES, LINES) for part in taken)
    return [
        part
        for part in parts
        if part in taken or (is_parted and part.pieces and all(piece in taken for piece in part.pieces))
    ]


def _with_hunks(lines: list[str], hunks: "list[tuple[Hunk, LineEdits]]") -> str:
    made: list[str] = []
    at = 0
    for hunk, edits in sorted(hunks, key=lambda one: one[0].a_start):
        made += lines[at : hunk.a_start] + edits.after[hunk.b_start : hunk.b_end]
        at = hunk.a_end
    return "\n".join(made + lines[at:])
