"""Golden cases: folders with inputs and what must come out of them, for textconv, diff and merge.

`NBGIT_REWRITE_GOLDEN=1 pytest tests/golden` writes what comes out now; read the difference before you commit it.
"""

import os
from pathlib import Path

import pytest

from nbgit.diff.report import Side, report
from nbgit.diff.view import FULL, SUMMARY, View
from nbgit.external.nbformat import problem_with
from nbgit.merge.notebooks import merge_notebooks
from nbgit.notebook.text import readable_text

HERE = Path(__file__).parent


def cases(kind: str) -> list[Path]:
    return sorted(path for path in (HERE / kind).iterdir() if path.is_dir())


def compare(expected: Path, data: bytes) -> None:
    if os.environ.get("NBGIT_REWRITE_GOLDEN"):
        expected.write_bytes(data)
    assert data.decode() == expected.read_bytes().decode()


@pytest.mark.parametrize("case", cases("textconv"), ids=lambda path: path.name)
def test_textconv(case: Path) -> None:
    compare(case / "expected.txt", readable_text((case / "input.ipynb").read_bytes()))


@pytest.mark.parametrize("case", cases("diff"), ids=lambda path: path.name)
def test_diff(case: Path) -> None:
    sides = [Side("n.ipynb", (case / f"{name}.ipynb").read_bytes()) for name in ("before", "after")]
    for name, detail in (("expected.diff", SUMMARY), ("full.diff", FULL)):
        if detail == SUMMARY or (case / name).exists():
            view = View(outputs=detail, decode=True)
            compare(case / name, report(sides[0], sides[1], view).encode())


@pytest.mark.parametrize("case", cases("merge"), ids=lambda path: path.name)
def test_merge(case: Path) -> None:
    base, ours, theirs = ((case / f"{name}.ipynb").read_bytes() for name in ("base", "ours", "theirs"))
    merged = merge_notebooks(base, ours, theirs)
    compare(case / "expected.ipynb", merged.data)
    compare(case / "conflicts.txt", "".join(f"{c.cell_index} {c.what}\n" for c in merged.conflicts).encode())
    assert bool(merged.conflicts) == (b"<<<<<<<" in merged.data)
    assert problem_with(merged.data) == ""
