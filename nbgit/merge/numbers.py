"""Ring 3: which cells of three notebooks are the same cell (docs/design.md, "Merge": numbering)."""

from nbgit.diff.align import align
from nbgit.diff.likeness import features
from nbgit.diff.lines import match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.notebook.cells import Cell

ALIKE = 0.3  # similarity from which two new cells with one id are one cell
TELLING = 40  # characters from which the same text in two places is no chance


def number_cells(
    base: "list[Cell]", ours: "list[Cell]", theirs: "list[Cell]"
) -> tuple[list[int], list[int], list[int]]:
    """Return the cells of the three sides as numbers, the same number for the same cell; base counts from 0."""
    our_partners = {place: index for index, place in align(base, ours).pairs.items()}
    their_partners = {place: index for index, place in align(base, theirs).pairs.items()}
    our_numbers = [our_partners.get(index, len(base) + index) for index in range(len(ours))]
    if base:
        shared = same_insertions(_insertions(ours, our_partners), _insertions(theirs, their_partners))
    else:
        shared = align(ours, theirs).pairs  # both sides made the file: what is merely alike is one cell, too
    twins = {their_index: our_numbers[our_index] for our_index, their_index in shared.items()}
    first_free = len(base) + len(ours)
    their_numbers = [their_partners.get(index, twins.get(index, first_free + index)) for index in range(len(theirs))]
    return list(range(len(base))), our_numbers, their_numbers


class Insertion:
    """A cell that one side inserted: its `index` there, and `behind`, the base cell it follows (-1 for none)."""

    __slots__ = ("behind", "cell", "index")

    def __init__(self, index: int, cell: "Cell", behind: int) -> None:
        self.index = index
        self.cell = cell
        self.behind = behind

    @property
    def text(self) -> tuple[str, str]:
        """What makes it the same cell as another: kind and source."""
        return self.cell.kind, self.cell.source


def _insertions(cells: "list[Cell]", partners: dict[int, int]) -> list[Insertion]:
    found: list[Insertion] = []
    behind = -1
    for index, cell in enumerate(cells):
        if index in partners:
            behind = partners[index]
        else:
            found.append(Insertion(index, cell, behind))
    return found


def same_insertions(ours: list[Insertion], theirs: list[Insertion]) -> dict[int, int]:
    """Return which cells both sides inserted, as index in ours to index in theirs.

    The same cell is: equal kind and text behind the same cell of base, or anywhere if the text is long enough to be
    no chance; or an equal id and texts that are alike.
    """
    if not ours or not theirs:
        return {}
    pairs: dict[int, int] = {}
    keys = [[(entry.behind, entry.text) for entry in side] for side in (ours, theirs)]
    for start, other, length in match(keys[0], keys[1]).blocks:
        pairs.update({ours[start + step].index: theirs[other + step].index for step in range(length)})
    used = set(pairs.values())
    left = [entry for entry in theirs if entry.index not in used]
    by_text = {entry.text: entry for entry in left if len(entry.cell.source) >= TELLING}
    by_id = {entry.cell.id: entry for entry in left if entry.cell.id is not None}
    for entry in ours:
        if entry.index in pairs:
            continue
        twin = by_text.get(entry.text)
        if twin is None and entry.cell.id is not None:
            twin = by_id.get(entry.cell.id)
            twin = twin if twin is not None and _alike(entry.cell, twin.cell) else None
        if twin is not None and twin.index not in used:
            pairs[entry.index] = twin.index
            used.add(twin.index)
    return pairs


def _alike(one: "Cell", other: "Cell") -> bool:
    ours, theirs = features(one.source), features(other.source)
    return bool(ours) and 2 * len(ours & theirs) >= ALIKE * (len(ours) + len(theirs))
