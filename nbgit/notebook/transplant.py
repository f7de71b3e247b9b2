"""Ring 1: give a source the outputs of cells that are unchanged since an earlier notebook.

After a merge, a pull of a stripped edit or an edit on the web no stored notebook has exactly this source; the cells
that nobody touched keep their outputs all the same. A cell is the same when its kind, its code and (where both
have one) its id are the same; the n-th of several equal cells takes the outputs of the n-th.
"""

import json

from nbgit.notebook.scan import Malformed, Member, members, skip_space, skip_value, walk_array, walk_object
from nbgit.notebook.spans import BOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable


class _Cell:
    """A cell's identity, and where its outputs and count stand."""

    __slots__ = ("code", "count", "id", "outputs")

    def __init__(self, code: "Hashable", cell_id: str | None, outputs: Member | None, count: Member | None) -> None:
        self.code = code
        self.id = cell_id
        self.outputs = outputs
        self.count = count


def transplant(source: bytes, donors: list[bytes]) -> bytes | None:
    """Return `source` with the outputs and counts of its unchanged cells, taken from the first donor that has them.

    None where no donor has any. The result still has to be checked by splitting it: a policy may see it differently.
    """
    text = source.decode("latin-1")
    cells = _cells(text)
    gifts: dict[int, tuple[str, str]] = {}
    for donor in donors:
        _collect(cells, donor.decode("latin-1"), gifts)
    if not gifts:
        return None
    pieces: list[str] = []
    taken = 0
    cuts: list[tuple[Member, str]] = []
    for index, (outputs, count) in gifts.items():
        cell = cells[index]
        cuts += [(member, raw) for member, raw in ((cell.outputs, outputs), (cell.count, count)) if member and raw]
    for member, raw in sorted(cuts, key=lambda cut: cut[0].value_start):
        pieces += (text[taken : member.value_start], raw)
        taken = member.value_end
    pieces.append(text[taken:])
    return "".join(pieces).encode("latin-1")


def _collect(cells: list[_Cell], donor: str, gifts: dict[int, tuple[str, str]]) -> None:
    """Add to `gifts` the outputs that `donor` has for cells that have none yet."""
    offered: dict[Hashable, list[_Cell]] = {}
    for cell in _cells(donor):
        offered.setdefault(cell.code, []).append(cell)
    seen: dict[Hashable, int] = {}
    for index, cell in enumerate(cells):
        position = seen.get(cell.code, 0)
        seen[cell.code] = position + 1
        same = offered.get(cell.code, [])
        by_id = [other for other in same if cell.id is not None and other.id == cell.id]
        other = by_id[0] if by_id else same[position] if position < len(same) else None
        if other is None or index in gifts or not cell.outputs or not other.outputs:
            continue
        if cell.id is not None and other.id is not None and cell.id != other.id:
            continue
        outputs = donor[other.outputs.value_start : other.outputs.value_end]
        count = donor[other.count.value_start : other.count.value_end] if other.count else ""
        if outputs != "[]" or count not in ("", "null"):
            gifts[index] = (outputs, count)


def _cells(text: str) -> list[_Cell]:
    """Return the cells of a notebook, or none where the text is not one."""
    found: list[_Cell] = []

    def cell(index: int, at: int) -> int:
        if text[at : at + 1] != "{":
            return skip_value(text, at)
        parts, end = members(text, at)
        found.append(_cell(text, {part.key: part for part in parts}))
        return end

    def top(key: str, key_start: int, at: int) -> int:
        if key == "cells" and text[at : at + 1] == "[":
            return walk_array(text, at, cell)
        if key == "worksheets" and text[at : at + 1] == "[":
            return walk_array(text, at, lambda index, start: walk_object(text, start, top))
        return skip_value(text, at)

    try:
        walk_object(text, skip_space(text, len(BOM) if text.startswith(BOM) else 0), top)
    except Malformed:
        return []
    return found


def _cell(text: str, parts: dict[str, Member]) -> _Cell:
    def value(key: str) -> str | None:
        part = parts.get(key)
        if part is None:
            return None
        read = json.loads(text[part.value_start : part.value_end], parse_int=str)
        return "".join(line for line in read if isinstance(line, str)) if isinstance(read, list) else str(read)

    code = value("source") if "source" in parts else value("input")
    return _Cell((value("cell_type"), code), value("id"), parts.get("outputs"), parts.get("execution_count"))
