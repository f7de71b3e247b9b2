"""The run itself of `nbgit reproduce`: jobs in a clean tree, and how what they make compares with what was there."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from types import FrameType
from typing import Any

from nbgit.cli.terminal import progress
from nbgit.external.runner import OK, Environment, Ran, StepToRun, run_steps
from nbgit.lineage.blame import Match
from nbgit.lineage.reproduce.clean_tree import clean_tree
from nbgit.lineage.reproduce.plan import Job, Plan, all_codes
from nbgit.lineage.reproduce.supplies import MISSING, is_inside, make_folders, supply
from nbgit.lineage.reproduce.verdict import SAME, Verdict, judge_file, judge_output
from nbgit.notebook.cells import read_cells
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository
from nbgit.store.snapshots import read_snapshot
from nbgit.store.worktree import read_worktree_file

FAILED, LACKING = "did not run", "lacks inputs"


@dataclass
class Outcome:
    """What came of a plan: `verdict` where it ran to its end, else what went wrong, in `failed` (job, step) or not.

    `made` are the files that upstream jobs wrote, with whether each is what was read then.
    """

    verdict: Verdict | None = None
    problem: str = ""
    failed: tuple[int, int] | None = None
    ran: list[list[Ran]] = field(default_factory=list)
    made: dict[str, bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The result in a word or two."""
        return self.verdict.name if self.verdict else FAILED if self.ran else LACKING

    @property
    def is_same(self) -> bool:
        """Whether it made the same again."""
        return self.verdict is not None and self.verdict.name in SAME


def run_plan(repository: Repository, plan: Plan, environments: list[Environment], seconds: float) -> Outcome:
    """Run a plan in a clean tree and compare; its steps may take so many seconds in all."""
    lacking = [one.path for one in plan.supplies if one.origin == MISSING]
    if lacking:
        made = plan.origin.made.inputs if plan.origin.made else []
        can_be_made = {read.file.path for read in made if read.file and read.written_by} & set(lacking)
        hint = "; --from-scratch makes it anew" if can_be_made else ""
        return Outcome(problem=f"nothing here has what was read of {', '.join(lacking)}{hint}")
    outcome = Outcome()
    total = len(all_codes(plan.jobs))
    with _ends_cleanly(), clean_tree(repository, plan.commit) as top, progress("Running the recipe") as report:
        supply(repository, plan.supplies, top)
        done = 0
        for number, (job, environment) in enumerate(zip(plan.jobs, environments, strict=True)):
            ran = _run_job(job, environment, top, seconds, _counting(report, done, total))
            outcome.ran.append(ran)
            done += len(job.steps)
            seconds -= sum(one.seconds for one in ran)
            if ran and ran[-1].outcome != OK:
                outcome.failed, outcome.problem = (number, len(ran) - 1), ran[-1].error
                return outcome
            if number < len(plan.jobs) - 1:
                outcome.made.update(_made(job, top))
        outcome.verdict = _judge(repository, plan.match, outcome.ran[-1][-1], top)
    return outcome


def _counting(report: Callable[[int, int], None], done: int, total: int) -> Callable[[int], None]:
    return lambda number: report(done + number, total)


def _run_job(job: Job, environment: Environment, top: str, seconds: float, report: Callable[[int], None]) -> list[Ran]:
    make_folders(top, [file.path for file in job.writes])
    make_folders(top, [f"{job.folder}/."] if job.folder else [])
    folder = os.path.join(top, *job.folder.split("/")) if job.folder else top
    steps = [StepToRun(step.code, failed) for step, failed in zip(job.steps, job.failed, strict=True)]
    return run_steps(steps, folder, environment, seconds, report)


def _made(job: Job, top: str) -> dict[str, bool]:
    found = {}
    for file in job.writes:
        data = _read(top, file.path)
        found[file.path] = data is not None and sha256(data).hexdigest() == file.sha256
    return found


def _read(top: str, path: str) -> bytes | None:
    """Return a file of the clean tree, None for one that is not there or lies elsewhere."""
    place = os.path.join(top, *path.split("/"))
    if not is_inside(path) or os.path.commonpath([os.path.realpath(place), top]) != top:
        return None
    try:
        with open(place, "rb") as file:
            return file.read()
    except OSError:
        return None


def _judge(repository: Repository, match: Match, last: Ran, top: str) -> Verdict:
    if match.written is not None:
        file = match.written[1]
        before = read_worktree_file(repository, file.path)
        is_then = before is not None and sha256(before).hexdigest() == file.sha256
        return judge_file(file.path, before if is_then else None, file.sha256, _read(top, file.path))
    shown = _outputs_then(repository, match)
    return judge_output(shown, match.then.output_index, match.figure.digest, last.outputs)


def _outputs_then(repository: Repository, match: Match) -> list[Any]:
    """Return the outputs of the cell as they were introduced."""
    shown = match.version.shown
    with ObjectReader(repository) as reader:
        source = reader.read(shown.blob) or b""
        notebook = read_snapshot(reader, shown.snapshot, source) if shown.snapshot else source
    cells = read_cells(notebook).cells
    return cells[match.then.cell_index].outputs if match.then.cell_index < len(cells) else []


@contextmanager
def _ends_cleanly() -> Iterator[None]:
    """Take a request to end as Ctrl-C, so that tree and kernel go."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
