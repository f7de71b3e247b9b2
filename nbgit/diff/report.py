"""Ring 3: the whole diff of one file, whatever the two sides are: notebooks, text, binary, or nothing."""

from nbgit.diff.changes import Changes, LineEdits, changes
from nbgit.diff.fold import what_runs_wrote
from nbgit.diff.render_lines import NO_NEWLINE
from nbgit.diff.render_terminal import remark, render_changes, render_edits
from nbgit.diff.view import View
from nbgit.errors import NotANotebook
from nbgit.notebook.cells import Notebook, read_cells
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import SNIFFED, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BOM = b"\xef\xbb\xbf"
LAYOUT = "indent, key order or escapes"
ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
LARGEST_TEXT = 64 * 1024 * 1024  # bytes of both sides together that are compared as plain text


class Side:
    """One side of a diff: `path` as it is shown, `data` (None where there is no such file), git's `mode` and `oid`.

    `mode` and `oid` are "" where they are not known.
    """

    __slots__ = ("data", "mode", "oid", "path")

    def __init__(self, path: str, data: bytes | None, mode: str = "", oid: str = "") -> None:
        self.path = path
        self.data = data
        self.mode = mode
        self.oid = oid


def report(
    before: Side,
    after: Side,
    view: View | None = None,
    *,
    extended: "Sequence[str]" = (),
    policy: Policy | None = None,
) -> str:
    """Return the diff of one file as text, "" where nothing differs.

    `extended` are header lines that git supplied (renames); what `policy` (None: the defaults) calls volatile is left
    out.
    """
    view = view or View()
    body = list(_body(before, after, view, policy))
    same_mode = before.mode == after.mode or before.data is None or after.data is None
    is_same = before.data == after.data or (bool(view.space) and before.data is not None and after.data is not None)
    if not body and same_mode and not extended and is_same:
        return ""
    head = header(before, after, view, extended, with_files=bool(body) and not body[0].startswith("Binary"))
    return "".join(line + "\n" for line in [*(view.palette.paint("meta", line) for line in head), *body])


def header(before: Side, after: Side, view: View, extended: "Sequence[str]", with_files: bool) -> list[str]:
    """Return the header lines that git writes above a file's diff."""
    old, new = (quoted(_name(*pair), view.quotes) for pair in zip(view.prefixes, (before, after), strict=True))
    lines = [f"diff --git {old} {new}"]
    if before.data is None:
        lines.append(f"new file mode {after.mode}" if after.mode else "new file")
    elif after.data is None:
        lines.append(f"deleted file mode {before.mode}" if before.mode else "deleted file")
    elif before.mode != after.mode and before.mode and after.mode:
        lines += [f"old mode {before.mode}", f"new mode {after.mode}"]
    lines += [visible(line) for line in extended]
    has_index = before.oid == after.oid or any(line.startswith("index ") for line in extended)
    if not has_index and _is_known(before) and _is_known(after):
        mode = f" {after.mode}" if before.mode == after.mode else ""
        lines.append(f"index {_short(before)}..{_short(after)}{mode}")
    if with_files:
        lines.append(f"--- {'/dev/null' if before.data is None else old}")
        lines.append(f"+++ {'/dev/null' if after.data is None else new}")
    return lines


def _body(before: Side, after: Side, view: View, policy: Policy | None) -> "Iterator[str]":
    if before.data == after.data:
        return
    try:
        old, new = _notebook(before), _notebook(after)
    except NotANotebook:
        yield from _plain_body(before, after, view)
        return
    what = changes(old, new, policy)
    view.language = next((side.language for side in (new, old) if side and side.language), "python")
    lines = list(render_changes(what, view))
    if not lines and not (view.space and what.shows):
        lines = [remark(why_nothing_shows(before, after, old, new, what), view.palette)]
    yield from lines


def _plain_body(before: Side, after: Side, view: View) -> "Iterator[str]":
    """Yield the diff of the bytes as text lines: what git itself would show."""
    edits = plain_edits(before, after, view)
    if isinstance(edits, LineEdits):
        yield from render_edits(edits, "", view)
    else:
        yield edits if edits.startswith("Binary") else remark(edits, view.palette)


def plain_edits(before: Side, after: Side, view: View | None = None) -> "LineEdits | str":
    """Return the change of two files by their lines, or one sentence where they are not to be compared so."""
    prefixes, quotes = (view.prefixes, view.quotes) if view else (("", ""), False)
    old, new = before.data or b"", after.data or b""
    if b"\0" in old[:SNIFFED] or b"\0" in new[:SNIFFED]:
        names = [
            "/dev/null" if side.data is None else quoted(_name(prefix, side), quotes)
            for prefix, side in zip(prefixes, (before, after), strict=True)
        ]
        return f"Binary files {names[0]} and {names[1]} differ"
    if len(old) + len(new) > LARGEST_TEXT:
        return f"no notebook, and too large to compare here ({len(old)} and {len(new)} bytes)"
    return LineEdits(_text_lines(old), _text_lines(new))


def _notebook(side: Side) -> Notebook | None:
    return None if side.data is None else read_cells(side.data)


def _text_lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "backslashreplace")
    lines = text.split("\n")
    if lines[-1]:
        lines[-1] += NO_NEWLINE
    else:
        lines.pop()
    return lines


def why_nothing_shows(before: Side, after: Side, old: Notebook | None, new: Notebook | None, what: Changes) -> str:
    """Return a sentence about two files that differ in nothing that shows; `old` and `new` are what they hold."""
    if old is None or new is None:
        return "a notebook without cells"
    if old.raw == new.raw:
        marks = [(side.data or b"").startswith(BOM) for side in (before, after)]
        where = f"byte order mark {'removed' if marks[0] else 'added'}" if marks[0] != marks[1] else LAYOUT
        return f"the same notebook: only the file's layout differs ({where})"
    return f"the same source: only {what_runs_wrote(what) or 'what tools keep in metadata'} differ"


def _is_known(side: Side) -> bool:
    return bool(side.oid.strip("0.")) or (side.data is None and bool(side.oid))


def _short(side: Side) -> str:
    return "0000000" if side.data is None else side.oid[:7]


def _name(prefix: str, side: Side) -> str:
    return prefix + side.path.lstrip("/") if prefix else side.path


def quoted(path: str, quotes: bool = True) -> str:
    """Return a path as git writes it: quoted as in C where it has to be, with `quotes` also for what is not ASCII."""
    shown = []
    for letter in path:
        if letter in ESCAPES:
            shown.append(ESCAPES[letter])
        elif visible(letter) != letter or (quotes and not letter.isascii()):
            shown += [f"\\{byte:03o}" for byte in letter.encode("utf-8", "surrogateescape")]
        else:
            shown.append(letter)
    text = "".join(shown)
    return path if text == path else f'"{text}"'
