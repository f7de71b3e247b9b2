"""Ring 3: cells that were split, or joined (docs/design.md, "Diff": alignment).

Seen from the side with more cells both are the same: one *whole* cell on the other side, and its *parts*, which stand
side by side. One part is the whole's partner already; the others, unpaired so far, say little that the whole does not
say. The whole's lines are then cut into sections, one for each part, and each part must be like its section.
"""

from nbgit.diff.likeness import features
from nbgit.diff.lines import match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbgit.notebook.cells import Cell

    Features = Callable[[int], frozenset[int]]
    Span = tuple[int, int]

CONTAINED = 0.75  # share of a part's words and word pairs that the whole has
OF_ITS_OWN = 0.4  # share of them that the whole has and its other parts have not
ALIKE = 0.6  # similarity of a part and its section
MOST_PARTS = 50


class Section:
    """Lines `start` up to `end` of the cell with the index `cell`, on the other side."""

    __slots__ = ("cell", "end", "start")

    def __init__(self, cell: int, start: int, end: int) -> None:
        self.cell = cell
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Section({self.cell}, {self.start}, {self.end})"


class Side:
    """One side of a comparison: its cells, and a function that gives the features of the cell with an index."""

    __slots__ = ("cells", "features")

    def __init__(self, cells: "Sequence[Cell]", features: "Features") -> None:
        self.cells = cells
        self.features = features


def find_sections(wholes: Side, parts: Side, pairs: "dict[int, int]") -> "dict[int, Section]":
    """Return part -> its section of a whole, for the parts of every whole that has more than one.

    `pairs` maps wholes to parts (by index).
    """
    partners = {part: whole for whole, part in pairs.items()}
    found: dict[int, Section] = {}
    for part, whole in sorted(partners.items()):
        waiting = [*_beside(part, -1, parts, partners), *_beside(part, 1, parts, partners)]
        waiting = [index for index in waiting if index not in found]
        group = _candidates(wholes.features(whole), part, waiting, parts) if waiting else []
        while len(group) > 1:
            likeness = _cut(wholes.cells[whole].source, {index: parts.cells[index].source for index in sorted(group)})
            worst = min(group, key=lambda index: (likeness[index][0], index != part))
            if likeness[worst][0] >= ALIKE:
                found.update((index, Section(whole, *span)) for index, (_, span) in likeness.items())
                break
            group = [index for index in group if index != worst] if worst != part else []
    return found


def _beside(part: int, step: int, parts: Side, partners: "dict[int, int]") -> "Iterator[int]":
    """Yield the unpaired cells next to `part` in one direction, up to the next paired one."""
    at = part + step
    while 0 <= at < len(parts.cells) and at not in partners:
        yield at
        at += step


def _candidates(everything: frozenset[int], partner: int, waiting: list[int], parts: Side) -> list[int]:
    """Return the partner of a whole and what of `waiting` says little but what the whole says, and they do not."""
    left = everything - parts.features(partner)
    group = [partner]
    for part in waiting:
        said = parts.features(part)
        if said and len(said & left) >= OF_ITS_OWN * len(said) and len(said & everything) >= CONTAINED * len(said):
            group.append(part)
            left -= said
        if len(group) == MOST_PARTS:
            break
    return group


def _cut(whole: str, parts: "dict[int, str]") -> "dict[int, tuple[float, Span]]":
    """Cut the lines of `whole` into one section for each part; return part -> (their similarity, (start, end))."""
    lines, texts = whole.split("\n"), [part.split("\n") for part in parts.values()]
    spans = _matched(lines, texts)
    cuts = [0]
    for number in range(len(texts) - 1):
        low = max(cuts[-1], spans[number].end)
        high = next((span.start for span in spans[number + 1 :] if span.start < span.end), len(lines))
        behind, ahead = texts[number][spans[number].text_end :], texts[number + 1][: spans[number + 1].text_start]
        cuts.append(low + _best_cut(lines[low:high], features("\n".join(behind)), features("\n".join(ahead))))
    found = {}
    for index, text, start, end in zip(parts, texts, cuts, [*cuts[1:], len(lines)], strict=True):
        found[index] = (_likeness(lines[start:end], text), (start, end))
    return found


def _best_cut(lines: list[str], behind: frozenset[int], ahead: frozenset[int]) -> int:
    """Return how many of `lines` go to the part behind; blank ones do, and others where they have words in common."""
    best, best_sum, total = 0, 0, 0
    for number, line in enumerate(lines, 1):
        said = features(line)
        total += len(said & behind) - len(said & ahead)
        if total >= best_sum:
            best, best_sum = number, total
    return best


class _Span:
    """Lines of a whole, from the first to behind the last that a text has; where these stand in the text."""

    __slots__ = ("end", "start", "text_end", "text_start")

    def __init__(self, size: int) -> None:
        self.start = self.end = 0
        self.text_start, self.text_end = size, 0


def _matched(lines: list[str], texts: list[list[str]]) -> list[_Span]:
    """Return for each text what it has of `lines`; start and end are equal where it has none."""
    found = [_Span(len(text)) for text in texts]
    places = [(number, line) for number, text in enumerate(texts) for line in range(len(text))]
    for at, start, length in match(lines, [line for text in texts for line in text]).blocks:
        for step in range(length):
            number, line = places[start + step]
            if lines[at + step].strip():
                span = found[number]
                if span.start == span.end:
                    span.start, span.text_start = at + step, line
                span.end, span.text_end = at + step + 1, line + 1
    return found


def _likeness(section: list[str], part: list[str]) -> float:
    ours, theirs = features("\n".join(section)), features("\n".join(part))
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours and theirs else 0.0
