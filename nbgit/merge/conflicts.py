"""Ring 3: how a conflict is written into a notebook (docs/design.md, "Merge": conflicts).

The markers are git's own, at the start of a line of a cell's source, so that `grep '<<<<<<<'` and people find them; the
notebook around them stays valid and opens in Jupyter. nbgit.merge.marked reads them again.
"""

import re

from nbgit.merge.three_way import Chunk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DEFAULT_SIZE = 7
MERGE, DIFF3, ZDIFF3 = "merge", "diff3", "zdiff3"  # git's merge.conflictStyle
STYLES = (MERGE, DIFF3, ZDIFF3)

# What stands behind the labels where not lines of a source are in conflict: the whole cell, or values beside it.
DELETED, EDITED = "deleted this cell", "edited it"
ABSENT, PRESENT = "does not have this cell", "has it"
CELL_VALUES, NOTEBOOK_VALUES = "values of this cell", "values of this notebook"
LIKE_MARKERS = re.compile(r"^(<{7,}|\|{7,}|={7,}|>{7,})(?=[ \r]|$)", re.MULTILINE)


class Conflict:
    """What a person must decide: `what` in words, in the cell `cell_index` (from 0) of the merged notebook."""

    __slots__ = ("cell_index", "what")

    def __init__(self, cell_index: int, what: str) -> None:
        self.cell_index = cell_index
        self.what = what


class Names:
    """What stands behind the markers (the two sides and their base), and the style, one of STYLES."""

    __slots__ = ("base", "ours", "style", "theirs")

    def __init__(self, ours: str = "ours", theirs: str = "theirs", base: str = "base", style: str = MERGE) -> None:
        self.ours = ours
        self.theirs = theirs
        self.base = base
        self.style = style


class Markers:
    """Writes markers of git's size (%L).

    `ask` is called when the first conflict is written: to know the names costs a look at git's configuration, and most
    merges have no conflict.
    """

    __slots__ = ("_ask", "_names", "size")

    def __init__(self, size: int = DEFAULT_SIZE, ask: "Callable[[], Names]" = Names) -> None:
        self.size = size
        self._ask = ask
        self._names: Names | None = None

    @property
    def names(self) -> Names:
        """The names and the style, asked for once."""
        if self._names is None:
            self._names = self._ask()
        return self._names

    def avoiding(self, sources: "Iterable[str]") -> "Markers":
        """Return markers of a size that no line of `sources` looks like one of: text about git, or a long underline."""
        taken = {len(found) for source in sources for found in _like_markers(source)}
        size = self.size
        while size in taken:
            size += 1
        return self if size == self.size else Markers(size, lambda: self.names)

    def enclose(
        self,
        ours: list[str],
        theirs: list[str],
        base: list[str] | None = None,
        notes: tuple[str, str] = ("", ""),
    ) -> list[str]:
        """Return the lines of one conflict; the notes follow the labels, as in `<<<<<<< ours: deleted this cell`.

        `base` (None: unknown) shows in the styles that show it.
        """
        names = self.names
        shows_base = base is not None and names.style != MERGE
        return [
            f"{'<' * self.size} {names.ours}{notes[0] and ': ' + notes[0]}",
            *ours,
            *([f"{'|' * self.size} {names.base}", *(base or [])] if shows_base else []),
            "=" * self.size,
            *theirs,
            f"{'>' * self.size} {names.theirs}{notes[1] and ': ' + notes[1]}",
        ]

    def write(self, chunks: list[Chunk]) -> tuple[list[str], int]:
        """Return the lines of merged chunks with their conflicts marked, and the number of those."""
        lines: list[str] = []
        conflicts = 0
        for chunk in chunks:
            if chunk.clean is not None:
                lines += chunk.clean
                continue
            head, tail = (0, 0) if self.names.style == DIFF3 else _alike(chunk.ours, chunk.theirs)
            ours, theirs = (side[head : len(side) - tail] for side in (chunk.ours, chunk.theirs))
            lines += chunk.ours[:head]
            lines += self.enclose(ours, theirs, chunk.base)
            lines += chunk.ours[len(chunk.ours) - tail :]
            conflicts += 1
        return lines, conflicts

    def is_marker(self, line: str) -> bool:
        """Say whether a line is one that these markers have written."""
        found = LIKE_MARKERS.match(line)
        return found is not None and len(found[1]) == self.size


def _like_markers(source: str) -> list[str]:
    if not any(mark in source for mark in ("<<<<<<<", "|||||||", "=======", ">>>>>>>")):
        return []
    return LIKE_MARKERS.findall(source)


def _alike(ours: list[str], theirs: list[str]) -> tuple[int, int]:
    """Return how many lines the two sides of a conflict begin and end with alike."""
    shorter = min(len(ours), len(theirs))
    head = 0
    while head < shorter and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < shorter - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    return head, tail
