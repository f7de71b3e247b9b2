"""Every case of tests/slicing/cases: its slices are sound, and nine of ten are minimal (docs/slicing.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from nbgit.lineage.slicing.slicer import slice_runs
from nbgit.lineage.slicing.trimming import trim
from tests.slicing.harness import Case, Truth, Verdict, judge, read_cases

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="subsets are run in forked processes")
CASES = read_cases()
SAMPLE = CASES[::5]  # of which minimality is tried; `python -m tests.slicing` tries it of all


@pytest.fixture(scope="module")
def truth() -> Iterator[Truth]:
    """The process that runs subsets of cells."""
    server = Truth()
    yield server
    server.close()


@pytest.fixture(scope="module")
def verdicts(truth: Truth) -> list[Verdict]:
    """The verdicts on both kinds of slice of every case."""
    return [verdict for case in CASES for verdict in judge(truth.of(case), fully=case in SAMPLE)]


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_slice_is_sound(verdicts: list[Verdict]) -> None:
    assert [(one.case.name, one.kind, one.kept) for one in verdicts if not one.is_sound] == []


@pytest.mark.parametrize("kind", ["static", "recorded"])
def test_nine_of_ten_slices_are_minimal(verdicts: list[Verdict], kind: str) -> None:
    mine = [one for one in verdicts if one.kind == kind and one.case in SAMPLE]
    large = [(one.case.name, one.superfluous) for one in mine if one.superfluous]
    assert len(large) <= len(mine) / 10, large


def test_a_slice_without_one_of_its_cells_is_found_wanting(truth: Truth) -> None:
    results = truth.of(Case("a chain", ["a = 1", "b = a", "print(b)"]))
    assert results.is_enough((0, 1, 2))
    assert not results.is_enough((1, 2))
    assert results.smallest() == [(0, 1, 2)]
    assert results.superfluous((0, 1, 2)) == ()


def test_the_truth_counts_cells_that_are_not_needed(truth: Truth) -> None:
    results = truth.of(Case("two ways", ["a = 1", "b = 2", "a = 1", "print(a)"]))
    assert results.smallest() == [(0, 3), (2, 3)]
    assert results.superfluous((0, 1, 3)) == (1,)


@pytest.mark.parametrize("case", CASES[::10], ids=lambda case: case.name)
def test_trimmed_cells_are_enough(truth: Truth, case: Case) -> None:
    results = truth.of(case)
    runs = results.recorded_runs()
    trimmed = trim(runs, slice_runs(runs, case.target))
    cells = [trimmed.get(index, "pass") if index in trimmed else cell for index, cell in enumerate(case.cells)]
    shorter = truth.ask(case, {**case.request(tuple(sorted(trimmed))), "cells": cells})
    assert shorter == results.expected
