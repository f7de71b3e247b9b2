"""Ring 3: another source for a cell, written in the layout of the old one (docs/design.md, "Merge": conflicts).

A line of a marker ends in a blank behind its comma, outside of the string: to JSON it is nothing, and
`git diff --check` shows the line for it. What saves the notebook anew drops the blank.
"""

import re

from nbgit.merge.objects import JsonObject, dump
from nbgit.notebook.cells import SOURCE_KEYS
from nbgit.notebook.scan import elements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BLANK = " \n"  # behind a source that has no line of its own for a marker
AT_LINE_END = re.compile(r"[ \t]+(?=\r?\n)")
MORE_LINE_ENDS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # str.splitlines, and so nbformat, parts at these as well


def with_source(cell_text: str, source: str, is_marker: "Callable[[str], bool] | None" = None) -> str:
    """Return a cell's text with another source, written in the layout of the old one (list of lines, or string).

    `is_marker` says which lines `git diff --check` is to show; None for no line. A heading cell of nbformat 3 becomes
    the Markdown cell that it reads as.
    """
    layout = JsonObject(without_blank(cell_text))
    key = _source_key(layout)
    old = layout.values.get(key, '""')
    if old.startswith("["):
        new = _as_lines(source, old, layout, is_marker)
    else:
        new = dump(source) + (BLANK if is_marker is not None else "")
    values = {name: new if name == key else value for name, value in layout.values.items()}
    values.setdefault(key, new)
    if values.get("cell_type") == '"heading"':
        values["cell_type"] = '"markdown"'
        values.pop("level", None)
    return layout.write(values, {key: f'"{key}": ', **layout.keys})


def without_blank(cell_text: str) -> str:
    """Return a cell's text without the blank and line end that follow a marked source of one line in the file."""
    layout = JsonObject(cell_text)
    value = layout.values.get(_source_key(layout))
    marked = f"{layout.keys.get(_source_key(layout), '')}{value}{BLANK}"
    if value is None or marked not in cell_text:
        return cell_text
    return cell_text.replace(marked, marked[: -len(BLANK)], 1)


def _source_key(layout: JsonObject) -> str:
    return next((key for key in SOURCE_KEYS if key in layout.values), "source")


def _as_lines(source: str, old: str, layout: JsonObject, is_marker: "Callable[[str], bool] | None") -> str:
    lines = _parted(source)
    texts = [dump(line) for line in lines]
    opening, separator, closing = _layout_of(old, layout)
    if is_marker is None or not texts:
        return f"[{opening}{separator.join(texts)}{closing}]" if texts else "[]"
    if "\n" not in opening or "\n" not in closing:
        return f"[{opening}{separator.join(texts)}{closing}]{BLANK}"
    marked = [" " if is_marker(line.rstrip("\r\n")) else "" for line in lines]
    rows = [f"{text},{blank}" for text, blank in zip(texts[:-1], marked, strict=False)] + [texts[-1] + marked[-1]]
    return f"[{opening}{opening.join(rows)}{closing}]"


def _layout_of(old: str, layout: JsonObject) -> tuple[str, str, str]:
    """Return what stands before, between and behind the lines of a list, blanks at the ends of lines left out."""
    found, end = elements(old, 0)
    if found:
        opening, closing = old[1 : found[0][0]], old[found[-1][1] : end - 1]
        separator = old[found[0][1] : found[1][0]] if len(found) > 1 else "," + (opening or " ")
        opening, separator, closing = (AT_LINE_END.sub("", text) for text in (opening, separator, closing))
        return opening, separator, closing
    if "\n" not in layout.opening:
        return "", ", ", ""
    indent = layout.opening.replace("\r", "").replace("\n", "")  # an empty list says nothing: one level below the key
    opening = layout.opening + indent[: max(1, len(indent) // 3)]
    return opening, "," + opening, layout.opening


def _parted(source: str) -> list[str]:
    """Return the lines of a source with their line ends, as nbformat parts them where nothing odd is in them."""
    if "\r" not in source and not any(character in source for character in MORE_LINE_ENDS):
        return source.splitlines(keepends=True)
    parts = source.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
