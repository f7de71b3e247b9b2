"""Ring 1: give a source the outputs of cells that are unchanged since an earlier notebook.

After a merge, a pull of a stripped edit or an edit on the web no stored notebook has exactly this source; the cells
that nobody touched keep their outputs all the same. A cell is the same when its kind and its code are; where
several are, its id decides, or else the n-th takes the outputs of the n-th.
"""

from nbgit.notebook.policy import Policy
from nbgit.notebook.scan import Malformed, Member, members, skip_space, skip_value, walk_array, walk_object
from nbgit.notebook.spans import BOM, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    _Code = tuple[bool, str | None, str]  # whether the cell is of an old notebook, its kind, its text


class _Cell:
    """A cell's identity, and where its outputs and count stand."""

    __slots__ = ("code", "count", "id", "outputs", "runs")

    def __init__(self, code: "_Code", cell_id: str | None, outputs: Member | None, count: Member | None) -> None:
        self.code = code
        self.runs = code[1] == "code"
        self.id = cell_id
        self.outputs = outputs
        self.count = count


class _Gift:
    """The raw outputs and count that a cell gets, and the index of the cell that had them."""

    __slots__ = ("count", "giver", "outputs")

    def __init__(self, outputs: str, count: str, giver: int) -> None:
        self.outputs = outputs
        self.count = count
        self.giver = giver


class Restored:
    """A notebook that got outputs back: `given` are the indices of its cells that did, `left_out` those of the donor's
    cells whose outputs found no cell."""

    __slots__ = ("data", "given", "left_out")

    def __init__(self, data: bytes, given: list[int], left_out: list[int]) -> None:
        self.data = data
        self.given = given
        self.left_out = left_out


def transplant(
    source: bytes, donors: list[bytes], policy: Policy | None = None, sides: "tuple[bytes, bytes, bytes] | None" = None
) -> bytes | None:
    """Return `source` with the outputs and counts of its unchanged cells, taken from the first donor that has them.

    `sides` are the base, ours and theirs of a merge: outputs that only theirs has changed are theirs.
    None where no donor has any. What is source under `policy` (None: the defaults) stays, as in a cell that keeps its
    outputs. The result still has to be checked by splitting it.
    """
    text = source.decode("latin-1")
    cells = _takers(text, policy or Policy())
    gifts = _changed_by_theirs(cells, sides) if sides is not None else {}
    for donor in donors:
        _collect(cells, donor.decode("latin-1"), gifts)
    return _with_gifts(text, cells, gifts) if gifts else None


def restore_outputs(
    source: bytes,
    donor: bytes,
    current: bytes,
    chosen: "frozenset[int] | None",
    policy: Policy | None = None,
) -> Restored:
    """Return `source` with the outputs that `donor` has for the `chosen` cells (indices in the source, None: all).

    The other cells keep what they have in `current`, which has the same source. `policy` as for `transplant`.
    """
    text, donor_text = source.decode("latin-1"), donor.decode("latin-1")
    cells = _takers(text, policy or Policy())
    gifts: dict[int, _Gift] = {}
    _collect(cells, donor_text, gifts)
    gifts = {index: gift for index, gift in gifts.items() if chosen is None or index in chosen}
    given = sorted(gifts)
    givers = {gift.giver for gift in gifts.values()}
    offered = [index for index, cell in enumerate(_cells(donor_text)) if _outputs_of(donor_text, cell) is not None]
    left_out = [index for index in offered if index not in givers]
    _collect(cells, current.decode("latin-1"), gifts)
    return Restored(_with_gifts(text, cells, gifts), given, left_out)


def count_cells(notebook: bytes) -> int:
    """Return how many cells a notebook has."""
    return len(_cells(notebook.decode("latin-1")))


def cells_with_outputs(notebook: bytes) -> list[int]:
    """Return the indices of the cells of a notebook that have outputs."""
    text = notebook.decode("latin-1")
    return [index for index, cell in enumerate(_cells(text)) if _shows(text, cell)]


