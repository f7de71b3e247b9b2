"""What the tests of upkeep share: a repository with something of each kind stored, made once and copied."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.scene import N, run_of
from tests.gitbox import GitBox
from tests.nb import code, notebook

PICTURE = "iVBORw0KGgoA" + "A" * 1200


def drawn(run: str) -> bytes:
    """Return a notebook with a figure, a long table and short outputs."""
    figure = {"output_type": "display_data", "metadata": {}, "data": {"image/png": PICTURE, "text/plain": [run]}}
    table = {"output_type": "stream", "name": "stdout", "text": [f"{run} {n}\n" for n in range(200)]}
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["one", run]}
    return notebook(code("plot()", id="a", execution_count=1, outputs=[figure, table, error]))


def two_commits(root: Path) -> GitBox:
    """Return a repository with two commits: n.ipynb and drawn.ipynb, then n.ipynb edited and run again."""
    box = GitBox(root)
    assert box.nbgit("install").code == 0
    box.write(N, run_of("a = 1", "b = 2", run="A"))
    box.write("drawn.ipynb", drawn("A"))
    box.commit("one")
    box.write(N, run_of("a = 1", "b = 3", run="B"))
    box.commit("two")
    return box


def copy_of(box: GitBox, root: Path) -> GitBox:
    """Return a copy of a box's repository in a box of its own."""
    copy = GitBox(root, init=False)
    shutil.copytree(box.path, copy.path, dirs_exist_ok=True)
    copy.minutes = box.minutes
    copy.git("update-index", "-q", "--refresh")
    return copy


def captures(box: GitBox) -> list[Path]:
    """Return the files of captures."""
    return sorted((box.path / ".git" / "nbgit").glob("[cp]a[ps]t*/*/*"))
