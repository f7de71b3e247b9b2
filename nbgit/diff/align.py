"""Ring 3: which cells of two notebooks are the same cell (docs/design.md, "Diff": alignment).

In this order, each step near-linear in the number of cells and words:

1. Cells with the same id, where the id can be trusted: tools renumber ids, so an id is not believed where the cell's
   exact text stands elsewhere on the other side and the two cells that share the id have little in common.
2. Cells with the same kind and exact text, in order (nbgit.diff.lines over the cells); longer ones out of order, too.
3. What is left between two matched cells, by similarity: the share of words and neighbouring word pairs that two
   cells have in common, found through an index of those, then the heaviest chain that keeps the order.
4. What is left anywhere, the same way without regard to order: cells that were moved (and edited).
"""

from bisect import bisect_left

from nbgit.diff.likeness import Similarity
from nbgit.diff.lines import increasing, match
from nbgit.diff.pieces import CONTAINED, Section, Side, find_sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbgit.notebook.cells import Cell

    Pairs = dict[int, int]
    Candidate = tuple[float, int, int]

IN_PLACE = 0.3  # similarity from which two cells between the same neighbours are one edited cell
ALONE = 0.15  # the same where each is the only one left there, and of the same kind
MOVED = 0.6  # similarity from which two cells in different places are one moved and edited cell
TRUSTED = 0.5  # similarity below which an id gives way to exact text elsewhere
FEW_MISLED = 2  # ids that gave way; where as many did, none is believed below that similarity
SHORT = 120  # characters of two cells together, below which likeness says little and place says more
TELLING = 40  # characters of a cell from which its text says more than its place
NO_CHANCE = 4  # characters from which the same text in two places is no chance, where place says nothing
COMMONPLACE = 12  # a word in more cells than this of one stretch says nothing about which cell it is
BEST = 6  # candidates kept for each cell


class Alignment:
    """`pairs` maps the index of a cell in a to its index in b; `moved` are the pairs (by index in a) out of order.

    `splits` maps the cells of b that a split made (the pair's own one among them) to their lines in the cell of a,
    `joins` the cells of a that were joined to their lines in the cell of b.
    """

    __slots__ = ("joins", "moved", "pairs", "splits")

    def __init__(
        self, pairs: "Pairs", moved: frozenset[int], splits: dict[int, Section], joins: dict[int, Section]
    ) -> None:
        self.pairs = pairs
        self.moved = moved
        self.splits = splits
        self.joins = joins


def align(a: "Sequence[Cell]", b: "Sequence[Cell]") -> Alignment:
    """Return which cells of `a` and `b` are the same cell."""
    pairs = _by_id(a, b)
    _by_text(a, b, pairs)
    similar = Similarity(a, b)
    if len(pairs) < len(a) and len(pairs) < len(b):
        _within_gaps(a, b, pairs, similar)
    if len(pairs) < len(a) and len(pairs) < len(b):
        _by_unique_text(a, b, pairs, NO_CHANCE)
        _anywhere(a, b, pairs, similar)
    kept = {index for index, _ in increasing(sorted(pairs.items()))}
    side_a, side_b = Side(a, similar.features_a), Side(b, similar.features_b)
    splits = find_sections(side_a, side_b, pairs) if len(pairs) < len(b) else {}
    joins = (
        find_sections(side_b, side_a, {b_index: a_index for a_index, b_index in pairs.items()})
        if len(pairs) < len(a)
        else {}
    )
    for part in [part for part, section in joins.items() if section.cell in splits or pairs.get(part) in splits]:
        del joins[part]  # both at once: the split tells more
    return Alignment(pairs, frozenset(index for index in pairs if index not in kept), splits, joins)


def _by_id(a: "Sequence[Cell]", b: "Sequence[Cell]") -> "Pairs":
    ids_a, ids_b = _unique_ids(a), _unique_ids(b)
    pairs = {index: ids_b[cell_id] for cell_id, index in ids_a.items() if cell_id in ids_b}
    if not pairs:
        return pairs
    texts_a, texts_b = {_text_key(cell) for cell in a}, {_text_key(cell) for cell in b}
    similar = Similarity(a, b)
    unlike: list[int] = []
    misled = 0
    for a_index, b_index in pairs.items():
        key_a, key_b = _text_key(a[a_index]), _text_key(b[b_index])
        if key_a != key_b and similar.score(a_index, b_index) < TRUSTED:
            elsewhere = (key_a in texts_b and key_a[1]) or (key_b in texts_a and key_b[1])
            misled += bool(elsewhere)
            unlike.append(a_index if elsewhere else -1 - a_index)
    for mark in unlike:
        if mark >= 0:
            del pairs[mark]
        elif misled >= FEW_MISLED:  # ids that count places: no id of cells that are unlike is believed
            del pairs[-1 - mark]
    return pairs


