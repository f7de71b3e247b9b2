"""Ring 3: which items of two sequences correspond, in order, in near-linear time (docs/design.md, "Diff").

Small inputs get the shortest edit script (E. Myers, "An O(ND) difference algorithm and its variations", 1986). Large
ones are first cut at items that occur once on each side (B. Cohen's patience diff), and what is left between the
cuts is done by Myers in bounded rounds, and the answer says where that need not be the shortest script.
Lines, cells and words are all compared by these functions: they ask of an item only that it can be hashed.
"""

from bisect import bisect_left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

SMALL = 160  # items of both sides together; below it Myers runs without a bound
MANY_EDITS, FIRST_ROUNDS = 256, 12  # on a larger input the first rounds search this far,
FEW_EDITS, MOST_ROUNDS = 48, 1000  # and the others so far: time stays near linear
DEEPEST = 24  # nesting of patience cuts


class Matching:
    """`blocks` are (a_start, b_start, length) in order, each length > 0, never touching on both sides.

    `exact` is False where a stretch was too different to search in full: a shorter edit script may exist.
    """

    __slots__ = ("blocks", "exact")

    def __init__(self, blocks: list[tuple[int, int, int]], exact: bool) -> None:
        self.blocks = blocks
        self.exact = exact


class Hunk:
    """`a[a_start:a_end]` was replaced by `b[b_start:b_end]`; one of the two may be empty."""

    __slots__ = ("a_end", "a_start", "b_end", "b_start")

    def __init__(self, a_start: int, a_end: int, b_start: int, b_end: int) -> None:
        self.a_start = a_start
        self.a_end = a_end
        self.b_start = b_start
        self.b_end = b_end

    def __repr__(self) -> str:
        return f"Hunk({self.a_start}, {self.a_end}, {self.b_start}, {self.b_end})"


def match(a: "Sequence[Hashable]", b: "Sequence[Hashable]") -> Matching:
    """Return the blocks that `a` and `b` have in common, in order."""
    if a == b:
        return Matching([(0, 0, len(a))] if a else [], True)
    numbers: dict[Hashable, int] = {}
    numbered_a = [numbers.setdefault(item, len(numbers)) for item in a]
    numbered_b = [numbers.setdefault(item, len(numbers)) for item in b]
    found: list[tuple[int, int, int]] = []
    exact = _match_range(numbered_a, 0, len(a), numbered_b, 0, len(b), found, 0)
    return Matching(_join_blocks(found), exact)


def hunks(a: "Sequence[Hashable]", b: "Sequence[Hashable]") -> tuple[list[Hunk], bool]:
    """Return what turns `a` into `b`, in order, and whether the search was exact."""
    matching = match(a, b)
    found: list[Hunk] = []
    a_at = b_at = 0
    for a_start, b_start, length in [*matching.blocks, (len(a), len(b), 0)]:
        if a_start > a_at or b_start > b_at:
            found.append(_slide(a, b, Hunk(a_at, a_start, b_at, b_start), a_start + length))
        a_at, b_at = a_start + length, b_start + length
    return found, matching.exact


def _slide(a: "Sequence[Hashable]", b: "Sequence[Hashable]", hunk: Hunk, a_limit: int) -> Hunk:
    """Return the hunk moved down as far as it goes: what is added then ends where a reader expects it, as in git.

    Only a pure insertion or deletion can move, and not onto the next hunk, which begins at `a_limit` at the earliest.
    """
    side, start, end = (b, hunk.b_start, hunk.b_end) if hunk.a_start == hunk.a_end else (a, hunk.a_start, hunk.a_end)
    if hunk.a_start != hunk.a_end and hunk.b_start != hunk.b_end:
        return hunk
    room = a_limit - hunk.a_end - 1
    by = 0
    while by < room and side[start + by] == side[end + by]:
        by += 1
        if side[end + by - 1] in ("", "\n"):  # a blank line ends a paragraph: stop with it inside
            break
    return Hunk(hunk.a_start + by, hunk.a_end + by, hunk.b_start + by, hunk.b_end + by)


def _match_range(
    a: list[int], a_low: int, a_high: int, b: list[int], b_low: int, b_high: int, found: "_Blocks", depth: int
) -> bool:
    """Append the blocks of a[a_low:a_high] and b[b_low:b_high] to `found`; return whether the search was exact."""
    start = a_low
    while a_low < a_high and b_low < b_high and a[a_low] == b[b_low]:
        a_low += 1
        b_low += 1
    if a_low > start:
        found.append((start, b_low - (a_low - start), a_low - start))
    tail = 0
    while a_low < a_high and b_low < b_high and a[a_high - 1] == b[b_high - 1]:
        a_high -= 1
        b_high -= 1
        tail += 1
    exact = True
    if a_low < a_high and b_low < b_high:
        exact = _match_middle(a, a_low, a_high, b, b_low, b_high, found, depth)
    if tail:
        found.append((a_high, b_high, tail))
    return exact


def _match_middle(
    a: list[int], a_low: int, a_high: int, b: list[int], b_low: int, b_high: int, found: "_Blocks", depth: int
) -> bool:
    size = a_high - a_low + b_high - b_low
    if size > SMALL and depth < DEEPEST:
        anchors = _anchors(a, a_low, a_high, b, b_low, b_high)
        if anchors:
            exact = True
            for a_next, b_next in [*anchors, (a_high, b_high)]:
                exact &= _match_range(a, a_low, a_next, b, b_low, b_next, found, depth + 1)
                if a_next < a_high:
                    found.append((a_next, b_next, 1))
                a_low, b_low = a_next + 1, b_next + 1
            return exact
    return _match_rest(a, a_low, a_high, b, b_low, b_high, found)


