"""Ring 1: how one output datum stands in a notebook's JSON, so that it can be stored decoded and written back.

`decode(mime, raw)` gives the payload's bytes and a *form*; `encode(form, payload)` gives `raw` again, to the byte.
A form is small plain data (docs/formats.md, "Forms"). What no form reproduces has
none, and stays in the snapshot as it is.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from struct import Struct

from nbgit.notebook.lean_json import loads
from nbgit.notebook.outputs import decode_datum, is_binary

try:
    from _json import encode_basestring, encode_basestring_ascii
except ImportError:  # no C accelerator (PyPy)
    from json.encoder import py_encode_basestring as encode_basestring
    from json.encoder import py_encode_basestring_ascii as encode_basestring_ascii

ENCODED_LIMIT = 1 << 32  # bytes of a datum
INDENT_LIMIT = 64  # spaces a level; what is indented deeper has no form
PUNCTUATION_LIMIT = 512  # characters of each of these, which all hold white space, brackets and commas only
_PUNCTUATION = ("open", "between", "close", "comma", "colon", "margin")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Form = dict[str, Any]


def decode(mime: str, raw: bytes) -> "tuple[bytes, Form] | None":
    """Return (payload, form) of the datum that stands as `raw` in a notebook, or None where no form reproduces it."""
    try:
        if raw[:1] == b'"' and b"\\u" not in raw and (found := _decode_base64(mime, raw)):
            return found
        text = raw.decode("utf-8")
        value = loads(text)
        payload = decode_datum(mime, value)
        for form in _guesses(mime, value, text):
            if _encodes(form, payload, raw):
                return payload, form
    except (ValueError, RecursionError):
        pass
    return None


def _encodes(form: "Form", payload: bytes, raw: bytes) -> bool:
    try:
        return encode(form, payload, len(raw)) == raw
    except ValueError:
        return False


def encode(form: "Form", payload: bytes, limit: int = ENCODED_LIMIT) -> bytes:
    """Return the datum as it stood in the notebook, which must not take more than `limit` bytes.

    Raises ValueError, KeyError or TypeError for a form that is none: forms come with what others have pushed, and a
    small one could ask for a text without end, so each is measured before it is written.
    """
    if any(len(str(form[key])) > PUNCTUATION_LIMIT for key in _PUNCTUATION if key in form):
        raise ValueError("a form's punctuation is too long")
    if form["as"] == "base64":
        return _encode_base64(form, payload, limit)
    if form["as"] == "text":
        quoted: str = _quote(form)(payload.decode("utf-8", "surrogatepass"))
        return quoted.encode("utf-8")
    if form["as"] == "lines":
        quote = _quote(form)
        text = payload.decode("utf-8", "surrogatepass")
        lines = text.splitlines(True) if form["split"] == "universal" else _split_newlines(text)
        _measure(len(text) + len(lines) * (2 + len(form["between"])), limit)
        joined: str = form["open"] + form["between"].join([quote(line) for line in lines]) + form["close"]
        return joined.encode("utf-8")
    if form["as"] == "json":
        return _encode_json(form, payload, limit)
    raise ValueError(f"no form is called {form['as']!r}")


def _measure(size: int, limit: int) -> None:
    if size > limit:
        raise ValueError(f"a form gives more than {limit} bytes")


def _encode_json(form: "Form", payload: bytes, limit: int) -> bytes:
    indent, margin = form["indent"], str(form["margin"])
    if indent is not None and not (type(indent) is int and 0 <= indent <= INDENT_LIMIT):
        raise ValueError("a form's indent is too deep")
    import json

    value = loads(payload.decode("utf-8", "surrogatepass"))
    encoder = json.JSONEncoder(
        ensure_ascii=form["ascii"], indent=indent, separators=(form["comma"], form["colon"]), check_circular=False
    )
    if indent is None:
        return encoder.encode(value).encode("utf-8")
    pieces: list[str] = []
    size = 0
    for piece in encoder.iterencode(value):
        size += len(piece)
        _measure(size, limit)
        pieces.append(piece)
    text = "".join(pieces)
    _measure(size + text.count("\n") * len(margin), limit)
    return text.replace("\n", "\n" + margin).encode("utf-8")


def _decode_base64(mime: str, raw: bytes) -> "tuple[bytes, Form] | None":
    """Decode a base64 string whose lines, if it has any, are of one width.

    The same check as encoding it again and comparing, without building the lines a second time.
    """
    if not is_binary(mime):
        return None
    lines = raw[1:-1].split(b"\\n")
    end = "\n" if len(lines) > 1 and not lines[-1] else ""
    if end:
        lines.pop()
    width = len(lines[0]) if len(lines) > 1 else 0
    text = b"".join(lines) if width else lines[0]
    try:
        payload = a2b_base64(text)
    except Base64Error:
        return None
    even = not width or ({*map(len, lines[:-1])} == {width} and 0 < len(lines[-1]) <= width)
    if not even or not text or b2a_base64(payload, newline=False) != text:
        return None
    return payload, {"as": "base64", "width": width, "end": end}


def _encode_base64(form: "Form", payload: bytes, limit: int) -> bytes:
    text = b2a_base64(payload, newline=False)
    width = form["width"]
    if type(width) is not int:
        raise ValueError("a form's width is no integer")
    lines_at_most = len(text) // width + 1 if width > 0 else 1
    _measure(len(text) + lines_at_most * (2 + len(str(form.get("between", "")))), limit + 4)
    lines = _cut_lines(text, width) if width > 0 else [text]
    end = b'\\n"' if form["end"] else b'"'
    if "open" not in form:
        return b'"' + b"\\n".join(lines) + end
    between = b'\\n"' + str(form["between"]).encode("utf-8") + b'"'
    opener, closer = str(form["open"]).encode("utf-8"), str(form["close"]).encode("utf-8")
    return opener + b'"' + between.join(lines) + end + closer


def _cut_lines(text: bytes, width: int) -> list[bytes]:
    """Cut text into lines of one width; struct cuts a thousand at a time, three times as fast as slicing."""
    lines: list[bytes] = []
    at = 0
    if len(text) > width * 1000:
        thousand = Struct(f"{width}s" * 1000)
        while at + thousand.size <= len(text):
            lines += thousand.unpack_from(text, at)
            at += thousand.size
    lines += [text[start : start + width] for start in range(at, len(text), width)]
    return lines


def _guesses(mime: str, value: object, text: str) -> "list[Form]":
    """Return the forms that may have produced `text`, likeliest first."""
    kinds = ({"ascii": False}, {"ascii": True}) if not text.isascii() or "\\u" in text else ({"ascii": False},)
    if isinstance(value, str):
        return [{"as": "text", **kind} for kind in kinds]
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        punctuation = _punctuation(text, value)
        if punctuation and is_binary(mime):
            width = len(value[0].rstrip("\n")) if len(value) > 1 else 0
            return [{"as": "base64", "width": width, "end": "\n" if value[-1].endswith("\n") else "", **punctuation}]
        if punctuation:
            return [
                {"as": "lines", "split": by, **kind, **punctuation} for by in ("universal", "newline") for kind in kinds
            ]
    return [{"as": "json", **kind, **layout} for kind in kinds for layout in _layouts(text)]


def _punctuation(text: str, lines: list[str]) -> "Form | None":
    """Return what stands before, between and after the strings of an array that is laid out evenly."""
    opener = text[: text.index('"')]
    closer = text[text.rindex('"') + 1 :]
    if len(lines) == 1:
        return {"open": opener, "between": ",", "close": closer}
    for between in (f",{opener[1:]}", ", ", ","):
        if f'"{between}"' in text:
            return {"open": opener, "between": between, "close": closer}
    return None


def _layouts(text: str) -> "list[Form]":
    """Return the ways json.dumps may have laid out a value, judged by its first lines."""
    if "\n" not in text:
        return [
            {"indent": None, "comma": comma, "colon": colon, "margin": ""}
            for comma, colon in ((", ", ": "), (",", ":"))
        ]
    lines = text.split("\n", 2)
    last = text[text.rindex("\n") + 1 :]
    margin = last[: len(last) - len(last.lstrip(" "))]
    indent = len(lines[1]) - len(lines[1].lstrip(" ")) - len(margin)
    return [{"indent": max(indent, 0), "comma": ",", "colon": ": ", "margin": margin}]


def _quote(form: "Form") -> "Any":
    return encode_basestring_ascii if form["ascii"] else encode_basestring


def _split_newlines(text: str) -> list[str]:
    """Split after each \\n only, keeping it."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
