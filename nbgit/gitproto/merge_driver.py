"""Ring 4: `nbgit merge-driver %O %A %B %L %P`, what git starts to merge a notebook (gitattributes(5)).

The three files hold cleaned content; the result goes into the file of ours. Exit 0 means merged, 1 means conflicts,
which are marked inside the cells. Whatever can't be merged by cell, and whatever nbgit stumbles over, is merged as
text by git itself, so that a conflict is always visible and never silently "ours".
"""

import os
import sys

from nbgit.gitproto.telling import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.merge.notebooks import Merged

USAGE = "usage: nbgit merge-driver BASE OURS THEIRS MARKER-SIZE PATH\n"


def run(arguments: list[str]) -> int:
    """Merge into the file `arguments[1]` and return 0, or 1 where conflicts are left in it (2 for a wrong call)."""
    if len(arguments) != 5 or not arguments[3].isdigit():
        sys.stderr.write(USAGE)
        return 2
    files, size, path = arguments[:3], int(arguments[3]), arguments[4]
    try:
        base, ours, theirs = (_read(file) for file in files)
        if ours == theirs or theirs == base:
            return 0
        if ours == base:
            _write(files[1], theirs)
            return 0
        return _merge(files, base, ours, theirs, size, path)
    except Exception as error:
        return _after_bug(error, files, size, path)


def _merge(files: list[str], base: bytes, ours: bytes, theirs: bytes, size: int, path: str) -> int:
    from nbgit.errors import NotANotebook
    from nbgit.merge.conflicts import Markers
    from nbgit.merge.notebooks import merge_notebooks
    from nbgit.notebook.cells import read_cells

    try:
        merged = merge_notebooks(base, ours, theirs, Markers(size))
        read_cells(merged.data)  # never leave what Jupyter can't open
    except NotANotebook as error:
        return _merge_as_text(files, size, path, str(error))
    if not merged.conflicts:
        _write(files[1], merged.data)
        return 0
    code, text = merge_file(files, size)
    if code == 0 and _is_sound(text):  # what plain git merges cleanly is no conflict here
        _write(files[1], text)
        return 0
    _write(files[1], merged.data)
    say(f"{path}: {_words(merged)}")
    return 1


def merge_file(files: list[str], size: int) -> tuple[int, bytes]:
    """Return what `git merge-file` makes of base, ours and theirs as text: (number of conflicts, the bytes).

    The number is past 127 where git refuses (binary content).
    """
    from nbgit.gitproto.git_settings import run_quietly

    base, ours, theirs = files
    labels = ["-L", "ours", "-L", "base", "-L", "theirs"]
    return run_quietly(["git", "merge-file", "-p", f"--marker-size={size}", *labels, "--", ours, base, theirs])


def _merge_as_text(files: list[str], size: int, path: str, why: str) -> int:
    code, text = merge_file(files, size)
    if code > 127:
        say(f"{path}: {why}, and git can't merge it as text; ours is kept, look at both sides")
        return 1
    _write(files[1], text)
    if code:
        say(f"{path}: {why}; merged as text, with conflicts")
    return 1 if code else 0


def _after_bug(error: Exception, files: list[str], size: int, path: str) -> int:
    from nbgit.store.log import log_bug

    where, place = log_bug(error)
    try:
        return max(
            1, _merge_as_text(files, size, path, f"this is a bug in nbgit ({where}); the details are in {place}")
        )
    except OSError as failure:
        say(f"{path}: can't be merged ({failure.strerror or failure})")
        return 1


def _is_sound(data: bytes) -> bool:
    """Say whether a text merge left a notebook that Jupyter opens: every cell with what its kind needs, once."""
    from nbgit.errors import NotANotebook
    from nbgit.notebook.cells import read_cells

    try:
        notebook = read_cells(data)
    except NotANotebook:
        return False
    ids = [cell.id for cell in notebook.cells if cell.id is not None]
    needs_ids = notebook.nbformat >= (4, 5) and len(ids) < len(notebook.cells)
    needed = {"cell_type", "metadata"}
    return (
        len(set(ids)) == len(ids)
        and not needs_ids
        and all(needed <= cell.raw.keys() for cell in notebook.cells)
        and all(cell.kind != "code" or "outputs" in cell.raw for cell in notebook.cells)
    )


def _words(merged: "Merged") -> str:
    conflicts = merged.conflicts
    shown = ", ".join(f"cell {found.cell_index} ({found.what})" for found in conflicts[:5])
    more = f" and {len(conflicts) - 5} more" if len(conflicts) > 5 else ""
    return f"conflicts are marked in {shown}{more}; edit those cells, then `git add` the notebook"


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
