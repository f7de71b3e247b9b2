"""Rows 1 to 4: add, commit, status and checkout of a whole set of notebooks."""

from __future__ import annotations

import shutil

from benchmarks.bench import PART, Bench, say
from benchmarks.data import part_of
from benchmarks.results import RATIO, Budget, Measured, Row
from benchmarks.sandbox import OLD, CommandFailed, date_files, write_files
from benchmarks.tools import NBGIT, Tool, check_linked

ADD, BOTH, STATUS, CHECKOUT = "git add", "git add + commit", "git status, every file touched", "git checkout of all"
BUDGETS = {ADD: 0.4, BOTH: 0.9, STATUS: 2.5, CHECKOUT: 1.5}


def bulk_rows(bench: Bench, files: dict[str, bytes], name: str) -> list[Row]:
    """Return the four rows for one set of notebooks."""
    tools = bench.with_command("clean")
    steady = [tool for tool in tools if not tool.slow]
    passes: dict[str, list[dict[str, float]]] = {tool.name: [] for tool in steady}
    for number in range(bench.rounds):
        say(f"add, commit, status, checkout: {name}, round {number + 1} of {bench.rounds}")
        for tool in steady:
            passes[tool.name].append(one_pass(bench, tool, files))
    measured = {stage: {tool: Measured([one[stage] for one in passes[tool]]) for tool in passes} for stage in BUDGETS}
    for tool in tools:
        if tool.slow:
            for stage, found in _on_a_part(bench, tool, files).items():
                measured[stage][tool.name] = found
    size = sum(len(data) for data in files.values()) / 1e6
    label = f"{name}: {len(files)} notebooks, {size:.0f} MB"
    return [Row(stage, label, measured[stage], budgets=(Budget(BUDGETS[stage], RATIO),)) for stage in BUDGETS]


def one_pass(bench: Bench, tool: Tool, files: dict[str, bytes]) -> dict[str, float]:
    """Take the files through a fresh repository once; return the seconds of each stage.

    What a tool promises to restore is compared byte for byte afterwards: a wrong answer has no speed.
    """
    sandbox = bench.sandbox
    repository = tool.fresh(sandbox)
    write_files(repository, files)
    add = sandbox.git_seconds(repository, "add", "-A")
    commit = sandbox.git_seconds(repository, "commit", "-q", "-m", "all")
    if tool.name == NBGIT:
        check_linked(sandbox, repository, files)
    date_files(repository, files, OLD + 1000)
    status = sandbox.git_seconds(repository, "status", "--porcelain")
    if left := sandbox.git(repository, "status", "--porcelain", "-uno"):
        raise CommandFailed(f"git status with {tool.name} takes untouched notebooks for changed ones: {left}")
    sandbox.git(repository, "checkout", "-q", "empty")
    checkout = sandbox.git_seconds(repository, "checkout", "-q", "main")
    if tool.restores:
        wrong = [path for path, data in files.items() if (repository / path).read_bytes() != data]
        if wrong:
            raise CommandFailed(f"{tool.name} did not restore {len(wrong)} files, {wrong[0]} among them")
    shutil.rmtree(repository)
    return {ADD: add, BOTH: add + commit, STATUS: status, CHECKOUT: checkout}


def _on_a_part(bench: Bench, tool: Tool, files: dict[str, bytes]) -> dict[str, Measured]:
    """Return one round of a slow tool on a few files, scaled up by their number: its cost is one process a file."""
    part = part_of(files, PART)
    say(f"add, commit, status, checkout: {tool.name} on {len(part)} files")
    times = one_pass(bench, tool, part)
    scale = len(files) / len(part)
    note = f"{tool.name}: one round on {len(part)} of {len(files)} files, scaled up by their number"
    # a checkout starts one `cat` a file, or nothing, for a tool that restores nothing: no scaling would be fair there
    return {
        stage: Measured([seconds * scale], note=note if len(part) < len(files) else "")
        for stage, seconds in times.items()
        if stage != CHECKOUT
    }
