"""Ring 5: conflicts as lines for people."""

from collections.abc import Iterator

from nbgit.cli.resolve_files import Marked
from nbgit.lineage.story import Line
from nbgit.merge.conflicts import CELL_VALUES, NOTEBOOK_VALUES
from nbgit.merge.marked import CELL, NOTEBOOK, SOURCE, VALUES, Found, Side
from nbgit.notebook.text import is_made_up, visible

ABOUT = {SOURCE: "lines", CELL: "the whole cell", VALUES: "values beside the source", NOTEBOOK: "the notebook's values"}
STYLES = {"ours": "green", "base": "dim", "theirs": "cyan"}
SAID = (CELL_VALUES, NOTEBOOK_VALUES)  # notes that the line above says already
SHOWN = 12  # lines of one side; the notebook has all


def listed(found: list[Marked]) -> Iterator[Line]:
    """Yield what is in conflict, notebook by notebook."""
    for marked in found:
        yield from told([marked])
        for conflict in marked.conflicts:
            yield from conflict_lines(conflict)
    if not found:
        yield [("No notebook is in conflict.", "")]


def told(found: list[Marked]) -> Iterator[Line]:
    """Yield how each notebook stands."""
    for marked in found:
        yield [(visible(marked.path), "bold"), (f": {_standing(marked)}", "")]
        for index, line in marked.stray:
            yield [(f"  a marker without its others in cell {index}: {visible(line)[:60]}", "yellow")]


def _standing(marked: Marked) -> str:
    if marked.trouble:
        return f"{marked.trouble}; `git checkout -m -- {visible(marked.path)}` merges it anew, by cell"
    many = len(marked.conflicts)
    parts = [f"{marked.settled} settled"] if marked.settled else []
    if many:
        parts.append(f"{many} conflict{'s' if many > 1 else ''}{' left' if marked.settled else ''}")
    if marked.stray:
        parts.append("markers that only a person can take out")
    if not marked.is_open:
        parts.append("added" if marked.is_added else "nothing in conflict; `git add` it when it is right")
    return ", ".join(parts)


def conflict_lines(conflict: Found) -> Iterator[Line]:
    """Yield one conflict: where it is, and each side's lines."""
    cell, region = conflict.cell, conflict.region
    name = f" {visible(cell.id)}" if cell.id and not is_made_up(cell.id) else ""
    yield [(f"  {conflict.number}  ", "bold"), (f"cell {cell.index} [{cell.kind}]{name}: {ABOUT[conflict.kind]}", "")]
    yield from _side_lines("ours", _title(region.ours), region.ours.lines)
    if region.base is not None:
        yield from _side_lines("base", "base", region.base)
    yield from _side_lines("theirs", _title(region.theirs), region.theirs.lines)


def _title(side: Side) -> str:
    return f"{side.label}: {side.note}" if side.note and side.note not in SAID else side.label


def _side_lines(slot: str, title: str, lines: list[str]) -> Iterator[Line]:
    yield [(f"     {slot} ({visible(title)})" if title != slot else f"     {slot}", "dim")]
    for line in lines[:SHOWN]:
        yield [("     | ", "dim"), (visible(line), STYLES[slot])]
    if len(lines) > SHOWN:
        yield [(f"     | and {len(lines) - SHOWN} more lines", "dim")]
