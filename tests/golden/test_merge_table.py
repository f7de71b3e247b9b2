"""The truth table of a merge, row by row (merge_table.md); NBGIT_REWRITE_GOLDEN=1 writes what comes out now."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.nbformat import problem_with
from nbgit.gitproto.merging import merge_files
from nbgit.merge.conflicts import Markers
from nbgit.merge.marked import find_conflicts
from nbgit.notebook.cells import Cell, Notebook, read_cells
from tests.nb import code, markdown, notebook

TABLE = Path(__file__).parent / "merge_table.md"
ROWS = [row for row in TABLE.read_text(encoding="utf-8").splitlines() if row.startswith("| ")][1:]
TOKEN = re.compile(r"([A-Z])(?:\((\d)-(\d)\))?((?:\d[a-z])*)(\.md)?")
LINE = re.compile(r"([a-z])_(\d) = load\('\w+', \d(?:, '([a-z])')?\)")


def cell_of(token: str, place: int, ids: bool) -> dict[str, Any]:
    """Return the cell that a token stands for; all parts of a cell but the first have ids of their own."""
    found = TOKEN.fullmatch(token)
    assert found is not None, token
    letter, low, high, edits, is_text = found.groups()
    changed = {int(edits[at]): edits[at + 1] for at in range(0, len(edits), 2)}
    name = letter.lower()
    lines = [
        f"{name}_{number} = load('{name * 3}', {number}{f', {changed[number]!r}' if number in changed else ''})"
        for number in range(int(low or 1), int(high or 4) + 1)
    ]
    part = "" if low in (None, "1") else f"-from-{low}"
    members = {"id": f"cell-{name}{part}"} if ids else {}
    return (markdown if is_text else code)("\n".join(lines), **members)


def notebook_of(tokens: str, ids: bool) -> bytes:
    return notebook(*(cell_of(t, at, ids) for at, t in enumerate(tokens.split())), minor=5 if ids else 4)


def token_of(lines: list[str], kind: str) -> str:
    """Return the token that stands for a source."""
    parts = []
    for line in lines:
        found = LINE.fullmatch(line)
        assert found is not None, line
        parts.append(found.groups())
    numbers = [int(part[1]) for part in parts]
    assert len({part[0] for part in parts}) == 1, lines
    assert numbers == list(range(numbers[0], numbers[-1] + 1)), lines
    span = "" if (numbers[0], numbers[-1]) == (1, 4) else f"({numbers[0]}-{numbers[-1]})"
    edits = "".join(f"{number}{edit}" for _, number, edit in parts if edit)
    return f"{parts[0][0].upper()}{span}{edits}{'' if kind == 'code' else '.md'}"


def shown(merged: Notebook) -> str:
    """Return the tokens of a merged notebook."""
    conflicts = find_conflicts(merged)
    return " ".join(_shown_cell(cell, [one for one in conflicts if one.cell is cell]) for cell in merged.cells)


def _shown_cell(cell: Cell, conflicts: list[Any]) -> str:
    lines = cell.source.split("\n")
    if not conflicts:
        return token_of(lines, cell.kind)
    sides = []
    for name in ("ours", "theirs"):
        kept, at = [], 0
        for one in conflicts:
            kept += lines[at : one.region.start] + getattr(one.region, name).lines
            at = one.region.end
        kept += lines[at:]
        sides.append(token_of(kept, cell.kind) if kept else "-")
    return "{" + " ~ ".join(sides) + "}"


def merged(folder: Path, base: str, ours: str, theirs: str, ids: bool) -> str:
    contents = [notebook_of(tokens, ids) for tokens in (base, ours, theirs)]
    files = [folder / name for name in ("base", "ours", "theirs")]
    for file, data in zip(files, contents, strict=True):
        file.write_bytes(data)
    outcome = merge_files([str(file) for file in files], contents, Markers())
    assert problem_with(outcome.data) == ""
    said = shown(read_cells(outcome.data))
    assert outcome.is_clean == ("{" not in said)
    return said


@pytest.mark.parametrize("row", ROWS, ids=[row.split(" | ")[0][2:] for row in ROWS])
def test_row(row: str, tmp_path: Path) -> None:
    what, base, ours, theirs, expected = (column.strip() for column in row.strip("|").split("|"))
    found = [merged(tmp_path, base, ours, theirs, ids) for ids in (False, True)]
    said = " OR ".join(dict.fromkeys(found))
    if os.environ.get("NBGIT_REWRITE_GOLDEN"):
        columns = [what, base, ours, theirs, said]
        text = TABLE.read_text(encoding="utf-8")
        TABLE.write_text(text.replace(row, f"| {' | '.join(columns)} |"), encoding="utf-8")
    else:
        assert said == expected