class Comparison:
    """How a notebook differs from another in what runs: `line` is a line of code that only one of them has, or None
    where both have the same code cells in the same order; `cells` are then the indices, in the notebook, of those that
    show other outputs."""

    __slots__ = ("cells", "line")

    def __init__(self, line: str | None, cells: list[int]) -> None:
        self.line = line
        self.cells = cells


def compare(notebook: bytes, other: bytes) -> Comparison:
    """Compare the code cells of two notebooks; text cells and metadata count for nothing."""
    text, other_text = notebook.decode("latin-1"), other.decode("latin-1")
    mine = [(index, cell) for index, cell in enumerate(_cells(text)) if cell.runs]
    theirs = [cell for cell in _cells(other_text) if cell.runs]
    if [cell.code for _, cell in mine] != [cell.code for cell in theirs]:
        return Comparison(_line_of_one([cell for _, cell in mine], theirs), [])
    pairs = zip(mine, theirs, strict=True)
    return Comparison(None, [index for (index, a), b in pairs if _raw(text, a) != _raw(other_text, b)])


def _line_of_one(mine: list[_Cell], theirs: list[_Cell]) -> str:
    """Return the first line of code of ours that theirs lacks, else of theirs that ours lacks; or ""."""
    here, there = ([line for cell in cells for line in cell.code[2].split("\n")] for cells in (mine, theirs))
    for lines, others in ((here, set(there)), (there, set(here))):
        for line in lines:
            if line.strip() and line not in others:
                return line.strip()
    return ""


def _raw(text: str, cell: _Cell) -> str:
    return text[cell.outputs.value_start : cell.outputs.value_end] if _shows(text, cell) and cell.outputs else ""


def _shows(text: str, cell: _Cell) -> bool:
    return cell.outputs is not None and not _is_empty(text, cell.outputs)


def _is_empty(text: str, part: Member) -> bool:
    """Say whether the value is `null` or an array of nothing."""
    if text[part.value_start] == "[":
        return skip_space(text, part.value_start + 1) == part.value_end - 1
    return text[part.value_start : part.value_end] == "null"


def _takers(text: str, policy: Policy) -> list[_Cell]:
    """Return the cells of a source; those that can't take outputs, or a count, without a change of the source have
    none. Found by giving each cell both and looking at what is cut out again."""
    cells = _cells(text)
    probe = _with_gifts(text, cells, {index: _Gift("[0]", "1", index) for index in range(len(cells))})
    parts = split(probe, policy)
    cut = {(span.cell_index, span.kind) for span in parts.spans} if parts is not None else set()
    for index, cell in enumerate(cells):
        cell.outputs = cell.outputs if (index, "outputs") in cut and _is(text, cell.outputs, "[]") else None
        cell.count = cell.count if (index, "count") in cut and _is(text, cell.count, "null") else None
    return cells


def _is(text: str, member: Member | None, value: str) -> bool:
    """Return whether a member's value is what is left where outputs, or a count, are cut out."""
    return member is not None and text[member.value_start : member.value_end] == value


def _with_gifts(text: str, cells: list[_Cell], gifts: dict[int, _Gift]) -> bytes:
    pieces: list[str] = []
    taken = 0
    cuts: list[tuple[Member, str]] = []
    for index, gift in gifts.items():
        cell = cells[index]
        cuts += [(part, raw) for part, raw in ((cell.outputs, gift.outputs), (cell.count, gift.count)) if part and raw]
    for member, raw in sorted(cuts, key=lambda cut: cut[0].value_start):
        pieces += (text[taken : member.value_start], raw)
        taken = member.value_end
    pieces.append(text[taken:])
    return "".join(pieces).encode("latin-1")


