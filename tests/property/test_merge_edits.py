"""Merges of edits as people and tools make them: valid, symmetric, lossless, and their markers can be read again."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.external.nbformat import problem_with
from nbgit.gitproto.merging import merge_files
from nbgit.merge.conflicts import STYLES, Markers, Names
from nbgit.merge.marked import find_conflicts
from nbgit.merge.notebooks import merge_notebooks
from nbgit.merge.resolve import BOTH, OURS, THEIRS, Decision, resolve
from nbgit.notebook.cells import read_cells
from nbgit.notebook.text import readable_text
from tests.property.edits import LINES, MARKER_LIKE, three

SEEDS = st.integers(0, 1 << 40)


def lines_of(data: bytes) -> Counter[str]:
    return Counter(line for cell in read_cells(data).cells for line in cell.source.split("\n") if line)


@given(SEEDS, st.sampled_from(STYLES), st.booleans())
@settings(max_examples=150)
def test_the_result_is_valid_and_its_conflicts_are_read_again(seed: int, style: str, marker_like: bool) -> None:
    base, ours, theirs = three(seed, LINES + MARKER_LIKE if marker_like else None)
    merged = merge_notebooks(base, ours, theirs, Markers(7, lambda: Names("HEAD", "a: b", "o", style)))
    assert problem_with(merged.data) == ""
    before = sum(len(find_conflicts(read_cells(side))) for side in (base, ours, theirs))
    found = [one for one in find_conflicts(read_cells(merged.data)) if one.region.ours.label == "HEAD"]
    assert before or {one.cell.index for one in found} == {conflict.cell_index for conflict in merged.conflicts}
    if not before:
        assert all(one.region.theirs.label == "a: b" for one in found)
        assert all((one.region.base is not None) == (style != "merge") for one in found if one.kind != "cell")
        assert (merged.data.count(b" \n") > 0) == bool(found)  # what `git diff --check` sees


@given(SEEDS)
@settings(max_examples=150)
def test_one_side_of_every_conflict_loses_nothing_of_that_side(seed: int) -> None:
    base, ours, theirs = three(seed)
    merged = merge_notebooks(base, ours, theirs).data
    found = find_conflicts(read_cells(merged))
    for choice, side in ((OURS, ours), (THEIRS, theirs)):
        decisions: dict[int, Decision] = {one.number: choice for one in found}
        settled = resolve(merged, decisions)
        assert problem_with(settled) == ""
        assert find_conflicts(read_cells(settled)) == []
        assert b" \n" not in settled
        assert not lines_of(side) - lines_of(base) - lines_of(settled)
    both: dict[int, Decision] = {one.number: BOTH if one.takes_both else OURS for one in found}
    settled = resolve(merged, both)
    added = {*lines_of(ours), *lines_of(theirs)} - {*lines_of(base)}
    assert added <= {*lines_of(settled)}
    assert problem_with(settled) == ""


@given(SEEDS)
@settings(max_examples=150)
def test_both_directions_agree(seed: int) -> None:
    base, ours, theirs = three(seed)
    there, back = merge_notebooks(base, ours, theirs), merge_notebooks(base, theirs, ours)
    assert len(there.conflicts) == len(back.conflicts)
    if not there.conflicts:
        assert lines_of(there.data) == lines_of(back.data)
        sources = [sorted(cell.source for cell in read_cells(merged.data).cells) for merged in (there, back)]
        assert sources[0] == sources[1]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder for files to merge."""
    made = Path(tempfile.mkdtemp())
    yield made
    shutil.rmtree(made)


@given(SEEDS)
@settings(max_examples=200)
def test_no_conflict_where_git_merges_the_readable_texts(folder: Path, seed: int) -> None:
    sides = three(seed)
    contents = list(sides)
    if not merge_notebooks(*sides).conflicts:
        return
    files = [folder / name for name in ("base", "ours", "theirs")]
    for file, data in zip(files, contents, strict=True):
        file.write_bytes(readable_text(data))
    base, ours, theirs = (str(file) for file in files)
    by_git = subprocess.run(["git", "merge-file", "-p", ours, base, theirs], capture_output=True, check=False)
    for file, data in zip(files, contents, strict=True):
        file.write_bytes(data)
    outcome = merge_files([base, ours, theirs], contents, Markers())
    assert outcome.is_clean or by_git.returncode != 0
    assert problem_with(outcome.data) == ""