def _match_rest(a: list[int], a_low: int, a_high: int, b: list[int], b_low: int, b_high: int, found: "_Blocks") -> bool:
    """Append what Myers finds among the items that both ranges have; the others match nothing anyway."""
    in_a, in_b = set(a[a_low:a_high]), set(b[b_low:b_high])
    places_a = [place for place in range(a_low, a_high) if a[place] in in_b]
    places_b = [place for place in range(b_low, b_high) if b[place] in in_a]
    items_a, items_b = [a[place] for place in places_a], [b[place] for place in places_b]
    common: list[tuple[int, int, int]] = []
    exact = _myers(items_a, items_b, common)
    for a_start, b_start, length in common:
        found.extend((places_a[a_start + step], places_b[b_start + step], 1) for step in range(length))
    return exact


def _anchors(a: list[int], a_low: int, a_high: int, b: list[int], b_low: int, b_high: int) -> list[tuple[int, int]]:
    """Return (index in a, index in b) of items that occur once in each range: the longest chain that is in order."""
    places_a = _once(a, a_low, a_high)
    places_b = _once(b, b_low, b_high)
    pairs = [(place, places_b[item]) for item, place in places_a.items() if item in places_b]
    return increasing(pairs)


def _once(items: list[int], low: int, high: int) -> dict[int, int]:
    places: dict[int, int] = {}
    twice: set[int] = set()
    for place in range(low, high):
        item = items[place]
        if item in places:
            twice.add(item)
        places[item] = place
    for item in twice:
        del places[item]
    return places


def increasing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of `pairs` (distinct, sorted by their first) whose seconds rise too: patience sorting."""
    tops: list[int] = []
    top_places: list[int] = []
    before: list[int] = []
    for place, (_, second) in enumerate(pairs):
        pile = bisect_left(tops, second)
        before.append(top_places[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(second)
            top_places.append(place)
        else:
            tops[pile] = second
            top_places[pile] = place
    chain: list[tuple[int, int]] = []
    place = top_places[-1] if top_places else -1
    while place >= 0:
        chain.append(pairs[place])
        place = before[place]
    chain.reverse()
    return chain


def _myers(a: list[int], b: list[int], found: "_Blocks") -> bool:
    """Append the blocks of a shortest edit script of `a` and `b`; return whether it is the shortest.

    Past a number of edits the search commits to the path that came furthest and starts anew from its end, so that
    time stays near linear; past a number of such rounds the rest counts as replaced.
    """
    x = y = 0
    for rounds in range(MOST_ROUNDS):
        most_edits = MANY_EDITS if rounds < FIRST_ROUNDS else FEW_EDITS
        x, y = _myers_round(a, b, x, y, most_edits, found)
        if x == len(a) or y == len(b):
            return rounds == 0
    return False


def _myers_round(
    a: list[int], b: list[int], a_low: int, b_low: int, most_edits: int, found: "_Blocks"
) -> tuple[int, int]:
    """Append the blocks of the best path from (a_low, b_low) with `most_edits` edits at most; return where it ends."""
    width, height = len(a) - a_low, len(b) - b_low
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(most_edits + 1):
        trace.append(furthest.copy())
        for diagonal in range(-edits, edits + 1, 2):
            down = furthest.get(diagonal + 1, -1)
            right = furthest.get(diagonal - 1, -1) + 1
            x = down if diagonal == -edits or (diagonal != edits and right <= down) else right
            y = x - diagonal
            while x < width and y < height and a[a_low + x] == b[b_low + y]:
                x += 1
                y += 1
            furthest[diagonal] = x
            if x >= width and y >= height:
                found.extend(_walk_back(trace, edits, width, height, a_low, b_low))
                return len(a), len(b)
    ends = [
        (2 * x - diagonal, x, x - diagonal)
        for diagonal, x in furthest.items()
        if (diagonal - most_edits) % 2 == 0 and 0 <= x <= width and 0 <= x - diagonal <= height
    ]
    if not ends:
        return len(a), len(b)
    _, x, y = max(ends)
    found.extend(_walk_back(trace, most_edits, x, y, a_low, b_low))
    return a_low + x, b_low + y


def _walk_back(trace: list[dict[int, int]], edits: int, x: int, y: int, a_low: int, b_low: int) -> "_Blocks":
    """Return the blocks of the path that reached (x, y) after `edits` edits."""
    steps: list[tuple[int, int, int]] = []
    for edit in range(edits, -1, -1):
        furthest = trace[edit]
        diagonal = x - y
        down = furthest.get(diagonal + 1, -1)
        right = furthest.get(diagonal - 1, -1) + 1
        came_down = diagonal == -edit or (diagonal != edit and right <= down)
        start = 0 if edit == 0 else down if came_down else right
        if x > start:
            steps.append((a_low + start, b_low + start - diagonal, x - start))
        x = start if came_down else start - 1
        y = x - (diagonal + 1 if came_down else diagonal - 1)
    steps.reverse()
    return steps


def _join_blocks(found: "_Blocks") -> list[tuple[int, int, int]]:
    """Return the blocks with neighbours that touch on both sides made one."""
    joined: list[tuple[int, int, int]] = []
    for a_start, b_start, length in found:
        if joined:
            a_before, b_before, size = joined[-1]
            if a_before + size == a_start and b_before + size == b_start:
                joined[-1] = (a_before, b_before, size + length)
                continue
        joined.append((a_start, b_start, length))
    return joined


if TYPE_CHECKING:
    _Blocks = list[tuple[int, int, int]]
