"""Three notebooks as two people and their tools make them: all formats, mixed, in odd layouts, drawn from a seed."""

from __future__ import annotations

import copy
import random
from typing import Any

from tests.property.edits import MARKER_LIKE
from tests.property.written import cells_of, upgraded, write

Cell = dict[str, Any]
Document = dict[str, Any]

LINES = ["x = 1", "plot(x)", "", "import os", "for i in x:", "    total += i", "# Title", "## cell [code]", "}", "\x0c"]
ODD_LINES = ["é — ü", "tab\there  ", "\u2028", '"quoted" \\', "a\rb", "\x00\x1b[31m", "😀", "# nb: 1"]
VALUES = [1, 2.5, False, "", None, {"c": 1}, {"c": 2, "d.e": "é"}, ["p"], ["q", "p"], [1, {"a": []}], "1"]
PNG = {"image/png": "iVBORw0KGgo="}
KERNELS = [{"name": "python3", "display_name": "Python 3"}, {"name": "ir", "display_name": "R"}]
OUTPUTS = [
    {"output_type": "stream", "name": "stdout", "text": ["42\n"]},
    {"output_type": "display_data", "data": {"text/plain": ["<Figure>"], **PNG}, "metadata": {}},
]
OLD_OUTPUTS = [{"output_type": "stream", "stream": "stdout", "text": ["42\n"]}]


