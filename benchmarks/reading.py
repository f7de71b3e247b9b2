"""Row: `git log -p` of the newest ten commits, which edited each of 36 notebooks once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench import Bench, say
from benchmarks.data import part_of
from benchmarks.results import RATIO, SECONDS, Budget, Measured, Row
from benchmarks.sandbox import OLD, write_files
from benchmarks.single import SOURCE
from benchmarks.tools import NBGIT, PLAIN, Tool

NOTEBOOKS, COMMITS = 36, 10
CACHE = "refs/notes/textconv/nbgit"


def reading_rows(bench: Bench) -> list[Row]:
    """Return the rows for a first reading (no text cached) and for every later one."""
    say(f"git log -p -{COMMITS} over {NOTEBOOKS} notebooks")
    notebooks = {path: data for path, data in bench.data.notebooks.items() if SOURCE.search(data)}
    some = part_of(notebooks, NOTEBOOKS)
    places = {tool.name: _history(bench, tool, some) for tool in (bench.plain, bench.nbgit)}
    data = f"{len(some)} notebooks, each edited once in {COMMITS} commits"
    rows = []
    for name, budget in (("no text cached", Budget(1, SECONDS)), ("warm", Budget(3, RATIO))):
        if name == "warm":
            _read(bench, places[NBGIT], cold=False)
        jobs = _jobs(bench, places, cold=name != "warm")
        samples = {tool: Measured(found) for tool, found in bench.interleaved(jobs).items()}
        rows.append(Row(f"git log -p -{COMMITS}, {name}", data, samples, budgets=(budget,)))
    return rows


def _jobs(bench: Bench, places: dict[str, Path], *, cold: bool) -> dict[str, Callable[[int], float]]:
    return {
        PLAIN: lambda number: _read(bench, places[PLAIN], cold=False),
        NBGIT: lambda number: _read(bench, places[NBGIT], cold=cold),
    }


def _history(bench: Bench, tool: Tool, notebooks: dict[str, bytes]) -> Path:
    repository = tool.fresh(bench.sandbox)
    write_files(repository, notebooks, OLD)
    paths = list(notebooks)
    for number in range(COMMITS + 1):
        if number:
            mine = paths[number - 1 :: COMMITS]
            write_files(repository, {path: _edited(notebooks[path]) for path in mine}, OLD + number)
        bench.sandbox.git(repository, "add", "-A")
        bench.sandbox.git(repository, "commit", "-q", "-m", str(number))
    return repository


def _edited(notebook: bytes) -> bytes:
    return SOURCE.sub(lambda found: found[0] + b'    "# edited\\n",\n', notebook, count=1)


def _read(bench: Bench, repository: Path, *, cold: bool) -> float:
    if cold:
        bench.sandbox.git(repository, "update-ref", "-d", CACHE)
    return bench.sandbox.seconds(["git", "log", "-p", f"-{COMMITS}"], repository, stdout=subprocess.DEVNULL)
