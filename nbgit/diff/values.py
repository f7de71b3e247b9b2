"""Ring 3: JSON values, such as plots of plotly and vega, compared leaf by leaf (docs/design.md, "Diff": outputs)."""

import json
from operator import ne

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEEPEST = 40  # levels that are compared; what is below counts as one value
MOST = 100  # changes that are listed
RECORDS = 8  # objects in a list, from which only their number is told
TOLD = 3  # changes that a summary names
LONGEST_VALUE = 30
MADE_UP = frozenset({"uid"})  # plotly writes a new one with each run
_ITEM_SIZES = {"1": 1, "2": 2, "4": 4, "8": 8}


class ValueEdit:
    """One place that changed: `path` as `data[0].y`, `what` in words."""

    __slots__ = ("path", "what")

    def __init__(self, path: str, what: str) -> None:
        self.path = path
        self.what = what


class ValueEdits:
    """What changed between two JSON values; `complete` is False where there was more than is listed."""

    __slots__ = ("complete", "edits")

    def __init__(self, before: "Any", after: "Any") -> None:
        self.edits: list[ValueEdit] = []
        _walk("", before, after, self.edits, 0)
        self.complete = len(self.edits) <= MOST
        del self.edits[MOST:]

    def summary(self) -> str:
        """Return the first changes in words, and how many more there are."""
        told = [f"{edit.path} {edit.what}".strip() for edit in self.edits[:TOLD]]
        more = len(self.edits) - len(told)
        told += [f"and {more:,}{'' if self.complete else ' or more'} other changes"] if more else []
        return "; ".join(told) or "only made-up ids differ"

    def as_json(self) -> "dict[str, Any]":
        """Return the changes for programs."""
        return {"complete": self.complete, "values": [{"path": e.path, "change": e.what} for e in self.edits]}


def read_value(payload: bytes) -> "Any":
    """Return the JSON value of a payload, or its text where it is none."""
    text = payload.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _walk(path: str, a: "Any", b: "Any", found: list[ValueEdit], depth: int) -> None:
    if len(found) > MOST or a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict) and depth < DEEPEST:
        if "bdata" in a and "bdata" in b:
            found.append(ValueEdit(path, _packed(a, b)))
        else:
            _walk_objects(path, a, b, found, depth)
    elif isinstance(a, list) and isinstance(b, list) and depth < DEEPEST:
        _walk_lists(path, a, b, found, depth)
    elif not (a != a and b != b):  # NaN is NaN
        found.append(ValueEdit(path, f"{_short(a)} → {_short(b)}"))


def _walk_objects(path: str, a: "dict[str, Any]", b: "dict[str, Any]", found: list[ValueEdit], depth: int) -> None:
    if path.endswith("datasets") and len(a) == len(b) and a.keys() != b.keys():  # altair names them by their content
        for old, new in zip(a.values(), b.values(), strict=True):
            _walk(path, old, new, found, depth + 1)
        return
    for key in [*a, *(key for key in b if key not in a)]:
        inner = f"{path}.{key}" if path else key
        if key in MADE_UP or (key == "name" and path.endswith("data") and str(a.get(key)).startswith("data-")):
            continue
        if key not in b:
            found.append(ValueEdit(inner, "removed"))
        elif key not in a:
            found.append(ValueEdit(inner, f"added: {_short(b[key])}"))
        else:
            _walk(inner, a[key], b[key], found, depth + 1)


def _walk_lists(path: str, a: "list[Any]", b: "list[Any]", found: list[ValueEdit], depth: int) -> None:
    if not any(isinstance(item, (list, dict)) for side in (a, b) for item in side[:50]):
        if len(a) != len(b):
            found.append(ValueEdit(path, f"{len(a):,} → {len(b):,} values"))
        elif number := sum(x != y and not (x != x and y != y) for x, y in zip(a, b, strict=True)):
            found.append(ValueEdit(path, f"({number:,} of {len(a):,} values changed)"))
        return
    if len(a) > RECORDS or len(b) > RECORDS:  # how many, not each
        number = sum(map(ne, a, b))
        size = f"{len(a):,} → {len(b):,} records" if len(a) != len(b) else f"({number:,} of {len(a):,} records changed)"
        found.append(ValueEdit(path, size))
        return
    for index, (old, new) in enumerate(zip(a, b, strict=False)):
        _walk(f"{path}[{index}]", old, new, found, depth + 1)
    if len(a) != len(b):
        found.append(ValueEdit(path, f"{len(a):,} → {len(b):,} items"))


def _packed(a: "dict[str, Any]", b: "dict[str, Any]") -> str:
    """Return what changed in an array that plotly has packed as base64 (`dtype`, `bdata`)."""
    old, new = (_unpacked(side) for side in (a, b))
    if old is None or new is None or a.get("dtype") != b.get("dtype"):
        return "changed"
    if len(old) != len(new):
        return f"{len(old):,} → {len(new):,} values"
    return f"({sum(map(ne, old, new)):,} of {len(old):,} values changed)"


def _unpacked(value: "dict[str, Any]") -> list[bytes] | None:
    from binascii import a2b_base64

    size = _ITEM_SIZES.get(str(value.get("dtype"))[-1:])
    try:
        data = a2b_base64(str(value["bdata"]))
    except ValueError:
        return None
    return [data[at : at + size] for at in range(0, len(data), size)] if size else None


def _short(value: "Any") -> str:
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    if isinstance(value, list):
        return f"[{len(value):,} items]"
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
