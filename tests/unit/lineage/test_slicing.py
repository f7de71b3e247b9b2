"""The slicer's answers: reasons, kinds, what was seen, and what can't be read."""

from __future__ import annotations

import pytest

from nbgit.lineage.slicing.slicer import Facts, Run, slice_runs
from nbgit.lineage.slicing.trimming import statements, trim


def kept(*cells: str) -> tuple[int, ...]:
    """Return the slice of the last of these cells."""
    return slice_runs([Run(cell) for cell in cells], len(cells) - 1).kept


def test_each_cell_says_why_it_is_kept() -> None:
    runs = [Run(code) for code in ("l = []", "l.append(1)", "open('a/b.csv', 'w').write('x')", "open('a/b.csv'); l")]
    found = slice_runs(runs, 3)
    assert found.why(0) == ("defines l",)
    assert found.why(1) == ("changes l",)
    assert found.why(2) == ("writes a/b.csv",)
    assert found.why(3) == ()
    assert found.kind == "static"


def test_what_comes_after_the_target_does_not_matter() -> None:
    runs = [Run("a = 1"), Run("print(a)"), Run("a = 2")]
    assert slice_runs(runs, 1).kept == (0, 1)


def test_a_target_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        slice_runs([Run("a")], 1)


def test_a_slice_is_recorded_where_all_that_it_keeps_was_seen() -> None:
    runs = [Run("b = 1"), Run("a = 1", facts=Facts()), Run("a", facts=Facts())]
    assert slice_runs(runs, 2).kind == "recorded"
    assert slice_runs([*runs[:1], Run("a = 1"), runs[2]], 2).kind == "static"


def test_names_that_were_seen_to_be_bound_count() -> None:
    runs = [Run("make()", facts=Facts(bound=frozenset({"x"}))), Run("y = 1", facts=Facts()), Run("x", facts=Facts())]
    assert slice_runs(runs, 2).kept == (0, 2)


def test_files_that_were_seen_are_edges() -> None:
    writing = Run("lib = 1", facts=Facts(written=("data/clean.csv",)))
    reading = Run("other = 2", facts=Facts(read=("data/clean.csv",)))
    found = slice_runs([writing, Run("u = 1", facts=Facts()), reading], 2)
    assert found.kept == (0, 2)
    assert found.why(0) == ("writes data/clean.csv",)


def test_places_that_were_seen_are_edges() -> None:
    touching = Facts(touches=frozenset({"rng:numpy"}))
    assert slice_runs(
        [Run("a()", facts=touching), Run("b = 1", facts=Facts()), Run("c = 2", facts=touching)], 2
    ).kept == (0, 2)


def test_a_run_that_failed_keeps_what_was_there_before() -> None:
    runs = [Run("x = 1"), Run("x = f()", outcome="error"), Run("print(x)")]
    assert slice_runs(runs, 2).kept == (0, 1, 2)
    exact = Run("x = 1 + []", outcome="error", facts=Facts(is_exact=True))
    assert slice_runs([runs[0], exact, runs[2]], 2).kept == (0, 2)


def test_a_run_that_was_interrupted_is_half_done() -> None:
    assert slice_runs([Run("x = 1"), Run("x = 2", outcome="interrupted"), Run("print(x)")], 2).kept == (0, 1, 2)


def test_figures_that_were_shown_and_closed_end_there() -> None:
    cells = ["import matplotlib.pyplot as plt", "plt.plot([1])", "plt.plot([2])"]
    assert kept(*cells) == (0, 1, 2)
    runs = [Run(cell, facts=Facts(figures_left=0)) for cell in cells]
    assert slice_runs(runs, 2).kept == (0, 2)


def test_execution_counts_decide_what_out_means() -> None:
    runs = [Run("1", execution_count=7), Run("2", execution_count=9), Run("Out[7]", execution_count=10)]
    assert slice_runs(runs, 2).kept == (0, 2)


@pytest.mark.parametrize(
    "cell",
    ["SELECT df FROM t", "%%R -i df\nplot(df)", "%%unknown\ndf <- 1", "get_ipython().something(df)", "%unknown df"],
)
def test_what_can_not_be_read_touches_all_that_it_names(cell: str) -> None:
    assert kept("df = [1]", cell, "print(df)") == (0, 1, 2)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "\n",
        "#",
        "\0",
        "(" * 500,
        "x" * 100_000,
        "lambda: " * 500 + "1",
        "[" * 90 + "]" * 90,
        "%",
        "%%",
        "!",
        "?",
        "\ud800",
    ],
)
def test_odd_cells_are_followed(code: str) -> None:
    assert 2 in kept("a = 1", code, "print(a)")


def test_functions_that_call_each_other_end() -> None:
    cells = ["def f(n): return g(n - 1) if n else l", "def g(n): return f(n)", "l = []", "f(3).append(1)", "print(l)"]
    assert kept(*cells) == (0, 1, 2, 3, 4)


SHOW = """\
class Show:
    template = "{0}{1}"
    def __init__(self, *args):
        self.args = args
    def _repr_html_(self):
        return "".join(self.template.format(a, eval(a)._repr_html_()) for a in self.args)
    def __repr__(self):
        return "".join(a + repr(eval(a)) for a in self.args)
"""


def test_a_run_that_takes_too_long_to_follow_rests_on_all_before_it() -> None:
    """A class that evaluates what it shows, as in a well-known book: to follow it once took minutes."""
    cells = ["import pandas as pd", SHOW, "n = 1", "df = pd.DataFrame({'a': [n]})\nShow('df')", "m = 2", "print(m)"]
    assert kept(*cells[:4]) == (0, 1, 2, 3)
    assert {4, 5} <= set(kept(*cells))
    assert {0, 1, 2, 3} <= set(kept(*cells, "df"))


def test_statements_that_are_not_needed_are_left_out() -> None:
    cells = ["import os\n# the data\na = [1]\nb = 2", "c = 3\na.append(c)\nprint(b)", "print(a)"]
    runs = [Run(cell, outcome="ok") for cell in cells]
    trimmed = trim(runs, slice_runs(runs, 2))
    assert trimmed == {0: "# the data\na = [1]", 1: "c = 3\na.append(c)", 2: "print(a)"}


@pytest.mark.parametrize("outcome", ["error", "interrupted"])
def test_a_run_that_failed_is_left_whole(outcome: str) -> None:
    runs = [Run("b = 1\na = 2\n1 / 0", outcome=outcome), Run("print(a)", outcome="ok")]
    assert trim(runs, slice_runs(runs, 1)) == {0: "b = 1\na = 2\n1 / 0", 1: "print(a)"}


def test_statements_of_one_line_stay_together() -> None:
    assert statements("a = 1; b = 2\n@d\ndef f():\n    pass\n\nx = '''\n'''; y = 3") == [
        "a = 1; b = 2",
        "@d\ndef f():\n    pass",
        "x = '''\n'''; y = 3",
    ]


def test_names_that_were_bound_between_two_runs_come_from_the_first() -> None:
    runs = [Run("x = 1", facts=Facts(bound=frozenset({"x"}))), Run("start()", facts=Facts()), Run("u = 1")]
    target = Run("x", facts=Facts(bound_before=frozenset({"x"})))
    assert slice_runs([*runs[:2], target], 2).kept == (0, 1, 2)
    assert 2 in slice_runs([*runs, target], 3).kept
