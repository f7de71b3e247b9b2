"""Ring 1: where the values of a JSON text begin and end, exactly as they stand.

The text is the file's bytes decoded as latin-1, so that an index into it is an offset into the bytes: JSON's own
characters are ASCII, and what UTF-8 puts between quotes is skipped, whatever it is. Python's C scanner does the
skipping (0.7 GB/s); the parent levels are walked by hand, so duplicate keys, odd spacing and key order all stay
visible. Numbers and constants are never converted (NaN, Infinity and a 5,000-digit integer are only skipped).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    scanstring: Callable[[str, int, bool], tuple[str, int]]
    make_scanner: Any
else:
    try:
        from _json import make_scanner, scanstring
    except ImportError:  # no C accelerator (PyPy)
        from json.decoder import py_scanstring as scanstring

        make_scanner = None

SPACE = " \t\n\r"


# What the C scanner raises for text that is no JSON. SystemError: CPython's raises JSONDecodeError only if json.decoder
# is imported (which costs 7 ms here), and otherwise returns without an exception.
REFUSALS = (IndexError, StopIteration, SystemError, ValueError, RecursionError)


class Malformed(ValueError):
    """The text is not JSON, or is nested deeper than the scanner goes."""


class Member:
    """One `key: value` of an object; offsets into the text, `value_end` exclusive."""

    __slots__ = ("key", "key_start", "value_end", "value_start")

    def __init__(self, key: str, key_start: int, value_start: int, value_end: int) -> None:
        self.key = key
        self.key_start = key_start
        self.value_start = value_start
        self.value_end = value_end


def _drop(text: str) -> None:
    """Stand in for every number and constant: the scanner only skips, and never converts."""
    return


class _Settings:
    """What the C scanner asks of its decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = staticmethod(_drop)
    parse_int = staticmethod(_drop)
    parse_constant = staticmethod(_drop)


def _make_scan_once() -> "Callable[[str, int], tuple[Any, int]]":
    if make_scanner is None:
        from json import JSONDecoder

        decoder: Any = JSONDecoder(parse_float=_drop, parse_int=_drop, parse_constant=_drop)
    else:
        decoder = None
    scan_once: Callable[[str, int], tuple[Any, int]] = decoder.scan_once if decoder else make_scanner(_Settings())
    return scan_once


_scan_once = _make_scan_once()


def skip_space(text: str, at: int) -> int:
    """Return the offset of the first character from `at` on that is not JSON white space."""
    size = len(text)
    while at < size and text[at] in SPACE:
        at += 1
    return at


def skip_value(text: str, start: int) -> int:
    """Return where the JSON value that starts at `start` ends; raises Malformed."""
    try:
        return _scan_once(text, start)[1]
    except REFUSALS as error:
        raise Malformed(f"not a JSON value at byte {start}") from error


def walk_object(text: str, start: int, visit: "Callable[[str, int, int], int]") -> int:
    """Walk the object that starts at `start` and return its end.

    For each member `visit(key, key_start, value_start)` returns where its value ends (`skip_value` where it does not
    care), so that one pass serves every level. Raises Malformed.
    """
    if text[start : start + 1] != "{":
        raise Malformed(f"no object at byte {start}")
    at = skip_space(text, start + 1)
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        if text[at : at + 1] != '"':
            raise Malformed(f"no key at byte {at}")
        try:
            key, after_key = scanstring(text, at + 1, True)
        except REFUSALS as error:
            raise Malformed(f"not a string at byte {at}") from error
        colon = skip_space(text, after_key)
        if text[colon : colon + 1] != ":":
            raise Malformed(f"no colon at byte {colon}")
        at, more = _after_value(text, visit(key, at, skip_space(text, colon + 1)), "}")
        if not more:
            return at


def walk_array(text: str, start: int, visit: "Callable[[int, int], int]") -> int:
    """Walk the array that starts at `start` and return its end.

    For each element `visit(index, element_start)` returns where it ends. Raises Malformed.
    """
    if text[start : start + 1] != "[":
        raise Malformed(f"no array at byte {start}")
    at = skip_space(text, start + 1)
    if text[at : at + 1] == "]":
        return at + 1
    index = 0
    while True:
        at, more = _after_value(text, visit(index, at), "]")
        if not more:
            return at
        index += 1


def _after_value(text: str, end: int, closer: str) -> tuple[int, bool]:
    """Return (where the next member starts, True), or (where the container ends, False)."""
    at = skip_space(text, end)
    if text[at : at + 1] == closer:
        return at + 1, False
    if text[at : at + 1] != ",":
        raise Malformed(f"no comma at byte {at}")
    return skip_space(text, at + 1), True


def members(text: str, start: int) -> tuple[list[Member], int]:
    """Return the members of the object that starts at `start`, duplicates included, and the object's end.

    The same walk as `walk_object` without a call per step, for the level that has most of a notebook's keys (cells).
    """
    if text[start : start + 1] != "{":
        raise Malformed(f"no object at byte {start}")
    found: list[Member] = []
    at = skip_space(text, start + 1)
    gap = text[start + 1 : at]  # the white space between members: nearly always the same throughout an object
    try:
        if text[at] == "}":
            return found, at + 1
        while True:
            if text[at] != '"':
                raise Malformed(f"no key at byte {at}")
            key, after_key = scanstring(text, at + 1, True)
            value_start = after_key + 2
            if not text.startswith(": ", after_key) or text[value_start] in SPACE:
                colon = skip_space(text, after_key)
                if text[colon] != ":":
                    raise Malformed(f"no colon at byte {colon}")
                value_start = skip_space(text, colon + 1)
            end = _scan_once(text, value_start)[1]
            found.append(Member(key, at, value_start, end))
            at = end if text[end] == "," else skip_space(text, end)
            if text[at] == "}":
                return found, at + 1
            if text[at] != ",":
                raise Malformed(f"no comma at byte {at}")
            at += 1
            if text.startswith(gap, at):
                at += len(gap)
            if text[at] in SPACE:
                at = skip_space(text, at)
    except REFUSALS as error:
        raise Malformed(f"not JSON at byte {at}") from error


def elements(text: str, start: int) -> tuple[list[tuple[int, int]], int]:
    """Return (start, end) of each element of the array that starts at `start`, and the array's end."""
    found: list[tuple[int, int]] = []

    def visit(index: int, element_start: int) -> int:
        end = skip_value(text, element_start)
        found.append((element_start, end))
        return end

    return found, walk_array(text, start, visit)
