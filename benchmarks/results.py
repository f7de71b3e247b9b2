"""A row of the table: what was measured of each tool, against what, and the budget it is held to."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

RATIO, SECONDS, MEGABYTES, PERCENT = "x", "s", "MB", "%"


class Budget(NamedTuple):
    """The most that nbgit may take (docs/design.md, "Budgets"): `unit` RATIO is against the row's baseline."""

    limit: float
    unit: str

    def __str__(self) -> str:
        if self.unit == SECONDS and self.limit < 0.1:
            return f"≤ {self.limit * 1000:g} ms"
        return f"≤ {self.limit:g} {self.unit}"


class Measured:
    """One tool's samples, in the row's unit; a part of the data has its own baseline, and a note that says so."""

    def __init__(self, samples: list[float], *, baseline: float | None = None, note: str = "") -> None:
        self.samples = samples
        self.baseline = baseline
        self.note = note

    @property
    def median(self) -> float:
        """Return the median of the samples."""
        return median(self.samples)


class Row:
    """One kind of work on one set of data.

    `baseline` names what ratios are against: plain git unless told otherwise. `tools` maps a tool's name to what was
    measured of it; `remarks` stand below the table.
    """

    def __init__(
        self,
        work: str,
        data: str,
        tools: dict[str, Measured],
        *,
        budgets: tuple[Budget, ...] = (),
        unit: str = SECONDS,
        baseline: Measured | None = None,
        baseline_name: str = "plain git",
        remarks: tuple[str, ...] = (),
    ) -> None:
        self.work = work
        self.data = data
        self.tools = tools
        self.budgets = budgets
        self.unit = unit
        self.baseline = baseline or tools.get("plain git")
        self.baseline_name = baseline_name
        self.remarks = remarks

    def ratio(self, name: str) -> float | None:
        """Return a tool's median over the baseline's median, or None where there is nothing to compare with."""
        found = self.tools.get(name)
        if found is None or (found.baseline is None and self.baseline is None):
            return None
        against = found.baseline if found.baseline is not None else self.baseline.median if self.baseline else 0.0
        return found.median / against if against else None

    def value(self, budget: Budget) -> float | None:
        """Return what nbgit needed, in the budget's unit."""
        if budget.unit == RATIO:
            return self.ratio("nbgit")
        return self.tools["nbgit"].median if "nbgit" in self.tools else None

    def met(self, budget: Budget) -> bool:
        """Return whether nbgit kept within the budget."""
        value = self.value(budget)
        return value is not None and value <= budget.limit


def spread(rows: list[Row]) -> float:
    """Return how unsteady plain git was: the median, over the rows, of its slowest round over its fastest, less 1."""
    plain = [row.tools["plain git"].samples for row in rows if "plain git" in row.tools and row.unit == SECONDS]
    ratios = [max(samples) / min(samples) for samples in plain if len(samples) > 1]
    return median(ratios) - 1 if ratios else 0.0
