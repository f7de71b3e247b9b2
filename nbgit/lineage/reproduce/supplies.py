"""Ring 3: where the files that a recipe reads are to come from: the commit, the history, or the working tree.

A file counts as the same by its content; one that was too large to be digested, by size and time.
"""

import ast
import os
import shutil
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.pointers import GIT
from nbgit.lineage.origin.sources import LARGEST, has_content, introduced_by
from nbgit.lineage.runs.journals import FileSeen
from nbgit.lineage.runs.times import moment
from nbgit.lineage.slicing.magics import parse_cell
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository
from nbgit.store.worktree import worktree_file

COMMIT, HISTORY, WORKTREE = "commit", "history", "working tree"
OUTSIDE, GUESSED, MISSING = "outside", "guessed", "missing"
WORDS = {
    COMMIT: "in the commit",
    HISTORY: "from another commit",
    WORKTREE: "from the working tree, the same content",
    OUTSIDE: "where it lies, outside of the repository",
    GUESSED: "from the working tree, as it is there now",
    MISSING: "missing: nothing here has this content any more",
}

CLOCK = 0.001  # seconds by which a time may be rounded


class Supply(NamedTuple):
    """A file that a recipe reads, and where it is to come from; `name` is that in git for HISTORY.

    `is_same` says whether it is what was read then, None where that is not known.
    """

    path: str
    sha256: str | None
    origin: str
    is_same: bool | None = None
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/reproduce.v1.schema.json describes it."""
        return {"path": self.path, "sha256": self.sha256, "from": self.origin, "same": self.is_same}


def is_inside(path: str) -> bool:
    """Return whether a recorded path lies in the worktree, and is none of git's own."""
    parts = path.split("/")
    is_own = any(part.lower() == ".git" for part in parts)
    return not path.startswith(("/", "~/")) and path[1:2] != ":" and ".." not in parts and not is_own and path != "."


def find_supplies(past: Past, commit: str, files: Iterable[FileSeen]) -> list[Supply]:
    """Return for each file where it is to come from, when the tree is that of `commit`."""
    repository = past.repository
    wanted = list(dict.fromkeys(files))
    left = []
    found: dict[FileSeen, Supply] = {}
    with ObjectReader(repository) as reader:
        for file in wanted:
            if not is_inside(file.path):
                found[file] = _outside(file)
            elif file.sha256 and _is_in(reader, commit, file):
                found[file] = Supply(file.path, file.sha256, COMMIT, True)
            elif (is_same := _is_on_disk(repository, file)) is not False:
                found[file] = Supply(file.path, file.sha256, WORKTREE, is_same)
            else:
                left.append(file)
    for file, one in introduced_by(past, left).items():
        if one.kept_by == GIT:  # of a pointer the content is elsewhere
            found[file] = Supply(file.path, file.sha256, HISTORY, True, f"{one.commit.oid}:{file.path}")
    return [found.get(file, Supply(file.path, file.sha256, MISSING, False)) for file in wanted]


def guess_supplies(past: Past, commit: str, codes: Iterable[str], folder: str) -> list[Supply]:
    """Return files of the working tree that code names in so many words, and that the commit lacks."""
    names = {name for code in codes for name in _texts(code)}
    found = []
    with ObjectReader(past.repository) as reader:
        for name in sorted(names):
            path = os.path.normpath(os.path.join(folder, name)).replace(os.sep, "/")
            is_file = is_inside(path) and worktree_file(past.repository, path)
            if is_file and reader.read(f"{commit}:{path}", most=LARGEST) is None:
                found.append(Supply(path, None, GUESSED))
    return found


def supply(repository: Repository, supplies: Iterable[Supply], top: str) -> None:
    """Put the files into a clean tree; those of the commit are there."""
    with ObjectReader(repository) as reader:
        for one in supplies:
            target = os.path.join(top, *one.path.split("/"))
            if one.origin in (WORKTREE, GUESSED):
                source = worktree_file(repository, one.path)
                if source is not None and _make_room(top, target):
                    shutil.copy2(source, target)
            elif one.origin == HISTORY and _make_room(top, target):
                with open(target, "wb") as file:
                    file.write(reader.read(one.name) or b"")


def make_folders(top: str, paths: Iterable[str]) -> None:
    """Make the folders in which a recipe writes: git keeps no empty ones."""
    for path in paths:
        if is_inside(path):
            _make_room(top, os.path.join(top, *path.split("/")))


def _make_room(top: str, target: str) -> bool:
    """Make the folder of a file; False where that would lead out of the tree, through a link that the commit has."""
    folder = os.path.dirname(target)
    if os.path.commonpath([os.path.realpath(folder), top]) != top or os.path.islink(target):
        return False
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return False
    return True


def _is_in(reader: ObjectReader, commit: str, file: FileSeen) -> bool:
    data = reader.read(f"{commit}:{file.path}", most=LARGEST) if "\n" not in file.path else None
    return data is not None and has_content(file, data)


def _is_on_disk(repository: Repository, file: FileSeen) -> bool | None:
    """Return whether the working tree has a file as it was; None where only size and time say so."""
    place = worktree_file(repository, file.path)
    if place is None:
        return False
    try:
        return _is_same(place, file)
    except OSError:
        return False


def _is_same(place: str, file: FileSeen) -> bool | None:
    found = os.stat(place)
    if found.st_size != file.size:
        return False
    if file.sha256 is None:
        return None if abs(moment(file.mtime).timestamp() - found.st_mtime) < CLOCK else False
    with open(place, "rb") as stream:
        digest = sha256()
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest() == file.sha256


def _outside(file: FileSeen) -> Supply:
    try:
        is_same = _is_same(os.path.expanduser(file.path), file)
    except OSError:
        return Supply(file.path, file.sha256, MISSING, False)
    return Supply(file.path, file.sha256, OUTSIDE, is_same)


def _texts(code: str) -> set[str]:
    tree = parse_cell(code)
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)) if tree else ()
    return {text for text in constants if isinstance(text, str) and 0 < len(text) < 1000 and "\0" not in text}
