"""Strategies for notebooks in every style that editors write, and for bytes that are nearly notebooks."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD_TEXT = st.one_of(
    TEXT, st.sampled_from(["", "\u2028", "\x00\x1f\x7f", '"\\/', "\ud800", "é" * 40, "a\r\nb\n", "\n"])
)
NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30), st.floats(), st.sampled_from([0.1, -0.0, 1e300, float("nan"), float("inf")])
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, ODD_TEXT)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ODD_TEXT, inner, max_size=3)),
    max_leaves=6,
)
PICTURES = st.binary(max_size=700).map(lambda data: b64encode(data).decode())
BINARY = st.one_of(
    PICTURES,
    PICTURES.map(lambda text: text + "\n"),
    st.tuples(PICTURES, st.sampled_from([19, 64, 76])).map(
        lambda parts: "\n".join(parts[0][at : at + parts[1]] for at in range(0, len(parts[0]), parts[1]))
    ),
)
LINES = st.lists(ODD_TEXT.map(lambda text: text + "\n"), max_size=40)
DATA = st.dictionaries(
    st.sampled_from(
        ["text/plain", "image/png", "text/html", "application/json", "image/svg+xml", "x/\n\x1b", "a+json"]
    ),
    st.one_of(BINARY, LINES, JSON, ODD_TEXT, BINARY.map(lambda text: [text]), LINES.map(lambda lines: "".join(lines))),
    max_size=3,
)
OUTPUTS = st.one_of(
    st.fixed_dictionaries(
        {"output_type": st.just("stream"), "name": st.just("stdout"), "text": st.one_of(LINES, TEXT)}
    ),
    st.fixed_dictionaries({"output_type": st.just("display_data"), "data": DATA, "metadata": st.just({})}),
    st.fixed_dictionaries({"output_type": st.just("error"), "ename": TEXT, "evalue": TEXT, "traceback": LINES}),
    st.fixed_dictionaries({"output_type": st.just("pyout"), "png": BINARY, "prompt_number": st.integers(0, 9)}),
    JSON,
)
VOLATILE_CELL_KEYS = ("execution", "ExecuteTime", "collapsed", "scrolled", "heading_collapsed", "hidden", "papermill")
VOLATILE_KEYS = ("widgets", "signature", "papermill")


def maybe(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return dictionaries with any of these keys."""
    return st.fixed_dictionaries({}, optional=keys)


PLAIN_METADATA = maybe(
    tags=st.lists(st.sampled_from(["a", "keep_output", "keep_outputs", 'q"'])),
    keep_output=st.sampled_from([True, False, "true", None]),
    init_cell=st.booleans(),
    name=ODD_TEXT,
    jupyter=JSON,
)
VOLATILE_METADATA = maybe(**dict.fromkeys(VOLATILE_CELL_KEYS, JSON))


def shuffled(value: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the same dictionary with its keys in any order."""
    return st.permutations(list(value.items())).map(dict)


@st.composite
def cells(draw: st.DrawFn, *, odd: bool = True, before_4: bool = False) -> dict[str, Any]:
    """Return one cell; an odd one may have anything anywhere."""
    kind = draw(st.sampled_from(["code", "markdown", "raw", "code"]))
    count, source = ("prompt_number", "input") if before_4 else ("execution_count", "source")
    metadata = {**draw(PLAIN_METADATA), **draw(VOLATILE_METADATA)}
    cell: dict[str, Any] = {"cell_type": kind, "metadata": metadata}
    cell[source if kind == "code" else "source"] = draw(st.one_of(LINES, ODD_TEXT))
    if kind == "code":
        cell["outputs"] = draw(st.lists(OUTPUTS, max_size=3))
        cell[count] = draw(st.one_of(st.none(), st.integers(0, 99)))
        if before_4 and draw(st.booleans()):
            cell["collapsed"] = draw(st.booleans())
    if draw(st.booleans()):
        cell["id"] = draw(st.text("abc-_0", min_size=1, max_size=8))
    if odd and draw(st.integers(0, 5)) == 0:
        cell[draw(st.sampled_from([*cell, "attachments", "more"]))] = draw(JSON)
    return draw(shuffled(cell))


@st.composite
def documents(draw: st.DrawFn, *, odd: bool = True) -> dict[str, Any]:
    """Return a notebook of any version as plain data."""
    version = draw(st.sampled_from([4, 4, 4, 5, 3, 2]))
    these: list[Any] = draw(st.lists(cells(odd=odd, before_4=version < 4), max_size=4))
    if odd and draw(st.integers(0, 9)) == 0:
        these.append(draw(JSON))
    info = draw(maybe(name=TEXT, version=TEXT, file_extension=TEXT))
    metadata = {**draw(maybe(**dict.fromkeys(VOLATILE_KEYS, JSON))), **draw(maybe(kernelspec=JSON, title=TEXT))}
    if draw(st.booleans()):
        metadata["language_info"] = info
    document: dict[str, Any] = {"metadata": metadata, "nbformat": version, "nbformat_minor": draw(st.integers(0, 6))}
    document |= {"cells": these} if version > 3 else {"worksheets": [{"cells": these, "metadata": {}}]}
    return draw(shuffled(document))


class Style:
    """How an editor writes JSON."""

    def __init__(
        self, indent: int | str | None, ascii_only: bool, tight: bool, end: str, crlf: bool, bom: bool
    ) -> None:
        self.indent = indent
        self.ascii_only = ascii_only
        self.tight = tight
        self.end = end
        self.crlf = crlf
        self.bom = bom

    def __repr__(self) -> str:
        return f"Style({vars(self)})"

    def write(self, document: object) -> bytes:
        """Return a document's bytes."""
        separators = (",", ":") if self.tight else None
        text = json.dumps(document, indent=self.indent, ensure_ascii=self.ascii_only, separators=separators) + self.end
        text = text.replace("\n", "\r\n") if self.crlf else text
        return (b"\xef\xbb\xbf" if self.bom else b"") + text.encode("utf-8", "surrogatepass")


STYLES = st.builds(
    Style,
    indent=st.sampled_from([1, 1, None, 0, 2, 4, "\t"]),
    ascii_only=st.booleans(),
    tight=st.booleans(),
    end=st.sampled_from(["\n", "", "\n\n", " \t"]),
    crlf=st.sampled_from([False, False, True]),
    bom=st.sampled_from([False, False, True]),
)
NOTEBOOKS = st.builds(lambda document, style: style.write(document), documents(), STYLES)
PIECES = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\xff", b"\x00", b"null", b"9" * 5000, b"NaN", b"\\ud800"]
PIECES += [b'"outputs": [1],', b'"execution_count": 7,', b'"metadata": {"collapsed": 1},', b'"cells": [],', b"\n"]


@st.composite
def near_notebooks(draw: st.DrawFn) -> bytes:
    """Return a notebook with a few bytes cut out, doubled or put in, anywhere."""
    data: bytes = draw(NOTEBOOKS)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        data = data[:start] + draw(st.sampled_from([*PIECES, b"", data[start:end] * 2])) + data[end:]
    return data
