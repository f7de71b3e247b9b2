"""nbgit.diff.syntax, and that what is coloured still is the diff."""

from __future__ import annotations

import re

import pytest

from nbgit.diff.palette import git_colours
from nbgit.diff.report import Side, report
from nbgit.diff.syntax import code_colours
from nbgit.diff.view import View
from tests.nb import code, markdown, notebook

BEFORE = notebook(markdown("# Fit"), code('def fit(x):\n    """Text\n    more."""\n    return x + 0.5  # half'))
AFTER = notebook(markdown("# Fits"), code('def fit(x):\n    """Text\n    less."""\n    return x + 0.3  # \x1b[2J'))


def text(view: View) -> str:
    return report(Side("n.ipynb", BEFORE), Side("n.ipynb", AFTER), view)


def test_spans_of_words_numbers_and_texts_of_several_lines() -> None:
    found = code_colours(["x = 1", 's = """a', 'b"""', "", "for"], "python")
    assert [[span[:2] for span in line] for line in found] == [[(4, 5)], [(4, 8)], [(0, 4)], [], [(0, 3)]]
    assert code_colours(["x = 1"], "no such language") == [[]]
    assert code_colours(["x = 1"], "") == [[]]


@pytest.mark.parametrize("marks", [False, True])
def test_the_words_are_the_same_with_and_without(marks: bool) -> None:
    plain = text(View())
    view = View(git_colours({}))
    view.syntax, view.marks = True, marks
    coloured = text(view)
    assert "\x1b[35mreturn\x1b[39m" in coloured
    assert ("\x1b[7m" in coloured) == marks
    assert "\x1b[2J" not in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain


def test_none_without_it() -> None:
    assert "\x1b[35m" not in text(View(git_colours({})))
