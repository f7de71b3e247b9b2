"""In a narrow terminal lines are cut, not wrapped: trees and tables of blame stay readable."""

from __future__ import annotations

import re
import sys

import pytest

from nbgit.cli.terminal import cut_line
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, notebook

pexpect = pytest.importorskip("pexpect")
LONG = "frame = pd.read_csv('a/file/whose/name/is/long.csv', usecols=['one', 'two', 'three', 'four'])"


def on_screen(box: GitBox, columns: int, *arguments: str) -> list[str]:
    """Return the lines that a terminal of so many columns gets, without their colours."""
    environ = {**box.environ, "PYTHONPATH": str(SOURCE_ROOT), "TERM": "xterm", "GIT_PAGER": "cat"}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "nbgit", *arguments],
        cwd=str(box.path),
        env=environ,
        dimensions=(40, columns),
        encoding="utf-8",
        timeout=60,
    )
    child.expect(pexpect.EOF)
    return re.sub(r"\x1b\[[0-9;]*m", "", str(child.before)).split("\r\n")


@pytest.mark.parametrize("columns", [60, 80])
def test_lines_are_cut(installed: GitBox, columns: int) -> None:
    installed.write("n.ipynb", notebook(code("import pandas as pd", id="a"), code(LONG, id="b")))
    installed.commit("one")
    for arguments in (["blame", "n.ipynb"], ["graph", "n.ipynb"], ["affected", "a/file/whose/name/is/long.csv"]):
        lines = on_screen(installed, columns, *arguments)
        assert max(len(line) for line in lines) <= columns, lines
    (cut,) = [line for line in on_screen(installed, columns, "blame", "n.ipynb") if "frame = pd" in line]
    assert cut.endswith("…")
    assert LONG in installed.nbgit("blame", "n.ipynb").out  # a pipe gets all


def test_a_line_is_cut_by_what_a_terminal_shows() -> None:
    line = [("abc", "dim"), ("defgh", "")]
    assert cut_line(line, 8) == line
    assert cut_line(line, 6) == [("abc", "dim"), ("de…", "")]
    assert cut_line([("図表図表", "")], 5) == [("図表…", "")]
    assert cut_line([("e\u0301e\u0301e\u0301", "")], 3) == [("e\u0301e\u0301e\u0301", "")]
