"""`nbgit reproduce`: run the recipe of an output again, in a clean tree, and say whether the same comes out."""

import os
import sys
from typing import Any

import click

from nbgit.cli.answers import ask
from nbgit.cli.numbers import Number
from nbgit.cli.reproduce_run import Outcome, run_plan
from nbgit.cli.terminal import print_json, print_lines, progress, warn
from nbgit.errors import KernelFailed, TargetNotFound
from nbgit.external.runner import Environment
from nbgit.lineage.answers import Answer, blame_file, blame_notebook
from nbgit.lineage.blame import Match, Selection
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past, resolve_commit
from nbgit.lineage.origin.origin import Origins
from nbgit.lineage.reproduce.plan import Plan, plan_for
from nbgit.lineage.reproduce.story import tell_plan
from nbgit.lineage.runs.records import Records
from nbgit.lineage.story import label
from nbgit.lineage.targets import FileTarget, NotebookTarget, read_target
from nbgit.notebook.text import visible
from nbgit.store.late import link_missing
from nbgit.store.repository import Repository, find_repository

EPILOG = """\b
Examples:
  nbgit reproduce plot.ipynb --cell 7         the figure in HEAD, as it was introduced
  nbgit reproduce figures/fig3.png            a figure that was saved or pasted
  nbgit reproduce plot.ipynb --cell 7 --at HEAD --from-scratch
                                              with the code of HEAD around it, data made anew
  nbgit reproduce plot.ipynb --cell 7 --yes --json
                                              for programs (nbgit/schemas/reproduce.v1.schema.json)
"""
TIMEOUT = 600.0


@click.command("reproduce", epilog=EPILOG)
@click.argument("target")
@click.option("--cell", type=Number(), metavar="N", help="The cell: N counts from 0 over all cells.")
@click.option("--cell-id", metavar="ID", help="The cell with this id.")
@click.option("--output", type=Number(), metavar="K", help="Only output K of the cell, from 0.")
@click.option("--at", metavar="REV", help="Run in the tree of REV, not of the commit that introduced the output.")
@click.option("--python", type=click.Path(exists=True, dir_okay=False), help="Run with this Python (needs ipykernel).")
@click.option("--kernel", metavar="NAME", help="Run with this kernel, as `jupyter kernelspec list` has it.")
@click.option("--from-scratch", is_flag=True, help="Run what wrote its inputs, too, as far as that was recorded.")
@click.option("--timeout", type=click.FloatRange(min=1), default=TIMEOUT, show_default=True, metavar="SECONDS")
@click.option("--yes", "-y", is_flag=True, help="Run it without a question.")
@click.option("--json", "as_json", is_flag=True, help="For programs; needs --yes.")
def command(
    target: str,
    cell: int | None,
    cell_id: str | None,
    output: int | None,
    at: str | None,
    python: str | None,
    kernel: str | None,
    from_scratch: bool,
    timeout: float,
    yes: bool,
    as_json: bool,
) -> int:
    """Does the recipe of an output make the same again?

    TARGET is as for `nbgit blame-output`. The recipe is run in a clean tree in a temporary folder, with the inputs that
    it read then, by the Python that ran it, if that is here; your own files are not touched. It runs code, so it asks
    first. Exits with 0 for the same bytes, pixels or content, with 1 where it differs, with 13 where it can't be run.
    """
    if cell is not None and cell_id is not None:
        raise click.UsageError("--cell and --cell-id both name a cell; give one of them")
    if python and kernel:
        raise click.UsageError("--python and --kernel both name an environment; give one of them")
    if as_json and not yes:
        raise click.UsageError("--json needs --yes: it runs code")
    repository = find_repository(os.getcwd(), os.environ)
    link_missing(repository, warn)
    asked = read_target(repository, os.getcwd(), target)
    plan = _plan(repository, asked, Selection(cell, cell_id, output), at, from_scratch=from_scratch)
    environments = [_environment(job.python, job.kernel, python, kernel) for job in plan.jobs]
    if not as_json:
        names = {job.path: one.python or one.kernel for job, one in zip(plan.jobs, environments, strict=True)}
        print_lines(tell_plan(plan, names))
    if not yes and not _agrees():
        raise click.Abort
    outcome = run_plan(repository, plan, environments, timeout)
    if as_json:
        print_json(_as_json(plan, environments, outcome))
    return _tell(plan, outcome, as_json=as_json)


def _plan(
    repository: Repository,
    asked: NotebookTarget | FileTarget,
    selection: Selection,
    at: str | None,
    *,
    from_scratch: bool,
) -> Plan:
    commit = resolve_commit(repository, at) if at else None
    if at and commit is None:
        raise TargetNotFound(f"{at} names no commit in this repository")
    with progress("Reading the history of notebooks") as report:

        def work(index: Index) -> Plan:
            tips = [asked.commit] if isinstance(asked, NotebookTarget) and asked.commit else []
            past = Past(repository, index, tips, report)
            records = Records(repository, index, report)
            match = _only(_answer(past, records, asked, selection))
            origin = Origins(past, records).of_match(match)
            return plan_for(past, match, origin, commit, from_scratch=from_scratch)

        return with_index(repository, work)


