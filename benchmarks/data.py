"""The data: a real history from a git bundle where there is one, else a generated one; and the set of its notebooks."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.notebooks import distinct_set, figure_cell, notebook_bytes, table_cell, text_cell
from benchmarks.sandbox import CommandFailed, Sandbox


class Commit(NamedTuple):
    """One commit: its date (seconds since 1970), the files it sets, the files it removes."""

    date: int
    message: str
    changed: dict[str, bytes]
    removed: list[str]


class Data(NamedTuple):
    """What everything is measured on.

    `history` is linear, oldest first; `notebooks` is every distinct version of every notebook in it, each under a path
    of its own; `distinct` is generated so that no two figures are the same.
    """

    name: str
    history: list[Commit]
    notebooks: dict[str, bytes]
    distinct: dict[str, bytes]
    original: Path | None  # the clone of the bundle


def load_data(sandbox: Sandbox, folder: Path | None, *, quick: bool) -> Data:
    """Return the data of `folder` (its largest bundle, else its notebooks), or generated data where it is None."""
    bundles = sorted(folder.glob("*.bundle"), key=lambda place: place.stat().st_size) if folder else []
    original = _clone(sandbox, bundles[-1]) if bundles else None
    if original is not None:
        name, history = bundles[-1].name, read_history(sandbox, original)
        notebooks = _versions_in_git(sandbox, original)
    else:
        name, history = "generated", generated_history(12 if quick else 120, notebooks=3 if quick else 12)
        notebooks = _versions(history)
        if folder is not None:
            name = "a folder of notebooks, and a generated history"
            notebooks = {place.name: place.read_bytes() for place in sorted(folder.rglob("*.ipynb"))} or notebooks
    if quick:
        history, notebooks = history[:14], dict(list(notebooks.items())[:12])
    size = sum(len(data) for data in notebooks.values()) // max(1, len(notebooks))
    return Data(name, history, notebooks, distinct_set(len(notebooks), size), original)


def _clone(sandbox: Sandbox, bundle: Path) -> Path:
    path = sandbox.directory("original")
    try:
        sandbox.git(sandbox.root, "clone", "-q", "-b", "main", str(bundle.resolve()), str(path))
    except CommandFailed:  # a bundle of another branch
        sandbox.git(sandbox.root, "clone", "-q", str(bundle.resolve()), str(path))
    sandbox.git(path, "config", "gc.auto", "0")
    return path


def read_history(sandbox: Sandbox, repository: Path) -> list[Commit]:
    """Return the first-parent history of HEAD, oldest first, reduced to its notebooks."""
    commits: list[Commit] = []
    before: dict[str, str] = {}
    for line in sandbox.git(repository, "log", "--first-parent", "--reverse", "--format=%H %ct %s").splitlines():
        oid, date, message = line.split(" ", 2)
        after: dict[str, str] = {}
        for entry in sandbox.git(repository, "ls-tree", "-r", "-z", oid).split("\0")[:-1]:
            kind, path = entry.split("\t", 1)
            if path.endswith(".ipynb"):
                after[path] = kind.split()[2]
        changed = {path: _blob(sandbox, repository, blob) for path, blob in after.items() if before.get(path) != blob}
        removed = [path for path in before if path not in after]
        if changed or removed:
            commits.append(Commit(int(date), message, changed, removed))
        before = after
    return commits


def _blob(sandbox: Sandbox, repository: Path, oid: str) -> bytes:
    return sandbox.run(["git", "cat-file", "blob", oid], repository)


def _versions_in_git(sandbox: Sandbox, repository: Path) -> dict[str, bytes]:
    """Return every distinct notebook blob that HEAD reaches, side branches included."""
    lines = sandbox.git(repository, "rev-list", "--objects", "HEAD").splitlines()
    oids = sorted(line.split(" ", 1)[0] for line in lines if line.endswith(".ipynb"))
    return {f"set/{number:03d}.ipynb": _blob(sandbox, repository, oid) for number, oid in enumerate(oids)}


def _versions(history: list[Commit]) -> dict[str, bytes]:
    found = dict.fromkeys(data for commit in history for data in commit.changed.values())
    return {f"set/{number:03d}.ipynb": data for number, data in enumerate(found)}


def generated_history(commits: int, *, notebooks: int, figures: int = 6, png_size: int = 12_000) -> list[Commit]:
    """Return a history of notebooks as people make it: each commit edits one cell of one notebook and runs it anew.

    The other figures stay as they were, as they do in real histories; execution counts move on in every cell.
    """
    source = random.Random(3)
    state = [_new_cells(source, figures, png_size) for _ in range(notebooks)]
    history: list[Commit] = []
    for number in range(commits):
        which = number % notebooks
        cells = state[which]
        at = 3 * source.randrange(figures) + 2
        cells[at] = figure_cell(source, at, png_size)
        cells[at]["source"] = [f"# try {number}\n", *cells[at]["source"]]
        for cell in cells:
            if cell["cell_type"] == "code":
                cell["execution_count"] = number + 1
        changed = {f"notebooks/{which:02d}.ipynb": notebook_bytes(cells)}
        history.append(Commit(1_650_000_000 + 600 * number, f"try {number}", changed, []))
    return history


def _new_cells(source: random.Random, figures: int, png_size: int) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = []
    for index in range(0, 3 * figures, 3):
        parts = (text_cell(source, index), table_cell(source, index + 1), figure_cell(source, index + 2, png_size))
        cells.extend(parts)
    return cells


def part_of(files: dict[str, bytes], count: int) -> dict[str, bytes]:
    """Return `count` of the files, spread evenly from the smallest to the largest."""
    by_size = sorted(files, key=lambda path: (len(files[path]), path))
    step = max(1.0, len(by_size) / count)
    chosen = [by_size[int((number + 0.5) * step)] for number in range(min(count, len(by_size)))]
    return {path: files[path] for path in chosen}
