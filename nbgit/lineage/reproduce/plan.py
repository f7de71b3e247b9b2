"""Ring 3: what it takes to run a recipe again: jobs in their order, the files they read, the environment."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nbgit.errors import NotANotebook
from nbgit.lineage.blame import Match
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.recipe import PYTHON, Step
from nbgit.lineage.origin.upstream import Made
from nbgit.lineage.reproduce.supplies import Supply, find_supplies, guess_supplies
from nbgit.lineage.runs.journals import ERROR, FileSeen, Session
from nbgit.notebook.cells import read_cells
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository

KERNEL = "python3"


class Job(NamedTuple):
    """One recipe to be run in a kernel of its own, started in `folder` (from the top), by `python` or else `kernel`.

    `writes` are the files that it wrote then.
    """

    path: str
    steps: tuple[Step, ...]
    folder: str
    kernel: str
    python: str
    writes: tuple[FileSeen, ...] = ()

    @property
    def failed(self) -> list[bool]:
        """For each step whether it raised when it was recorded."""
        return [step.run is not None and step.run.outcome == ERROR for step in self.steps]


@dataclass
class Plan:
    """Jobs, the last of which makes what is asked about; `commit` is the tree that they run in.

    `urls` are what the jobs fetched, `outside` the files that they wrote outside of the repository.
    """

    match: Match
    origin: Origin
    commit: str
    jobs: list[Job] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def plan_for(past: Past, match: Match, origin: Origin, commit: str | None, *, from_scratch: bool) -> Plan:
    """Return what it takes to run the recipe of an output again, in the tree of `commit` (None: that introduced it).

    With `from_scratch` the recipes that wrote its inputs are run before it, as far as they were recorded.
    """
    plan = Plan(match, origin, commit or match.introduced.oid)
    kernel = _kernel_of(past, match)
    if origin.made is None:
        folder = os.path.dirname(match.version.path)
        plan.jobs.append(Job(match.version.path, origin.recipe.steps, folder, kernel, ""))
        if match.language.lower() in PYTHON:
            codes = [step.code for step in origin.recipe.steps]
            plan.supplies = guess_supplies(past, plan.commit, codes, folder)
        return plan
    needed: dict[FileSeen, None] = {}
    _visit(past.repository, origin.made, plan, needed, kernel if from_scratch else None, kernel)
    plan.supplies = find_supplies(past, plan.commit, needed)
    return plan


def _visit(
    repository: Repository,
    made: Made,
    plan: Plan,
    needed: dict[FileSeen, None],
    upstream: str | None,
    kernel: str,
) -> None:
    """Add the jobs that make something, what it rests on first; `upstream` is None where that is not to be run."""
    for read in made.inputs:
        if read.file is None:
            plan.urls += [read.url] if read.url and read.url not in plan.urls else []
        elif read.written_by is None or upstream is None:
            needed[read.file] = None
        elif read.written_by.recipe is not None:
            _visit(repository, read.written_by, plan, needed, upstream, upstream)
    runs = made.recipe.runs if made.recipe else []
    writes = tuple(dict.fromkeys(file for run in runs for file in run.writes))
    plan.outside += [file.path for file in writes if file.path.startswith(("/", "~/")) or file.path[1:2] == ":"]
    session, path = made.run.session, made.place.path or ""
    steps = made.recipe.steps if made.recipe else ()
    job = Job(path, steps, _folder(session, path), kernel, _python_of(repository, session), writes)
    plan.jobs.append(job)


def _folder(session: Session, path: str) -> str:
    """Return where a session was started, from the top; where that was outside, the notebook's folder."""
    folder = session.cwd
    is_inside = folder and not folder.startswith(("/", "~/")) and folder[1:2] != ":" and ".." not in folder.split("/")
    return ("" if folder == "." else folder) if is_inside else os.path.dirname(path)


def _python_of(repository: Repository, session: Session) -> str:
    """Return the Python that a session ran in, where that is on this machine, else ""."""
    executable = os.path.expanduser(session.kernel.get("executable", ""))
    if not executable or session.host != platform.node():
        return ""
    place = os.path.join(repository.worktree or "", executable)
    return place if os.path.isabs(place) and os.path.isfile(place) else ""


def _kernel_of(past: Past, match: Match) -> str:
    with ObjectReader(past.repository) as reader:
        data = reader.read(match.version.shown.blob) or b""
    try:
        found: Any = read_cells(data).metadata.get("kernelspec")
    except (NotANotebook, ValueError):
        return KERNEL
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) and name else KERNEL


def all_codes(jobs: Iterable[Job]) -> list[str]:
    """Return the code of all steps, in their order."""
    return [step.code for job in jobs for step in job.steps]
