"""Rows 5 and 6: what git starts for one file, and `git diff` of one notebook."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, say
from benchmarks.data import part_of
from benchmarks.results import RATIO, SECONDS, Budget, Measured, Row
from benchmarks.sandbox import OLD, CommandFailed, write_files
from benchmarks.tools import NBGIT, PLAIN, Tool

BARE = f'"{sys.executable}" -c pass'
LEAN = f'"{sys.executable}" -I -S -c pass'
REPEATS = 3  # processes are short: each round takes this many notebooks


def process_rows(bench: Bench) -> list[Row]:
    """Return the rows for one clean, one smudge and one textconv process, started through sh as git does it."""
    files = part_of(bench.data.notebooks, bench.rounds * REPEATS)
    rows = []
    for verb in ("clean", "smudge", "textconv"):
        say(f"one {verb} process")
        rows.append(_process_row(bench, verb, files))
    return rows


def _process_row(bench: Bench, verb: str, files: dict[str, bytes]) -> Row:
    tools = [tool for tool in bench.with_command(verb) if tool.name != PLAIN]
    repositories = {tool.name: tool.fresh(bench.sandbox) for tool in tools}
    folder = bench.sandbox.directory("inputs")
    folder.mkdir()
    jobs: dict[str, Callable[[int], float]] = {
        "bare": lambda number: _shell(bench, BARE, folder, None, None),
        "lean": lambda number: _shell(bench, LEAN, folder, None, None),
        "cat": lambda number: _shell(bench, "cat", folder, folder / "in", None),
    }
    paths = list(files)
    for tool in tools:
        jobs[tool.name] = _process_job(bench, tool, repositories[tool.name], verb, [files[path] for path in paths])
    (folder / "in").write_bytes(files[paths[0]])
    samples = bench.interleaved(jobs, len(paths))
    bare, lean, cat = (Measured(samples.pop(name)) for name in ("bare", "lean", "cat"))
    remark = f"`cat` {cat.median * 1000:.1f} ms, `python -I -S -c pass` {lean.median * 1000:.1f} ms"
    return Row(
        f"one {verb} process",
        f"{len(files)} notebooks of the set, one at a time",
        {name: Measured(found) for name, found in samples.items()},
        budgets=(Budget(3, RATIO),),
        baseline=bare,
        baseline_name="python -c pass",
        remarks=(f"one {verb} process: {remark}",),
    )


def _process_job(
    bench: Bench, tool: Tool, repository: Path, verb: str, notebooks: list[bytes]
) -> Callable[[int], float]:
    def job(number: int) -> float:
        name = f"{number:03d}.ipynb"
        write_files(repository, {name: notebooks[number]})
        command = tool.command(bench.sandbox, repository, verb, name) or ""
        place, out = repository / name, repository.parent / "out"
        if verb == "smudge":
            clean = tool.command(bench.sandbox, repository, "clean", name) or ""
            source = repository.parent / "source"
            _shell(bench, clean, repository, place, source)
            place = source
        seconds = _shell(bench, command, repository, None if verb == "textconv" else place, out)
        if verb == "smudge" and tool.restores and out.read_bytes() != notebooks[number]:
            raise CommandFailed(f"{tool.name} smudge did not restore {name}")
        return seconds

    return job


def _shell(bench: Bench, command: str, cwd: Path, source: Path | None, sink: Path | None) -> float:
    with open(source or os.devnull, "rb") as stdin, open(sink or os.devnull, "wb") as stdout:
        return bench.sandbox.seconds(["sh", "-c", command], cwd, stdin=stdin, stdout=stdout)


def diff_rows(bench: Bench) -> list[Row]:
    """Return the rows for `git diff` of one edited notebook: the one of median size, and the largest."""
    by_size = sorted(bench.data.notebooks.values(), key=len)
    chosen = [data for data in by_size if SOURCE.search(data)]
    return [_diff_row(bench, chosen[len(chosen) // 2], "median"), _diff_row(bench, chosen[-1], "largest")]


SOURCE = re.compile(rb'"source": \[\r?\n')


def _diff_row(bench: Bench, notebook: bytes, which: str) -> Row:
    say(f"git diff of the {which} notebook")
    tools = bench.with_command("textconv", "command")
    jobs: dict[str, Callable[[int], float]] = {
        "bare": lambda number: _shell(bench, BARE, bench.sandbox.root, None, None)
    }
    repositories: list[Path] = []
    for tool in tools:
        repository = tool.fresh(bench.sandbox)
        write_files(repository, {"a.ipynb": notebook})
        bench.sandbox.git(repository, "add", "-A")
        bench.sandbox.git(repository, "commit", "-q", "-m", "one")
        jobs[tool.name] = _diff_job(bench, repository, notebook)
        repositories.append(repository)
    slow = {tool.name: jobs.pop(tool.name) for tool in tools if tool.slow}
    samples = bench.interleaved(jobs, bench.rounds * REPEATS)
    samples.update(bench.interleaved(slow, 2))
    for repository in repositories:
        shutil.rmtree(repository)
    bare, plain = Measured(samples.pop("bare")), median(samples[PLAIN])
    repeats = len(samples[NBGIT])
    return Row(
        "git diff, one line edited",
        f"the {which} notebook of the set, {len(notebook) / 1e3:.0f} kB",
        {name: Measured(found) for name, found in samples.items()},
        budgets=(Budget(0.06, SECONDS), Budget(5, RATIO)),
        baseline=bare,
        baseline_name="python -c pass",
        remarks=(f"git diff, {which} notebook: plain git {plain * 1000:.1f} ms; {repeats} repeats (2 for slow peers)",),
    )


def _diff_job(bench: Bench, repository: Path, notebook: bytes) -> Callable[[int], float]:
    def job(number: int) -> float:
        edited = SOURCE.sub(lambda found: found[0] + b'    "# edit %d\\n",\n' % number, notebook, count=1)
        write_files(repository, {"a.ipynb": edited}, OLD + number + 1)
        return bench.sandbox.seconds(["git", "diff"], repository, stdout=subprocess.DEVNULL)

    return job
