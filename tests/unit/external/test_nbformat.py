"""The door to nbformat: the same bytes give the same document; and nbdime, patching with our diffs in its form."""

import json

import nbdime
import pytest
from nbdime.diff_utils import to_diffentry_dicts

from nbgit.diff.nbdime_form import nbdime_diff
from nbgit.errors import NotANotebook
from nbgit.external.nbformat import problem_with, upgrade
from tests.nb import code, markdown, notebook

V3 = json.dumps(
    {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Old"]},
                    {"cell_type": "code", "input": ["x"], "language": "python", "metadata": {}, "outputs": []},
                ],
                "metadata": {},
            }
        ],
    }
).encode()


def test_upgrading_is_the_same_each_time_and_adds_nothing_to_v4() -> None:
    assert upgrade(V3) == upgrade(V3)
    assert [cell["source"] for cell in upgrade(V3)["cells"]] == ["# Old", "x"]
    without_ids = notebook(code("x"), minor=5)
    assert "id" not in upgrade(without_ids)["cells"][0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (notebook(code("a\nb"), markdown("c")), notebook(markdown("c"), code("a\nB"))),
        (V3, notebook(markdown("# Old"), code("x\ny"))),
        (notebook(), notebook(code("x", id="a"), metadata={"title": "t"})),
    ],
)
def test_patching_with_nbdimes_diff_gives_the_other(before: bytes, after: bytes) -> None:
    diff = to_diffentry_dicts(json.loads(json.dumps(nbdime_diff(upgrade(before), upgrade(after)))))
    assert nbdime.patch(upgrade(before), diff) == upgrade(after)


def test_problems_are_one_line() -> None:
    assert problem_with(notebook(code("x", id="a"))) == ""
    problem = problem_with(notebook({"cell_type": "code", "id": "a", "metadata": {}, "source": ""}))
    assert problem
    assert "\n" not in problem


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"<<<<<<<", b"\xff"])
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    with pytest.raises(NotANotebook):
        upgrade(data)
    assert problem_with(data)
