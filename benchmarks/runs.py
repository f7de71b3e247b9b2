"""What recording runs costs: a kernel's start, a cell, a notebook of real work; the size of a record."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, say
from benchmarks.results import RATIO, SECONDS, Budget, Measured, Row
from benchmarks.sandbox import CommandFailed
from benchmarks.tools import NBGIT

ON, OFF = "recorded", "not recorded"


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
    for _ in range(bench.rounds + 1):
        for name, folder in folders.items():
            samples[name].append(json.loads(sandbox.run(command, folder)))
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
    ]


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
