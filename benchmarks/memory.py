"""Row 9: the peak memory of the filter process."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from benchmarks.bench import Bench, say
from benchmarks.notebooks import huge_notebook
from benchmarks.results import MEGABYTES, RATIO, Budget, Measured, Row
from benchmarks.sandbox import CommandFailed, write_files
from benchmarks.tools import NBGIT, check_linked

PEAK = Path(__file__).with_name("peak.py")


def memory_rows(bench: Bench) -> list[Row]:
    """Return the peak on both sets and on one huge notebook; nothing where the system has no wait4."""
    if not hasattr(os, "wait4"):
        return []
    huge = huge_notebook((20 if bench.quick else 200) * 10**6)
    size = len(huge) / 1e6
    sets = {
        "the set": bench.data.notebooks,
        "distinct figures": bench.data.distinct,
        f"one notebook of {size:.0f} MB": {"huge.ipynb": huge},
    }
    rows = []
    for name, files in sets.items():
        say(f"memory: {name}")
        clean, smudge = peaks(bench, files)
        one = len(files) == 1
        budget = Budget(6, RATIO) if one else Budget(120, MEGABYTES)
        baseline = Measured([size]) if one else None
        for verb, peak in (("add", clean), ("checkout", smudge)):
            work = f"filter's peak memory, {verb}"
            tools = {NBGIT: Measured([peak])}
            rows.append(
                Row(work, name, tools, unit=MEGABYTES, budgets=(budget,), baseline=baseline, baseline_name="the file")
            )
    return rows


def peaks(bench: Bench, files: dict[str, bytes]) -> tuple[float, float]:
    """Return the filter process's peak, in MB, while git adds the files and while it checks them out."""
    sandbox, repository = bench.sandbox, bench.nbgit.fresh(bench.sandbox)
    record = sandbox.directory("peaks")
    command = sandbox.git(repository, "config", "filter.nbgit.process").strip()
    wrapper = " ".join(shlex.quote(word) for word in (sys.executable, "-I", "-S", str(PEAK), str(record)))
    sandbox.git(repository, "config", "filter.nbgit.process", f"{wrapper} sh -c {shlex.quote(command)}")
    write_files(repository, files)
    sandbox.git(repository, "add", "-A")
    clean = _read(record)
    sandbox.git(repository, "commit", "-q", "-m", "all")
    check_linked(sandbox, repository, files)
    sandbox.git(repository, "checkout", "-q", "empty")
    record.unlink(missing_ok=True)
    sandbox.git(repository, "checkout", "-q", "main")
    smudge = _read(record)
    if any((repository / path).read_bytes() != data for path, data in files.items()):
        raise CommandFailed("nbgit did not restore what it was given")
    shutil.rmtree(repository)
    return clean, smudge


def _read(record: Path) -> float:
    """Return the largest peak that was written down, in MB (git may have started more than one process)."""
    return max(int(line) for line in record.read_text("ascii").split()) / 1e6
