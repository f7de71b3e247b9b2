"""Ring 4: `nbgit hook pre-commit`: no commit takes conflict markers in without being told to (docs/design.md, "Hooks").

Only what the commit adds counts: a notebook that has such lines already, in HEAD or in a commit that is merged, may
keep them, as one about git does.
"""

import os
from collections import Counter

from nbgit.errors import MarkersLeft, NotANotebook
from nbgit.merge.marked import stray_markers
from nbgit.notebook.cells import read_cells
from nbgit.store.changes import SUFFIX
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository

MARKS = (b"<<<<<<<", b">>>>>>>")
SHOWN = 5
SETTING = "nbgit.guard"
STAGED = ("diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv")


def check_staged(repository: Repository) -> None:
    """Raise MarkersLeft where a staged notebook has conflict markers that no parent of the commit has."""
    staged = _staged(repository)
    if not staged:
        return
    parents = ["HEAD", *_merged(repository)]
    left: list[str] = []
    with ObjectReader(repository) as reader:
        for path, data in zip(staged, reader.read_many(list(staged.values())), strict=True):
            if data is None or not any(mark in data for mark in MARKS):
                continue
            old: Counter[str] = Counter()
            for before in reader.read_many([f"{parent}:{path}" for parent in parents]):
                old |= Counter(line for line, _ in marker_lines(before or b""))
            cells = _new(marker_lines(data), old)
            if cells is not None:
                left.append(f"{path}{f' ({cells})' if cells else ''}")
    if left and not _is_off(repository):
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        raise MarkersLeft(
            f"conflict markers are left in {', '.join(left[:SHOWN])}{more}: `nbgit resolve` walks them "
            "(`git commit --no-verify` commits them as they are)"
        )


def _is_off(repository: Repository) -> bool:
    """Return whether its owner wants no such guard (`nbgit.guard` is false, in any scope)."""
    return try_git(["config", "--type=bool", "--get", SETTING], cwd=repository.start)[1].strip() == b"false"


def marker_lines(data: bytes) -> list[tuple[str, int]]:
    """Return the lines of a file that begin or end a conflict, and the cell of each (-1 where it is no notebook)."""
    try:
        cells = read_cells(data).cells
    except NotANotebook:
        text = data.decode("utf-8", "replace")
        return [(line.rstrip("\r"), -1) for line in stray_markers(text.split("\n"))]
    return [(line, cell.index) for cell in cells for line in stray_markers(cell.source.split("\n"))]


def _new(lines: list[tuple[str, int]], old: "Counter[str]") -> str | None:
    """Return in words which cells have markers that are new ("" where it is no notebook), None where none is."""
    seen: Counter[str] = Counter()
    cells: list[int] = []
    for line, cell in lines:
        seen[line] += 1
        if seen[line] > old[line]:
            cells.append(cell)
    if not cells:
        return None
    return "" if -1 in cells else f"cell {', '.join(str(cell) for cell in dict.fromkeys(cells))}"


def _staged(repository: Repository) -> dict[str, str]:
    """Return path -> oid of the notebooks that are about to be committed and differ from HEAD."""
    _, out, _ = try_git([*STAGED, "--", f"*{SUFFIX}"], cwd=repository.worktree or repository.start)
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    found: dict[str, str] = {}
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        words = head.split(" ")
        if len(words) == 5 and words[1].startswith("100") and words[3].strip("0"):
            found[path] = words[3]
    return found


def _merged(repository: Repository) -> list[str]:
    try:
        with open(os.path.join(repository.git_dir, "MERGE_HEAD"), encoding="ascii") as file:
            return file.read().split()
    except (OSError, ValueError):
        return []
