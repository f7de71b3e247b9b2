"""Ring 3: a notebook's change in numbers: of cells, figures, and other outputs (`nbgit diff --stat`)."""

from nbgit.diff.changes import CellChange, Changes
from nbgit.diff.outputs import OutputChange, output_changes

CELLS = ("edited", "inserted", "deleted", "moved", "with other metadata")
OUTPUTS = ("figure", "table", "error", "other output")
NOTHING = "nothing that shows"
VERBS = ("changed", "added", "removed")
_NOUNS = {"figure": "figure", "plot": "figure", "table": "table", "error": "error"}


class Totals:
    """How many `cells` (by what happened to them) and `outputs` (by what they are and what happened) changed.

    `whole` is "" for an edited notebook, "new" or "deleted" for one that came or went: there they count what it has.
    `about` says that the notebook's own metadata changed.
    """

    __slots__ = ("about", "cells", "outputs", "whole")

    def __init__(self) -> None:
        self.cells: dict[str, int] = {}
        self.outputs: dict[tuple[str, str], int] = {}
        self.about = False
        self.whole = ""

    def add(self, other: "Totals") -> None:
        """Count in what another one counts."""
        for name, number in other.cells.items():
            self.cells[name] = self.cells.get(name, 0) + number
        for key, number in other.outputs.items():
            self.outputs[key] = self.outputs.get(key, 0) + number

    def words(self) -> str:
        """Return `3 cells edited, 1 inserted; 2 figures and 1 table changed, 1 figure removed`."""
        cells = [f"{self.cells[name]} {name}" for name in CELLS if name in self.cells]
        if cells:
            number, _, name = cells[0].partition(" ")
            cells[0] = f"{number} {'cell' if number == '1' else 'cells'} {name}"
        if self.about:
            cells.append("notebook metadata")
        outputs = []
        for verb in VERBS:
            listed = self._listed(verb)
            if listed:
                joined = " and ".join(filter(None, [", ".join(listed[:-1]), listed[-1]]))
                outputs.append(", ".join(listed) if self.whole else f"{joined} {verb}")
        return "; ".join([", ".join(part) for part in (cells, outputs) if part]) or NOTHING

    def _listed(self, verb: str) -> list[str]:
        """Return `2 figures`, `1 table`: the outputs to which this happened."""
        found = [(name, self.outputs[name, verb]) for name in OUTPUTS if (name, verb) in self.outputs]
        return [f"{number} {name}{'' if number == 1 else 's'}" for name, number in found]


def totals(what: Changes, *, outputs: bool) -> Totals:
    """Return the numbers of a change; `outputs` says whether outputs count."""
    made = Totals()
    found = [output for each in what.cells if outputs for output in output_changes(each.before, each.after)]
    if what.is_edit:
        happened = [name for change in what.cells for name in _happened(change)]
        made.about = bool(what.about.hunks)
    else:
        made.whole = "new" if any(change.after for change in what.cells) else "deleted"
        happened = ["inserted" if change.before is None else "deleted" for change in what.cells]
    made.cells = {name: happened.count(name) for name in set(happened)}
    for output in found:
        key = _NOUNS.get(output.kind, "other output"), _verb(output)
        made.outputs[key] = made.outputs.get(key, 0) + 1
    return made


def _verb(change: OutputChange) -> str:
    return "added" if change.before is None else "removed" if change.after is None else "changed"


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
