"""The order of merged cells."""

import pytest

from nbgit.merge.order import merge_order


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("pq", "pXq", "pYq", "pXYq"),
        ("pq", "Xpq", "Ypq", "XYpq"),
        ("pqr", "pqr", "prq", "prq"),
        ("pqr", "rpq", "pqYr", "rpqY"),
        ("pqr", "qpr", "rpq", "rqp"),
        ("pqrs", "psX", "pqYrs", "pqYrsX"),
        ("", "XY", "Z", "XYZ"),
    ],
)
def test_order(base: str, ours: str, theirs: str, merged: str) -> None:
    sides = [[ord(letter) for letter in side] for side in (base, ours, theirs)]
    assert "".join(map(chr, merge_order(*sides))) == merged