def _collect(cells: list[_Cell], donor: str, gifts: dict[int, _Gift]) -> None:
    """Add to `gifts` the outputs that `donor` has for cells that have none yet."""
    offered: dict[_Code, list[tuple[int, _Cell]]] = {}
    for giver, cell in enumerate(_cells(donor)):
        offered.setdefault(cell.code, []).append((giver, cell))
    ids = {cell.id for cell in cells if cell.id is not None}
    seen: dict[_Code, int] = {}
    for index, cell in enumerate(cells):
        position = seen.get(cell.code, 0)
        seen[cell.code] = position + 1
        same = offered.get(cell.code, [])
        found = [pair for pair in same if cell.id is not None and pair[1].id == cell.id] or same[
            position : position + 1
        ]
        if not found or index in gifts or not cell.outputs:
            continue
        giver, other = found[0]
        if other.id != cell.id and cell.id is not None and other.id in ids:
            continue  # those are the outputs of another cell of ours; ids that only changed do no harm
        outputs = _outputs_of(donor, other)
        if outputs is not None:
            gifts[index] = _Gift(*outputs, giver)


def _changed_by_theirs(cells: list[_Cell], sides: tuple[bytes, bytes, bytes]) -> dict[int, _Gift]:
    """Return the outputs that theirs has for cells that all three have, and whose outputs ours has left alone."""
    found: list[dict[int, _Gift]] = []
    for side in sides:
        found.append({})
        _collect(cells, side.decode("latin-1"), found[-1])
    base, ours, theirs = found
    return {
        index: gift
        for index, gift in theirs.items()
        if index in base and index in ours and _shown(base[index]) == _shown(ours[index]) != _shown(gift)
    }


def _shown(gift: _Gift) -> str:
    import re  # here, and json below: a smudge that finds its snapshot needs neither, and each takes some ms

    return re.sub(r'"execution_count"\s*:\s*(?:\d+|null)', "", gift.outputs)  # a run that gave the same is no change


def _outputs_of(text: str, cell: _Cell) -> tuple[str, str] | None:
    """Return the raw outputs and count of a cell, or None where it has neither."""
    if cell.outputs is None or text[cell.outputs.value_start] != "[":
        return None
    outputs = text[cell.outputs.value_start : cell.outputs.value_end]
    count = text[cell.count.value_start : cell.count.value_end] if cell.count else ""
    count = "" if count.startswith(("{", "[", '"')) else count  # that would be source
    return (outputs, count) if not _is_empty(text, cell.outputs) or count not in ("", "null") else None


def _cells(text: str) -> list[_Cell]:
    """Return the cells of a notebook, or none where the text is not one."""
    found: list[_Cell] = []
    sheets = 0

    def cell(index: int, at: int) -> int:
        if text[at : at + 1] != "{":
            return skip_value(text, at)
        parts, end = members(text, at)
        found.append(_cell(text, {part.key: part for part in parts}, in_sheet=sheets > 0))
        return end

    def sheet(index: int, at: int) -> int:
        return walk_object(text, at, top)

    def top(key: str, key_start: int, at: int) -> int:
        nonlocal sheets
        if key == "cells" and text[at : at + 1] == "[":
            return walk_array(text, at, cell)
        if key == "worksheets" and text[at : at + 1] == "[":
            sheets += 1
            end = walk_array(text, at, sheet)
            sheets -= 1
            return end
        return skip_value(text, at)

    try:
        walk_object(text, skip_space(text, len(BOM) if text.startswith(BOM) else 0), top)
    except Malformed:
        return []
    return found


def _cell(text: str, parts: dict[str, Member], *, in_sheet: bool) -> _Cell:
    """Return one cell; those of old notebooks, in a worksheet, are never the same as newer ones: what their outputs are
    made of has other names."""

    def value(key: str) -> str | None:
        part = parts.get(key)
        if part is None:
            return None
        import json

        raw = text[part.value_start : part.value_end].encode("latin-1").decode("utf-8", "surrogateescape")
        read = json.loads(raw, parse_int=str)
        return "".join(line for line in read if isinstance(line, str)) if isinstance(read, list) else str(read)

    code = value("source") if "source" in parts else value("input")
    return _Cell(
        (in_sheet, value("cell_type"), code or ""), value("id"), parts.get("outputs"), parts.get("execution_count")
    )
