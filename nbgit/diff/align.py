"""Ring 3: which cells of two notebooks are the same cell (docs/design.md, "Diff": alignment).

In this order, each step near-linear in the number of cells and words:

1. Cells with the same id, where the id can be trusted: tools renumber ids, so an id is not believed where the cell's
   exact text stands elsewhere on the other side and the two cells that share the id have little in common.
2. Cells with the same kind and exact text, in order (nbgit.diff.lines over the cells).
3. What is left between two matched cells, by similarity: the share of words and neighbouring word pairs that two
   cells have in common, found through an index of those, then the heaviest chain that keeps the order.
4. What is left anywhere, the same way without regard to order: cells that were moved (and edited).
"""

import re
from bisect import bisect_left
from itertools import pairwise

from nbgit.diff.lines import increasing, match

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
SHORT = 120  # characters of two cells together, below which likeness says little and place says more
COMMONPLACE = 12  # a word in more cells than this of one stretch says nothing about which cell it is
MOST_WORDS = 2000  # of one cell that count
BEST = 6  # candidates kept for each cell
_words = re.compile(r"\w+").findall


class Alignment:
    """`pairs` maps the index of a cell in a to its index in b; `moved` are the pairs (by index in a) out of order."""

    __slots__ = ("moved", "pairs")

    def __init__(self, pairs: "Pairs", moved: frozenset[int]) -> None:
        self.pairs = pairs
        self.moved = moved


def align(a: "Sequence[Cell]", b: "Sequence[Cell]") -> Alignment:
    """Return which cells of `a` and `b` are the same cell."""
    pairs = _by_id(a, b)
    _by_text(a, b, pairs)
    similar = Similarity(a, b)
    if len(pairs) < len(a) and len(pairs) < len(b):
        _within_gaps(a, b, pairs, similar)
    if len(pairs) < len(a) and len(pairs) < len(b):
        _anywhere(a, b, pairs, similar)
    kept = {index for index, _ in increasing(sorted(pairs.items()))}
    return Alignment(pairs, frozenset(index for index in pairs if index not in kept))


class Similarity:
    """How much two cells have in common, from 0 to 1: Dice's coefficient over words and neighbouring word pairs."""

    def __init__(self, a: "Sequence[Cell]", b: "Sequence[Cell]") -> None:
        self._a = a
        self._b = b
        self._features: dict[tuple[str, int], frozenset[int]] = {}

    def features_a(self, index: int) -> frozenset[int]:
        """Return the features of cell `index` of a."""
        return self._of("a", index, self._a[index])

    def features_b(self, index: int) -> frozenset[int]:
        """Return the features of cell `index` of b."""
        return self._of("b", index, self._b[index])

    def score(self, a_index: int, b_index: int) -> float:
        """Return the similarity of two cells; cells of different kinds count a quarter less."""
        ours, theirs = self.features_a(a_index), self.features_b(b_index)
        if not ours or not theirs:
            return 0.0
        share = 2 * len(ours & theirs) / (len(ours) + len(theirs))
        return share if self._a[a_index].kind == self._b[b_index].kind else share * 0.75

    def _of(self, side: str, index: int, cell: "Cell") -> frozenset[int]:
        known = self._features.get((side, index))
        if known is None:
            known = self._features[side, index] = features(cell.source)
        return known


def features(source: str) -> frozenset[int]:
    """Return the hashes of the words of `source` and of their neighbouring pairs."""
    words = _words(source)[:MOST_WORDS]
    return frozenset(map(hash, words)) | frozenset(map(hash, pairwise(words)))


def _by_id(a: "Sequence[Cell]", b: "Sequence[Cell]") -> "Pairs":
    ids_a, ids_b = _unique_ids(a), _unique_ids(b)
    pairs = {index: ids_b[cell_id] for cell_id, index in ids_a.items() if cell_id in ids_b}
    if not pairs:
        return pairs
    texts_a, texts_b = {_text_key(cell) for cell in a}, {_text_key(cell) for cell in b}
    for a_index, b_index in list(pairs.items()):
        key_a, key_b = _text_key(a[a_index]), _text_key(b[b_index])
        elsewhere = key_a != key_b and ((key_a in texts_b and key_a[1]) or (key_b in texts_a and key_b[1]))
        if elsewhere and Similarity(a, b).score(a_index, b_index) < TRUSTED:
            del pairs[a_index]
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
    """Add the pairs of equal kind and text: first in order around the pairs there are, then single ones anywhere."""
    taken = {b_index: a_index for a_index, b_index in pairs.items()}
    keys_a = [("id", index) if index in pairs else _text_key(cell) for index, cell in enumerate(a)]
    keys_b = [("id", taken[index]) if index in taken else _text_key(cell) for index, cell in enumerate(b)]
    for a_start, b_start, length in match(keys_a, keys_b).blocks:
        for step in range(length):
            pairs[a_start + step] = b_start + step
    rest_a, rest_b = _left(a, pairs), _left(b, pairs.values())
    places_b = _unique_texts(b, rest_b)
    for key, a_index in _unique_texts(a, rest_a).items():
        if key in places_b:
            pairs[a_index] = places_b[key]


def _unique_texts(cells: "Sequence[Cell]", indexes: list[int]) -> dict[tuple[str, str], int]:
    """Return the cells whose text occurs once among `indexes` and is long enough to be told from chance."""
    found: dict[tuple[str, str], int] = {}
    twice = set()
    for index in indexes:
        key = _text_key(cells[index])
        if key in found:
            twice.add(key)
        found[key] = index
    return {key: index for key, index in found.items() if key not in twice and len(key[1].strip()) >= 4}


def _left(cells: "Sequence[Cell]", taken: "Iterable[int]") -> list[int]:
    used = set(taken)
    return [index for index in range(len(cells)) if index not in used]


def _within_gaps(a: "Sequence[Cell]", b: "Sequence[Cell]", pairs: "Pairs", similar: Similarity) -> None:
    kept = increasing(sorted(pairs.items()))
    used = set(pairs.values())
    a_low = b_low = 0
    for a_high, b_high in [*kept, (len(a), len(b))]:
        rest_a = [index for index in range(a_low, a_high) if index not in pairs]
        rest_b = [index for index in range(b_low, b_high) if index not in used]
        if len(rest_a) == 1 and len(rest_b) == 1:
            if _are_one(a, rest_a[0], b, rest_b[0], similar):
                pairs[rest_a[0]] = rest_b[0]
        elif rest_a and rest_b:
            pairs.update(heaviest_chain(_candidates(rest_a, rest_b, similar, IN_PLACE)))
        a_low, b_low = a_high + 1, b_high + 1


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
