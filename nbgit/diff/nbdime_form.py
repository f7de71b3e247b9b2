"""Ring 3: a diff in the JSON form that nbdime's viewers and `nbpatch` read (nbdime's documentation, "Diff format").

Made from our own alignment: nbdime's engine takes minutes for notebooks that ours compares in milliseconds. A cell that
moved is one removed and one added, because the form knows no moves.
"""

import json
from typing import Any

from nbgit.diff.align import align
from nbgit.diff.lines import match
from nbgit.notebook.cells import Cell

Diff = list[dict[str, Any]]
ALIKE = ("cell_type", "output_type")  # objects that differ in one of these are another object


def nbdime_diff(before: dict[str, Any], after: dict[str, Any]) -> Diff:
    """Return what `nbdime.patch` makes `after` of `before` with; both are v4 documents whose texts are strings."""
    return _objects(before, after, cells=True)


def _difference(a: Any, b: Any) -> Diff | None:
    """Return what turns a value into another, [] where nothing does, None where it has to be replaced."""
    if isinstance(a, dict) and isinstance(b, dict):
        return None if any(a.get(key) != b.get(key) for key in ALIKE) else _objects(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return _lists(a, b)
    if type(a) is type(b) and a == b:
        return []
    if isinstance(a, str) and isinstance(b, str) and "\n" in a and "\n" in b:
        old, new = a.splitlines(True), b.splitlines(True)
        return _sequence(old, new, _blocks_of(old, new))
    return None


def _objects(a: dict[str, Any], b: dict[str, Any], *, cells: bool = False) -> Diff:
    found: Diff = []
    for key in sorted({*a, *b}):
        if key not in b:
            found.append({"op": "remove", "key": key})
        elif key not in a:
            found.append({"op": "add", "key": key, "value": b[key]})
        else:
            inner = _cells(a[key], b[key]) if cells and key == "cells" else _difference(a[key], b[key])
            if inner is None:
                found.append({"op": "replace", "key": key, "value": b[key]})
            elif inner:
                found.append({"op": "patch", "key": key, "diff": inner})
    return found


def _cells(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Diff:
    old, new = ([Cell(index, cell) for index, cell in enumerate(cells)] for cells in (a, b))
    alignment = align(old, new)
    kept = [(at, to) for at, to in sorted(alignment.pairs.items()) if at not in alignment.moved]
    return _sequence(a, b, [(at, to) for at, to in kept if a[at].get("cell_type") == b[to].get("cell_type")])


def _lists(a: list[Any], b: list[Any]) -> Diff:
    """Return the diff of two lists: equal items pair, then what stands between them one by one where it is alike."""
    keys_a, keys_b = ([json.dumps(item, sort_keys=True) for item in items] for items in (a, b))
    pairs: list[tuple[int, int]] = []
    a_at = b_at = 0
    for at, to in [*_blocks_of(keys_a, keys_b), (len(a), len(b))]:
        between = zip(range(a_at, at), range(b_at, to), strict=False)
        pairs += [(old, new) for old, new in between if _are_alike(a[old], b[new])]
        pairs += [(at, to)] if at < len(a) else []
        a_at, b_at = at + 1, to + 1
    return _sequence(a, b, pairs)


def _are_alike(a: Any, b: Any) -> bool:
    return isinstance(a, dict) and isinstance(b, dict) and all(a.get(key) == b.get(key) for key in ALIKE)


def _blocks_of(a: list[str], b: list[str]) -> list[tuple[int, int]]:
    return [(at + step, to + step) for at, to, length in match(a, b).blocks for step in range(length)]


def _sequence(a: list[Any], b: list[Any], pairs: list[tuple[int, int]]) -> Diff:
    """Return the diff of two sequences in which the items of `pairs` (in order) are the same one, edited or not."""
    found: Diff = []
    a_at = b_at = 0
    for at, to in [*pairs, (len(a), len(b))]:
        if to > b_at:
            found.append({"op": "addrange", "key": a_at, "valuelist": b[b_at:to]})
        if at > a_at:
            found.append({"op": "removerange", "key": a_at, "length": at - a_at})
        inner = _difference(a[at], b[to]) if at < len(a) else []
        if inner:
            found.append({"op": "patch", "key": at, "diff": inner})
        a_at, b_at = at + 1, to + 1
    return found
