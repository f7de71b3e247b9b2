"""docs/design.md, "Promises": split and join are exact, and the source does not know what is volatile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import Split, apply_spans, encode_spans, join, split
from tests.nb import code, notebook
from tests.odd import NOTEBOOKS as ODD
from tests.odd import OTHER
from tests.property.notebooks import (
    JSON,
    NOTEBOOKS,
    STYLES,
    VOLATILE_CELL_KEYS,
    VOLATILE_KEYS,
    Style,
    documents,
    near_notebooks,
)

DEFAULT = Policy()
POLICIES = st.builds(
    Policy,
    cell_metadata=st.sampled_from([DEFAULT.cell_metadata, (), ("jupyter", "name.x", "tags", 'q"', "é")]),
    notebook_metadata=st.sampled_from([DEFAULT.notebook_metadata, (), ("kernelspec", "language_info.name", "title")]),
    keep_tags=st.sampled_from([("keep_output",), ("a", 'q"'), ()]),
    keep_init_cells=st.booleans(),
    outputs=st.booleans(),
    execution_counts=st.booleans(),
)


def checked(data: bytes, policy: Policy = DEFAULT) -> Split | None:
    """Return the split of some bytes, having checked all that must hold of it."""
    parts = split(data, policy)
    if parts is None:
        return None
    assert join(parts.source, parts.spans) == data
    again = split(parts.source, policy)
    assert again is not None, "a source is a notebook"
    assert again.source == parts.source, "clean twice is clean once"
    assert again.spans == []
    assert again.can_run == parts.can_run
    assert [span.offset for span in parts.spans] == sorted(span.offset for span in parts.spans)
    applied = apply_spans(data, json.loads(encode_spans(parts.spans)), parts.can_run)
    assert applied.source == parts.source
    assert join(applied.source, applied.spans) == data
    return parts


@given(NOTEBOOKS, POLICIES)
def test_join_undoes_split(data: bytes, policy: Policy) -> None:
    assert checked(data, policy) is not None


@given(near_notebooks())
@settings(max_examples=150)
def test_bytes_that_are_nearly_a_notebook(data: bytes) -> None:
    checked(data)


def test_a_mark_that_is_volatile_keeps_nothing() -> None:
    policy = Policy(cell_metadata=("tags",))
    data = notebook(code("x", outputs=[1], metadata={"tags": ["keep_output"]}))
    parts = checked(data, policy)
    assert parts is not None
    assert parts.source == notebook(code("x"))


@given(st.binary(max_size=200))
@example(b"{}")
@example(b'{"cells": [], "nbformat": 4')
@example(b'{"cells": [{"cell_type": "markdown"}], "nbformat": -4}')
@example(b'{"nbformat": 4, "nbformat": 3, "worksheets": [{"cells": [[]]}], "cells": []}')
@example(b'{"nbformat": 4, "cells": [{}, {"outputs": []}, {"outputs": [1], "outputs": [2]}, 3, [], "x"]}')
@example(b'{"nbformat": 4, "cells": [["cell_type": "markdown"]]}')
def test_any_bytes(data: bytes) -> None:
    checked(data)


@pytest.mark.parametrize("name", ODD)
def test_odd_notebooks(name: str) -> None:
    parts = split(ODD[name], DEFAULT)
    assert parts is None or checked(ODD[name]) is not None
    assert (parts is None) == (name in {"a screen of white space first"})


@pytest.mark.parametrize("name", OTHER)
def test_what_is_no_notebook_is_not_split(name: str) -> None:
    assert split(OTHER[name], DEFAULT) is None


# --- an independent oracle: parse, empty what is volatile, compare --------------------------------------------------


def without_volatile(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as it would be if it had never run; written from the promise, not from the code."""
    document = json.loads(json.dumps(document))
    before_4 = document["nbformat"] < 4
    metadata = document.get("metadata")
    if isinstance(metadata, dict):
        document["metadata"] = {key: value for key, value in metadata.items() if key not in VOLATILE_KEYS}
        info = document["metadata"].get("language_info")
        if isinstance(info, dict):
            info.pop("version", None)
    for cell in [c for sheet in document["worksheets"] for c in sheet["cells"]] if before_4 else document["cells"]:
        if isinstance(cell, dict):
            empty_cell(cell, before_4)
    return document


