"""Ring 3: how a conflict shows in a notebook: markers in a cell's source (docs/design.md, "Merge": conflicts).

The markers are git's own, at the start of a line, so that `git diff --check`, `grep '<<<<<<<'` and people find them;
the notebook around them stays valid and opens in Jupyter.
"""

from nbgit.merge.three_way import Chunk

DEFAULT_SIZE = 7


class Conflict:
    """What a person must decide: `what` in words, in the cell `cell_index` (from 0) of the merged notebook."""

    __slots__ = ("cell_index", "what")

    def __init__(self, cell_index: int, what: str) -> None:
        self.cell_index = cell_index
        self.what = what


class Markers:
    """Writes markers of git's size (%L) with the labels of the two sides."""

    __slots__ = ("ours", "size", "theirs")

    def __init__(self, size: int = DEFAULT_SIZE, ours: str = "ours", theirs: str = "theirs") -> None:
        self.size = size
        self.ours = ours
        self.theirs = theirs

    def enclose(self, ours: list[str], theirs: list[str], our_note: str = "", their_note: str = "") -> list[str]:
        """Return the lines of one conflict; the notes follow the labels, as in `<<<<<<< ours: deleted this cell`."""
        return [
            f"{'<' * self.size} {self.ours}{our_note and ': ' + our_note}",
            *ours,
            "=" * self.size,
            *theirs,
            f"{'>' * self.size} {self.theirs}{their_note and ': ' + their_note}",
        ]

    def write(self, chunks: list[Chunk]) -> tuple[list[str], int]:
        """Return the lines of merged chunks with their conflicts marked, and the number of those."""
        lines: list[str] = []
        conflicts = 0
        for chunk in chunks:
            if chunk.clean is not None:
                lines += chunk.clean
            else:
                lines += self.enclose(chunk.ours, chunk.theirs)
                conflicts += 1
        return lines, conflicts
