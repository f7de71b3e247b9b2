"""Ring 3: JSON objects as their text, merged key by key (docs/design.md, "Merge": bytes).

A value that one side left alone is taken as the other side wrote it, character for character; nothing is parsed and
written anew but a cell's source where both sides changed it. Texts are the file's bytes as latin-1, as in
nbgit.notebook.scan.
"""

import json
import re

from nbgit.merge.three_way import choose
from nbgit.notebook.cells import load_json
from nbgit.notebook.scan import elements, members
from nbgit.notebook.text import metadata_leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Decide = Callable[[str, "str | None", "str | None", "str | None"], "tuple[str | None, bool] | None"]

PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
STEP = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"')
BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t\r\n]*")


class JsonObject:
    """An object's members in order and the white space between them.

    `values` maps a key to its value's text and `keys` to the text from the key to its value; of a key that stands
    twice the last value counts, as in every JSON reader.
    """

    __slots__ = ("closing", "keys", "opening", "separator", "text", "values")

    def __init__(self, text: str) -> None:
        self.text = text
        found, _ = members(text, 0)
        self.values = {member.key: text[member.value_start : member.value_end] for member in found}
        self.keys = {member.key: text[member.key_start : member.value_start] for member in found}
        self.opening = self.closing = ""
        self.separator = ","
        if found:
            self.opening = text[1 : found[0].key_start]
            self.closing = text[found[-1].value_end : -1]
            self.separator = "," + self.opening
        if len(found) > 1:
            self.separator = text[found[0].value_end : found[1].key_start]

    def write(self, values: "dict[str, str]", keys: "dict[str, str]") -> str:
        """Return an object in this one's layout with `values` in their order; `keys` gives the keys' texts."""
        if list(values.items()) == list(self.values.items()):
            return self.text
        if not values:
            return "{}"
        inner = self.separator.join(keys[key] + value for key, value in values.items())
        return f"{{{self.opening}{inner}{self.closing}}}"


class ValueConflict:
    """A member that the sides set to different values: its `path` (see `joined`) and the texts (None: it is absent)."""

    __slots__ = ("base", "ours", "path", "theirs")

    def __init__(self, path: str, base: str | None, ours: str | None, theirs: str | None) -> None:
        self.path = path
        self.base = base
        self.ours = ours
        self.theirs = theirs


def merge_objects(
    base: str | None, ours: str, theirs: str, decide: "Decide", path: str = ""
) -> tuple[str, list[ValueConflict]]:
    """Return the merged text of an object, and what is in conflict (there it holds ours).

    `decide(path, base, ours, theirs)` may settle a member that all three have differently: it returns (value, certain)
    or None, in which case objects are merged key by key, lists of plain values as sets, and all else is a conflict.
    """
    ours_object, theirs_object = JsonObject(ours), JsonObject(theirs)
    base_values = JsonObject(base).values if base is not None and base.startswith("{") else {}
    merged: dict[str, str] = {}
    conflicts: list[ValueConflict] = []
    for key in merged_keys(list(ours_object.values), list(theirs_object.values)):
        sides = base_values.get(key), ours_object.values.get(key), theirs_object.values.get(key)
        value, found = merge_value(*sides, decide, joined(path, key))
        conflicts += found
        if value is not None:
            merged[key] = value
    if list(merged.items()) == list(theirs_object.values.items()) and merged != ours_object.values:
        return theirs, conflicts
    layout = ours_object if ours_object.values else theirs_object
    return layout.write(merged, {**theirs_object.keys, **ours_object.keys}), conflicts


def merge_value(
    base: str | None, ours: str | None, theirs: str | None, decide: "Decide", path: str
) -> tuple[str | None, list[ValueConflict]]:
    """Return one member's merged text (None: absent) and what is in conflict below it."""
    value, certain = choose(base, ours, theirs, str_or_none_equal)
    if not certain:
        value, certain = choose(base, ours, theirs, same_json)
    if not certain and path.startswith("metadata."):
        value, certain = choose(base, ours, theirs, says_the_same)
    if certain:
        return value, []
    settled = decide(path, base, ours, theirs)
    if settled is not None:
        return settled[0], [] if settled[1] else [ValueConflict(path, base, ours, theirs)]
    if ours is not None and theirs is not None:
        if ours.startswith("{") and theirs.startswith("{"):
            return merge_objects(base, ours, theirs, decide, path)
        union = merge_sets(base, ours, theirs)
        if union is not None:
            return union, []
    return ours if ours is not None else theirs, [ValueConflict(path, base, ours, theirs)]


