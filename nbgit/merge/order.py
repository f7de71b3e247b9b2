"""Ring 3: the order of the cells after a merge (docs/design.md, "Merge": order).

Cells are numbered; a number that stands in two lists is the same cell. Ours gives the order; what theirs inserted or
moved is placed behind the cell it follows in theirs, after what ours inserted there. Where both moved a cell, ours
decides: a place is no content, and nothing is lost.
"""

from nbgit.diff.lines import increasing


def merge_order(base: list[int], ours: list[int], theirs: list[int]) -> list[int]:
    """Return every number that stands in any of the three lists, once, in merged order.

    Cells that a side deleted are among them: the caller decides which of those stay.
    """
    in_base, in_ours = set(base), set(ours)
    added_by_ours = in_ours - in_base
    moved_by_ours, moved_by_theirs = _moved(base, ours), _moved(base, theirs)
    merged = _with_deleted(base, ours)
    known = set(merged)
    before = None
    for number in theirs:
        if number not in known or (number in moved_by_theirs and number not in moved_by_ours):
            if number in known:
                merged.remove(number)
            merged.insert(_place_after(merged, before, added_by_ours), number)
            known.add(number)
        before = number
    return merged


def _moved(base: list[int], side: list[int]) -> set[int]:
    """Return the numbers of `base` that `side` has in another order."""
    places = {number: place for place, number in enumerate(base)}
    pairs = [(place, places[number]) for place, number in enumerate(side) if number in places]
    kept = {place for place, _ in increasing(pairs)}
    return {side[place] for place, _ in pairs if place not in kept}


def _with_deleted(base: list[int], ours: list[int]) -> list[int]:
    """Return `ours` with the deleted cells of `base` back in their places: others may stand in relation to them."""
    merged = list(ours)
    present = set(ours)
    before = None
    for number in base:
        if number not in present:
            merged.insert(_place_after(merged, before, frozenset()), number)
        before = number
    return merged


def _place_after(merged: list[int], before: int | None, skipped: "set[int] | frozenset[int]") -> int:
    place = 0 if before is None else merged.index(before) + 1
    while place < len(merged) and merged[place] in skipped:
        place += 1
    return place
