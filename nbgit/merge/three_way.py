"""Ring 3: three-way merge of lines and of single values (docs/design.md, "Merge": the truth table).

| base, ours, theirs | result |
|---|---|
| ours == theirs | ours |
| ours == base | theirs |
| theirs == base | ours |
| all three differ | conflict |

Lines are merged as diff3 does it (S. Khanna, K. Kunal, B. Pierce, "A formal investigation of diff3", 2007), with
git's reading of it: changes that touch are one change.
"""

from nbgit.diff.lines import Hunk, hunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    Value = TypeVar("Value")


class Chunk:
    """A stretch of the merged lines: `clean` lines, or (where that is None) the three sides of a conflict, whole."""

    __slots__ = ("base", "clean", "ours", "theirs")

    def __init__(self, clean: list[str] | None, base: list[str], ours: list[str], theirs: list[str]) -> None:
        self.clean = clean
        self.base = base
        self.ours = ours
        self.theirs = theirs


def choose(
    base: "Value", ours: "Value", theirs: "Value", same: "Callable[[Value, Value], bool]"
) -> "tuple[Value, bool]":
    """Return (the value of the truth table, True), or (ours, False) where all three differ."""
    if same(ours, theirs) or same(theirs, base):
        return ours, True
    if same(ours, base):
        return theirs, True
    return ours, False


def merge_lines(base: "Sequence[str]", ours: "Sequence[str]", theirs: "Sequence[str]") -> list[Chunk]:
    """Return the merged lines as chunks, in order; neighbours of one kind may follow each other."""
    chunks: list[Chunk] = []
    at = 0
    for start, end, our_lines, their_lines in _regions(base, ours, theirs):
        if start > at:
            chunks.append(_clean(list(base[at:start])))
        merged, certain = choose(list(base[start:end]), our_lines, their_lines, list.__eq__)
        chunks.append(_clean(merged) if certain else Chunk(None, list(base[start:end]), our_lines, their_lines))
        at = end
    if at < len(base):
        chunks.append(_clean(list(base[at:])))
    return chunks


def _clean(lines: list[str]) -> Chunk:
    return Chunk(lines, [], [], [])


def _regions(
    base: "Sequence[str]", ours: "Sequence[str]", theirs: "Sequence[str]"
) -> list[tuple[int, int, list[str], list[str]]]:
    """Return (start, end, our lines, their lines) for each stretch of base that either side changed.

    Hunks of the two sides that overlap or touch are one stretch.
    """
    marked = [(hunk, "ours") for hunk in hunks(base, ours)[0]] + [(hunk, "theirs") for hunk in hunks(base, theirs)[0]]
    marked.sort(key=lambda entry: (entry[0].a_start, entry[0].a_end))
    regions: list[tuple[int, int, list[str], list[str]]] = []
    group: list[tuple[Hunk, str]] = []
    end = -1
    for hunk, side in marked:
        if group and hunk.a_start > end:
            regions.append(_region(group, base, ours, theirs))
            group = []
            end = -1
        group.append((hunk, side))
        end = max(end, hunk.a_end)
    if group:
        regions.append(_region(group, base, ours, theirs))
    return regions


def _region(
    group: list[tuple[Hunk, str]], base: "Sequence[str]", ours: "Sequence[str]", theirs: "Sequence[str]"
) -> tuple[int, int, list[str], list[str]]:
    start = min(hunk.a_start for hunk, _ in group)
    end = max(hunk.a_end for hunk, _ in group)
    return (
        start,
        end,
        _side_of(start, end, [hunk for hunk, side in group if side == "ours"], base, ours),
        _side_of(start, end, [hunk for hunk, side in group if side == "theirs"], base, theirs),
    )


def _side_of(start: int, end: int, found: list[Hunk], base: "Sequence[str]", side: "Sequence[str]") -> list[str]:
    """Return what one side made of base[start:end]."""
    lines: list[str] = []
    at = start
    for hunk in found:
        lines += base[at : hunk.a_start]
        lines += side[hunk.b_start : hunk.b_end]
        at = hunk.a_end
    return lines + list(base[at:end])