def joined(path: str, key: str) -> str:
    """Return the path of a member: keys with dots between them, and a key that is more than a word in quotes."""
    word = key if PLAIN_KEY.fullmatch(key) else json.dumps(as_text(key))
    return f"{path}.{word}" if path else word


def as_text(latin: str) -> str:
    """Return a key or a value of a latin-1 view as the text it stands for."""
    try:
        return latin.encode("latin-1").decode("utf-8")
    except UnicodeError:  # an escape has put a character into it that the file has not; or it is no UTF-8
        return latin


def parted(path: str) -> list[str]:
    """Return the keys of a path; raises ValueError for what `joined` can't have written."""
    keys: list[str] = []
    at = 0
    while True:
        found = STEP.match(path, at)
        if found is None:
            raise ValueError(f"{path} names no value")
        keys.append(json.loads(found[0]) if found[0].startswith('"') else found[0])
        at = found.end()
        if at == len(path):
            return keys
        if path[at] != ".":
            raise ValueError(f"{path} names no value")
        at += 1


def with_member(text: str, keys: list[str], value: str | None) -> str:
    """Return an object's text with the member that `keys` lead to set to a JSON text, or taken out (None)."""
    layout = JsonObject(text)
    key = next((name for name in layout.values if as_text(name) == keys[0]), keys[0])
    new = value
    if len(keys) > 1:
        inner = layout.values.get(key, "{}")
        new = with_member(inner if inner.startswith("{") else "{}", keys[1:], value)
    values = {name: text for name, text in layout.values.items() if name != key or new is not None}
    if new is not None:
        values[key] = new
    return layout.write(values, {key: dump(keys[0]) + ": ", **layout.keys})


def merged_keys(ours: list[str], theirs: list[str]) -> list[str]:
    """Return the keys of both, ours in their order, each of theirs alone behind the key it follows there."""
    merged = list(ours)
    before = None
    for key in theirs:
        if key not in merged:
            merged.insert(merged.index(before) + 1 if before is not None else 0, key)
        before = key
    return merged


def merge_sets(base: str | None, ours: str, theirs: str) -> str | None:
    """Return lists of strings (tags) merged as ordered sets, in ours' layout; None where they aren't such lists."""
    values = [load(text) if text is not None else [] for text in (base, ours, theirs)]
    if not all(isinstance(value, list) and all(isinstance(item, str) for item in value) for value in values):
        return None
    base_items, our_items, their_items = values
    kept = [item for item in our_items if item in their_items or item not in base_items]
    kept += [item for item in their_items if item not in our_items and item not in base_items]
    return write_list([dump(item) for item in kept], ours, theirs)


def write_list(items: list[str], *layouts: str) -> str:
    """Return an array of `items` (texts), laid out as the first of `layouts` (arrays) that has elements."""
    if not items:
        return "[]"
    for layout in layouts:
        found, end = elements(layout, 0)
        if not found:
            continue
        opening, closing = layout[1 : found[0][0]], layout[found[-1][1] : end - 1]
        separator = layout[found[0][1] : found[1][0]] if len(found) > 1 else "," + (opening or " ")
        return f"[{opening}{separator.join(items)}{closing}]"
    return f"[{', '.join(items)}]"


def load(text: str) -> "Any":
    """Return the value of a JSON text (latin-1)."""
    return load_json(text.encode("latin-1"))


def dump(value: object) -> str:
    """Return a value as JSON text (latin-1 of its UTF-8), as Jupyter writes it: no escapes but the necessary ones."""
    try:
        return json.dumps(value, ensure_ascii=False).encode("utf-8").decode("latin-1")
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can hold
        return json.dumps(value)


def on_one_line(text: str) -> str:
    """Return a JSON text (latin-1) as one line for people: only its layout changes, line ends stand in no string."""
    return BREAKS.sub(" ", text).encode("latin-1").decode("utf-8", "replace")


def same_json(one: str | None, other: str | None) -> bool:
    """Say whether two texts hold the same JSON value, whatever their layout; absent is only the same as absent."""
    if one is None or other is None:
        return one is other
    return one == other or json.dumps(load(one), sort_keys=True) == json.dumps(load(other), sort_keys=True)


def says_the_same(one: str | None, other: str | None) -> bool:
    """Say whether two values of metadata show as the same: null, false and what is empty say as much as nothing."""
    shown = [metadata_leaves({"": load(text)} if text is not None else {}, ()) for text in (one, other)]
    return shown[0] == shown[1]


def str_or_none_equal(one: str | None, other: str | None) -> bool:
    """Say whether two texts are the same, character for character."""
    return one == other
