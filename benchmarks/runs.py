"""What recording runs costs: a kernel's start, a cell, a notebook of real work; the size of a record."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, say
from benchmarks.results import PERCENT, RATIO, SECONDS, Budget, Measured, Row
from benchmarks.runs_child import REPEATS, SMALL
from benchmarks.sandbox import CommandFailed
from benchmarks.tools import NBGIT

ON, OFF = "recorded", "not recorded"
CELLS = REPEATS * len(SMALL)


def runs_rows(bench: Bench) -> list[Row]:
    """Return the rows for runs; none where there is no IPython."""
    if find_spec("IPython") is None:
        say("no IPython here: runs are not measured")
        return []
    say("runs in IPython")
    sandbox = bench.sandbox
    folders = {ON: sandbox.directory("recorded"), OFF: sandbox.directory("not-recorded")}
    for folder in folders.values():
        folder.mkdir()
        sandbox.git(folder, "init", "--quiet")
    sandbox.run([sys.executable, "-m", "nbgit", "install"], folders[ON])
    startup = sandbox.home / ".ipython" / "profile_default" / "startup" / "00-nbgit.py"
    command = [sys.executable, "-m", "benchmarks.runs_child", str(startup)]
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in folders}
    for number in range(2 * bench.rounds + 1):
        for name in sorted(folders, reverse=bool(number % 2)):  # neither is always the first
            samples[name].append(json.loads(sandbox.run([*command, "cell", "work"], folders[name])))
    record = _record(folders[ON])

    def of(name: str, what: str) -> list[float]:
        return [found[what] for found in samples[name][1:]]  # the first round compiles

    extra = [max(0.0, on - off) for on, off in zip(of(ON, "cell"), of(OFF, "cell"), strict=True)]
    remark = f"processor time; a record of a small cell takes {record:.0f} bytes (median; 1 kB is the budget)"
    return [
        _row("a kernel's start, recorded", "the startup file", of(ON, "start"), (Budget(0.03, SECONDS),)),
        _row("a kernel's start elsewhere", "the startup file", of(OFF, "start"), (Budget(0.002, SECONDS),)),
        _row("a cell, recording it", "one line", extra, (Budget(0.001, SECONDS),), of(OFF, "cell"), remark),
        _row("a notebook of real work", "11 cells", of(ON, "work"), (Budget(1.02, RATIO),), of(OFF, "work"), remark),
        *_counted(bench, command, folders),
    ]


def _counted(bench: Bench, command: list[str], folders: dict[str, Path]) -> list[Row]:
    """Return the row for the same notebook in instructions, which other work on the machine does not change."""
    valgrind = bench.sandbox.which("valgrind")
    if valgrind is None or bench.quick:
        say("no valgrind here: instructions are not counted")
        return []
    say("runs in IPython, by instructions")
    count = {}
    for name, folder in folders.items():
        for part in ("", "cell", "work"):
            out = bench.sandbox.directory("instructions")
            counting = [valgrind, "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={out}"]
            bench.sandbox.run([*counting, *command, *([part] if part else [])], folder, environ={"PYTHONHASHSEED": "0"})
            count[name, part] = int(out.read_text("ascii").rpartition("summary:")[2])
    work, cell = ([count[name, part] - count[name, ""] for name in (ON, OFF)] for part in ("work", "cell"))
    extra = Measured([round(100 * (work[0] / work[1] - 1), 2)])
    more = work[0] - work[1]
    told = (
        f"by instructions: the notebook takes {work[1] / 1e6:,.0f} million and {more / 1e6:,.0f} million more, "
        f"a small cell {(cell[0] - cell[1]) / CELLS / 1e6:.2f} million more"
    )
    what, budgets = "a notebook of real work: more instructions", (Budget(2, PERCENT),)
    return [Row(what, "11 cells", {NBGIT: extra}, unit=PERCENT, budgets=budgets, remarks=(told,))]


def _row(
    work: str,
    data: str,
    samples: list[float],
    budgets: tuple[Budget, ...],
    baseline: list[float] | None = None,
    remark: str = "",
) -> Row:
    against = Measured(baseline) if baseline else None
    remarks = (remark,) if remark else ()
    return Row(
        work, data, {NBGIT: Measured(samples)}, budgets=budgets, baseline=against, baseline_name=OFF, remarks=remarks
    )


def _record(folder: Path) -> float:
    """Return the median size of a run's record, both its lines together."""
    sizes: dict[str, int] = {}
    for journal in (folder / ".git" / "nbgit" / "runs").glob("*.jsonl"):
        for line in journal.read_bytes().splitlines(keepends=True):
            document = json.loads(line)
            if document["type"] in ("begin", "end"):
                sizes[document["id"]] = sizes.get(document["id"], 0) + len(line)
    if not sizes:
        raise CommandFailed("nothing was recorded")
    return median(sizes.values())
