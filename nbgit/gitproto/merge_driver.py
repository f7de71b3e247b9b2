"""Ring 4: `nbgit merge-driver %O %A %B %L %P %S %X %Y`, what git starts to merge a notebook (gitattributes(5)).

The three files hold cleaned content; the result goes into the file of ours. Exit 0 means merged, 1 means conflicts,
which are marked inside the cells. Whatever can't be merged by cell, and whatever nbgit stumbles over, is merged as
text by git itself.
"""

import os
import sys

from nbgit.gitproto.telling import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.gitproto.merging import Outcome

USAGE = "usage: nbgit merge-driver BASE OURS THEIRS MARKER-SIZE PATH [BASE-LABEL OUR-LABEL THEIR-LABEL]\n"


def run(arguments: list[str]) -> int:
    """Merge into the file `arguments[1]` and return 0, or 1 where conflicts are left in it (2 for a wrong call)."""
    if len(arguments) not in (5, 8) or not arguments[3].isdigit():
        sys.stderr.write(USAGE)
        return 2
    files, size, path = arguments[:3], int(arguments[3]), arguments[4]
    try:
        contents = [_read(file) for file in files]
        base, ours, theirs = contents
        if ours == theirs or theirs == base:
            return 0
        if ours == base:
            _write(files[1], theirs)
            return 0
        return _merge(files, contents, size, path, arguments[5:])
    except Exception as error:
        return _after_bug(error, files, size, path)


def _merge(files: list[str], contents: list[bytes], size: int, path: str, placeholders: list[str]) -> int:
    from nbgit.gitproto.merge_labels import find_names
    from nbgit.gitproto.merging import merge_files, with_style
    from nbgit.merge.conflicts import Markers

    markers = Markers(size, lambda: with_style(find_names(placeholders, os.environ, os.getcwd())))
    outcome = merge_files(files, contents, markers)
    advice = "; `nbgit resolve` walks them, or edit those cells; then `git add` the notebook" if outcome.by_cell else ""
    return _finish(files[1], outcome, path, advice)


def _finish(file: str, outcome: "Outcome", path: str, advice: str = "") -> int:
    _write(file, outcome.data)
    if outcome.words:
        say(f"{path}: {outcome.words}{advice}")
    return 0 if outcome.is_clean else 1


def _after_bug(error: Exception, files: list[str], size: int, path: str) -> int:
    from nbgit.store.log import log_bug

    where, place = log_bug(error)
    try:
        from nbgit.gitproto.merging import merge_as_text
        from nbgit.merge.conflicts import Markers

        why = f"this is a bug in nbgit ({where}); the details are in {place}"
        outcome = merge_as_text(files, _read(files[1]), Markers(size), why)
        _finish(files[1], outcome, path)
        return 1
    except OSError as failure:
        say(f"{path}: can't be merged ({failure.strerror or failure})")
        return 1


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
