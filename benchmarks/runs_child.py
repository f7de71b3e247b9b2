"""`python -m benchmarks.runs_child STARTUP [PART]...`: what runs cost in IPython's shell, in this directory.

Prints a JSON object: seconds of processor time for the startup file STARTUP, for one small cell (median), and for a
notebook of real work; of the last two only those named as PART (`cell`, `work`). What is left to a thread counts for
the cell that it is of. Whether anything is recorded depends on the directory.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import threading
import time
from statistics import median
from typing import Any

SMALL = ("x = 1", "y = [x, 2, 3]", "text = 'a' * x", "del text", "def f(z): return z + x", "f(3)")
REPEATS = 40
WORK = (
    "import csv, json, random, statistics, zlib\nrandom.seed(1)",
    "rows = [[i, random.random(), str(i)] for i in range(200_000)]",
    "with open('rows.csv', 'w', newline='') as f: csv.writer(f).writerows(rows)",
    "with open('rows.csv', newline='') as f: read = [(int(a), float(b), c) for a, b, c in csv.reader(f)]",
    "ordered = sorted(read, key=lambda row: row[1])",
    "groups = {}\nfor a, b, c in read: groups.setdefault(a % 97, []).append(b)",
    "means = {key: statistics.fmean(values) for key, values in groups.items()}",
    "with open('means.json', 'w') as f: json.dump(means, f)",
    "packed = zlib.compress(open('rows.csv', 'rb').read(), 6)",
    "total = 0\nfor i in range(4_000_000): total += i * i % 7",
    "len(packed), total",
)


def main() -> int:
    """Measure and print."""
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell.instance()
    parts = sys.argv[2:]
    with open(sys.argv[1], encoding="ascii") as file:
        program = compile(file.read(), sys.argv[1], "exec")
    started = time.process_time()
    exec(program, {})
    found = {"start": time.process_time() - started}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in ("import numpy, matplotlib.pyplot", *SMALL):
            shell.run_cell(cell, store_history=True)
        _wait()
        if "cell" in parts:
            found["cell"] = median(_run(shell, cell) for _ in range(REPEATS) for cell in SMALL)
        if "work" in parts:
            found["work"] = sum(_run(shell, cell) for cell in WORK)
    json.dump(found, sys.stdout)
    return 0


def _run(shell: Any, cell: str) -> float:
    started = time.process_time()
    shell.run_cell(cell, store_history=True)
    _wait()
    return time.process_time() - started


def _wait() -> None:
    """Wait until the recorder has nothing left to do."""
    while any(thread.name == "nbgit" for thread in threading.enumerate()):
        time.sleep(0.001)


if __name__ == "__main__":
    sys.exit(main())
