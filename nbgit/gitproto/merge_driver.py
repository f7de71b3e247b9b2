"""Ring 4: `nbgit merge-driver %O %A %B %L %P %S %X %Y %A.nbgit`, what git starts to merge a notebook.

The three files hold cleaned content; the result goes into the file named last, written in full or not there (unless it
is ours), or into that of ours where none is named. Exit 0 means merged, 1 means conflicts, which are marked inside the
cells. Whatever can't be merged by cell, and whatever nbgit stumbles over, is merged as text by git itself.
"""

import os
import sys

from nbgit.gitproto.telling import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.gitproto.merging import Outcome

USAGE = "usage: nbgit merge-driver BASE OURS THEIRS MARKER-SIZE PATH [BASE-LABEL OUR-LABEL THEIR-LABEL [RESULT]]\n"


def run(arguments: list[str]) -> int:
    """Merge into the file `arguments[8]` or `[1]`, and return 0, or 1 for conflicts left in it, 2 for a wrong call."""
    if len(arguments) not in (5, 8, 9) or not arguments[3].isdigit():
        sys.stderr.write(USAGE)
        return 2
    files, size, path = arguments[:3], int(arguments[3]), arguments[4]
    result = arguments[8] if len(arguments) == 9 else files[1]
    try:
        contents = [_read(file) for file in files]
        base, ours, theirs = contents
        if ours == theirs or theirs == base:
            return 0
        if ours == base:
            _write(result, theirs)
            return 0
        return _finish(result, _merge(files, contents, size, arguments[5:8]), path)
    except Exception as error:
        return _after_bug(error, files, size, path, result)


def _merge(files: list[str], contents: list[bytes], size: int, placeholders: list[str]) -> "Outcome":
    from nbgit.gitproto.merge_labels import find_names
    from nbgit.gitproto.merging import merge_files, with_style
    from nbgit.merge.conflicts import Markers

    markers = Markers(size, lambda: with_style(find_names(placeholders, os.environ, os.getcwd())))
    return merge_files(files, contents, markers)


def _finish(result: str, outcome: "Outcome", path: str) -> int:
    _write(result, outcome.data)
    if outcome.words:
        advice = "; `nbgit resolve` walks them, or edit those cells; then `git add` the notebook"
        say(f"{path}: {outcome.words}{advice if outcome.by_cell else ''}")
    return 0 if outcome.is_clean else 1


def _after_bug(error: Exception, files: list[str], size: int, path: str, result: str) -> int:
    from nbgit.store.log import log_bug

    where, place = log_bug(error)
    try:
        from nbgit.gitproto.merging import merge_as_text
        from nbgit.merge.conflicts import Markers

        why = f"this is a bug in nbgit ({where}); the details are in {place}"
        _finish(result, merge_as_text(files, _read(files[1]), Markers(size), why), path)
        return 1
    except OSError as failure:
        say(f"{path}: can't be merged ({failure.strerror or failure})")
        return 1


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, data: bytes) -> None:
    """Write a file that is there in full or not at all; git takes it away, so that it need not outlast the machine."""
    beside = f"{path}.{os.getpid()}"
    try:
        with open(beside, "wb") as file:
            file.write(data)
        os.replace(beside, path)
    except OSError:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
