"""Rows 7 and 10: a history replayed commit by commit, packed by gc, read by log -p (and by blame-output)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench import Bench, say
from benchmarks.blame import blame_rows
from benchmarks.data import Commit, generated_history
from benchmarks.results import MEGABYTES, RATIO, Budget, Measured, Row
from benchmarks.sandbox import OLD, Sandbox, bytes_below, write_files
from benchmarks.tools import NBGIT, PLAIN, Tool, check_linked

CACHE = "refs/notes/textconv/nbgit"
SLOW_COMMITS = 3  # commits that a slow peer's `git log -p` is given


def past_rows(bench: Bench) -> list[Row]:
    """Return all rows about history."""
    say(f"replaying {len(bench.data.history)} commits")
    repositories, everyday = _replay(bench)
    rows = [everyday, *_size_rows(bench, repositories)]
    say("git log -p")
    rows += _log_rows(bench, repositories)
    histories = {"replayed, outputs in snapshots": repositories[NBGIT]}
    if bench.data.original is not None:
        histories["as cloned, outputs in blobs"] = bench.data.original
    many = 40 if bench.quick else 1000
    histories[f"generated, {many} commits, outputs in blobs"] = _imported(bench, many)
    for name, repository in histories.items():
        rows += blame_rows(bench, repository, name)
    return rows


def _replay(bench: Bench) -> tuple[dict[str, Path], Row]:
    """Make every commit of the history with plain git and with nbgit in turn; return the repositories and their row."""
    tools = [bench.plain, bench.nbgit]
    repositories = {tool.name: tool.fresh(bench.sandbox) for tool in tools}
    samples: dict[str, list[float]] = {tool.name: [] for tool in tools}
    for number, commit in enumerate(bench.data.history):
        for name, repository in repositories.items():
            seconds = _commit(bench.sandbox, repository, commit, OLD + number)
            if len(commit.changed) == 1:
                samples[name].append(seconds)
        check_linked(bench.sandbox, repositories[NBGIT], commit.changed)
    return repositories, Row(
        "git add + commit, one notebook",
        f"{len(samples[PLAIN])} commits of the history, one after another",
        {name: Measured(found) for name, found in samples.items()},
        remarks=("git add + commit, one notebook: no budget; nbgit starts a filter process and a hook each time",),
    )


def _commit(sandbox: Sandbox, repository: Path, commit: Commit, when: int) -> float:
    write_files(repository, commit.changed, when)
    for path in commit.removed:
        (repository / path).unlink()
    dates = {f"GIT_{role}_DATE": f"{commit.date} +0000" for role in ("AUTHOR", "COMMITTER")}
    add = sandbox.git_seconds(repository, "add", "-A", environ=dates)
    return add + sandbox.git_seconds(repository, "commit", "-q", "-m", commit.message, environ=dates)


def _size_rows(bench: Bench, repositories: dict[str, Path]) -> list[Row]:
    sizes: dict[str, Measured] = {}
    closest: dict[str, Measured] = {}
    for name, repository in repositories.items():
        bench.sandbox.git(repository, "gc", "-q", "--prune=now")
        sizes[name] = Measured([bytes_below(repository / ".git") / 1e6])
        copy = bench.sandbox.directory("aggressive")
        shutil.copytree(repository, copy, symlinks=True)
        bench.sandbox.git(copy, "gc", "-q", "--aggressive", "--prune=now")
        closest[name] = Measured([bytes_below(copy / ".git") / 1e6])
        shutil.rmtree(copy)
    data, budgets = f"{len(bench.data.history)} commits replayed", (Budget(0.9, RATIO),)
    return [
        Row(".git after gc", data, sizes, unit=MEGABYTES, budgets=budgets),
        Row(".git after gc --aggressive", data, closest, unit=MEGABYTES, budgets=budgets),
    ]


def _log_rows(bench: Bench, repositories: dict[str, Path]) -> list[Row]:
    tools = bench.with_command("textconv", "command")
    places = {tool.name: repositories.get(tool.name) or _copy_with(bench, repositories[PLAIN], tool) for tool in tools}
    jobs = {tool.name: _log_job(bench, places[tool.name], tool) for tool in tools if not tool.slow}
    measured = {name: Measured(samples) for name, samples in bench.interleaved(jobs).items()}
    some = _small_commits(bench.sandbox, repositories[PLAIN])
    for tool in tools:
        if tool.slow:
            say(f"git log -p: {tool.name} on {len(some)} commits")
            measured[tool.name] = _slow_log(bench, places, tool, some)
    data = f"{len(bench.data.history)} commits replayed, after gc"
    warm = Row("git log -p, warm", data, measured, budgets=(Budget(3, RATIO),))
    bench.sandbox.git(repositories[NBGIT], "update-ref", "-d", CACHE)
    cold = Measured([_log_job(bench, repositories[NBGIT], bench.nbgit)(0)])
    remark = "git log -p, cache empty: once, in a clone that did not make the commits; no budget"
    return [warm, Row("git log -p, cache empty", data, {PLAIN: measured[PLAIN], NBGIT: cold}, remarks=(remark,))]


def _copy_with(bench: Bench, repository: Path, tool: Tool) -> Path:
    copy = bench.sandbox.directory(f"log-{tool.name}")
    shutil.copytree(repository, copy, symlinks=True)
    tool.install(bench.sandbox, copy)
    return copy


def _log_job(bench: Bench, repository: Path, tool: Tool, *which: str) -> Callable[[int], float]:
    return lambda number: bench.sandbox.git_seconds(repository, "log", "-p", *tool.log_options, *which)


def _small_commits(sandbox: Sandbox, repository: Path) -> list[str]:
    """Return a few commits, spread evenly, that changed one or two notebooks."""
    small = []
    for oid in sandbox.git(repository, "rev-list", "HEAD").split():
        paths = sandbox.git(repository, "diff-tree", "-r", "--name-only", "--no-commit-id", oid).split("\n")[:-1]
        if 1 <= len(paths) <= 2:
            small.append(oid)
    return small[:: max(1, len(small) // SLOW_COMMITS)][:SLOW_COMMITS]


def _slow_log(bench: Bench, places: dict[str, Path], tool: Tool, commits: list[str]) -> Measured:
    which = ("--no-walk", *commits)
    plain = Measured(bench.interleaved({PLAIN: _log_job(bench, places[PLAIN], bench.plain, *which)})[PLAIN])
    note = f"{tool.name}: one round on {len(commits)} commits, against plain git's log -p of the same"
    seconds = _log_job(bench, places[tool.name], tool, *which)(0)
    return Measured([seconds], baseline=plain.median, note=note)


def _imported(bench: Bench, commits: int) -> Path:
    """Return a repository with a generated history in its blobs, as a user who never had nbgit brings it."""
    repository = bench.sandbox.new_repository("thousand")
    stream = repository / ".git" / "stream"
    with open(stream, "wb") as sink:
        for commit in generated_history(commits, notebooks=10, figures=4, png_size=6000):
            head = f"commit refs/heads/main\ncommitter Ada Lovelace <ada@example.org> {commit.date} +0000\n"
            sink.write(head.encode() + b"data %d\n%s\n" % (len(commit.message), commit.message.encode()))
            for path, data in commit.changed.items():
                sink.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    with open(stream, "rb") as source:
        bench.sandbox.run(["git", "fast-import", "--quiet"], repository, stdin=source)
    stream.unlink()
    bench.sandbox.git(repository, "reset", "-q", "--hard")
    return repository
