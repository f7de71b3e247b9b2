"""Row 8: what is done behind a save in Jupyter: the capture in the server's process, and the index refreshed by git."""

from __future__ import annotations

import shutil
import time
from hashlib import sha256
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, say
from benchmarks.notebooks import huge_notebook
from benchmarks.results import SECONDS, Budget, Measured, Row
from benchmarks.sandbox import CommandFailed, write_files
from benchmarks.tools import NBGIT
from nbgit.store.captures import write_whole
from nbgit.store.refresh import UNMODIFIED, capture_files, capture_saved
from nbgit.store.repository import find_repository

NAME = "saved.ipynb"
REPEATS = 3
RUN = b'"execution_count": 3,'  # made another number for each save, so that no two are the same


def save_rows(bench: Bench) -> list[Row]:
    """Return the rows for a save of a notebook of 10 MB: its capture alone, and that with git's index refreshed."""
    say("a save of 10 MB")
    size = (2 if bench.quick else 10) * 10**6
    notebook = huge_notebook(size)
    repository = bench.nbgit.fresh(bench.sandbox)
    write_files(repository, {NAME: notebook})
    bench.sandbox.git(repository, "add", "-A")
    bench.sandbox.git(repository, "commit", "-q", "-m", "one")
    processor: list[float] = []
    jobs = {
        "bytes": lambda number: _write_and_digest(repository, _saved(notebook, number)),
        NBGIT: lambda number: _capture(repository, _saved(notebook, number), processor),
        "whole": lambda number: _whole(repository, _saved(notebook, number + 500)),
    }
    samples = bench.interleaved(jobs, bench.rounds * REPEATS)
    shutil.rmtree(repository)
    data, baseline = f"one notebook of {len(notebook) / 1e6:.0f} MB", Measured(samples["bytes"])
    return [
        Row(
            work,
            data,
            {NBGIT: Measured(samples[name])},
            budgets=budgets,
            baseline=baseline,
            baseline_name="write and sha256 of the same bytes",
            remarks=(
                "a save: on a thread of its own, no save waits for it; the capture takes "
                f"{median(processor) * 1000:.0f} ms of processor time",
            ),
        )
        for work, name, budgets in (
            ("a save: capture", NBGIT, (Budget(0.06, SECONDS),)),
            ("a save: capture, index refreshed", "whole", ()),
        )
    ]


def _saved(notebook: bytes, number: int) -> bytes:
    if RUN not in notebook:
        raise CommandFailed("the generated notebook has no third run to count")
    return notebook.replace(RUN, b'"execution_count": %d,' % (1000 + number))


def _write_and_digest(repository: Path, data: bytes) -> float:
    start = time.perf_counter()
    sha256(data).hexdigest()
    write_whole(str(repository / "other"), data)
    return time.perf_counter() - start


def _capture(repository: Path, data: bytes, processor: list[float]) -> float:
    write_files(repository, {NAME: data})
    start, busy = time.perf_counter(), time.process_time()
    found, failed = capture_files(find_repository(str(repository), {}), [NAME])
    seconds = time.perf_counter() - start
    processor.append(time.process_time() - busy)
    if failed or not found[0].is_new:
        raise CommandFailed(f"the save was not captured: {failed}")
    return seconds


def _whole(repository: Path, data: bytes) -> float:
    write_files(repository, {NAME: data})
    start = time.perf_counter()
    (saved,) = capture_saved(find_repository(str(repository), {}), [NAME])
    seconds = time.perf_counter() - start
    if saved.state != UNMODIFIED or not saved.is_new:
        raise CommandFailed("the save was not captured, or git still calls it modified")
    return seconds
