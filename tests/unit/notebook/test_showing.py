"""What is said of a notebook's run, in words."""

from __future__ import annotations

import pytest

from nbgit.notebook.showing import read_showing, tell_showing
from tests.nb import code, markdown, notebook


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([1, 2, 3], "3 cells ran, [1] to [3] in order"),
        ([1, 2, 5], "3 cells ran, [1] to [5] with gaps"),
        ([1, 2, 30, 4, 5], "5 cells ran, [1] to [30], cell 3 out of order"),
        ([2, 3, 4, 1], "4 cells ran, [1] to [4], cell 4 out of order"),
        ([7, 3, 9], "3 cells ran, [3] to [9], cell 1 out of order"),
        ([1, 1], "2 cells ran, [1] to [1], cell 1 out of order"),
        ([3, 2, 1], "3 cells ran, [1] to [3], cells 1-2 out of order"),
        ([4], "1 cell ran, [4]"),
    ],
)
def test_cells_that_ran_out_of_order_are_named(counts: list[int], words: str) -> None:
    cells = [code(f"x{count}", execution_count=count) for count in counts]
    assert tell_showing(read_showing(notebook(markdown("# Title"), *cells)), []).line == words
