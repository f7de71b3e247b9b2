"""Where outputs came from, in a lab of a million recorded runs: first, once known, and after one more run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

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
    lab = _Lab(bench, place, shape)
    say("lineage: the first question")
    first = Measured([lab.nbgit("log", "--runs", "-n", "1")])
    size = (place / ".git" / "nbgit" / "index.sqlite").stat().st_size / 1e6
    rows = [
        Row("first question: all journals are read", data, {NBGIT: first}),
        Row("the index of all runs", data, {NBGIT: Measured([size])}, unit=MEGABYTES),
        *lab.rows(data),
    ]
    shutil.rmtree(place)
    return rows


class _Lab:
    """A lab, and the questions that are put to it, each as a whole process."""

    def __init__(self, bench: Bench, place: Path, shape: Shape) -> None:
        self._bench = bench
        self._place = place
        self._shape = shape

    def nbgit(self, *arguments: str) -> float:
        return self._bench.sandbox.seconds([sys.executable, "-m", "nbgit", *arguments], self._place)

    def rows(self, data: str) -> list[Row]:
        """Return a row for each question that was not put before, and one for the same again, beside `git log`."""
        last = self._shape.stages - 1
        rounds = min(self._bench.rounds, self._shape.pipelines - 1)
        pipelines = range(1, rounds + 1)
        questions: dict[str, list[tuple[str, ...]]] = {
            "blame-output, a figure through all stages": [
                ("blame-output", notebook_path(one, last), "--cell", str(MAIN)) for one in pipelines
            ],
            "affected, a file through all stages": [("affected", data_path(one, -1)) for one in pipelines],
            "log --runs, one day": [("log", "--runs", "--since", DAY, "--until", f"{DAY} 23:59")] * rounds,
        }
        found = []
        for work, asked in questions.items():
            say(f"lineage: {work}")
            if not work.startswith("log"):
                new = Measured([self.nbgit(*arguments) for arguments in asked])
                found.append(Row(f"{work}: not asked before", data, {NBGIT: new}))
            again = self._again(asked)
            found.append(self._row(f"{work}: again", data, again))
        say("lineage: after one more run")
        found.append(self._row("blame-output after one more run", data, self._after_a_run()))
        return [*found, *self._worst(data)]

    def _again(self, asked: list[tuple[str, ...]]) -> dict[str, list[float]]:
        path = notebook_path(0, 0)
        return self._bench.interleaved(
            {
                "plain": lambda _: self._bench.sandbox.git_seconds(self._place, "log", "-p", "--", path),
                NBGIT: lambda number: self.nbgit(*asked[number % len(asked)]),
            }
        )

    def _after_a_run(self) -> dict[str, list[float]]:
        """Time the question about the first notebook, whose last session lives: a run is added before each."""
        ask = ("blame-output", notebook_path(0, 0), "--cell", str(MAIN))
        self.nbgit(*ask)
        samples: dict[str, list[float]] = {"plain": [], NBGIT: []}
        for number in range(self._bench.rounds):
            run = self._shape.runs + number
            append_runs(self._place / ".git", (0, 0), self._shape.sessions - 1, self._shape, range(run, run + 1))
            samples[NBGIT].append(self.nbgit(*ask))
            path = notebook_path(0, 0)
            samples["plain"].append(self._bench.sandbox.git_seconds(self._place, "log", "-p", "--", path))
        return samples

    def _worst(self, data: str) -> list[Row]:
        """Return the rows for the file that every notebook reads: all sessions are followed, and then read."""
        if not self._bench.quick:
            say("lineage: a file that every notebook reads")
        first = Measured([self.nbgit("affected", STYLE)])
        again = Measured([self.nbgit("affected", STYLE)])
        work = "affected, a file that every session reads"
        return [Row(f"{work}: not asked before", data, {NBGIT: first}), Row(f"{work}: again", data, {NBGIT: again})]

    def _row(self, work: str, data: str, samples: dict[str, list[float]]) -> Row:
        return Row(
            work,
            data,
            {NBGIT: Measured(samples[NBGIT])},
            budgets=ANSWER,
            baseline=Measured(samples["plain"]),
            baseline_name="git log -p of a notebook",
        )
