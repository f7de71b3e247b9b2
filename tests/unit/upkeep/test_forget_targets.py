"""What a target finds in an output, and what it leaves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.upkeep.forget_notebook import remove_target, source_shows_target
from nbgit.upkeep.forget_targets import PatternTarget, matching_outputs
from tests.nb import code, notebook


def stream(text: Any, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def pattern(text: str) -> PatternTarget:
    return PatternTarget(re.compile(text))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["a", "ab", "c"], {1, 2}),
        (["a", "b", "c", "x", "ab", "c"], {0, 1, 2, 4, 5}),
        (["x", "a", "b", "c", "x"], {1, 2, 3}),
        (["abc", "x"], {0}),
        (["ab", "x", "c"], set()),
    ],
)
def test_pieces_of_a_stream(texts: list[str], found: set[int]) -> None:
    assert matching_outputs(pattern("abc"), [stream(text) for text in texts]) == found


def test_streams_of_other_names_are_no_neighbours() -> None:
    assert matching_outputs(pattern("abc"), [stream("ab"), stream("c", "stderr")]) == set()


def test_base64_is_not_searched() -> None:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "hunterab"}}
    assert matching_outputs(pattern("hunter"), [picture]) == set()
    old = {"output_type": "display_data", "png": "hunterab"}
    assert matching_outputs(pattern("hunter"), [old]) == set()


@pytest.mark.parametrize("value", ["a&lt;b", "<i>a</i>&lt;b", "a\x1b[31m<b", ["a", "<b"], {"a<b": 1}, [[1, ["a<b"]]]])
def test_ways_to_write_a_text(value: object) -> None:
    assert matching_outputs(pattern("a<b"), [stream(value)]) == {0}


@pytest.mark.parametrize("indent", [0, 1, 2])
@pytest.mark.parametrize("gone", [{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {0, 1, 2}])
def test_what_is_left_is_what_the_editor_would_have_written(gone: set[int], indent: int) -> None:
    outputs = [stream(f"{'secret' if position in gone else 'text'} {position}") for position in range(3)]
    data = notebook(code("1", execution_count=1, outputs=outputs), code("2"), indent=indent)
    parts = split(data, Policy())
    assert parts is not None
    left = remove_target(parts, pattern("secret"), Policy())
    assert left is not None
    kept = [output for position, output in enumerate(outputs) if position not in gone]
    assert left.notebook == notebook(code("1", execution_count=1, outputs=kept), code("2"), indent=indent)
    assert left.parts.source == parts.source
    assert left.cells == [0]


@pytest.mark.parametrize(
    "raw", [b'"\\ud800 secret"', b"1" * 5000 + b', "secret"', b'"secret \xff"', b'NaN, {}, [[]], 0, "secret"']
)
def test_odd_outputs(raw: bytes) -> None:
    data = notebook(code("1", outputs=["HERE"])).replace(b'"HERE"', raw)
    parts = split(data, Policy())
    assert parts is not None
    left = remove_target(parts, pattern("secret"), Policy())
    assert left is not None
    assert b"secret" not in left.notebook
    assert remove_target(parts, pattern("other"), Policy()) is None


def test_code_is_searched_as_it_is_read() -> None:
    source = notebook(code('password = "hun\\\nter"'))
    assert source_shows_target(source, pattern(r"hun\\\nter"))
    assert source_shows_target(b"no JSON but a secret", pattern("secret"))
    assert not source_shows_target(source, pattern("secret"))