def empty_cell(cell: dict[str, Any], before_4: bool) -> None:
    """Empty what is volatile in one cell."""
    metadata = cell.get("metadata")
    keeps = False
    if isinstance(metadata, dict):
        tags = metadata.get("tags")
        keeps = metadata.get("keep_output") is True or metadata.get("init_cell") is True
        keeps = keeps or (isinstance(tags, list) and "keep_output" in tags)
        cell["metadata"] = {key: value for key, value in metadata.items() if key not in VOLATILE_CELL_KEYS}
    count = "prompt_number" if before_4 else "execution_count"
    if isinstance(cell.get("outputs"), list):
        kept = cell["outputs"] if keeps else []
        cell["outputs"] = [empty_count(output, count) for output in kept]
    if before_4:
        cell.pop("prompt_number", None)
        cell.pop("collapsed", None)
    elif "execution_count" in cell:
        empty_count(cell, count)


def empty_count(holder: Any, count: str) -> Any:
    """Set a count to null where it is a count (text and containers are left alone)."""
    if isinstance(holder, dict) and count in holder and not isinstance(holder[count], (str, list, dict)):
        holder[count] = None
    return holder


def comparable(document: Any) -> str:
    """Return a form of JSON in which NaN equals NaN and key order counts."""
    return json.dumps(document)


@given(documents(), STYLES)
@settings(max_examples=150)
def test_the_source_is_the_document_without_what_is_volatile(document: dict[str, Any], style: Style) -> None:
    parts = checked(style.write(document))
    assert parts is not None
    text = parts.source.decode("utf-8-sig", "surrogatepass")
    assert comparable(json.loads(text)) == comparable(without_volatile(document))


# --- the source is independent of what is volatile ------------------------------------------------------------------


@st.composite
def two_runs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one notebook as two runs left it."""
    document = draw(documents(odd=False))
    other = json.loads(json.dumps(document))
    before_4 = document["nbformat"] < 4
    count = "prompt_number" if before_4 else "execution_count"
    for cell in [c for sheet in other["worksheets"] for c in sheet["cells"]] if before_4 else other["cells"]:
        metadata = cell["metadata"]
        if metadata.get("keep_output") is True or metadata.get("init_cell") is True:
            continue
        if "keep_output" in metadata.get("tags", []):
            continue
        if "outputs" in cell:
            cell["outputs"] = draw(st.lists(JSON, max_size=2))
            cell[count] = draw(st.one_of(st.none(), st.integers(0, 10**6)))
        for key in draw(st.sets(st.sampled_from(VOLATILE_CELL_KEYS))):
            metadata[key] = draw(JSON)
    for key in draw(st.sets(st.sampled_from(VOLATILE_KEYS))):
        other["metadata"][key] = draw(JSON)
    if "language_info" in other["metadata"]:
        other["metadata"]["language_info"]["version"] = draw(JSON)
    return document, other


@given(two_runs(), STYLES)
@settings(max_examples=100)
def test_two_runs_have_one_source(runs: tuple[dict[str, Any], dict[str, Any]], style: Style) -> None:
    one, two = checked(style.write(runs[0])), checked(style.write(runs[1]))
    assert one is not None
    assert two is not None
    assert one.source == two.source


@given(documents(odd=False), st.sampled_from([1, 2, 4]))
def test_cleared_is_the_source(document: dict[str, Any], indent: int) -> None:
    """What an editor writes for a notebook that never ran is, to the byte, the source of any of its runs."""
    parts = split(json.dumps(document, indent=indent).encode(), DEFAULT)
    assert parts is not None
    assert parts.source == json.dumps(without_volatile(document), indent=indent).encode()


@given(NOTEBOOKS)
def test_spans_that_do_not_fit_are_refused_or_change_the_source(data: bytes) -> None:
    parts = split(data, DEFAULT)
    assert parts is not None
    rows = json.loads(encode_spans(parts.spans))
    with pytest.raises(ValueError):
        apply_spans(data, [*rows, [10**9, 2, 5, 0, 0]], True)
    with pytest.raises(ValueError):
        apply_spans(data, [[0, 2, len(data) + 1, 0, 0]], True)
