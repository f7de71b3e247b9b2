"""nbdime's own `patch`, given our diff in its form, makes the newer notebook of the older one."""

from __future__ import annotations

import json
import subprocess
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbgit.diff.nbdime_form import nbdime_diff
from nbgit.errors import NotANotebook
from tests.corpus import bundle
from tests.nb import code
from tests.stress.nbdime_pairs import hold, pairs

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "diff"
TEXTS = st.lists(st.sampled_from(["a\n", "b\r\n", "c", "\x0b", "\n", "d\u2028"]), max_size=5).map("".join)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([0.0, 1.0]) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
OUTPUTS = st.lists(
    st.fixed_dictionaries({"output_type": st.just("stream"), "name": st.just("stdout"), "text": TEXTS})
    | st.fixed_dictionaries(
        {
            "output_type": st.just("display_data"),
            "metadata": st.just({}),
            "data": st.fixed_dictionaries({"text/plain": TEXTS, "application/json": VALUES}),
        }
    ),
    max_size=3,
)
CODE = st.fixed_dictionaries(
    {
        "cell_type": st.just("code"),
        "execution_count": st.none() | st.integers(1, 3),
        "metadata": st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=2),
        "outputs": OUTPUTS,
        "source": TEXTS,
    },
    optional={"id": st.sampled_from(["one", "two", "three"])},
)
MARKDOWN = st.fixed_dictionaries({"cell_type": st.just("markdown"), "metadata": st.just({}), "source": TEXTS})
NOTEBOOKS = st.builds(
    lambda cells, metadata: json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}),
    st.lists(CODE | MARKDOWN, max_size=5),
    st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=2),
).map(str.encode)


@given(NOTEBOOKS, NOTEBOOKS)
def test_any_two_notebooks(before: bytes, after: bytes) -> None:
    hold(before, after)


@pytest.mark.parametrize("case", sorted(path.name for path in GOLDEN.iterdir()))
def test_the_golden_cases(case: str) -> None:
    before, after = ((GOLDEN / case / f"{name}.ipynb").read_bytes() for name in ("before", "after"))
    if case == "conflict_marked":
        with pytest.raises(NotANotebook):
            hold(before, after)
    else:
        hold(before, after)
        hold(after, before)


@pytest.mark.corpus
def test_a_sample_of_real_histories(tmp_path: Path) -> None:
    path = bundle("pdsh-visualization.bundle")
    subprocess.run(["git", "clone", "-q", "--bare", str(path), str(tmp_path)], check=True)
    sample = list(islice(pairs(str(tmp_path)), 0, None, 15))
    assert len(sample) > 5
    for _, before, after in sample:
        hold(before, after)


def test_one_line_that_changed_is_a_patch_of_lines() -> None:
    before, after = ({"cells": [{**code(""), "source": source}]} for source in ("a\nb\nc", "a\nB\nc"))
    (change,) = nbdime_diff(before, after)
    assert change["diff"][0]["diff"] == [
        {
            "op": "patch",
            "key": "source",
            "diff": [
                {"op": "addrange", "key": 1, "valuelist": ["B\n"]},
                {"op": "removerange", "key": 1, "length": 1},
            ],
        }
    ]
