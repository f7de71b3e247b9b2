"""Ring 3: a notebook's change as plain data for programs (schemas/diff.v1.schema.json)."""

from nbgit.diff.changes import CellChange, Changes, LineEdits
from nbgit.diff.compare import compare, tell
from nbgit.diff.outputs import OutputChange
from nbgit.notebook.cells import Cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def changes_as_json(what: Changes, *, outputs: bool, decode: bool) -> "dict[str, Any]":
    """Return the cells that changed and the notebook's own lines; `decode`: pictures may be decoded."""
    cells = [_cell_change(change, outputs=outputs, decode=decode) for change in what.cells]
    return {
        "metadata": hunks_as_json(what.about),
        "cells": [cell for cell in cells if cell is not None],
        "cells_before": sum(change.before is not None for change in what.cells),
        "cells_after": sum(change.after is not None for change in what.cells),
    }


def hunks_as_json(edits: LineEdits) -> "list[dict[str, Any]]":
    """Return each hunk: where it begins on both sides (from 0), and the lines there."""
    return [
        {
            "before_start": hunk.a_start,
            "before": edits.before[hunk.a_start : hunk.a_end],
            "after_start": hunk.b_start,
            "after": edits.after[hunk.b_start : hunk.b_end],
        }
        for hunk in edits.hunks
    ]


def _cell_change(change: CellChange, *, outputs: bool, decode: bool) -> "dict[str, Any] | None":
    """Return what happened to a cell, None where nothing did; that its count or id is another one is told, too."""
    found = change.output_changes if outputs else []
    before, after = change.before, change.after
    counted = before is not None and after is not None and before.execution_count != after.execution_count
    if not (change.shows or change.id_changed or found or counted):
        return None
    return {
        "before": _cell(before),
        "after": _cell(after),
        "moved": change.moved,
        "source": hunks_as_json(change.source_edits),
        "metadata": hunks_as_json(change.metadata_edits),
        "outputs": [_output(output, decode=decode) for output in found],
    }


def _cell(cell: Cell | None) -> "dict[str, Any] | None":
    if cell is None:
        return None
    return {"index": cell.index, "id": cell.id, "kind": cell.kind, "execution_count": cell.execution_count}


def _output(change: OutputChange, *, decode: bool) -> "dict[str, Any]":
    edits = compare(change, decode=decode)
    return {
        "index": change.index,
        "kind": change.kind,
        "change": "added" if change.before is None else "removed" if change.after is None else "changed",
        "mime_before": change.before.mime if change.before else None,
        "mime_after": change.after.mime if change.after else None,
        "summary": tell(change, edits),
        "details": edits.as_json() if edits else None,
    }
