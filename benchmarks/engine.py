"""The diff engine: real pairs of notebooks, and generated ones that are hard to compare; nbdime's engine beside it.

Each engine runs in a process of its own (benchmarks/engine_child.py). Times are processor time: it is computing only,
and other work on the machine adds nothing to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, say
from benchmarks.engine_cases import Case, Pair, cases
from benchmarks.results import MEGABYTES, RATIO, SECONDS, Budget, Measured, Row
from benchmarks.sandbox import SOURCE_ROOT, CommandFailed, Sandbox
from benchmarks.tools import NBGIT

NBDIME = "nbdime"
PATIENCE = 20  # seconds of the clock that a peer gets for one generated pair
QUICK_PATIENCE = 3
QUICK_SHARE = 5  # a quick run takes cases of a fifth of the size
SMALL = 1.0  # MB of both files; below it the memory's budget is that of so much, since an empty str has 49 bytes


def engine_rows(bench: Bench) -> list[Row]:
    """Return the rows of real pairs, then two for each generated case: its time and its memory."""
    rows = _real_rows(bench)
    for case in cases():
        rows += _case_rows(bench, case)
    return rows


def real_pairs(sandbox: Sandbox, repository: Path) -> list[Pair]:
    """Return every distinct (before, after) of a notebook that a commit of any branch modified."""
    options = ["--all", "-m", "-M", "--raw", "--no-abbrev", "-z", "--format=", "--", "*.ipynb"]
    fields = iter(sandbox.git(repository, "log", *options).split("\0"))
    oids: dict[tuple[str, str], None] = {}
    for field in fields:
        meta = field.strip().lstrip(":").split(" ")
        if len(meta) == 5:
            if meta[4][0] in "MR" and meta[2] != meta[3]:
                oids[meta[2], meta[3]] = None
            next(fields)
            if meta[4][0] in "RC":
                next(fields)
    read = {oid: sandbox.run(["git", "cat-file", "blob", oid], repository) for pair in oids for oid in pair}
    return [(read[before], read[after]) for before, after in oids]


def _real_rows(bench: Bench) -> list[Row]:
    if bench.data.original is None:
        return []
    pairs = real_pairs(bench.sandbox, bench.data.original)[: 20 if bench.quick else None]
    say(f"diff engine: {len(pairs)} real pairs")
    folder = _folder(bench.sandbox, {f"{number:04d}": pair for number, pair in enumerate(pairs)})
    engines = [NBGIT, *_peers(bench)]
    rounds: dict[str, list[list[float]]] = {engine: [] for engine in engines}
    for _ in range(bench.rounds):
        for engine in engines[: 1 if rounds.get(NBDIME) else None]:  # a slow peer gets one round
            rounds[engine].append(sorted(_measure(bench.sandbox, engine, folder, None).values()))
    rows = []
    for name, share, limit in (("median", 0.5, 0.003), ("p95", 0.95, 0.02), ("slowest", 1.0, 0.1)):
        tools = {
            engine: Measured([found[min(len(found) - 1, int(len(found) * share))] for found in samples])
            for engine, samples in rounds.items()
        }
        data = f"{len(pairs)} modified notebooks of {bench.data.name}"
        rows.append(Row(f"diff engine, {name}", data, tools, budgets=(Budget(limit, SECONDS),)))
    return rows


def _case_rows(bench: Bench, case: Case) -> list[Row]:
    say(f"diff engine: {case.name}")
    size = case.size // QUICK_SHARE if bench.quick else case.size
    whole, half = case.make(size), case.make(size // 2)
    folder = _folder(bench.sandbox, {"whole": whole, "half": half})
    samples = [_measure(bench.sandbox, NBGIT, folder, None) for _ in range(bench.rounds)]
    tools = {NBGIT: Measured([found["whole"] for found in samples])}
    remarks = []
    for peer in _peers(bench):
        alone = _folder(bench.sandbox, {"whole": whole})
        patience = QUICK_PATIENCE if bench.quick else PATIENCE
        try:
            tools[peer] = Measured([_measure(bench.sandbox, peer, alone, patience)["whole"]])
        except subprocess.TimeoutExpired:
            remarks.append(f"{case.name}: {peer} had not ended after {patience} s")
    peak = _measure(bench.sandbox, NBGIT, folder, None, "--memory")["whole"] / 1e6
    given = Measured([sum(map(len, whole)) / 1e6])
    return [
        Row(
            "diff engine",
            case.name,
            tools,
            budgets=(Budget(case.seconds, SECONDS), Budget(2.5, RATIO)),
            baseline=Measured([median(found["half"] for found in samples)]),
            baseline_name="half the size",
            remarks=tuple(remarks),
        ),
        Row(
            "diff engine, memory",
            case.name,
            {NBGIT: Measured([peak])},
            budgets=(Budget(6, RATIO) if given.median >= SMALL else Budget(6 * SMALL, MEGABYTES),),
            unit=MEGABYTES,
            baseline=given,
            baseline_name="both files",
        ),
    ]


def _peers(bench: Bench) -> list[str]:
    return [tool.name for tool in bench.tools if tool.name == NBDIME]


def _folder(sandbox: Sandbox, pairs: dict[str, Pair]) -> Path:
    folder = sandbox.directory("pairs")
    folder.mkdir()
    for name, (before, after) in pairs.items():
        (folder / f"{name}.before").write_bytes(before)
        (folder / f"{name}.after").write_bytes(after)
    return folder


def _measure(sandbox: Sandbox, engine: str, folder: Path, patience: float | None, *options: str) -> dict[str, float]:
    """Return what the engine needed for each pair of the folder; raises TimeoutExpired past `patience` seconds."""
    command = [sys.executable, "-m", "benchmarks.engine_child", engine, str(folder), *options]
    environ = {**sandbox.environ, "PYTHONPATH": str(SOURCE_ROOT), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=SOURCE_ROOT, env=environ, capture_output=True, timeout=patience, check=False)
    if done.returncode:
        raise CommandFailed(f"{engine} failed: {done.stderr.decode('utf-8', 'replace').strip()[-500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found
