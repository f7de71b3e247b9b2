"""Ring 3: the states of a working tree's outputs as lines for people: a line a notebook, then what is not fresh."""

from collections import Counter
from collections.abc import Iterator

from nbgit.lineage.origin.state import FRESH, STALE, UNKNOWN
from nbgit.lineage.origin.worktree_states import NEVER_RUN, OUT_OF_ORDER, CellState, NotebookStates
from nbgit.lineage.slicing.slicer import STATIC
from nbgit.lineage.story import Line
from nbgit.notebook.showing import in_words
from nbgit.notebook.text import visible

STYLES = {FRESH: "green", STALE: "yellow", OUT_OF_ORDER: "yellow", UNKNOWN: "dim", NEVER_RUN: "dim"}
WIDEST = 40  # columns of paths
REASONS = 4  # of one cell that are shown; --json has all


def tell_states(notebooks: list[NotebookStates]) -> Iterator[Line]:
    """Yield the lines that tell of these notebooks, and one for all where they are several."""
    width = min(WIDEST, max((len(visible(one.path)) for one in notebooks), default=0))
    total: Counter[str] = Counter()
    for notebook in notebooks:
        found = Counter(cell.name for cell in notebook.cells)
        total += found
        told = _counts(found) if notebook.cells else [("no outputs" if notebook.is_read else "can't be read", "dim")]
        yield [(f"{visible(notebook.path):<{width}}  ", "bold"), *told]
        yield from _tell_cells(notebook.cells)
    if len(notebooks) > 1:
        yield [(f"{f'{len(notebooks)} notebooks':<{width}}  ", "dim"), *_counts(total)]


def _counts(found: Counter[str]) -> Line:
    pieces = [(f"{found[name]} {name}", style) for name, style in STYLES.items() if found[name]]
    line: Line = []
    for piece in pieces:
        line += [(", ", "dim"), piece] if line else [piece]
    return line


def _tell_cells(cells: list[CellState]) -> Iterator[Line]:
    told = [cell for cell in cells if cell.name in (STALE, OUT_OF_ORDER)]
    never = [cell.index for cell in cells if cell.name == NEVER_RUN]
    places = [f"cell {cell.index}" + (f" [{cell.count}]" if cell.count is not None else "") for cell in told]
    names = [cell.name + (" (static)" if cell.kind == STATIC else "") for cell in told]
    last = f"{in_words(never)}" if 0 < len(never) < len(cells) else ""
    wide = max(map(len, [*places, last if told else ""]), default=0)
    wide_name = max(map(len, names), default=0)
    for cell, place, name in zip(told, places, names, strict=True):
        first, *more = _reasons(cell) or [""]
        yield [(f"  {place:<{wide}}  ", ""), (f"{name:<{wide_name}}  ", STYLES[cell.name]), (first, "")]
        for reason in more:
            yield [(" " * (wide + wide_name + 6), ""), (reason, "")]
    if last:
        yield [(f"  {last:<{wide}}  ", ""), (NEVER_RUN, STYLES[NEVER_RUN])]


def _reasons(cell: CellState) -> list[str]:
    reasons = [visible(reason) for reason in cell.reasons]
    if cell.name == OUT_OF_ORDER:
        reasons = [reason.removeprefix("out of order: ") for reason in reasons]
    if len(reasons) <= REASONS:
        return reasons
    return [*reasons[: REASONS - 1], f"and {len(reasons) - REASONS + 1} more reasons"]