def _unique_ids(cells: "Sequence[Cell]") -> dict[str, int]:
    seen: dict[str, int] = {}
    twice: set[str] = set()
    for index, cell in enumerate(cells):
        if cell.id is not None:
            if cell.id in seen:
                twice.add(cell.id)
            seen[cell.id] = index
    return {cell_id: index for cell_id, index in seen.items() if cell_id not in twice}


def _text_key(cell: "Cell") -> tuple[str, str]:
    return cell.kind, cell.source


def _by_text(a: "Sequence[Cell]", b: "Sequence[Cell]", pairs: "Pairs") -> None:
    """Add the pairs of equal kind and text: first in order around the pairs there are, then telling ones anywhere."""
    taken = {b_index: a_index for a_index, b_index in pairs.items()}
    keys_a = [("id", index) if index in pairs else _text_key(cell) for index, cell in enumerate(a)]
    keys_b = [("id", taken[index]) if index in taken else _text_key(cell) for index, cell in enumerate(b)]
    for a_start, b_start, length in match(keys_a, keys_b).blocks:
        for step in range(length):
            pairs[a_start + step] = b_start + step
    _by_unique_text(a, b, pairs, TELLING)


def _by_unique_text(a: "Sequence[Cell]", b: "Sequence[Cell]", pairs: "Pairs", shortest: int) -> None:
    """Add the pairs of equal kind and text, at least `shortest` characters, that are left once on each side."""
    places_b = _unique_texts(b, _left(b, pairs.values()), shortest)
    for key, a_index in _unique_texts(a, _left(a, pairs), shortest).items():
        if key in places_b:
            pairs[a_index] = places_b[key]


def _unique_texts(cells: "Sequence[Cell]", indexes: list[int], shortest: int) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    twice = set()
    for index in indexes:
        key = _text_key(cells[index])
        if key in found:
            twice.add(key)
        found[key] = index
    return {key: index for key, index in found.items() if key not in twice and len(key[1].strip()) >= shortest}


def _left(cells: "Sequence[Cell]", taken: "Iterable[int]") -> list[int]:
    used = set(taken)
    return [index for index in range(len(cells)) if index not in used]


def _within_gaps(a: "Sequence[Cell]", b: "Sequence[Cell]", pairs: "Pairs", similar: Similarity) -> None:
    """Pair what is left between two matched cells; what then stands alone there is looked at again."""
    for rest_a, rest_b in _gaps(a, b, pairs):
        if len(rest_a) > 1 or len(rest_b) > 1:
            pairs.update(heaviest_chain(_candidates(rest_a, rest_b, similar, IN_PLACE)))
    for rest_a, rest_b in _gaps(a, b, pairs):
        if len(rest_a) == 1 and len(rest_b) == 1:
            if _are_one(a, rest_a[0], b, rest_b[0], similar):
                pairs[rest_a[0]] = rest_b[0]
        elif len(rest_a) == 1:
            part = _largest_part(similar.features_a(rest_a[0]), {index: similar.features_b(index) for index in rest_b})
            pairs.update({rest_a[0]: part} if part is not None else {})
        elif len(rest_b) == 1:
            part = _largest_part(similar.features_b(rest_b[0]), {index: similar.features_a(index) for index in rest_a})
            pairs.update({part: rest_b[0]} if part is not None else {})


def _gaps(a: "Sequence[Cell]", b: "Sequence[Cell]", pairs: "Pairs") -> "list[tuple[list[int], list[int]]]":
    """Return (indexes in a, indexes in b) of what is left on both sides between two matched cells."""
    used = set(pairs.values())
    found = []
    a_low = b_low = 0
    for a_high, b_high in [*increasing(sorted(pairs.items())), (len(a), len(b))]:
        rest_a = [index for index in range(a_low, a_high) if index not in pairs]
        rest_b = [index for index in range(b_low, b_high) if index not in used]
        if rest_a and rest_b:
            found.append((rest_a, rest_b))
        a_low, b_low = a_high + 1, b_high + 1
    return found