def _answer(past: Past, records: Records, asked: NotebookTarget | FileTarget, selection: Selection) -> Answer:
    if isinstance(asked, FileTarget):
        return blame_file(past, records, asked, history=False)
    position = past.head if asked.commit is None else past.graph.position[asked.commit]
    return blame_notebook(past, asked.path, position, selection, history=False)


def _only(answer: Answer) -> Match:
    """Return the one output that is meant; raises TargetNotFound where there is none, or only what is alike."""
    if not answer.matches:
        raise TargetNotFound(answer.reason or "no commit has that output yet; commit its notebook first")
    first = answer.matches[0]
    if first.evidence is not None and not first.evidence.is_same:
        raise TargetNotFound("no output is the same as that file, only alike; name the notebook and the cell instead")
    if len({match.figure.digest for match in answer.matches}) > 1 or any(
        match.then != first.then for match in answer.matches
    ):
        raise click.UsageError(f"there are {len(answer.matches)} outputs; name one with --cell N and --output K")
    return first


def _environment(own: str, own_kernel: str, python: str | None, kernel: str | None) -> Environment:
    if python or kernel:
        return Environment(kernel or "", os.path.abspath(python) if python else "")
    return Environment(own_kernel, own)


def _agrees() -> bool:
    """Ask whether the code may be run; raises UsageError where nobody can answer."""
    if not sys.stdin.isatty():
        raise click.UsageError("this runs the code above; give --yes where there is no terminal to ask on")
    answer = ask("Run this code? [y/N]")
    return answer is not None and answer.lower() in ("y", "yes")


def _tell(plan: Plan, outcome: Outcome, *, as_json: bool) -> int:
    if outcome.verdict is None:
        raise KernelFailed(_what_failed(plan, outcome))
    if not as_json:
        seconds = sum(ran.seconds for job in outcome.ran for ran in job)
        lines = [
            [*label("made"), (visible(path), ""), ("  the same bytes" if same else "  other bytes", "dim")]
            for path, same in outcome.made.items()
        ]
        style = "green" if outcome.is_same else "yellow"
        words = visible(outcome.verdict.words) if outcome.is_same else f"differs: {visible(outcome.verdict.words)}"
        lines.append([*label("result"), (words, style), (f" ({seconds:.1f} s)", "dim")])
        if not outcome.is_same and plan.origin.changed:
            now = [f"{name} {new} (was {plan.origin.packages[name]})" for name, new in plan.origin.changed.items()]
            lines.append([*label("packages"), (visible(", ".join(now[:6])), "dim")])
        print_lines(lines)
    return 0 if outcome.is_same else 1


def _what_failed(plan: Plan, outcome: Outcome) -> str:
    if outcome.failed is None:
        return f"the recipe was not run: {visible(outcome.problem)}"
    number, at = outcome.failed
    job = plan.jobs[number]
    step = job.steps[at]
    count = f" [{step.execution_count}]" if step.execution_count is not None else ""
    where = f"step {at + 1} of {len(job.steps)}{count} of {visible(job.path)}"
    return f"the recipe was not run to its end: {where}: {visible(outcome.problem)}"


def _as_json(plan: Plan, environments: list[Environment], outcome: Outcome) -> dict[str, Any]:
    """Return it as schemas/reproduce.v1.schema.json describes it."""
    match = plan.match
    jobs = []
    for number, (job, environment) in enumerate(zip(plan.jobs, environments, strict=True)):
        ran = outcome.ran[number] if number < len(outcome.ran) else []
        steps = [
            {
                "run": step.run.id if step.run else None,
                "execution_count": step.execution_count,
                "code": step.code,
                "outcome": ran[at].outcome if at < len(ran) else None,
                "seconds": round(ran[at].seconds, 3) if at < len(ran) else None,
            }
            for at, step in enumerate(job.steps)
        ]
        kernel = {"python": environment.python or None, "kernel": None if environment.python else environment.kernel}
        jobs.append({"path": job.path, "folder": job.folder or ".", **kernel, "steps": steps})
    return {
        "schema": "nbgit/reproduce.v1",
        "path": match.path,
        "cell_index": match.figure.cell_index,
        "output_index": None if match.written else match.figure.output_index,
        "file": match.written[1].path if match.written else None,
        "mime": match.figure.mime,
        "payload": match.figure.digest,
        "commit": plan.commit,
        "kind": plan.origin.recipe.kind,
        "jobs": jobs,
        "inputs": [one.as_json() for one in plan.supplies],
        "made": outcome.made,
        "urls": plan.urls,
        "packages_now": plan.origin.changed,
        "result": outcome.name,
        "same": outcome.is_same if outcome.verdict else None,
        "words": outcome.verdict.words if outcome.verdict else None,
        "difference": outcome.verdict.numbers if outcome.verdict else None,
        "problem": outcome.problem or None,
    }
