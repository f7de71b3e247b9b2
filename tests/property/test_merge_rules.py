"""All that must hold of a merge, for notebooks of every format; `python -m tests.stress.merges` does it at length."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.merge.conflicts import STYLES
from tests.property.authors import Author
from tests.property.merge_rules import cells_said, merged_cells, problems


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder for files to merge."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@given(st.integers(0, 1 << 40), st.sampled_from(STYLES))
@settings(max_examples=60, derandomize=True)  # new ones: python -m tests.stress.merges
def test_every_rule_holds(folder: Path, seed: int, style: str) -> None:
    assert problems(folder, Author(seed).three(), style)[0] == []


@given(st.integers(0, 1 << 40))
@settings(max_examples=60, derandomize=True)  # new ones: python -m tests.stress.merges
def test_edits_of_different_cells_merge_cleanly_and_lose_nothing(folder: Path, seed: int) -> None:
    base, ours, theirs, both = Author(seed).apart()
    assert problems(folder, (base, ours, theirs)) == ([], True)
    assert merged_cells(base, ours, theirs) == cells_said(both)
