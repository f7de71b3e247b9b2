"""The quick way through a notebook gives what the definition gives; what it can't read goes the plain way."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbgit.errors import NotANotebook
from nbgit.lineage.history.reading import NotebookReader, find_payloads
from nbgit.lineage.lookup.pictures import picture_size
from nbgit.notebook.outputs import read_payloads
from tests.nb import code, markdown, notebook
from tests.unit.lineage.brute import corpus_bundle, digest, figure_cell, made_up, one_figure

TEXT = st.text(max_size=8)
DATA = st.dictionaries(
    st.sampled_from(["image/png", "text/plain", "text/html", "application/json", "image/svg+xml"]),
    st.one_of(TEXT, st.lists(TEXT, max_size=3), st.dictionaries(TEXT, st.integers(), max_size=2)),
    max_size=3,
)
OUTPUT = st.one_of(
    st.builds(lambda data: {"output_type": "display_data", "metadata": {}, "data": data}, DATA),
    st.builds(lambda text: {"output_type": "stream", "name": "stderr", "text": text}, TEXT),
    st.builds(lambda lines: {"output_type": "error", "ename": "E", "evalue": "v", "traceback": lines}, st.lists(TEXT)),
    st.just({"output_type": "strange"}),
)


@given(st.lists(st.lists(OUTPUT, max_size=3), max_size=4), st.integers(0, 10**30), st.booleans())
def test_the_quick_way_agrees_with_the_definition(cells: list[list[Any]], count: int, with_ids: bool) -> None:
    extra = [{"id": f"cell-{number}"} if with_ids else {} for number in range(len(cells))]
    content = notebook(
        *[code("x", outputs=outputs, execution_count=count, **extra[n]) for n, outputs in enumerate(cells)]
    )
    quick, plain = NotebookReader(), NotebookReader()
    try:
        found = quick.read_fast(content)
    except (msgspec.MsgspecError, NotANotebook):
        return
    assert found == plain.read_plainly(content)
    assert [figure.digest for figure in found.figures] == [payload.digest for payload in read_payloads(content)]


@pytest.mark.parametrize(
    "content",
    [
        one_figure("x").replace(b'"metadata": {}', b'"metadata": {"n": NaN}'),
        b"\xef\xbb\xbf" + one_figure("x"),
        one_figure("x").replace(b"import numpy", b"import \xff\xfe"),
        one_figure("x").replace(b"import numpy", b"import \\ud800"),
        one_figure("x").replace(b'"nbformat": 4', b'"nbformat": 4, "cells": [], "nbformat": 4'),
        one_figure("x").replace(b'"nbformat": 4', b'"big": 1' + b"0" * 5000 + b', "nbformat": 4'),
    ],
    ids=["NaN", "BOM", "not UTF-8", "lone surrogate", "duplicate key", "huge integer"],
)
def test_odd_json_reads_as_the_definition_says(content: bytes) -> None:
    cells, figures, _ = NotebookReader().read(content)
    assert [figure.digest for figure in figures] == [payload.digest for payload in read_payloads(content)]
    json.dumps(cells).encode()


def test_older_notebooks() -> None:
    cell = {"cell_type": "code", "input": "plot()", "prompt_number": 3, "language": "python", "outputs": []}
    cell["outputs"] = [{"output_type": "display_data", "png": figure_cell("", "x")["outputs"][0]["data"]["image/png"]}]
    old = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}).encode()
    _, (figure,), counts = NotebookReader().read(old)
    assert (figure.digest, figure.mime, figure.execution_count) == (digest("x"), "image/png", 3)
    assert counts == [(0, 3)]
    assert find_payloads(old, {digest("x")}) == {digest("x"): made_up("x")}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\x00\x01", b'{"cells": 3}'])
def test_what_is_no_notebook(content: bytes) -> None:
    try:
        assert NotebookReader().read(content) == ([], [], [])
    except NotANotebook:
        pass


def test_sizes_are_read_from_headers() -> None:
    reader = NotebookReader()
    reader.read(notebook(markdown("# x"), figure_cell("plot()", "x")))
    assert reader.sizes == {digest("x"): (4, 3)}
    assert picture_size(b"GIF89a\x05\x00\x06\x00") == (5, 6)
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x07\x00\x09\x01\x01\x11\x00"
    assert picture_size(jpeg) == (9, 7)
    assert picture_size(b"\xff\xd8\xff") is None


@pytest.mark.corpus
def test_odd_notebooks_of_the_corpus() -> None:
    folder = corpus_bundle("numpy-100").parent / "notebooks"
    for path in sorted(folder.glob("*.ipynb")):
        content = path.read_bytes()
        try:
            expected = [payload.digest for payload in read_payloads(content)]
        except NotANotebook:
            continue
        assert [figure.digest for figure in NotebookReader().read(content).figures] == expected, path.name
