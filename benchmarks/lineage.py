"""Where outputs came from, in a lab of a million recorded runs: first, once known, and after one more run."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, say
from benchmarks.lab import MAIN, STYLE, Shape, append_runs, data_path, make_lab, notebook_path
from benchmarks.results import MEGABYTES, SECONDS, Budget, Measured, Row
from benchmarks.tools import NBGIT

ANSWER = (Budget(0.5, SECONDS),)
DAY = "2023-11-20"


def lineage_rows(bench: Bench) -> list[Row]:
    """Return the rows: the first question of all, and then outputs, files and days, asked for once and again."""
    shape = Shape(2, 3, 2, 30) if bench.quick else Shape(100, 10, 4, 250)
    data = f"{shape.notebooks:,} notebooks, {shape.all_runs:,} runs"
    say(f"making a lab of {data}")
    place = bench.nbgit.fresh(bench.sandbox)
    make_lab(bench.sandbox, place, shape)
    rows = _Lab(bench, place, shape, data).rows()
    shutil.rmtree(place)
    return rows


class _Lab:
    """A lab, and the questions that are put to it, each as a whole process."""

    def __init__(self, bench: Bench, place: Path, shape: Shape, data: str) -> None:
        self._bench = bench
        self._place = place
        self._shape = shape
        self._data = data

    def rows(self) -> list[Row]:
        """Return a row for each question that was not put before, and one for the same again."""
        last = self._shape.stages - 1
        pipelines = range(1, min(self._bench.rounds, self._shape.pipelines - 1) + 1)
        figures = [("blame-output", notebook_path(one, last), "--cell", str(MAIN)) for one in pipelines]
        files = [("affected", data_path(one, -1)) for one in pipelines]
        day = ("log", "--runs", "--since", DAY, "--until", f"{DAY} 23:59")
        first = self._row("first question: all journals are read", [("log", "--runs", "-n", "1")], 1, False)
        size = (self._place / ".git" / "nbgit" / "index.sqlite").stat().st_size / 1e6
        new, again = "not asked before", "again"
        return [
            first,
            Row("the index after it", self._data, {NBGIT: Measured([size])}, unit=MEGABYTES),
            self._row(f"blame-output, a figure through all stages: {new}", figures, len(figures), False),
            self._row(f"blame-output, a figure through all stages: {again}", figures),
            self._row(f"affected, a file through all stages: {new}", files, len(files), False),
            self._row(f"affected, a file through all stages: {again}", files),
            self._row("log --runs, one day", [day]),
            self._row("blame-output after one more run", [_FIRST], adds_runs=True),
            self._row(f"affected, a file that every session reads: {new}", [_SHARED], 1, False),
            self._row(f"affected, a file that every session reads: {again}", [_SHARED], 1, False),
        ]

    def _row(
        self,
        work: str,
        asked: Sequence[tuple[str, ...]],
        rounds: int | None = None,
        has_budget: bool = True,
        adds_runs: bool = False,
    ) -> Row:
        """Ask in turn, beside `git log -p` of one notebook; the remark tells the processor time."""
        say(f"lineage: {work}")
        sandbox, busy = self._bench.sandbox, list[float]()

        def ask(number: int) -> float:
            if adds_runs:
                run = self._shape.runs + number
                append_runs(self._place / ".git", (0, 0), self._shape.sessions - 1, self._shape, range(run, run + 1))
            before = sandbox.processor
            command = [sys.executable, "-m", "nbgit", *asked[number % len(asked)]]
            seconds = sandbox.seconds(command, self._place)
            busy.append(sandbox.processor - before)
            return seconds

        log = ("log", "-p", "--", notebook_path(0, 0))
        jobs = {"plain": lambda _: sandbox.git_seconds(self._place, *log), NBGIT: ask}
        samples = self._bench.interleaved(jobs, rounds)
        return Row(
            work,
            self._data,
            {NBGIT: Measured(samples[NBGIT])},
            budgets=ANSWER if has_budget else (),
            baseline=Measured(samples["plain"]),
            baseline_name="git log -p of a notebook",
            remarks=(f"{work}: processor time {median(busy) * 1000:,.0f} ms",),
        )


_FIRST = ("blame-output", notebook_path(0, 0), "--cell", str(MAIN))
_SHARED = ("affected", STYLE)
