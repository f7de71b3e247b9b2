"""Ring 3: a notebook's change in numbers: of cells, figures, and other outputs (`nbgit diff --stat`)."""

from nbgit.diff.changes import CellChange, Changes
from nbgit.diff.outputs import read_outputs

CELLS = ("edited", "inserted", "deleted", "moved", "with other metadata")
OUTPUTS = ("figure", "table", "error", "other output")
_NOUNS = {"figure": "figure", "plot": "figure", "table": "table", "error": "error"}


class Totals:
    """How many `cells` (by what happened to them) and `outputs` (by what they are) changed.

    `whole` is "" for an edited notebook, "new" or "deleted" for one that came or went: there they count what it has.
    `about` says that the notebook's own metadata changed.
    """

    __slots__ = ("about", "cells", "outputs", "whole")

    def __init__(self) -> None:
        self.cells: dict[str, int] = {}
        self.outputs: dict[str, int] = {}
        self.about = False
        self.whole = ""

    def add(self, other: "Totals") -> None:
        """Count in what another one counts."""
        for mine, theirs in ((self.cells, other.cells), (self.outputs, other.outputs)):
            for name, number in theirs.items():
                mine[name] = mine.get(name, 0) + number

    def words(self) -> str:
        """Return `3 cells edited, 1 inserted; 2 figures and 1 table changed`."""
        cells = [f"{number} {name}" for name, number in self._in_order(self.cells, CELLS)]
        if cells:
            number, _, name = cells[0].partition(" ")
            cells[0] = f"{number} {'cell' if number == '1' else 'cells'} {name}"
        if self.about:
            cells.append("notebook metadata")
        outputs = [
            f"{number} {name}{'' if number == 1 else 's'}" for name, number in self._in_order(self.outputs, OUTPUTS)
        ]
        shown = [" and ".join(filter(None, [", ".join(outputs[:-1]), outputs[-1]])) + " changed"] if outputs else []
        if self.whole:
            shown = [", ".join(outputs)] if outputs else []
        return "; ".join([*([", ".join(cells)] if cells else []), *shown]) or "nothing that shows"

    def _in_order(self, numbers: "dict[str, int]", names: "tuple[str, ...]") -> "list[tuple[str, int]]":
        return [(name, numbers[name]) for name in names if name in numbers]


def totals(what: Changes, *, outputs: bool) -> Totals:
    """Return the numbers of a change; `outputs` says whether outputs count."""
    made = Totals()
    if what.is_edit:
        kinds = [output.kind for change in what.cells if outputs for output in change.output_changes]
        happened = [name for change in what.cells for name in _happened(change)]
        made.about = bool(what.about.hunks)
    else:
        cells = [cell for change in what.cells if (cell := change.after or change.before)]
        made.whole = "new" if any(change.after for change in what.cells) else "deleted"
        kinds = [output.kind for cell in cells if outputs for output in read_outputs(cell.outputs)]
        happened = ["inserted" if change.before is None else "deleted" for change in what.cells]
    nouns = [_NOUNS.get(kind, "other output") for kind in kinds]
    made.cells = {name: happened.count(name) for name in set(happened)}
    made.outputs = {noun: nouns.count(noun) for noun in set(nouns)}
    return made


def _happened(change: CellChange) -> list[str]:
    before, after = change.before, change.after
    if before is None or after is None:
        return ["inserted" if before is None else "deleted"]
    found = ["moved"] if change.moved else []
    if before.source != after.source or change.kind_changed:
        found.append("edited")
    elif change.only_metadata:
        found.append("with other metadata")
    return found
