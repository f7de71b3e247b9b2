"""Ring 3: a recipe to be run again, and what came of it, as lines for people."""

from collections.abc import Iterator

from nbgit.lineage.origin.recipe import Step
from nbgit.lineage.reproduce.plan import Job, Plan
from nbgit.lineage.reproduce.supplies import COMMIT, MISSING, WORDS
from nbgit.lineage.story import Line, label, tell_commit, tell_match
from nbgit.notebook.text import visible

STEPS = 12  # of one job that are shown
FILES = 12
CODE = 60  # characters of a step's first line


def tell_plan(plan: Plan, environment: dict[str, str]) -> Iterator[Line]:
    """Yield the lines that say what will be run, where, and with which files; `environment` is that of each job."""
    match = plan.match
    yield tell_match(match, {})
    yield label("tree") + (
        tell_commit(match.introduced)
        if plan.commit == match.introduced.oid
        else [(plan.commit[:10], "yellow"), ("  in place of the commit that introduced it", "dim")]
    )
    for job in plan.jobs:
        yield from _tell_job(job, environment[job.path])
    own = [one for one in plan.supplies if one.origin != COMMIT]
    for number, one in enumerate(own[:FILES]):
        style = "red" if one.origin == MISSING else "dim"
        yield [*label("" if number else "reads"), (visible(one.path), ""), (f"  {WORDS[one.origin]}", style)]
    if len(own) > FILES:
        yield [*label(""), (f"… {len(own) - FILES} more files", "dim")]
    for number, url in enumerate(plan.urls):
        yield [*label("" if number else "fetches"), (visible(url), "")]
    for path in dict.fromkeys(plan.outside):
        yield [*label("writes"), (visible(path), "yellow"), ("  outside of the clean tree", "yellow")]


def _tell_job(job: Job, environment: str) -> Iterator[Line]:
    many = f"{len(job.steps)} step{'' if len(job.steps) == 1 else 's'}"
    where = f" in {visible(job.folder)}/" if job.folder else ""
    yield [*label("runs"), (f"{many} of {visible(job.path)}{where}", ""), (f"  {visible(environment)}", "dim")]
    hidden = len(job.steps) - STEPS
    if hidden > 0:
        yield [*label(""), (f"  … {hidden} earlier", "dim")]
    for step in job.steps[-STEPS:]:
        yield [*label(""), *tell_step(step)]


def tell_step(step: Step) -> Line:
    """Return a step in one line: its count and the first line of its code."""
    rows = [row.strip() for row in step.code.splitlines() if row.strip()]
    first = visible(rows[0]) if rows else ""
    more = " …" if len(rows) > 1 or len(first) > CODE else ""
    count = f"[{' ' if step.execution_count is None else step.execution_count}]"
    return [(f"{count:>6} ", "dim"), (first[:CODE].rstrip() + more, "")]