def _largest_part(whole: frozenset[int], others: "dict[int, frozenset[int]]") -> int | None:
    """Return the cell that has most of `whole` where at least two say little else: it was split into many."""
    parts = [index for index, said in others.items() if said and len(said & whole) >= CONTAINED * len(said)]
    return max(parts, key=lambda index: len(others[index])) if len(parts) > 1 else None


def _are_one(a: "Sequence[Cell]", a_index: int, b: "Sequence[Cell]", b_index: int, similar: Similarity) -> bool:
    """Say whether two cells that stand alone between the same neighbours are one cell that was edited."""
    before, after = a[a_index], b[b_index]
    if before.kind == after.kind:
        emptied = not before.source.strip() or not after.source.strip()
        if emptied or len(before.source) + len(after.source) <= SHORT:
            return True
    return similar.score(a_index, b_index) >= (ALONE if before.kind == after.kind else IN_PLACE)


def _anywhere(a: "Sequence[Cell]", b: "Sequence[Cell]", pairs: "Pairs", similar: Similarity) -> None:
    candidates = _candidates(_left(a, pairs), _left(b, pairs.values()), similar, MOVED)
    used: set[int] = set()
    for _, a_index, b_index in sorted(candidates, key=lambda found: (-found[0], found[1], found[2])):
        if a_index not in pairs and b_index not in used:
            pairs[a_index] = b_index
            used.add(b_index)


def _candidates(rest_a: list[int], rest_b: list[int], similar: Similarity, least: float) -> "list[Candidate]":
    """Return (similarity, index in a, index in b) of the best pairs, sorted by index in a."""
    index: dict[int, list[int]] = {}
    for b_index in rest_b:
        for feature in similar.features_b(b_index):
            index.setdefault(feature, []).append(b_index)
    found: list[Candidate] = []
    for rank, a_index in enumerate(rest_a):
        votes = dict.fromkeys(rest_b[max(0, rank - 1) : rank + 2], 0)  # the neighbours by position always count
        for feature in similar.features_a(a_index):
            places = index.get(feature, ())
            if len(places) <= COMMONPLACE:
                for b_index in places:
                    votes[b_index] = votes.get(b_index, 0) + 1
        best = sorted(votes, key=lambda place: (-votes[place], place))[:BEST]
        scored = [(similar.score(a_index, b_index), a_index, b_index) for b_index in best]
        found += [candidate for candidate in scored if candidate[0] >= least]
    return found


def heaviest_chain(candidates: "list[Candidate]") -> "Pairs":
    """Return the pairs, rising in both indexes, with the greatest sum of similarity (a Fenwick tree of maxima).

    `candidates` are (weight, index in a, index in b), sorted by index in a.
    """
    places = sorted({b_index for _, _, b_index in candidates})
    tree: list[tuple[float, int]] = [(0.0, -1)] * (len(places) + 1)
    before: list[int] = []
    pending: list[tuple[int, float, int]] = []
    last_a = -1
    for number, (weight, a_index, b_index) in enumerate(candidates):
        if a_index != last_a:
            _settle(tree, pending)
            last_a = a_index
        rank = bisect_left(places, b_index)
        sum_before, previous = _best_up_to(tree, rank)
        before.append(previous)
        pending.append((rank + 1, sum_before + weight, number))
    _settle(tree, pending)
    _, number = _best_up_to(tree, len(places))
    chain: dict[int, int] = {}
    while number >= 0:
        _, a_index, b_index = candidates[number]
        chain[a_index] = b_index
        number = before[number]
    return chain


def _settle(tree: list[tuple[float, int]], pending: list[tuple[int, float, int]]) -> None:
    """Enter the sums of one cell of a, once all its candidates have been looked up."""
    for rank, total, number in pending:
        while rank < len(tree):
            if total > tree[rank][0]:
                tree[rank] = (total, number)
            rank += rank & -rank
    pending.clear()


def _best_up_to(tree: list[tuple[float, int]], rank: int) -> tuple[float, int]:
    best = (0.0, -1)
    while rank > 0:
        if tree[rank][0] > best[0]:
            best = tree[rank]
        rank -= rank & -rank
    return best
