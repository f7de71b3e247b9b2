"""The line matcher: right, shortest where it is small, bounded where it is large."""

import random
from itertools import product

import pytest

from nbgit.diff.lines import hunks, increasing, match


def longest(a: str, b: str) -> int:
    """The length of the longest common subsequence, by the textbook's table."""
    above = [0] * (len(b) + 1)
    for x in a:
        row = [0]
        for place, y in enumerate(b):
            row.append(above[place] + 1 if x == y else max(above[place + 1], row[-1]))
        above = row
    return above[-1]


def test_every_short_pair_gets_a_longest_match() -> None:
    texts = ["".join(letters) for size in range(5) for letters in product("abc", repeat=size)]
    for a in texts[::3]:
        for b in texts[::2]:
            blocks = match(a, b).blocks
            assert all(a[i : i + n] == b[j : j + n] for i, j, n in blocks)
            assert sum(n for _, _, n in blocks) == longest(a, b)


@pytest.mark.parametrize("alphabet", [2, 20, 5000])
def test_hunks_of_large_inputs_turn_one_into_the_other(alphabet: int) -> None:
    chance = random.Random(alphabet)
    a = [chance.randrange(alphabet) for _ in range(3000)]
    b = [item for item in a if chance.random() > 0.1]
    b[500:500] = [chance.randrange(alphabet) for _ in range(300)]
    found, _ = hunks(a, b)
    made: list[int] = []
    at = 0
    for hunk in found:
        made += a[at : hunk.a_start]
        assert len(made) == hunk.b_start
        made += b[hunk.b_start : hunk.b_end]
        at = hunk.a_end
    assert made + a[at:] == b
    assert sum(hunk.a_end - hunk.a_start + hunk.b_end - hunk.b_start for hunk in found) < 1300


def test_a_large_shuffled_input_is_answered_and_says_that_it_was_cut() -> None:
    chance = random.Random(1)
    a = [chance.randrange(40) for _ in range(2000)]
    b = [chance.randrange(40) for _ in range(2000)]
    assert not match(a, b).exact


def test_an_added_paragraph_ends_with_its_blank_line() -> None:
    a = ["one", "", "three"]
    b = ["one", "", "two", "", "three"]
    (hunk,) = hunks(a, b)[0]
    assert b[hunk.b_start : hunk.b_end] == ["two", ""]


def test_increasing_keeps_the_longest_rising_run() -> None:
    assert increasing([(0, 5), (1, 1), (2, 2), (3, 0), (4, 3)]) == [(1, 1), (2, 2), (4, 3)]
    assert increasing([]) == []
