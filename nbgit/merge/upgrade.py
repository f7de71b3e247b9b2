"""Ring 3: notebooks before nbformat 4 as notebooks of nbformat 4, where one side of a merge was upgraded.

As nbformat does it, without its second of import: only here must a format be left that a file has.
"""

import json

from nbgit.notebook.cells import Cell, read_cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MIMES = {
    "text": "text/plain",
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
}
KINDS = {"pyout": "execute_result", "pyerr": "error"}
DROPPED = ("name", "signature")  # of the notebook's metadata, which nbformat drops too


def in_version_4(data: bytes) -> bytes:
    """Return a notebook as one of nbformat 4.4 (4.0 to 4.5 stay as they stand); raises NotANotebook for no notebook."""
    notebook = read_cells(data)
    if notebook.nbformat[0] >= 4:
        return data
    made = {
        "cells": [_cell(cell) for cell in notebook.cells],
        "metadata": {key: value for key, value in notebook.metadata.items() if key not in DROPPED},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    try:
        return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can hold
        return (json.dumps(made, indent=1) + "\n").encode()


def _cell(cell: Cell) -> "dict[str, Any]":
    metadata = dict(cell.metadata)
    made: dict[str, Any] = {"cell_type": cell.kind, "metadata": metadata}
    if cell.kind == "code":
        if "collapsed" in cell.raw:
            metadata["collapsed"] = cell.raw["collapsed"]
        made["execution_count"] = cell.execution_count
        made["outputs"] = [_output(output) if isinstance(output, dict) else output for output in cell.outputs]
    made["source"] = cell.source.splitlines(keepends=True)
    return made


def _output(output: "dict[str, Any]") -> "dict[str, Any]":
    kind = output.get("output_type")
    made = {**output, "output_type": KINDS.get(str(kind), kind)}
    if kind == "stream":
        made["name"] = made.pop("stream", "stdout")
    elif kind in ("pyout", "display_data"):
        if kind == "pyout":
            made["execution_count"] = made.pop("prompt_number", None)
        around = ("output_type", "execution_count", "metadata")
        made = {
            **{key: value for key, value in made.items() if key in around},
            "metadata": _by_mime(made.get("metadata", {})),
            "data": _by_mime({key: value for key, value in made.items() if key not in around}),
        }
    return made


def _by_mime(values: "dict[str, Any]") -> "dict[str, Any]":
    return {MIMES.get(key, key): _loaded(value) if key == "json" else value for key, value in values.items()}


def _loaded(value: object) -> object:
    text = "".join(value) if isinstance(value, list) and all(isinstance(line, str) for line in value) else value
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text
