"""Rows of large repositories: one notebook beside 100,000 snapshots, a status of 1,500, a union of 50,000."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, say
from benchmarks.large import Linked, Shape, entries_commit, make_large, path_of, snapshots_commit, version_of
from benchmarks.notebooks import distinct_set
from benchmarks.results import RATIO, SECONDS, Budget, Measured, Row
from benchmarks.sandbox import OLD, CommandFailed, Sandbox, write_files
from benchmarks.tools import NBGIT
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refresh import UNMODIFIED, capture_saved
from nbgit.store.refs import ENTRIES, SNAPSHOTS
from nbgit.store.repository import find_repository

NUMBER = 2  # the notebook that everything is asked of; each repository has it
UNITE = (
    "from nbgit.store.repository import find_repository; from nbgit.sync.fetched import unite_fetched; "
    "unite_fetched(find_repository('.', {}))"
)
Job = Callable[[int], float]


def scale_rows(bench: Bench) -> list[Row]:
    """Return all rows about large repositories."""
    small, large = (
        (Shape(3, 2, 8), Shape(12, 4, 8)) if bench.quick else (Shape(5, 20, 10_000), Shape(5_000, 20, 10_000))
    )
    places: list[Path] = []
    for shape in (small, large):
        say(f"making a repository of {shape.snapshots:,} snapshots of {shape.notebooks:,} notebooks")
        places.append(bench.nbgit.fresh(bench.sandbox))
        by_commit = make_large(bench.sandbox, places[-1], shape)
    rows = union_rows(bench, places[1], by_commit, len(by_commit) // 2, max(1, len(by_commit) // 100))
    rows += [*one_notebook_rows(bench, places, [small, large]), *status_rows(bench)]
    for place in places:
        shutil.rmtree(place)
    return rows


class _Place:
    """One repository, what is done with one notebook in it, and how long that takes."""

    def __init__(self, sandbox: Sandbox, repository: Path, shape: Shape) -> None:
        self.sandbox = sandbox
        self.repository = repository
        self.path = path_of(NUMBER)
        self._moments = 0
        self.newest = version_of(NUMBER, shape.versions - 1)
        self.old = version_of(NUMBER, shape.versions // 2)
        self.restores = (repository / self.path).read_bytes() == self.newest
        versions = self.git("rev-list", "--reverse", "HEAD", "--", self.path).split()
        self.old_commit = versions[shape.versions // 2]

    def git(self, *arguments: str) -> str:
        return self.sandbox.git(self.repository, *arguments)

    def seconds(self, *arguments: str) -> float:
        return self.sandbox.git_seconds(self.repository, *arguments)

    def nbgit(self, *arguments: str) -> float:
        return self.sandbox.seconds([sys.executable, "-m", "nbgit", *arguments], self.repository)

    def add(self, number: int) -> float:
        """Add one notebook that was edited and run; then everything is as it was."""
        self._write(version_of(NUMBER, 1_000 + number))
        seconds = self.seconds("add", self.path)
        self._back()
        return seconds

    def commit(self, number: int) -> float:
        """Add and commit one notebook, linked by the hook; then everything is as it was, but for the entry."""
        self._write(version_of(NUMBER, 2_000 + number))
        seconds = self.seconds("add", self.path) + self.seconds("commit", "-q", "-m", "one")
        self.git("reset", "-q", "--soft", "HEAD~")
        self._back()
        return seconds

    def smudge(self, number: int) -> float:
        """Check out an old version of one notebook."""
        seconds = self.seconds("checkout", "-q", self.old_commit, "--", self.path)
        if self.restores and (self.repository / self.path).read_bytes() != self.old:
            raise CommandFailed("an old version was not restored")
        self._back()
        return seconds

    def status(self, number: int) -> float:
        """Ask for the status of one notebook that was touched."""
        self._date()
        return self.seconds("status", "--porcelain", "--", self.path)

    def _write(self, notebook: bytes) -> None:
        (self.repository / self.path).write_bytes(notebook)
        self._date()

    def _date(self) -> None:
        """Date the notebook as never before: git sees that it was written, and finds it long ago."""
        self._moments += 1
        os.utime(self.repository / self.path, (OLD + self._moments,) * 2)

    def _back(self) -> None:
        self.git("checkout", "-q", "HEAD", "--", self.path)
        self._date()
        self.git("status", "--porcelain", "--", self.path)


_Kind = tuple[str, Callable[[_Place, int], float], tuple[Budget, ...], bool]  # work, job, budgets, also in plain git
SAME = (Budget(1.3, RATIO),)
KINDS: list[_Kind] = [
    ("git add", _Place.add, SAME, True),
    ("git checkout of an old version", _Place.smudge, SAME, True),
    ("git status of it, touched", _Place.status, SAME, True),
    ("git log -p", lambda at, number: at.seconds("log", "-p", "--", at.path), SAME, True),
    ("nbgit log", lambda at, number: at.nbgit("log", "--no-pager", at.path), SAME, False),
    ("nbgit blame-output", lambda at, number: at.nbgit("blame-output", at.path, "--cell", "2"), (), False),
    ("nbgit captures", lambda at, number: at.nbgit("captures", at.path), (), False),
    ("git add + commit", _Place.commit, (), True),
    ("nbgit status", lambda at, number: at.nbgit("status"), (), False),
]


def one_notebook_rows(bench: Bench, places: list[Path], shapes: list[Shape]) -> list[Row]:
    """Return the rows for one notebook in the larger repository, against the same in the smaller one.

    Plain git is run in a clone of each: a larger index takes it longer, too.
    """
    pairs = list(zip(("few", "many"), places, shapes, strict=True))
    ours = {name: _Place(bench.sandbox, place, shape) for name, place, shape in pairs}
    plain = {f"plain {name}": _plain(bench.sandbox, place, shape) for name, place, shape in pairs}
    rows = [_one_notebook_row(bench, kind, {**ours, **plain} if kind[3] else ours, shapes) for kind in KINDS]
    for place in plain.values():
        shutil.rmtree(place.repository)
    return rows


def _one_notebook_row(bench: Bench, kind: _Kind, places: dict[str, _Place], shapes: list[Shape]) -> Row:
    work, job, budgets, _ = kind
    say(f"one notebook of many: {work}")
    busy: dict[str, list[float]] = {name: [] for name in places}
    for place in places.values():
        job(place, 900)  # fills caches
    jobs = {name: _with_processor(bench.sandbox, partial(job, place), busy[name]) for name, place in places.items()}
    samples = bench.interleaved(jobs, bench.rounds * 2)
    return Row(
        f"one notebook: {work}",
        f"{shapes[1].snapshots:,} snapshots of {shapes[1].notebooks:,} notebooks, {shapes[1].commits:,} commits",
        {NBGIT: Measured(samples["many"])},
        budgets=budgets,
        baseline=Measured(samples["few"]),
        baseline_name=f"{shapes[0].snapshots:,} snapshots",
        remarks=tuple(_processor(work, busy)),
    )


def _plain(sandbox: Sandbox, place: Path, shape: Shape) -> _Place:
    """Return a clone where git has no filter: its files are sources."""
    copy = sandbox.directory("plain")
    sandbox.git(sandbox.root, "clone", "-q", "--shared", str(place), str(copy))
    sandbox.git(copy, "config", "gc.auto", "0")
    sandbox.git(copy, "config", "notes.displayRef", "refs/none/*")
    for file in copy.rglob("*.ipynb"):
        os.utime(file, (OLD, OLD))
    sandbox.git(copy, "status")
    return _Place(sandbox, copy, shape)


def _with_processor(sandbox: Sandbox, job: Job, found: list[float]) -> Job:
    """Return the job, which also notes the processor time of what it has timed."""

    def noted(number: int) -> float:
        before = sandbox.processor
        seconds = job(number)
        found.append(sandbox.processor - before)
        return seconds

    return noted


def _processor(work: str, busy: dict[str, list[float]]) -> Iterator[str]:
    """Yield what the work takes of the processor in both repositories: other work on the machine adds nothing to it."""
    for who, prefix in (("nbgit", ""), ("plain git", "plain ")):
        if f"{prefix}few" in busy:
            few, many = (median(busy[f"{prefix}{name}"]) for name in ("few", "many"))
            ratio = f", {many / few:.2f} x" if few else ""
            yield f"one notebook: {work}: processor time of {who} {few * 1000:.1f} ms and {many * 1000:.1f} ms{ratio}"


def status_rows(bench: Bench) -> list[Row]:
    """Return the rows for `git status` in a repository of 1,500 notebooks after one was run again and saved."""
    count = 12 if bench.quick else 1_500
    files = distinct_set(count, 20_000)
    name = sorted(files)[count // 2]
    repositories = {}
    for tool in (bench.plain, bench.nbgit):
        say(f"git status of {count:,} notebooks: {tool.name}")
        repository = repositories[tool.name] = tool.fresh(bench.sandbox)
        write_files(repository, files)
        bench.sandbox.git(repository, "add", "-A")
        bench.sandbox.git(repository, "commit", "-q", "-m", "all")
    rows = []
    for how, longer, through_hook in (
        ("saved in Jupyter", True, True),
        ("saved elsewhere, of another size", True, False),
        ("saved elsewhere, of the same size", False, False),
    ):
        jobs = {
            tool: _status_job(bench, place, name, files[name], longer=longer, hook=through_hook and tool == NBGIT)
            for tool, place in repositories.items()
        }
        samples = {tool: Measured(found) for tool, found in bench.interleaved(jobs, bench.rounds * 3).items()}
        rows.append(Row(f"git status, one {how}", f"{count:,} notebooks", samples, budgets=(Budget(2.5, RATIO),)))
    for repository in repositories.values():
        shutil.rmtree(repository)
    return rows


def _status_job(bench: Bench, repository: Path, name: str, notebook: bytes, *, longer: bool, hook: bool) -> Job:
    def job(number: int) -> float:
        write_files(repository, {name: notebook}, OLD + 2 * number + 1)
        bench.sandbox.git(repository, "add", name)  # as committed: the same size as the index has
        run = b'"execution_count": %d' % (1_000 + number) if longer else b'"execution_count": %d' % (number % 9 + 1)
        saved = notebook.replace(b'"execution_count": 2', run, 1)
        write_files(repository, {name: saved}, OLD + 2 * number + 2)
        if hook and capture_saved(find_repository(str(repository), {}), [name])[0].state != UNMODIFIED:
            raise CommandFailed("the save was not taken for unmodified")
        return bench.sandbox.git_seconds(repository, "status", "--porcelain")

    return job


def union_rows(bench: Bench, place: Path, by_commit: dict[str, list[Linked]], size: int, new: int) -> list[Row]:
    """Return the rows for the union of two pairs of refs with `size` commits each, `new` of them only there."""
    commits = list(by_commit.items())[: size + new]
    base, ours, theirs = commits[: size - new], commits[:size], commits[: size - new] + commits[size:]
    say(f"a union of {sum(len(found) for _, found in ours):,} snapshots")
    made = [_refs_of(place, part) for part in (base, ours, theirs)]
    expected = _refs_of(place, commits)
    rows = []
    for how, united in (("united before", made[0]), ("never united before", None)):
        samples = [_unite(bench.sandbox, place, made[1], made[2], united, expected) for _ in range(bench.rounds)]
        data = f"two refs of {sum(len(found) for _, found in ours):,} snapshots"
        only = sum(len(found) for _, found in commits[size:])
        work = f"union, {how}"
        rows.append(
            Row(
                work, f"{data}, {only:,} of them new in each", {NBGIT: Measured(samples)}, budgets=(Budget(2, SECONDS),)
            )
        )
    return rows


def _refs_of(place: Path, commits: list[tuple[str, list[Linked]]]) -> tuple[str, str]:
    """Return the oids of the two refs of a clone that has linked just these commits."""
    repository = find_repository(str(place), {})
    sink = ObjectSink(repository)
    with ObjectReader(repository) as reader:
        snapshots = snapshots_commit(repository, reader, sink, [one for _, found in commits for one in found])
        entries = entries_commit(repository, reader, sink, dict(commits))
    sink.flush()
    return snapshots, entries


def _unite(
    sandbox: Sandbox,
    place: Path,
    ours: tuple[str, str],
    theirs: tuple[str, str],
    united: tuple[str, str] | None,
    expected: tuple[str, str],
) -> float:
    """Unite the refs in a fresh repository that borrows the objects; return the seconds of the whole process."""
    repository = sandbox.new_repository("union")
    (repository / ".git" / "objects" / "info" / "alternates").write_text(f"{place / '.git' / 'objects'}\n", "utf-8")
    fetched = [f"refs/nbgit-remotes/origin/{name}" for name in ("snapshots", "notes/nbgit")]
    for ref, oid in zip((SNAPSHOTS, ENTRIES, *fetched), (*ours, *theirs), strict=True):
        sandbox.git(repository, "update-ref", ref, oid)
    if united:
        (repository / ".git" / "nbgit").mkdir()
        lines = [f"{ref} {oid}\n" for ref, oid in zip(fetched, united, strict=True)]
        (repository / ".git" / "nbgit" / "united").write_text("".join(lines), "ascii")
    seconds = sandbox.seconds([sys.executable, "-c", UNITE], repository)
    for ref, oid in zip((SNAPSHOTS, ENTRIES), expected, strict=True):
        trees = [run_git(["rev-parse", f"{name}^{{tree}}"], cwd=str(repository)) for name in (ref, oid)]
        if trees[0] != trees[1]:
            raise CommandFailed(f"the union did not give {ref} what both sides have")
    shutil.rmtree(repository)
    return seconds
