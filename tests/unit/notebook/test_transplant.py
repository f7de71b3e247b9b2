"""Outputs of unchanged cells, given to a source that no stored notebook has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.notebook.transplant import transplant
from tests.nb import code, markdown, notebook
from tests.odd import NOTEBOOKS, RAN, V3
from tests.property.notebooks import documents

Cell = dict[str, Any]


def out(text: str) -> list[Cell]:
    return [{"output_type": "stream", "name": "stdout", "text": [text]}]


def ran(source: str, text: str, **members: Any) -> Cell:
    return code(source, outputs=out(text), execution_count=3, **members)


def source_of(data: bytes) -> bytes:
    parts = split(data, Policy())
    assert parts is not None
    return parts.source


def shown(data: bytes | None) -> list[str]:
    """Return what each code cell of a notebook shows."""
    assert data is not None
    cells = json.loads(data)["cells"]
    return ["".join(cell["outputs"][0]["text"]) if cell["outputs"] else "" for cell in cells if "outputs" in cell]


def test_a_source_gets_all_its_own_outputs_back() -> None:
    data = notebook(markdown("# x"), ran("a", "A", id="1"), code("no"), ran("b", "B", id="2"))
    assert transplant(source_of(data), [data]) == data


def test_cells_that_were_edited_get_none() -> None:
    donor = notebook(ran("a", "A"), ran("b", "B"), ran("c", "C"))
    assert shown(transplant(source_of(notebook(code("a"), code("b2"), code("c"))), [donor])) == ["A", "", "C"]


def test_cells_that_moved_keep_theirs() -> None:
    donor = notebook(ran("a", "A"), ran("b", "B"), ran("c", "C"))
    moved = source_of(notebook(code("new"), code("c"), markdown("a"), code("a")))
    assert shown(transplant(moved, [donor])) == ["", "C", "A"]


def test_the_nth_of_equal_cells_takes_the_outputs_of_the_nth() -> None:
    donor = notebook(ran("show()", "1"), ran("x", "X"), ran("show()", "2"))
    equal = source_of(notebook(code("show()"), code("show()"), code("show()")))
    assert shown(transplant(equal, [donor])) == ["1", "2", ""]


def test_ids_tell_equal_cells_apart() -> None:
    donor = notebook(ran("show()", "1", id="one"), ran("show()", "2", id="two"))
    swapped = source_of(notebook(code("show()", id="two"), code("show()", id="one")))
    assert shown(transplant(swapped, [donor])) == ["2", "1"]
    removed = source_of(notebook(code("show()", id="two")))
    assert shown(transplant(removed, [donor])) == ["2"]


def test_a_string_and_a_list_of_lines_are_the_same_code() -> None:
    donor = notebook(ran("a\nb", "A"))
    assert shown(transplant(source_of(notebook({**code(""), "source": "a\nb"})), [donor])) == ["A"]


def test_the_first_donor_that_has_outputs_gives_them() -> None:
    new, old = notebook(ran("a", "new"), code("b")), notebook(ran("a", "old"), ran("b", "old"))
    assert shown(transplant(source_of(new), [new, old])) == ["new", "old"]


def test_markdown_and_code_are_not_the_same() -> None:
    assert transplant(source_of(notebook(markdown("a"))), [notebook(ran("a", "A"))]) is None


def test_version_3_both_ways() -> None:
    found = transplant(source_of(V3), [V3])
    assert found is not None
    assert source_of(found) == source_of(V3)
    assert b"<Figure>" in found


@pytest.mark.parametrize("donor", [b"", b"{", b"[]", b"\xff", b'{"cells": 3}', b'{"cells": [3, {"outputs": []}]}'])
def test_donors_that_are_nothing_give_nothing(donor: bytes) -> None:
    assert transplant(source_of(RAN), [donor]) is None
    found = transplant(source_of(RAN), [donor, RAN])
    assert found is not None
    assert b"needs_background" in found


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_odd_notebooks_give_and_take(name: str) -> None:
    parts = split(NOTEBOOKS[name], Policy())
    if parts is None:
        return
    found = transplant(parts.source, [NOTEBOOKS[name], RAN])
    if found is not None:
        assert source_of(found) == parts.source


def test_a_cell_that_keeps_its_outputs_in_the_source_keeps_those() -> None:
    """The outputs of a cell tagged keep_output are source: no donor may replace them, nor spoil the other cells."""
    keep = {"metadata": {"tags": ["keep_output"]}}
    donor = notebook(ran("a", "A"), ran("k", "old", **keep))
    merged = source_of(notebook(code("a"), ran("k", "new", **keep), code("c")))
    found = transplant(merged, [donor])
    assert shown(found) == ["A", "new", ""]
    assert found is not None
    assert source_of(found) == merged


def test_a_tag_that_came_later_does_not_spoil_the_other_cells() -> None:
    donor = notebook(ran("a", "A"), ran("k", "K"))
    tagged = source_of(notebook(code("a"), code("k", metadata={"tags": ["keep_output"]})))
    found = transplant(tagged, [donor])
    assert shown(found)[0] == "A"
    assert found is not None
    assert source_of(found) == tagged


@pytest.mark.parametrize(
    "odd", [{"execution_count": "3"}, {"execution_count": [3]}, {"outputs": None}, {"outputs": "x"}]
)
def test_what_is_no_output_and_no_count_is_not_given(odd: Cell) -> None:
    """A count that is text stays in a source, so it must not get into another one, nor spoil the other cells."""
    donor = notebook(ran("a", "A"), {**ran("b", "B"), **odd})
    merged = source_of(notebook(code("a"), code("b"), code("c")))
    found = transplant(merged, [donor])
    assert shown(found) == ["A", "" if "outputs" in odd else "B", ""]
    assert found is not None
    assert source_of(found) == merged


def test_an_empty_list_with_space_in_it_is_no_output() -> None:
    empty = notebook(code("a")).replace(b'"outputs": []', b'"outputs": [ ]')
    assert shown(transplant(source_of(notebook(code("a"))), [empty, notebook(ran("a", "A"))])) == ["A"]


def test_outputs_of_nbformat_3_are_none_for_a_notebook_that_was_upgraded() -> None:
    """Their names are others (`pyout`): Jupyter would refuse the notebook."""
    cell = {"cell_type": "code", "collapsed": False, "input": ["a"], "language": "python"}
    shown_3 = {"output_type": "pyout", "prompt_number": 1, "text": ["2"]}
    sheet = {"cells": [{**cell, "outputs": [shown_3], "prompt_number": 1}], "metadata": {}}
    old = {"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet]}
    assert transplant(source_of(notebook(code("a"))), [json.dumps(old).encode()]) is None


def test_escapes_are_the_characters_that_they_stand_for() -> None:
    donor = notebook(ran("größe = '\U0001f600'", "A"))
    escaped = json.dumps(json.loads(notebook(code("größe = '\U0001f600'")))).encode()
    assert escaped.isascii()
    assert shown(transplant(source_of(escaped), [donor])) == ["A"]
    assert shown(transplant(source_of(donor), [json.dumps(json.loads(donor)).encode()])) == ["A"]


@given(documents(odd=False), st.lists(documents(odd=False), max_size=2))
def test_whatever_is_given_the_source_stays(document: Any, others: list[Any]) -> None:
    data, donors = json.dumps(document, indent=1).encode(), [json.dumps(other).encode() for other in others]
    source = source_of(data)
    found = transplant(source, [*donors, data])
    assert found is None or source_of(found) == source


def test_a_source_whose_outputs_are_null_takes_none() -> None:
    cell = '"cell_type": "code", "metadata": {}, "source": [], "execution_count": null'
    form = '{{"metadata": {{}}, "nbformat": 4, "nbformat_minor": 0, "cells": [{{{}, "outputs": {}}}]}}\n'
    source = form.format(cell, "null").encode()
    ran = form.format(cell, '[{"output_type": "stream", "name": "stdout", "text": ["x"]}]').encode()
    assert transplant(source, [ran]) is None
