"""Ring 4: three files merged, by cell where they are notebooks, else as text by git (docs/design.md, "Merge").

For the merge driver and `nbgit merge`. A conflict is always visible, and never silently "ours".
"""

import os

from nbgit.errors import NotANotebook
from nbgit.gitproto.processes import capture, run_quietly
from nbgit.gitproto.working_policy import working_policy
from nbgit.merge.conflicts import MERGE, STYLES, ZDIFF3, Markers, Names
from nbgit.merge.from_text import from_text
from nbgit.merge.notebooks import merge_notebooks
from nbgit.notebook.cells import read_cells
from nbgit.notebook.text import readable_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.merge.conflicts import Conflict
    from nbgit.merge.notebooks import Merged

USAGE = 129
GREATEST = 127  # `git merge-file` answers with the number of conflicts, up to this; past it, it has refused


class Outcome:
    """What a merge gave: `data`, whether it `is_clean`, and what to say about it in `words` ("" for nothing).

    `conflicts` are those of a merge by cell; `by_cell` is False where git has merged the files as text.
    """

    __slots__ = ("by_cell", "conflicts", "data", "is_clean", "words")

    def __init__(self, data: bytes, *, is_clean: bool, words: str = "", merged: "Merged | None" = None) -> None:
        self.data = data
        self.is_clean = is_clean
        self.words = words
        self.by_cell = merged is not None
        self.conflicts: list[Conflict] = merged.conflicts if merged is not None else []


def merge_files(files: list[str], contents: list[bytes], markers: Markers) -> Outcome:
    """Merge base, ours and theirs, in this order: the `files` and what they hold."""
    base, ours, theirs = contents
    if ours in (theirs, base):
        return Outcome(theirs, is_clean=True)
    if theirs == base:
        return Outcome(ours, is_clean=True)
    try:
        merged = merge_notebooks(base, ours, theirs, markers)
        read_cells(merged.data)  # never leave what Jupyter can't open
    except NotANotebook as error:
        return merge_as_text(files, ours, markers, str(error))
    if not merged.conflicts:
        return Outcome(merged.data, is_clean=True, merged=merged)
    code, text = _merge_file(files, markers)
    if code == 0 and is_sound(text):  # what plain git merges cleanly is no conflict here
        return Outcome(text, is_clean=True, merged=None)
    settled = _settled_by_text(merged.data, contents, markers)
    if settled is not None:
        return Outcome(settled, is_clean=True)
    return Outcome(merged.data, is_clean=False, words=f"conflicts are marked in {in_cells(merged)}", merged=merged)


def _settled_by_text(merged: bytes, contents: list[bytes], markers: Markers) -> bytes | None:
    """Return the merged notebook without conflicts, where git merges the readable texts of the three without any."""
    policy = working_policy()
    folder = _new_folder()
    files = [os.path.join(folder, name) for name in ("base", "ours", "theirs")]
    try:
        for file, data in zip(files, contents, strict=True):
            with open(file, "wb") as stream:
                stream.write(readable_text(data, policy))
        code, text = _merge_file(files, markers)
    finally:
        for file in files:
            if os.path.exists(file):
                os.unlink(file)
        os.rmdir(folder)
    return from_text(merged, contents[1:], text, policy) if code == 0 else None


def _new_folder() -> str:
    """Return a folder that was made for this process alone; `tempfile` takes longer to import than a merge does."""
    parent = next((os.environ[name] for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)), "/tmp")
    folder = os.path.join(parent if os.path.isdir(parent) else os.curdir, f"nbgit-{os.urandom(8).hex()}")
    os.mkdir(folder, 0o700)  # fails where anything is there
    return folder


def merge_as_text(files: list[str], ours: bytes, markers: Markers, why: str) -> Outcome:
    """Merge the three files as text, by `git merge-file`; where that refuses (binary content), ours is kept."""
    code, text = _merge_file(files, markers)
    if code > GREATEST:
        words = f"{why}, and git can't merge it as text; ours is kept, look at both sides"
        return Outcome(ours, is_clean=False, words=words)
    return Outcome(text, is_clean=code == 0, words=f"{why}; merged as text, with conflicts" if code else "")


def with_style(names: Names) -> Names:
    """Return the names with the conflict style that git's configuration asks for."""
    style = capture(["git", "config", "--get", "merge.conflictStyle"]).decode("utf-8", "replace").strip()
    return Names(names.ours, names.theirs, names.base, style if style in STYLES else MERGE)


def _merge_file(files: list[str], markers: Markers) -> tuple[int, bytes]:
    """Return what `git merge-file` makes of the files: (number of conflicts, the bytes)."""
    base, ours, theirs = files
    names = markers.names
    labels = [option for name in (names.ours, names.base, names.theirs) for option in ("-L", name)]
    for style in {MERGE: [""], ZDIFF3: ["--zdiff3", "--diff3"]}.get(names.style, ["--diff3"]):
        options = [f"--marker-size={markers.size}", *([style] if style else []), *labels]
        code, text = run_quietly(["git", "merge-file", "-p", *options, "--", ours, base, theirs])
        if code != USAGE:  # git before 2.35 has no zdiff3
            break
    return code, text


def is_sound(data: bytes) -> bool:
    """Say whether a text merge left a notebook that Jupyter opens: every cell with what its kind needs, once."""
    try:
        notebook = read_cells(data)
    except NotANotebook:
        return False
    ids = [cell.id for cell in notebook.cells if cell.id is not None]
    fits_ids = len(ids) == (len(notebook.cells) if notebook.nbformat >= (4, 5) else 0)
    needed = {"cell_type", "metadata"}
    return (
        len(set(ids)) == len(ids)
        and fits_ids
        and all(needed <= cell.raw.keys() for cell in notebook.cells)
        and all(cell.kind != "code" or "outputs" in cell.raw for cell in notebook.cells)
    )


def in_cells(merged: "Merged") -> str:
    """Return in words where the conflicts of a merge are."""
    conflicts = merged.conflicts
    shown = ", ".join(f"cell {found.cell_index} ({found.what})" for found in conflicts[:5])
    more = f" and {len(conflicts) - 5} more" if len(conflicts) > 5 else ""
    return f"{shown}{more}"
