"""Notebooks, and the edits that people and tools make of them, drawn from a seed."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

Document = dict[str, Any]

LINES = ["x = 1", "y = 2", "plot(x)", "print(x, y)", "", "import os", "for i in x:", "    total += i", "return total"]
MARKER_LIKE = [
    "=======",
    "<<<<<<< HEAD",
    ">>>>>>> topic",
    "||||||| base",
    "========",
    "<<<<<<<< HEAD: deleted this cell",
]
VALUES = [1, 2, False, "", None, {"c": 1}, {"c": 2, "d.e": "é"}, ["p"], ["q", "p"], "1"]


class Editor:
    """Makes notebooks and edits them; the same seed does the same. `lines` are what sources are made of."""

    def __init__(self, seed: int, lines: list[str] | None = None) -> None:
        self._random = random.Random(seed)
        self._lines = lines or LINES

    def notebook(self) -> Document:
        """Return a notebook of nbformat 4.4 or 4.5 with up to six cells."""
        minor = self._random.choice([4, 5])
        cells = [self._cell(minor) for _ in range(self._random.randrange(7))]
        return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}

    def edited(self, notebook: Document) -> Document:
        """Return a copy with one to three edits."""
        made = copy.deepcopy(notebook)
        for _ in range(self._random.randrange(1, 4)):
            edit = self._random.choice([self._edit_line] * 4 + [self._edit_cells] * 3 + [self._edit_values] * 2)
            edit(made)
        return made

    def _line(self) -> str:
        line = self._random.choice(self._lines)
        says_more = self._random.random() < 0.4 and line[:1] not in ("<", ">", "=", "|")
        return f"{line}  # {self._random.randrange(99)}" if says_more else line

    def _cell(self, minor: int) -> Document:
        kind = self._random.choice(["code", "code", "markdown", "raw"])
        lines = [self._line() for _ in range(self._random.randrange(5))]
        cell: Document = {"cell_type": kind, "metadata": {}, "source": lines}
        if kind == "code":
            cell.update(outputs=[], execution_count=None)
        if minor == 5:
            cell["id"] = f"{self._random.getrandbits(32):08x}"
        return cell

    def _edit_line(self, made: Document) -> None:
        if not made["cells"]:
            return
        lines = self._random.choice(made["cells"])["source"]
        at = self._random.randrange(len(lines) + 1)
        lines[at : at + self._random.randrange(2)] = [self._line() for _ in range(self._random.randrange(2))]

    def _edit_cells(self, made: Document) -> None:
        cells = made["cells"]
        at = self._random.randrange(len(cells) + 1)
        taken = cells.pop(self._random.randrange(len(cells))) if cells and self._random.random() < 0.7 else None
        if taken is None:
            cells.insert(at, self._cell(made["nbformat_minor"]))
        elif self._random.random() < 0.5:  # moved, perhaps into another kind of cell; else deleted
            cells.insert(at, taken)
            if taken["cell_type"] != "code" and self._random.random() < 0.3:
                taken["cell_type"] = "raw" if taken["cell_type"] == "markdown" else "markdown"

    def _edit_values(self, made: Document) -> None:
        what = self._random.randrange(4)
        if what == 0 and made["nbformat_minor"] == 5:  # a tool that writes new ids
            for cell in made["cells"]:
                cell["id"] = f"{self._random.getrandbits(32):08x}"
        owner = self._random.choice(made["cells"]) if what != 1 and made["cells"] else made
        owner["metadata"][self._random.choice(["a", "b.c", "tags"])] = self._random.choice(VALUES)
        if not isinstance(owner["metadata"].get("tags", []), list):
            del owner["metadata"]["tags"]


def encoded(document: Document) -> bytes:
    """Return a document as Jupyter writes it: indent 1, sources as lists of lines."""
    made = copy.deepcopy(document)
    for cell in made["cells"]:
        lines = cell["source"]
        cell["source"] = [line + "\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]
    return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()


def three(seed: int, lines: list[str] | None = None) -> tuple[bytes, bytes, bytes]:
    """Return base, ours and theirs."""
    editor = Editor(seed, lines)
    base = editor.notebook()
    return encoded(base), encoded(editor.edited(base)), encoded(editor.edited(base))
