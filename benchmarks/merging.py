"""The merge driver as git starts it, through `sh`: one side unchanged, clean, in conflict, and hard cases."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench, say
from benchmarks.results import SECONDS, Budget, Measured, Row
from benchmarks.sandbox import CommandFailed
from benchmarks.single import BARE
from benchmarks.tools import NBGIT, PLAIN

REPEATS = 5  # processes are short: a round takes this many
Sides = tuple[bytes, bytes, bytes]


def merge_rows(bench: Bench) -> list[Row]:
    """Return a row for each kind of merge; plain git's is its own text merge of the same files."""
    sizes = (100, 400) if bench.quick else (1000, 4000)
    cases: list[tuple[str, str, Sides, int, float]] = [
        ("one side unchanged", "40 cells", (_book(40), _book(40), _book(40, {9: "a"})), 0, 0.04),
        ("clean", "40 cells", (_book(40), _book(40, {5: "a"}), _book(40, {9: "b"})), 0, 0.12),
        ("ordinary conflict", "40 cells", (_book(40), _book(40, {5: "a"}), _book(40, {5: "b"})), 1, 0.12),
        ("many edits on both sides", f"{sizes[0]} cells without ids, 30 % edited on each", _many(sizes[0]), 1, 1.0),
        ("a long cell", f"{sizes[1]} lines, 30 % edited on each side", _long(sizes[1]), 1, 0.5),
    ]
    return [_row(bench, *case) for case in cases]


def _row(bench: Bench, what: str, data: str, sides: Sides, code: int, limit: float) -> Row:
    say(f"merge driver, {what}")
    repository = bench.nbgit.fresh(bench.sandbox)
    command = bench.sandbox.git(repository, "config", "--get", "merge.nbgit.driver").rstrip("\n")
    names = {"%O": "base", "%A": "ours", "%B": "theirs", "%L": "7", "%P": "n.ipynb", "%S": "%S", "%X": "%X", "%Y": "%Y"}
    for word, name in names.items():
        command = command.replace(word, name)
    command = command.replace("%%", "%")
    jobs: dict[str, Callable[[int], float]] = {
        "bare": lambda number: bench.sandbox.seconds(["sh", "-c", BARE], repository),
        PLAIN: lambda number: _text_merge(bench, repository, sides),
        NBGIT: lambda number: _driver(bench, repository, sides, command, code),
    }
    samples = bench.interleaved(jobs, 1 if bench.quick else bench.rounds * REPEATS)
    shutil.rmtree(repository)
    text = Measured(samples.pop(PLAIN))
    return Row(
        f"merge driver, {what}",
        data,
        {NBGIT: Measured(samples[NBGIT])},
        budgets=(Budget(limit, SECONDS),),
        baseline=Measured(samples["bare"]),
        baseline_name="python -c pass",
        remarks=(f"merge driver, {what}: git's own text merge of the same files {text.median * 1000:.1f} ms",),
    )


def _text_merge(bench: Bench, repository: Path, sides: Sides) -> float:
    _write(repository, sides)
    line = "git merge-file -q ours base theirs; true"
    return bench.sandbox.seconds(["sh", "-c", line], repository)


def _driver(bench: Bench, repository: Path, sides: Sides, command: str, code: int) -> float:
    _write(repository, sides)
    said = repository / "said"
    seconds = bench.sandbox.seconds(["sh", "-c", f"({command}) 2>{said.name}"], repository, codes=(code,))
    merged = (repository / "ours").read_bytes()
    if (b"<<<<<<<" in merged) != bool(code) or "did not answer" in said.read_text(encoding="utf-8"):
        raise CommandFailed("the merge driver gave another answer than it should")
    json.loads(merged)
    return seconds


def _write(repository: Path, sides: Sides) -> None:
    for name, data in zip(("base", "ours", "theirs"), sides, strict=True):
        (repository / name).write_bytes(data)


def _book(cells: int, edited: dict[int, str] | None = None, *, ids: bool = True) -> bytes:
    """Return a notebook of code cells of eight lines; `edited` gives some another line in their middle."""
    made: list[dict[str, Any]] = []
    for place in range(cells):
        lines = [f"value_{place}_{line} = measure(sample[{line}], {place})\n" for line in range(8)]
        if edited and place in edited:
            lines[3] = f"edited_{edited[place]}_{place} = 1\n"
        made.append({"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines})
        if ids:
            made[-1]["id"] = f"c{place:07d}"
    return _written(made, 5 if ids else 4)


def _many(cells: int) -> Sides:
    ours = {place: "ours" for place in range(cells) if place % 10 < 3}
    theirs = {place: "theirs" for place in range(cells) if 2 <= place % 10 < 5}
    return _book(cells, ids=False), _book(cells, ours, ids=False), _book(cells, theirs, ids=False)


def _long(lines: int) -> Sides:
    def made(word: str, low: int, high: int) -> bytes:
        source = [f"{word if low <= n % 10 < high else 'value'}_{n} = measure({n})\n" for n in range(lines)]
        cell: dict[str, Any] = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        return _written([{**cell, "id": "c0000001"}], 5)

    return made("value", 0, 0), made("ours", 0, 3), made("theirs", 2, 5)


def _written(cells: list[dict[str, Any]], minor: int) -> bytes:
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}
    return (json.dumps(document, indent=1) + "\n").encode()
