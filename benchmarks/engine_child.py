"""Run as a process of its own: compares pairs of notebooks with one engine, and writes what that took as JSON.

    python -m benchmarks.engine_child ENGINE FOLDER [--memory]

FOLDER holds `NAME.before` and `NAME.after`. The answer maps NAME to processor seconds, or to the peak of allocated
bytes with --memory. nbgit's work is all that a `git diff` needs, from the bytes to the printed text; nbdime's is its
`diff_notebooks` alone, on documents that are read.
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

Job = Callable[[], object]


def nbgit_job(before: bytes, after: bytes) -> Job:
    """Return what nbgit does with a pair."""
    from nbgit.diff.report import Side, report

    return lambda: report(Side("n.ipynb", before), Side("n.ipynb", after))


def nbdime_job(before: bytes, after: bytes) -> Job:
    """Return what nbdime does with a pair."""
    from nbdime import diff_notebooks

    from nbgit.external.nbformat import upgrade

    old, new = upgrade(before), upgrade(after)
    return lambda: diff_notebooks(old, new)


JOBS = {"nbgit": nbgit_job, "nbdime": nbdime_job}
TINY = (
    b'{"cells": [{"cell_type": "raw", "metadata": {}, "source": "%d"}], '
    b'"metadata": {}, "nbformat": 4, "nbformat_minor": 4}'
)


def seconds_of(job: Job) -> float:
    """Return the processor seconds that a job takes."""
    start = time.process_time()
    job()
    return time.process_time() - start


def peak_of(job: Job) -> float:
    """Return the most bytes that a job has allocated at once."""
    tracemalloc.start()
    job()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)


def main(arguments: list[str]) -> int:
    """Measure every pair of the folder once."""
    engine, folder = JOBS[arguments[0]], Path(arguments[1])
    measure = peak_of if "--memory" in arguments else seconds_of
    engine(TINY % 1, TINY % 2)()
    found = {}
    for place in sorted(folder.glob("*.before")):
        job = engine(place.read_bytes(), place.with_suffix(".after").read_bytes())
        found[place.stem] = measure(job)
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
