"""Ring 4: a comparison for programs (schemas/compare-output.v1.schema.json)."""

from typing import Any

from nbgit.comparing.comparison import Comparison
from nbgit.comparing.sides import Side
from nbgit.comparing.steps import StepAt, StepChange
from nbgit.comparing.surroundings import InputChange, Read
from nbgit.diff.as_json import hunks_as_json
from nbgit.lineage.origin.origin import run_as_json

SCHEMA = "nbgit/compare-output.v1"


def comparison_as_json(what: Comparison) -> dict[str, Any]:
    """Return a comparison as its schema describes it."""
    return {
        "schema": SCHEMA,
        "verdict": what.verdict,
        "same": what.same or None,
        "summary": what.summary,
        "share_of_pixels": None if what.share is None else round(what.share, 6),
        "reasons": what.reasons,
        "before": _side(what.before),
        "after": _side(what.after),
        "steps": [_step(step) for step in what.steps],
        "values": [
            {"path": one.path, "name": one.name, "before": one.before, "after": one.after} for one in what.values
        ],
        "inputs": [_input(one) for one in what.inputs],
        "packages": [
            {"path": one.path, "name": one.name, "before": one.before, "after": one.after} for one in what.packages
        ],
        "facts": [{"name": one.name, "before": one.before or None, "after": one.after or None} for one in what.facts],
        "around": [{"name": one.name, "before": one.before or None, "after": one.after or None} for one in what.around],
        "random": what.random,
        "notes": what.notes,
    }


def _side(side: Side) -> dict[str, Any]:
    figure = side.figure
    return {
        "name": side.name,
        "path": side.path,
        "cell_index": figure.cell_index if side.commit or not side.written else None,
        "cell_id": figure.cell_id,
        "output_index": None if side.written else figure.output_index,
        "written": side.written,
        "mime": figure.mime,
        "payload": figure.digest,
        "introduced": side.commit.as_json() if side.commit else None,
        "recipe": side.origin.recipe.kind,
        "run": run_as_json(side.origin.made.run) if side.origin.made else None,
    }


def _step(step: StepChange) -> dict[str, Any]:
    return {
        "path": step.path,
        "before": _step_at(step.before),
        "after": _step_at(step.after),
        "moved": step.moved,
        "source": hunks_as_json(step.edits),
    }


def _step_at(at: StepAt | None) -> dict[str, Any] | None:
    if at is None:
        return None
    return {
        "cell_index": at.cell_index,
        "cell_id": at.cell_id,
        "execution_count": at.step.execution_count,
        "run": at.step.run.id if at.step.run else None,
        "code": at.step.code,
    }


def _input(one: InputChange) -> dict[str, Any]:
    return {"change": one.kind, "before": _read(one.before), "after": _read(one.after)}


def _read(read: Read | None) -> dict[str, Any] | None:
    if read is None:
        return None
    file = read.file
    return {
        "path": file.path if file else None,
        "url": None if file else read.name,
        "sha256": file.sha256 if file else None,
        "size": file.size if file else None,
        "is_source": read.is_source,
        "origin": read.origin,
    }
