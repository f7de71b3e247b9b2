"""IPython's syntax as plain Python."""

from __future__ import annotations

import ast

import pytest

from nbgit.lineage.slicing.magics import parse_cell, without_magics


def plain(code: str) -> str:
    """Return a cell as plain Python, in one spelling."""
    parsed = parse_cell(code)
    assert parsed is not None
    return ast.unparse(parsed)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1", "x = 1"),
        ("%time x = 1", "get_ipython().run_line_magic('time', 'x = 1')"),
        ("!ls -l", "get_ipython().system('ls -l')"),
        ("!!ls", "get_ipython().getoutput('ls')"),
        ("got = !ls *.csv", "got = get_ipython().getoutput('ls *.csv')"),
        ("got = %pwd", "got = get_ipython().run_line_magic('pwd', '')"),
        ("df?", "get_ipython().run_line_magic('pinfo', 'df')"),
        ("?df.head", "get_ipython().run_line_magic('pinfo', 'df.head')"),
        ("df??", "get_ipython().run_line_magic('pinfo', 'df')"),
        ("cd data", "get_ipython().run_line_magic('cd', 'data')"),
        ("/f 1, 2", "f(1, 2)"),
        (", f a b", ", f a b"),
        (",f a b", "f('a', 'b')"),
        ("%%bash\nls\n", "get_ipython().run_cell_magic('bash', '', 'ls\\n')"),
        ("\n\n%%time\nx = 1", "get_ipython().run_cell_magic('time', '', 'x = 1')"),
        ("%%capture got --no-stderr\nx", "get_ipython().run_cell_magic('capture', 'got --no-stderr', 'x')"),
        ("!a \\\n  b", "get_ipython().system('a    b')"),
        ("x = (5\n % 3)", "x = 5 % 3"),
        ("x = (5\n % 3)\n%who", "x = 5 % 3\nget_ipython().run_line_magic('who', '')"),
        ("for i in x:\n    !echo {i}", "for i in x:\n    get_ipython().system('echo {i}')"),
        ("await f()", "await f()"),
        ("  x = 1\n  y = 2", "x = 1\ny = 2"),
    ],
)
def test_a_cell_is_read(code: str, expected: str) -> None:
    if code.startswith(", "):
        assert parse_cell(code) is None
        return
    assert plain(code) == expected


@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_lines_within_a_long_string_are_left_alone(quotes: str) -> None:
    code = f"text = {quotes}\n%time\n!ls {{x}}\ny?\n{quotes}\n%who"
    assert without_magics(code) == code.replace("%who", "get_ipython().run_line_magic('who', '')")


def test_a_comment_with_a_quote_opens_nothing() -> None:
    assert "system" in without_magics("x = 1  # it's\n!ls")


@pytest.mark.parametrize("code", ["x = = 2", "def f(:", "SELECT * FROM t", "'", "\0", "(" * 300])
def test_what_can_not_be_read_is_none(code: str) -> None:
    assert parse_cell(code) is None
