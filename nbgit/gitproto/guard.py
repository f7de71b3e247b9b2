"""Ring 4: `nbgit hook pre-commit`: no commit takes conflict markers in without being told to (docs/design.md, "Hooks").

Only what the commit adds counts: a notebook that has such lines already, in HEAD or in a commit that is merged, may
keep them, as one about git does.
"""

import os
from collections import Counter

from nbgit.errors import MarkersLeft, NotANotebook, OutputsStaged
from nbgit.merge.marked import stray_markers
from nbgit.notebook.cells import read_cells
from nbgit.notebook.spans import split
from nbgit.store.changes import SUFFIX
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository

MARKS = (b"<<<<<<<", b">>>>>>>")
SHOWN = 5
SETTING = "nbgit.guard"
STAGED = ("diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv")


def check_markers(repository: Repository, paths: list[str], before: str = "") -> None:
    """Raise MarkersLeft where a staged notebook has conflict markers that no parent of the commit has.

    `paths` (of the top of the worktree, by the pre-commit framework) are looked at as git holds them where nothing is
    staged, as in a CI job: against the revision `before`, or, where there is none, for files that markers have broken.
    """
    staged = _staged(repository)
    parents = ["HEAD", *_merged(repository)]
    with ObjectReader(repository) as reader:
        if paths and not staged:
            parents = [before] if before else []
            held = _in_index(repository, paths)
            staged = {path: oid for path, oid in held.items() if before or _broken(reader, oid)}
        left = _with_markers(reader, staged, parents)
    if left and not _is_off(repository):
        raise MarkersLeft(
            f"conflict markers are left in {_listed(left)}: `nbgit resolve` walks them "
            "(`git commit --no-verify` commits them as they are)"
        )


def _with_markers(reader: ObjectReader, staged: dict[str, str], parents: list[str]) -> list[str]:
    """Return the notebooks with markers that none of these commits has, and in which cells."""
    left: list[str] = []
    for path, data in zip(staged, reader.read_many(list(staged.values())), strict=True):
        if data is None or not any(mark in data for mark in MARKS):
            continue
        old: Counter[str] = Counter()
        for known in reader.read_many([f"{parent}:{path}" for parent in parents]):
            old |= Counter(line for line, _ in marker_lines(known or b""))
        cells = _new(marker_lines(data), old)
        if cells is not None:
            left.append(f"{path}{f' ({cells})' if cells else ''}")
    return left


def check_sources(repository: Repository, paths: list[str]) -> None:
    """Raise OutputsStaged where git holds a notebook with what nbgit keeps out of the history: outputs, counts.

    The index alone is asked, so that the check says the same in a clone where nbgit was never installed.
    """
    policy = load_policy(repository)
    held = _in_index(repository, paths)
    found: list[str] = []
    with ObjectReader(repository) as reader:
        for path, data in zip(held, reader.read_many(list(held.values())), strict=True):
            parts = split(data, policy) if data else None
            if parts is not None and parts.spans:
                found.append(path)
    if found:
        raise OutputsStaged(
            f"git holds outputs of {_listed(found)}: run `nbgit install` in the clone where this is committed, then "
            "`git add --renormalize` on what is named"
        )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _in_index(repository: Repository, paths: list[str]) -> dict[str, str]:
    """Return path -> oid of those of these files that are notebooks in the index."""
    asked = [path for path in paths if path.endswith(SUFFIX)]
    if not asked:
        return {}
    git_command = ["--literal-pathspecs", "ls-files", "-s", "-z", "--", *asked]
    _, out, _ = try_git(git_command, cwd=repository.worktree or repository.start)
    held: dict[str, str] = {}
    for row in out.decode("utf-8", "surrogateescape").split("\0"):
        head, _, path = row.partition("\t")
        words = head.split(" ")
        if len(words) == 3 and words[0].startswith("100") and words[2] == "0":
            held[path] = words[1]
    return held


def _broken(reader: ObjectReader, oid: str) -> bool:
    """Return whether markers keep a file from being a notebook: those in a cell's text may be meant."""
    (data,) = reader.read_many([oid])
    return any(cell == -1 for _, cell in marker_lines(data or b""))


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
