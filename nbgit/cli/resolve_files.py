"""Ring 5: notebooks in conflict: found, read, and written without their markers."""

import os
from hashlib import sha256

from nbgit.errors import NbgitError, NotANotebook
from nbgit.merge.marked import Found, Side, find_conflicts, stray_markers
from nbgit.merge.resolve import Decision, resolve
from nbgit.notebook.cells import read_cells
from nbgit.store.carry import rejoined
from nbgit.store.changes import SUFFIX
from nbgit.store.git import try_git
from nbgit.store.repository import Repository
from nbgit.store.switch import replace_unchanged
from nbgit.store.worktree import path_in


class Marked:
    """A notebook and its conflicts: `path` as people write it, the absolute `file`, its bytes as `data`.

    `conflicts` are whole ones; `stray` are (index of a cell, line) for markers that belong to none; `trouble` says why
    the file can't be read as a notebook ("" where it can). `settled` counts the conflicts that were decided.
    """

    __slots__ = ("conflicts", "data", "file", "is_added", "path", "settled", "stray", "trouble")

    def __init__(self, path: str, file: str, data: bytes, settled: int = 0) -> None:
        self.path = path
        self.file = file
        self.data = data
        self.settled = settled
        self.is_added = False
        self.conflicts: list[Found] = []
        self.stray: list[tuple[int, str]] = []
        self.trouble = ""
        try:
            notebook = read_cells(data)
        except NotANotebook as error:
            self.trouble = str(error)
            return
        self.conflicts = find_conflicts(notebook)
        for cell in notebook.cells:
            inside = {(one.region.start, one.region.end) for one in self.conflicts if one.cell is cell}
            rest = [
                line
                for place, line in enumerate(cell.source.split("\n"))
                if not any(start <= place < end for start, end in inside)
            ]
            self.stray += [(cell.index, line) for line in stray_markers(rest)]

    @property
    def is_open(self) -> bool:
        """Whether something is left to decide."""
        return bool(self.conflicts or self.stray or self.trouble)

    def as_json(self) -> dict[str, object]:
        """Return what programs are told (resolve.v1)."""
        return {
            "path": self.path,
            "trouble": self.trouble or None,
            "settled": self.settled,
            "added": self.is_added,
            "conflicts": [_conflict_json(one) for one in self.conflicts],
            "stray": [{"cell_index": index, "line": line} for index, line in self.stray],
        }


def _conflict_json(found: Found) -> dict[str, object]:
    region = found.region
    return {
        "number": found.number,
        "cell_index": found.cell.index,
        "cell_id": found.cell.id,
        "kind": found.kind,
        "ours": _side_json(region.ours),
        "base": region.base,
        "theirs": _side_json(region.theirs),
    }


def _side_json(side: Side) -> dict[str, object]:
    return {"label": side.label, "note": side.note or None, "lines": side.lines}


def in_conflict(repository: Repository | None) -> list[str]:
    """Return the notebooks of the working tree that git has in conflict, and changed ones that hold markers."""
    if repository is None or repository.worktree is None:
        return []
    top = repository.worktree
    _, unmerged, _ = try_git(["ls-files", "-u", "-z", "--full-name"], cwd=top)
    names = [os.fsdecode(entry.partition(b"\t")[2]) for entry in unmerged.split(b"\0") if entry]
    _, changed, _ = try_git(["diff", "--name-only", "-z", "--no-ext-diff", "HEAD"], cwd=top)
    others = [os.fsdecode(name) for name in changed.split(b"\0") if name]
    found = [name for name in dict.fromkeys(names) if name.endswith(SUFFIX)]
    found += [name for name in others if name.endswith(SUFFIX) and name not in names and _holds_markers(top, name)]
    files = [os.path.join(top, *name.split("/")) for name in found]
    return [os.path.relpath(file) for file in files if os.path.isfile(file)]


def _holds_markers(top: str, name: str) -> bool:
    try:
        return b"<<<<<<<" in _read(os.path.join(top, *name.split("/")))
    except OSError:
        return False


def read_marked(path: str, repository: Repository | None) -> Marked:
    """Return a notebook and its conflicts; raises NbgitError where it can't be read."""
    try:
        return Marked(path, os.path.realpath(path), _read(path))
    except OSError as error:
        raise NbgitError(f"{path} can't be read: {error.strerror or error}") from error


def write_resolved(marked: Marked, decisions: dict[int, Decision], repository: Repository | None) -> Marked:
    """Write the notebook with these conflicts decided, and return it as it is then.

    Cells whose code is that of a side again get its outputs. Raises NbgitError where a decision can't be carried out,
    or where the file has changed meanwhile.
    """
    if not decisions:
        return marked
    data = resolve(marked.data, decisions)
    name = path_in(repository, marked.file) if repository is not None else None
    if repository is not None and name is not None:
        data = rejoined(repository, name, data)
    if not replace_unchanged(marked.file, sha256(marked.data).hexdigest(), data):
        raise NbgitError(f"{marked.path} changed meanwhile, so it was left alone; run the command again")
    return Marked(marked.path, marked.file, data, len(decisions))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
