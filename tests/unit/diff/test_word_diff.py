"""nbgit.diff.word_diff and nbgit.diff.spaces."""

import pytest

from nbgit.diff.changes import LineEdits
from nbgit.diff.spaces import ignoring_space
from nbgit.diff.view import ALL, AT_EOL, CHANGE
from nbgit.diff.word_diff import MOST, word_lines
from nbgit.diff.words import tokens


def test_words_are_names_numbers_blanks_and_single_characters() -> None:
    assert tokens("x_1 = 0.25*é.T  #.") == ["x_1", " ", "=", " ", "0.25", "*", "é", ".", "T", "  ", "#", "."]
    assert tokens("") == []


def test_long_texts_are_not_compared_by_words() -> None:
    line = "a " * (MOST // 2)
    assert list(word_lines([line], [line + "b"])) == [[("-", line)], [("+", line + "b")]]


def test_lines_of_words() -> None:
    assert list(word_lines(["a = 1", "b"], ["a = 2", "b"])) == [
        [(" ", "a = "), ("-", "1"), ("+", "2")],
        [(" ", "b")],
    ]
    assert list(word_lines(["gone", "too"], [])) == [[("-", "gone")], [("-", "too")]]
    assert list(word_lines([], ["new"])) == [[("+", "new")]]


@pytest.mark.parametrize(
    ("space", "before", "after", "same"),
    [
        (ALL, "a b", "ab", True),
        (ALL, "a b", "ac", False),
        (CHANGE, "a b ", "a\t  b", True),
        (CHANGE, "a b", "ab", False),
        (CHANGE, "  a", " a", True),
        (CHANGE, " a", "a", False),
        (AT_EOL, "a \t", "a", True),
        (AT_EOL, " a", "a", False),
        ("", "a ", "a", False),
    ],
)
def test_white_space_that_does_not_count(space: str, before: str, after: str, same: bool) -> None:
    edits = ignoring_space(LineEdits(["x", before], ["x", after]), space)
    assert (not edits.hunks) == same
    assert (edits.before, edits.after) == (["x", before], ["x", after])
