"""Ring 3: conflicts decided: a notebook written without their markers (docs/design.md, "Merge": resolving)."""

import json

from nbgit.diff.changes import split_lines
from nbgit.errors import NbgitError
from nbgit.merge.cells import NO_VALUE
from nbgit.merge.conflicts import LIKE_MARKERS
from nbgit.merge.document import Document
from nbgit.merge.kinds import fit_kind
from nbgit.merge.marked import CELL, NOTEBOOK, VALUES, Found, find_conflicts, stray_markers
from nbgit.merge.objects import JsonObject, parted, with_member
from nbgit.merge.sources import with_source

OURS, THEIRS, BOTH = "ours", "theirs", "both"
Decision = str | list[str]  # OURS, THEIRS, BOTH, or the lines that a person has written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.notebook.cells import Cell

    Values = list[tuple[list[str], str | None]]


def resolve(data: bytes, decisions: dict[int, Decision]) -> bytes:
    """Return a notebook with the conflicts decided whose numbers (as in `find_conflicts`) `decisions` has.

    The others stay as they are, and so do all cells without a decision. Raises NotANotebook, and NbgitError for a
    decision that can't be carried out.
    """
    document = Document(data)
    by_cell: dict[int, list[Found]] = {}
    for found in find_conflicts(document.notebook):
        by_cell.setdefault(found.cell.index, []).append(found)
    texts: list[str] = []
    of_notebook: Values = []
    for index, text in enumerate(document.cell_texts):
        conflicts = by_cell.get(index, [])
        if any(found.number in decisions for found in conflicts):
            major = document.notebook.nbformat[0]
            decided = _decide(document.notebook.cells[index], text, major, conflicts, decisions, of_notebook)
            texts += [] if decided is None else [decided]
        else:
            texts.append(text)
    top_text = document.top.text
    for keys, value in of_notebook:
        top_text = with_member(top_text, keys, value)
    return document.with_texts(texts, JsonObject(top_text))


def _decide(
    cell: "Cell",
    text: str,
    major: int,
    conflicts: list[Found],
    decisions: dict[int, Decision],
    of_notebook: "Values",
) -> str | None:
    """Return the cell's text with its decided conflicts, None where the cell goes; add to `of_notebook` what is decided
    for the notebook's own values."""
    old, lines, at = split_lines(cell.source), [], 0
    values: Values = []
    left: set[int] = set()
    for found in conflicts:
        region = found.region
        lines += old[at : region.start]
        at = region.end
        decision = decisions.get(found.number)
        if decision is None:
            left.add(region.size)
            lines += old[region.start : region.end]
        elif found.kind in (VALUES, NOTEBOOK):
            (values if found.kind == VALUES else of_notebook).extend(_values(found, decision))
        elif found.kind == CELL and _removes(found, decision):
            return None
        else:
            lines += _lines(found, decision)
    lines += old[at:]
    if not lines and all(found.kind == NOTEBOOK for found in conflicts):
        return None  # the cell was made to show them
    for keys, value in values:
        text = with_member(text, keys, value)
    if values:
        text = fit_kind(text, major)
    return with_source(text, "\n".join(lines), (lambda line: _size_of(line) in left) if left else None)


def _lines(found: Found, decision: Decision) -> list[str]:
    if not isinstance(decision, str):
        if stray_markers(decision):
            raise NbgitError(f"conflict {found.number}: markers are left in what was written; nothing was changed")
        return decision
    region = found.region
    sides = {OURS: region.ours.lines, THEIRS: region.theirs.lines, BOTH: region.ours.lines + region.theirs.lines}
    return sides[decision]


def _removes(found: Found, decision: Decision) -> bool:
    if decision not in (OURS, THEIRS):
        return False
    return (found.region.ours if decision == OURS else found.region.theirs).is_gone


def _values(found: Found, decision: Decision) -> "Values":
    """Return the values that a decision gives, as (keys, JSON text or None for absent)."""
    if decision == BOTH:
        raise NbgitError(f"conflict {found.number} is about values, which can't be both: take ours or theirs")
    lines = _lines(found, decision)
    return [_value(line, found) for line in lines if line.strip()]


def _value(line: str, found: Found) -> tuple[list[str], str | None]:
    path, _, value = line.rpartition(f": {NO_VALUE}") if line.endswith(f": {NO_VALUE}") else line.partition(": ")
    try:
        keys = parted(path)
        if line.endswith(f": {NO_VALUE}"):
            return keys, None
        json.loads(value)
        return keys, value.encode("utf-8").decode("latin-1")
    except ValueError as error:
        raise NbgitError(f"conflict {found.number}: {line[:80]!r} is not `key: JSON value`; edit that cell") from error


def _size_of(line: str) -> int:
    found = LIKE_MARKERS.match(line)
    return len(found[1]) if found is not None else 0
