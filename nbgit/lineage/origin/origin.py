"""Ring 3: the whole story of an output: the run that made it, its recipe, inputs, packages and state."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbgit.lineage.blame import Match
from nbgit.lineage.by_code.inputs import CodedInput, CodedInputs
from nbgit.lineage.history.figures import counts_of
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.making import maker_of
from nbgit.lineage.origin.recipe import Recipe, Recipes, StaticRecipes, Step
from nbgit.lineage.origin.sources import introduced_by
from nbgit.lineage.origin.state import Now, State
from nbgit.lineage.origin.upstream import Input, Made, Upstream
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.times import ended


@dataclass
class Origin:
    """Where an output came from; `made` is None where no run of it was recorded.

    `coded` is what code reads that was not seen: that of a static recipe, and of scripts that runs have started.
    `packages` are those that the session had imported by then, `changed` those with another version now; `session` is
    the session's number among those recorded here.
    """

    recipe: Recipe
    state: State
    made: Made | None = None
    packages: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    session: int = 0
    coded: list[CodedInput] = field(default_factory=list)
    path: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/blame-output.v1.schema.json describes it."""
        return {
            "run": run_as_json(self.made.run) if self.made else None,
            "recipe": _recipe_as_json(self.recipe, self.made.place.path if self.made else self.path),
            "inputs": [
                *([_input_as_json(read) for read in self.made.inputs] if self.made else []),
                *(read.as_json() for read in self.coded),
            ],
            "packages": self.packages,
            "packages_now": self.changed,
            "state": self.state.name,
            "out_of_order": self.state.is_out_of_order,
            "reasons": self.state.reasons,
        }


def origins_of(past: Past, records: Records, matches: Iterable[Match]) -> list[Origin]:
    """Return the Origin of each match."""
    origins = Origins(past, records)
    return [origins.of_match(match) for match in matches]


class Origins:
    """Finds origins; what several of them rest on is read once."""

    def __init__(self, past: Past, records: Records) -> None:
        self._past = past
        self._records = records
        self._whereabouts = Whereabouts(past, records)
        self._recipes, self._static = Recipes(records), StaticRecipes()
        self._now = Now(past.repository, self._whereabouts, past)
        self._coded = CodedInputs(past, records, self._whereabouts)

    def of_match(self, match: Match) -> Origin:
        """Return where an output of a commit came from."""
        run = match.written[0] if match.written else maker_of(match, self._records, self._whereabouts)
        return self._unrecorded(match) if run is None else self.of_run(run)

    def of_run(self, run: Run) -> Origin:
        """Return where that which a run has made came from."""
        made = Upstream(self._records, self._recipes, self._whereabouts).of(run)
        runs = _find_commits(self._past, made, self._coded) | {run.id: run for run in self._runs_of(made, run)}
        packages = run.session.packages_at(run.number)
        changed = self._now.differing(run)
        state = self._now.state_of(made)
        recipe = made.recipe or self._recipes.of(run)
        coded = self._coded.of_runs(runs.values())
        return Origin(recipe, state, made, packages, changed, self._records.number(run.session.id), coded)

    def _runs_of(self, made: Made, run: Run) -> list[Run]:
        return made.recipe.runs if made.recipe else [run]

    def _unrecorded(self, match: Match) -> Origin:
        """Return what the committed notebook alone tells."""
        document = match.version.shown.document
        counts = counts_of(self._past.index, document)
        recipe = self._static.of(document, match.cells, counts, match.then.cell_index, match.language)
        state = self._now.state_of_static(recipe, match.path)
        return Origin(recipe, state, coded=self._coded.of(match, recipe), path=match.version.path)


def _find_commits(past: Past, made: Made, coded: CodedInputs) -> dict[str, Run]:
    """Give the inputs that no recorded run wrote the commits that introduced them, else the scripts that fit.

    Return the runs that have started such scripts, by id.
    """
    todo, loose = [made], []
    while todo:
        one = todo.pop()
        loose += [read for read in one.inputs if read.file and read.written_by is None]
        todo += [read.written_by for read in one.inputs if read.written_by]
    found = introduced_by(past, [read.file for read in loose if read.file])
    for read in loose:
        if read.file in found:
            read.commit, read.kept_by = found[read.file]
    starters: dict[str, Run] = {}
    for read in loose:
        fitting = coded.likely_writer(read.file, read.read_by) if read.file and read.commit is None else None
        if fitting is not None:
            read.likely, run = fitting
            starters[run.id] = run
    return starters


def run_as_json(run: Run) -> dict[str, Any]:
    """Return a run as programs see it."""
    return {
        "id": run.id,
        "started": run.started,
        "ended": ended(run.started, run.seconds),
        "session": run.session.id,
        "kernel": run.session.kernel,
        "outcome": run.outcome,
        "execution_count": run.execution_count,
        "cell_id": run.cell_id,
        "host": run.session.host or None,
        "person": run.session.person or None,
    }


def _recipe_as_json(recipe: Recipe, path: str | None) -> dict[str, Any]:
    return {"kind": recipe.kind, "among": recipe.among, "cells": [_step_as_json(step, path) for step in recipe.steps]}


def _step_as_json(step: Step, path: str | None) -> dict[str, Any]:
    return {
        "run": step.run.id if step.run else None,
        "execution_count": step.execution_count,
        "cell_id": step.cell_id,
        "path": path,
        "code": step.code,
    }


def _input_as_json(read: Input) -> dict[str, Any]:
    file: FileSeen | None = read.file
    made = read.written_by
    return {
        "path": file.path if file else None,
        "sha256": file.sha256 if file else None,
        "size": file.size if file else None,
        "by": "recorded",
        "read_by": read.read_by.id,
        "written_by": _made_as_json(made) if made else None,
        "commit": read.commit.as_json() if read.commit else None,
        "kept_by": read.kept_by,
        "path_written_by": [read.likely.as_json()] if read.likely else [],
        "url": read.url or next(iter(made.urls if made else []), None),
    }


def _made_as_json(made: Made) -> dict[str, Any]:
    place = made.place
    return {
        "run": run_as_json(made.run),
        "path": place.path,
        "cell_index": place.cell_index,
        "commit": place.commit.as_json() if place.commit else None,
        "recipe": _recipe_as_json(made.recipe, place.path) if made.recipe else None,
        "inputs": [_input_as_json(read) for read in made.inputs],
        "urls": made.urls,
    }
