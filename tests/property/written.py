"""Notebooks as plain data, their sources lists of lines without ends, written in any layout."""

from __future__ import annotations

import copy
import json
from typing import Any

from nbgit.external.nbformat import upgrade

Cell = dict[str, Any]
Document = dict[str, Any]


def cells_of(made: Document) -> list[Cell]:
    """Return a document's cells, wherever its format keeps them."""
    cells: list[Cell] = made["cells"] if "cells" in made else made["worksheets"][0]["cells"]
    return cells


def upgraded(data: bytes) -> bytes:
    """Return a notebook as nbformat upgrades it, in Jupyter's layout."""
    document: Any = upgrade(data)
    for cell in document["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return text.encode("utf-8", "surrogatepass")


def write(document: Document, layout: dict[str, Any]) -> bytes:
    """Return a document (sources are lists of lines without ends) as a file in a layout."""
    made = copy.deepcopy(document)
    for cell in cells_of(made):
        text = "\n".join(cell.pop("source")[-1:] if cell["cell_type"] == "heading" else cell.pop("source"))
        key = "input" if made["nbformat"] == 3 and cell["cell_type"] == "code" else "source"
        parts = [part + "\n" for part in text.split("\n")]
        parts[-1] = parts[-1][:-1]
        cell[key] = text if layout["joined"] else [part for part in parts if part]
    written = json.dumps(
        made,
        indent=layout["indent"],
        ensure_ascii=layout["ascii_only"],
        separators=(",", ":") if layout["tight"] else None,
        sort_keys=layout["sort"],
    )
    if layout["end"] == "\r\n":
        written = written.replace("\n", "\r\n")
    end: str = layout["end"]
    return (b"\xef\xbb\xbf" if layout["bom"] else b"") + (written + end).encode("utf-8", "surrogatepass")
