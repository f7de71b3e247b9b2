"""Ring 3: conflicts found again in a notebook: the markers that nbgit.merge.conflicts has written, or a person."""

from nbgit.diff.changes import split_lines
from nbgit.merge.conflicts import (
    ABSENT,
    CELL_VALUES,
    DELETED,
    EDITED,
    LIKE_MARKERS,
    NOTEBOOK_VALUES,
    PRESENT,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.notebook.cells import Cell, Notebook

SOURCE, CELL, VALUES, NOTEBOOK = "source", "cell", "values", "notebook"  # what a conflict is about
GONE = (DELETED, ABSENT)
NOTES = {DELETED: CELL, EDITED: CELL, ABSENT: CELL, PRESENT: CELL, CELL_VALUES: VALUES, NOTEBOOK_VALUES: NOTEBOOK}


class Side:
    """One side of a conflict: its `label`, the `note` behind it ("" for none), and its lines."""

    __slots__ = ("label", "lines", "note")

    def __init__(self, label: str, lines: list[str]) -> None:
        self.lines = lines
        self.note = next((note for note in NOTES if label == note or label.endswith(f": {note}")), "")
        self.label = label.removesuffix(self.note).removesuffix(": ") if self.note else label

    @property
    def is_gone(self) -> bool:
        """Whether this side has no such cell."""
        return self.note in GONE


class Region:
    """A whole conflict among the lines of a source: lines `start` to `end` (exclusive), markers and all.

    `base` is None where the style does not show it; `size` is that of the markers.
    """

    __slots__ = ("base", "end", "ours", "size", "start", "theirs")

    def __init__(self, span: tuple[int, int], size: int, ours: Side, base: list[str] | None, theirs: Side) -> None:
        self.start, self.end = span
        self.size = size
        self.ours = ours
        self.base = base
        self.theirs = theirs

    @property
    def kind(self) -> str:
        """What it is about: SOURCE, CELL, VALUES or NOTEBOOK."""
        kinds = {NOTES.get(side.note, SOURCE) for side in (self.ours, self.theirs)}
        return kinds.pop() if len(kinds) == 1 else SOURCE


class Found:
    """A conflict of a notebook: its `number` (from 1), and the cell it stands in."""

    __slots__ = ("cell", "kind", "number", "region")

    def __init__(self, number: int, cell: "Cell", region: Region) -> None:
        self.number = number
        self.cell = cell
        self.region = region
        whole = region.start == 0 and region.end == len(split_lines(cell.source))
        self.kind = SOURCE if region.kind == CELL and not whole else region.kind

    @property
    def takes_both(self) -> bool:
        """Whether both sides can be kept: lines can, one behind the other, and a cell that one side has."""
        return self.kind in (SOURCE, CELL)


def find_conflicts(notebook: "Notebook") -> list[Found]:
    """Return the conflicts of a notebook in the order of its cells."""
    found: list[Found] = []
    for cell in notebook.cells:
        for region in find_regions(split_lines(cell.source)):
            found.append(Found(len(found) + 1, cell, region))
    return found


def find_regions(lines: list[str]) -> list[Region]:
    """Return the whole conflicts among lines; an opening that is never closed, or only behind another, is none."""
    found: list[Region] = []
    at = 0
    while at < len(lines):
        region = _region(lines, at) if lines[at].startswith("<<<<<<<") else None
        if region is not None:
            found.append(region)
        at = region.end if region is not None else at + 1
    return found


def stray_markers(lines: list[str]) -> list[str]:
    """Return the lines that look like the beginning or the end of a conflict, whole or not."""
    if not any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in lines):
        return []
    return [line for line in lines if _size(line, "<") or _size(line, ">")]


def _region(lines: list[str], start: int) -> Region | None:
    size = _size(lines[start], "<")
    base_at = middle = None
    for at in range(start + 1, len(lines) if size else 0):
        line = lines[at]
        if _size(line, "<") == size:
            return None
        if middle is None and base_at is None and _size(line, "|") == size:
            base_at = at
        elif middle is None and _size(line, "=") == size:
            middle = at
        elif middle is not None and _size(line, ">") == size:
            ours = Side(_label(lines[start], size), lines[start + 1 : middle if base_at is None else base_at])
            base = None if base_at is None else lines[base_at + 1 : middle]
            theirs = Side(_label(line, size), lines[middle + 1 : at])
            return Region((start, at + 1), size, ours, base, theirs)
    return None


def _size(line: str, mark: str) -> int:
    """Return how long a marker made of `mark` the line begins with, 0 for none."""
    found = LIKE_MARKERS.match(line) if line.startswith(mark * 7) else None
    return len(found[1]) if found is not None else 0


def _label(line: str, size: int) -> str:
    return line[size:].strip()