class Author:
    """Makes notebooks and edits them; the same seed does the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = 0
        self._wild = self._random.random() < 0.3  # odd characters, marker-like lines
        self._repetitive = self._random.random() < 0.3

    def three(self) -> tuple[bytes, bytes, bytes]:
        """Return base, ours and theirs."""
        base = self.notebook()
        sides = [self.edited(base), self.edited(base)]
        layout = self._layout()
        made = [write(side, self._layout() if self._chance(0.1) else layout) for side in (base, *sides)]
        if base["nbformat"] == 3:
            made = [upgraded(data) if self._chance(0.2) else data for data in made]
        return made[0], made[1], made[2]

    def apart(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Return base, ours and theirs, whose edits touch no cell in common, and the notebook with all of them."""
        self._wild = self._repetitive = False
        base = self.notebook()
        for cell in cells_of(base):
            cell["source"] = cell["source"][:1] if cell["cell_type"] == "heading" else cell["source"]
            cell["source"] += [self._telling() for _ in range(3)]
        sides: list[list[Cell]] = [[], [], []]  # ours, theirs, both
        for cell in cells_of(base):
            owner = self._random.choice([0, 1, None])
            edited = self._touched(base, copy.deepcopy(cell)) if owner is not None else [cell]
            for side, cells in enumerate(sides):
                cells += edited if side in (owner, 2) else [cell]
        layout = self._layout()
        made = [base, *(copy.deepcopy(base) for _ in sides)]
        for document, cells in zip(made[1:], sides, strict=True):
            cells_of(document)[:] = cells
        first, second, third, fourth = (write(document, layout) for document in made)
        return first, second, third, fourth

    def _telling(self) -> str:
        self._count += 1
        return f"value_{self._count} = measure(sample_{self._random.randrange(1000)})"

    def _touched(self, made: Document, cell: Cell) -> list[Cell]:
        """Return what one side makes of a cell that nobody else touches."""
        what = self._random.randrange(6)
        at = self._random.randrange(len(cell["source"]))
        if what == 0:
            return []
        if what == 1:
            cell["source"][at] = self._telling()
        elif what == 2:
            cell["source"].insert(at, self._telling())
        elif what == 3:
            cell["metadata"]["a"] = copy.deepcopy(self._random.choice([7, "b", {"c": [1]}]))
        elif what == 4:
            self._retype(made, cell)
        else:
            new = self._cell(made)
            new["source"] = [self._telling() for _ in range(3)]
            return [cell, new]
        return [cell]

    def notebook(self) -> Document:
        """Return a notebook of up to eight cells, of nbformat 3, or 4.0 to 4.5, valid but perhaps odd."""
        version = self._random.choice([(3, 0), (4, 0), (4, 2), (4, 4), (4, 4), (4, 5), (4, 5), (4, 5)])
        made: Document = {"metadata": {}, "nbformat": version[0], "nbformat_minor": version[1]}
        cells = [self._cell(made) for _ in range(self._random.randrange(9))]
        if version[0] == 3:
            made["metadata"]["name"] = "n"
            made["worksheets"] = [{"cells": cells, "metadata": {}}]
        else:
            made["cells"] = cells
        return made

    def edited(self, notebook: Document, most: int = 5) -> Document:
        """Return a copy with some edits."""
        made = copy.deepcopy(notebook)
        for _ in range(self._random.randrange(1, most + 1)):
            self._random.choice(self._edits())(made)
        return made

    def _edits(self) -> list[Any]:
        lines = [self._edit_line] * 5 + [self._split, self._join]
        cells = [self._insert] * 3 + [self._delete] * 2 + [self._move, self._copy, self._change_kind]
        return [*lines, *cells, self._metadata, self._metadata, self._tags, self._run, self._kernel, self._version]

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _layout(self) -> dict[str, Any]:
        pick = self._random.choice
        return {
            "indent": pick([1, 1, 1, 1, 2, 4, None, "\t"]),
            "ascii_only": self._chance(0.2),
            "tight": self._chance(0.1),
            "sort": self._chance(0.3),
            "joined": self._chance(0.15),
            "end": pick(["\n", "\n", "\n", "", "\r\n"]),
            "bom": self._chance(0.05),
        }

    def _line(self) -> str:
        pool = LINES + (ODD_LINES + MARKER_LIKE if self._wild else [])
        line = self._random.choice(pool)
        if self._repetitive or line[:1] in tuple("<>=|"):
            return line
        self._count += 1
        return f"{line}  # line {self._count}" if self._chance(0.9) else line

    def _cell(self, notebook: Document) -> Cell:
        old = notebook["nbformat"] == 3
        kind = self._random.choice(["code", "code", "code", "markdown", "raw", *(["heading"] if old else [])])
        lines = [self._line() for _ in range(self._random.choice([0, 1, 1, 2, 3, 4, 6, 9]))]
        cell: Cell = {"cell_type": kind, "metadata": {}, "source": lines}
        if kind == "heading":
            cell["level"] = 2
        if kind == "code":
            self._give_run(cell, old)
        if kind == "markdown" and notebook["nbformat"] == 4 and notebook["nbformat_minor"] > 0 and self._chance(0.1):
            cell["attachments"] = {"a.png": PNG}
        if (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5):
            cell["id"] = self._new_id()
        return cell

    def _new_id(self) -> str:
        return f"{self._random.getrandbits(32):08x}" if self._chance(0.8) else f"step-{self._random.getrandbits(20)}"

    def _give_run(self, cell: Cell, old: bool) -> None:
        ran = self._chance(0.2)
        cell["outputs"] = copy.deepcopy([self._random.choice(OLD_OUTPUTS if old else OUTPUTS)]) if ran else []
        count = self._random.randrange(99) if ran else None
        if old:
            cell["language"] = "python"
            cell["collapsed"] = False
            cell["prompt_number"] = count
            if count is None:
                del cell["prompt_number"]
        else:
            cell["execution_count"] = count

    def _some(self, made: Document) -> Cell | None:
        cells = cells_of(made)
        return self._random.choice(cells) if cells else None

    def _edit_line(self, made: Document) -> None:
        cell = self._some(made)
        if cell is not None:
            lines = cell["source"]
            at = self._random.randrange(len(lines) + 1)
            lines[at : at + self._random.randrange(3)] = [self._line() for _ in range(self._random.randrange(3))]

    def _insert(self, made: Document) -> None:
        cells = cells_of(made)
        cells.insert(self._random.randrange(len(cells) + 1), self._cell(made))

    def _delete(self, made: Document) -> None:
        cells = cells_of(made)
        if cells:
            cells.pop(self._random.randrange(len(cells)))

    def _move(self, made: Document) -> None:
        cells = cells_of(made)
        if cells:
            taken = cells.pop(self._random.randrange(len(cells)))
            cells.insert(self._random.randrange(len(cells) + 1), taken)

    def _copy(self, made: Document) -> None:
        cells = cells_of(made)
        if cells:
            twin = copy.deepcopy(self._random.choice(cells))
            if "id" in twin:
                twin["id"] = self._new_id()
            cells.insert(self._random.randrange(len(cells) + 1), twin)

    def _split(self, made: Document) -> None:
        cells = cells_of(made)
        places = [place for place, cell in enumerate(cells) if len(cell["source"]) > 1]
        if places:
            place = self._random.choice(places)
            cell = cells[place]
            at = self._random.randrange(1, len(cell["source"]))
            rest = copy.deepcopy(cell)
            cell["source"], rest["source"] = cell["source"][:at], rest["source"][at:]
            if "id" in rest:
                rest["id"] = self._new_id()
            cells.insert(place + 1, rest)

    def _join(self, made: Document) -> None:
        cells = cells_of(made)
        if len(cells) > 1:
            place = self._random.randrange(len(cells) - 1)
            cells[place]["source"] += cells.pop(place + 1)["source"]

    def _change_kind(self, made: Document) -> None:
        cell = self._some(made)
        if cell is not None:
            self._retype(made, cell)

    def _retype(self, made: Document, cell: Cell) -> None:
        kind = self._random.choice([kind for kind in ("code", "markdown", "raw") if kind != cell["cell_type"]])
        run = ("outputs", "execution_count", "prompt_number", "language", "collapsed", "level", "attachments")
        for key in run:
            cell.pop(key, None)
        cell["cell_type"] = kind
        if kind == "code":
            self._give_run(cell, made["nbformat"] == 3)

    def _metadata(self, made: Document) -> None:
        cell = self._some(made) if self._chance(0.7) else None
        owner = (cell or made)["metadata"]
        key = self._random.choice(["a", "b.c", "long key é", "nbgrader"])
        if key in owner and self._chance(0.3):
            del owner[key]
        else:
            owner[key] = copy.deepcopy(self._random.choice(VALUES))

    def _tags(self, made: Document) -> None:
        cell = self._some(made)
        if cell is not None and made["nbformat"] == 4:
            cell["metadata"]["tags"] = self._random.sample(["a", "b", "keep_output", "hide-input"], 2)
            if cell["cell_type"] == "markdown" and made["nbformat_minor"] > 0 and self._chance(0.5):
                name = self._random.choice(["a.png", "b.png"])
                cell["attachments"] = {name: {"image/png": f"iVBORw0KGg{self._random.randrange(9)}="}}

    def _run(self, made: Document) -> None:
        for cell in cells_of(made):
            if cell["cell_type"] == "code":
                self._give_run(cell, made["nbformat"] == 3)

    def _kernel(self, made: Document) -> None:
        if made["nbformat"] == 4:
            made["metadata"]["kernelspec"] = dict(self._random.choice(KERNELS))
            version = f"3.{self._random.randrange(14)}"
            made["metadata"]["language_info"] = {"name": "python", "version": version}

    def _version(self, made: Document) -> None:
        """Upgrade to 4.5, write new ids, or go back to 4.4: tools do it all."""
        if made["nbformat"] == 4 and self._chance(0.2):
            made["nbformat_minor"] = 4
            for cell in cells_of(made):
                cell.pop("id", None)
        elif made["nbformat"] == 4:
            made["nbformat_minor"] = 5
            for cell in cells_of(made):
                cell["id"] = self._new_id()
