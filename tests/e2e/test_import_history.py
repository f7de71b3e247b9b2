"""`nbgit import-history`, with histories that IPython itself has written."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.kernels import lines, run_in_shell
from tests.nb import code, notebook

pytest.importorskip("IPython")

ROWS = "rows = [3, 1, 4, 1, 5]  # counted by hand on Monday"
THIN, WIDE = "width = 1  # too thin to be seen", "width = 3  # as in the paper"
SHOW = "print('the rows of Monday', sorted(rows), width)"
SESSION = ["import json", ROWS, THIN, "print('of no account here', len(rows))", WIDE, SHOW]
FILE = ".ipython/profile_default/history.sqlite"


@pytest.fixture
def before(installed: GitBox) -> GitBox:
    """Return a repository with one notebook that ran when nothing was recorded, and with sessions of other things."""
    installed.git("config", "nbgit.runs", "false")
    run_in_shell(installed, ["import os", "x = 1", "x"], starts=False)
    run_in_shell(installed, SESSION, starts=False)
    run_in_shell(installed, ["import json", "other = 'this is of another project altogether'"], starts=False)
    text = "the rows of Monday [1, 1, 3, 4, 5] 3\n"
    shown = [{"output_type": "stream", "name": "stdout", "text": [text]}]
    cells = [code("import json", id="i", execution_count=1), code(ROWS, id="rows", execution_count=2)]
    cells += [code(WIDE, id="width", execution_count=5), code(SHOW, id="show", execution_count=6, outputs=shown)]
    installed.write("paper.ipynb", notebook(*cells))
    installed.commit("what the paper shows")
    installed.git("config", "--unset", "nbgit.runs")
    return installed


def ask(box: GitBox, *arguments: str) -> dict[str, Any]:
    """Return the answer of import-history --json, held against the schema; each line of the journals, too."""
    result = box.nbgit("import-history", *arguments, "--json")
    assert (result.code, result.err) == (0, "")
    document: dict[str, Any] = json.loads(result.out)
    assert validate(document, "import-history.v1") == []
    for line in lines(box):
        assert validate(line, "run.v1") == [], line
    return document


def test_a_session_of_a_notebook_is_imported_once(before: GitBox) -> None:
    document = ask(before, "--dry-run")
    (session,) = document["sessions"]
    assert (document["read"], document["file"]) == (3, str(before.home / FILE))
    told = ("session", "notebook", "runs", "matching", "state")
    assert [session[key] for key in told] == [2, "paper.ipynb", 6, 4, "new"]
    assert lines(before) == []
    history = (before.home / FILE).read_bytes()
    assert ask(before)["sessions"] == [session]
    assert [line["code"] for line in lines(before, "begin")] == SESSION
    assert [one["state"] for one in ask(before)["sessions"]] == ["there"]
    assert before.nbgit("import-history").out.endswith("Nothing to import; 3 sessions in IPython's history.\n")
    assert len(lines(before, "begin")) == 6
    assert (before.home / FILE).read_bytes() == history


def test_blame_output_says_that_it_was_imported(before: GitBox) -> None:
    assert ask(before)["sessions"]
    document = json.loads(before.nbgit("blame-output", "paper.ipynb", "--cell-id", "show", "--json").out)
    assert validate(document, "blame-output.v1") == []
    (match,) = document["matches"]
    assert (match["recipe"]["kind"], match["recipe"]["among"]) == ("imported", 6)
    assert [step["code"] for step in match["recipe"]["cells"]] == [ROWS, WIDE, SHOW]
    assert (match["run"]["outcome"], match["run"]["ended"]) == ("unknown", None)
    assert (match["state"], match["reasons"]) == ("unknown", ["its run was imported: what it read is not known"])
    told = before.nbgit("blame-output", "paper.ipynb", "--cell-id", "show").out
    assert "made by     run [6] of a session begun " in told
    assert ", session 1, imported from IPython's history\n" in told
    assert "recipe      3 of 6 runs (imported: from code and order alone)\n" in told
    runs = before.nbgit("log", "--runs").out
    assert "  paper.ipynb  6 runs · imported from IPython's history\n" in runs
    assert "[6] unknown  print('the rows of Monday'" in runs
    document = json.loads(before.nbgit("log", "--runs", "--json").out)
    assert validate(document, "runs.v1") == []
    assert {run["imported"] for run in document["runs"]} == {"ipython"}


def begun(box: GitBox) -> list[list[str]]:
    """Return the code of each session, sorted: two may have begun in the same second."""
    found: dict[str, list[str]] = {}
    for line in lines(box, "begin"):
        found.setdefault(line["id"].rpartition(":")[0], []).append(line["code"])
    return sorted(found.values())


def test_a_session_that_is_on_and_grows(before: GitBox) -> None:
    first = ["import json", ROWS, WIDE]
    command = [sys.executable, "-m", "nbgit", "import-history", "--json"]
    now = (
        "get_ipython().history_manager.writeout_cache()\nimport subprocess\n"
        f"subprocess.run({command!r}, env={dict(before.environ) | {'PYTHONPATH': str(SOURCE_ROOT)}!r}, check=True)"
    )
    before.git("config", "nbgit.runs", "false")
    run_in_shell(before, [*first, now, SHOW], starts=False)
    assert begun(before) == sorted([SESSION, [*first, now]])
    assert [one["state"] for one in ask(before)["sessions"]] == ["there", "longer"]
    assert begun(before) == sorted([SESSION, [*first, now, SHOW]])
    assert len(lines(before, "session")) == 2


def test_what_nbgit_has_recorded_is_not_imported(before: GitBox) -> None:
    run_in_shell(before, SESSION)
    document = ask(before)
    assert [(one["session"], one["state"]) for one in document["sessions"]] == [(2, "new"), (4, "recorded")]
    assert len(lines(before, "session")) == 3  # one of the import, two of the shell


def test_a_session_that_is_named_needs_little(before: GitBox) -> None:
    assert ask(before, "1")["sessions"] == []
    (session,) = ask(before, "3")["sessions"]
    assert (session["matching"], session["runs"]) == (1, 2)
    assert len(lines(before, "begin")) == 2


def test_a_history_that_a_killed_kernel_has_left_half_written(before: GitBox) -> None:
    program = (
        "import os, sqlite3\ndb = sqlite3.connect('history.sqlite')\ndb.execute('PRAGMA cache_size = 1')\n"
        "for n in range(2000): db.execute('INSERT INTO history VALUES (2, ?, ?, ?)', (n + 10, 'x' * 500, 'x' * 500))\n"
        "os._exit(9)"
    )
    folder = (before.home / FILE).parent
    assert subprocess.run([sys.executable, "-c", program], cwd=folder, check=False).returncode == 9
    kept = {file.name: file.read_bytes() for file in folder.glob("history.sqlite*")}
    assert len(kept) == 2
    assert [one["runs"] for one in ask(before)["sessions"]] == [6]
    assert {file.name: file.read_bytes() for file in folder.glob("history.sqlite*")} == kept


def test_what_is_no_history(before: GitBox, tmp_path: Path) -> None:
    for name, data, words in (("none", None, "is not there"), ("text", b"no database" * 99, "can't be read")):
        file = tmp_path / name
        if data is not None:
            file.write_bytes(data)
        result = before.nbgit("import-history", "--file", str(file))
        assert (result.code, words in result.err) == (3, True), result
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    assert (
        "can't be read as IPython's history"
        in before.nbgit("import-history", "--file", str(tmp_path / "other.sqlite")).err
    )
