"""`nbgit log --runs`: what ran in kernels, committed or not, newest first."""

import re
from itertools import islice
from typing import NamedTuple

import click

from nbgit.cli.paging import paged
from nbgit.cli.terminal import encoded, print_json, progress, render, wants_colour
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.runs.journals import Run
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.story import tell_runs
from nbgit.store.git import run_git
from nbgit.store.repository import Repository


class Asked(NamedTuple):
    """Which runs are asked for.

    `paths` (from the top; none means all) are notebooks, files that were read or written, or folders of these; `since`
    and `until` are dates as git reads them, `author` is a regular expression for the person.
    """

    paths: list[str]
    since: str | None
    until: str | None
    author: str | None
    limit: int | None


def show_runs(repository: Repository, asked: Asked, *, pager: bool, as_json: bool) -> int:
    """Print the runs that are known in a repository, and return the exit code."""
    paths = asked.paths
    first, last = _seconds(repository, "since", asked.since), _seconds(repository, "until", asked.until)
    try:
        person = re.compile(asked.author or "")
    except re.error as error:
        raise click.BadParameter(f"{asked.author!r} is no regular expression", param_hint="--author") from error
    with progress("Reading runs") as report:

        def work(index: Index) -> list[Run]:
            runs = Records(repository, index, report).latest(first, last, [] if "." in paths else paths)
            found = (run for run in runs if _concerns(run, paths) and person.search(run.session.person))
            return list(islice(found, asked.limit))

        found = with_index(repository, work)
    if as_json:
        print_json({"schema": "nbgit/runs.v1", "runs": [_as_json(run) for run in found]})
        return 0
    if not found:
        which = (
            "matches"
            if paths or asked.since or asked.until or asked.author
            else "was recorded here; `nbgit capture` says why"
        )
        click.echo(f"No run {which}.", err=True)
        return 0
    coloured = wants_colour()
    with paged(pager) as out:
        for lines in tell_runs(found):
            out.write(encoded(render(lines, coloured=coloured)))
    return 0


def _seconds(repository: Repository, name: str, date: str | None) -> str:
    """Return a date as git reads it, in the form that runs have, "" for none."""
    if date is None:
        return ""
    from datetime import datetime, timezone

    answer = run_git(["rev-parse", f"--{name}={date}"], cwd=repository.start).decode("ascii", "replace").strip()
    return datetime.fromtimestamp(int(answer.partition("=")[2]), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def _concerns(run: Run, paths: list[str]) -> bool:
    if not paths or "." in paths:
        return True
    mine = [file.path for file in (*run.reads, *run.writes)] + ([run.session.notebook] if run.session.notebook else [])
    return any(one == path or one.startswith(f"{path}/") for path in paths for one in mine)


def _as_json(run: Run) -> dict[str, object]:
    session = run.session
    return {
        "id": run.id,
        "session": session.id,
        "parent": run.parent,
        "notebook": session.notebook,
        "cell_id": run.cell_id,
        "execution_count": run.execution_count,
        "code": run.code,
        "started": run.started,
        "seconds": run.seconds,
        "outcome": run.outcome,
        "error": run.error or None,
        "head": run.head,
        "dirty": run.dirty,
        "person": session.person or None,
        "host": session.host or None,
        "kernel": session.kernel,
        "imported": session.imported or None,
        "bound": list(run.bound),
        "deleted": list(run.deleted),
        "touches": list(run.touches),
        "displayed": [shown._asdict() for shown in run.displayed],
        "reads": [file._asdict() for file in run.reads],
        "writes": [file._asdict() for file in run.writes],
        "urls": [address._asdict() for address in run.urls],
        "commands": list(run.commands),
        "facts": run.facts,
    }
