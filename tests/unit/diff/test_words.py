"""nbgit/diff/words.py: which words of a line changed, and which lines belong together."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbgit.diff.words import LONGEST, pair_lines, word_edits

LINES = st.text(st.sampled_from("ab1 .,(=\t"), max_size=40)


def marked(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the words that are marked on each side."""
    old, new = word_edits(before, after)
    return [before[start:end] for start, end in old], [after[start:end] for start, end in new]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("plot(width=0.5)", "plot(width=0.3)", (["0.5"], ["0.3"])),
        ("import a", "import a, b", ([], [", b"])),
        ("of the two birds", "of birds", (["the two "], [])),
        ("frames = old name", "frames = new word", (["old name"], ["new word"])),  # one mark
        ("completely different", "x = 1", ([], [])),
        ("same", "same", ([], [])),
        ("", "x", ([], [])),
    ],
)
def test_the_words_that_changed(before: str, after: str, expected: tuple[list[str], list[str]]) -> None:
    assert marked(before, after) == expected


def test_a_very_long_line_is_compared_from_both_ends() -> None:
    before = "a " * LONGEST + "OLD" + " b" * LONGEST
    assert marked(before, before.replace("OLD", "new one")) == (["OLD"], ["new one"])
    assert marked(before, "c" * 3 * LONGEST) == ([], [])


@given(LINES, LINES)
def test_what_is_not_marked_is_the_same_on_both_sides(before: str, after: str) -> None:
    old, new = word_edits(before, after)
    for spans, line in ((old, before), (new, after)):
        assert all(0 <= start < end <= len(line) for start, end in spans)
        assert all(one[1] < other[0] for one, other in pairwise(spans))
    if old or new:
        assert without_blanks(before, old) == without_blanks(after, new)


def without_blanks(line: str, spans: list[tuple[int, int]]) -> str:
    """Return what is not marked, without blanks (those between two marks are marked with them)."""
    kept = [letter for at, letter in enumerate(line) if not any(start <= at < end for start, end in spans)]
    return "".join("".join(kept).split())


def test_lines_are_paired_with_what_they_were() -> None:
    before = ["grid = linspace(low, high, 200)"]
    after = ["", "# more points", "grid = linspace(low, high, 400)"]
    assert pair_lines(before, after) == [(None, 0), (None, 1), (0, 2)]
    assert pair_lines(after, before) == [(0, None), (1, None), (2, 0)]
    assert pair_lines(["a", "b"], ["c", "d"]) == [(0, 0), (1, 1)]


@given(st.lists(LINES, max_size=9), st.lists(LINES, max_size=9))
def test_every_line_is_there_once_and_in_order(before: list[str], after: list[str]) -> None:
    pairs = pair_lines(before, after)
    assert [a for a, _ in pairs if a is not None] == list(range(len(before)))
    assert [b for _, b in pairs if b is not None] == list(range(len(after)))
    assert (None, None) not in pairs
