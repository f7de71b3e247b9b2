"""`nbgit log`: the lab notebook, with and without nbgit's own refs."""

from __future__ import annotations

import json
import os
import pty
import sys
from typing import Any

import jsonschema
import pytest

from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, markdown, notebook
from tests.unit.lineage.brute import digest, figure_cell, one_figure

SCHEMA = json.loads((SOURCE_ROOT / "nbgit" / "schemas" / "log.v1.schema.json").read_text("utf-8"))


def log(box: GitBox, *arguments: str, cwd: str | None = None) -> list[dict[str, Any]]:
    """Return the entries of `nbgit log --json`, checked against the schema."""
    result = box.nbgit("log", *arguments, "--json", cwd=cwd)
    assert result.code == 0, result
    document = json.loads(result.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    entries: list[dict[str, Any]] = document["entries"]
    return entries


def three_commits(box: GitBox) -> None:
    """Commit a notebook, an edit of its text, and a run with one new figure (among other files)."""
    head = [figure_cell("plot(1)", "one", count=1), figure_cell("plot(2)", "two", count=2)]
    box.write("a.ipynb", notebook(markdown("# a"), *head, minor=4))
    box.commit("first")
    box.write("notes.txt", b"x")
    box.commit("no notebook")
    box.write("a.ipynb", notebook(markdown("# A better title"), *head, minor=4))
    box.commit("title")
    again = [figure_cell("plot(1)", "one", count=7), figure_cell("plot(22)", "new", count=3)]
    box.write("a.ipynb", notebook(markdown("# A better title"), *again, code("x", execution_count=9), minor=4))
    box.commit("new run")


@pytest.mark.parametrize("installed", [False, True])
def test_entries_newest_first(box: GitBox, installed: bool) -> None:
    if installed:
        assert box.nbgit("install").code == 0
    three_commits(box)
    new_run, title, first = log(box)
    assert [entry["summary"] for entry in (new_run, title, first)] == ["new run", "title", "first"]
    assert new_run["author"] == "Ada Lovelace <ada@example.org>"
    (a,) = new_run["notebooks"]
    assert (a["path"], a["change"], a["execution_counts"], a["order"]) == (
        "a.ipynb",
        "edited",
        [7, 3, 9],
        "out of order",
    )
    assert a["ran"]
    assert [(f["cell_index"], f["payload"], f["new"], f["width"], f["height"]) for f in a["figures"]] == [
        (1, digest("one"), False, 4, 3),
        (2, digest("new"), True, 4, 3),
    ]
    (a,) = title["notebooks"]
    assert (a["change"], a["ran"], [f["new"] for f in a["figures"]]) == ("edited", False, [False, False])
    (a,) = first["notebooks"]
    assert (a["change"], a["order"], a["ran"]) == ("added", "in order", True)


def test_the_human_form(box: GitBox) -> None:
    three_commits(box)
    out = box.nbgit("log").out
    run = "edited cell 2, added cell 3 · 3 cells ran, [3] to [9], cell 1 out of order"
    assert f"a.ipynb  {run} · 2 figures, 1 new\n        cell 2 [3]  image/png 4x3\n" in out
    assert "a.ipynb  edited cell 0 · outputs as before\n" in out
    assert "a.ipynb  added · 2 cells ran, [1] to [2] in order · 2 figures, 2 new\n" in out
    assert "\x1b" not in out


def test_rename_delete_and_paths(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    box.write("sub/other.ipynb", one_figure("other"))
    box.commit("both")
    (box.path / "new").mkdir()
    box.git("mv", "a.ipynb", "new/b.ipynb")
    box.commit("rename")
    box.git("rm", "-q", "sub/other.ipynb")
    box.commit("delete")
    box.write("new/b.ipynb", one_figure("two"))
    box.commit("run")
    entries = log(box)
    assert [[n["change"] for n in entry["notebooks"]] for entry in entries] == [
        ["run again"],
        ["deleted"],
        ["renamed"],
        ["added", "added"],
    ]
    assert entries[2]["notebooks"][0]["old_path"] == "a.ipynb"
    followed = log(box, "b.ipynb", cwd="new")
    assert [(e["summary"], [n["path"] for n in e["notebooks"]]) for e in followed] == [
        ("run", ["new/b.ipynb"]),
        ("rename", ["new/b.ipynb"]),
        ("both", ["a.ipynb"]),
    ]
    assert [entry["summary"] for entry in log(box, "sub")] == ["delete", "both"]
    assert [entry["summary"] for entry in log(box, ".", cwd="new")] == ["run", "rename"]
    assert len(log(box, "new/b.ipynb", "sub/other.ipynb")) == 4
    result = box.nbgit("log", "nowhere.ipynb")
    assert (result.code, result.err) == (9, "nbgit: nowhere.ipynb is no notebook in the history of HEAD\n")


def test_limits_are_gits_own(box: GitBox) -> None:
    three_commits(box)
    assert [entry["summary"] for entry in log(box, "-n", "2")] == ["new run", "title"]
    assert log(box, "-n", "0") == []
    assert [entry["summary"] for entry in log(box, "--author", "Ada")][-1] == "first"
    assert log(box, "--author", "Grace") == []
    day = "2023-11-14T22:15:00Z"
    assert [entry["summary"] for entry in log(box, "--since", day)] == ["new run", "title"]
    assert [entry["summary"] for entry in log(box, "--until", day)] == ["first"]


def test_merges_tell_only_what_is_theirs(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("base"))
    box.write("b.ipynb", one_figure("b"))
    box.commit("base")
    box.git("checkout", "-q", "-b", "side")
    box.write("a.ipynb", one_figure("side"))
    box.commit("side")
    box.git("checkout", "-q", "main")
    box.write("b.ipynb", one_figure("main"))
    box.commit("main")
    box.minutes += 1
    box.git("merge", "-q", "-m", "plain merge", "side")
    assert [entry["summary"] for entry in log(box)] == ["main", "side", "base"]
    box.git("checkout", "-q", "-b", "evil", "main~1")
    box.git("merge", "-q", "--no-commit", "--no-ff", "side")
    box.write("a.ipynb", one_figure("evil"))
    box.commit("evil merge")
    (evil, *_) = log(box)
    assert [(n["path"], [f["new"] for f in n["figures"]]) for n in evil["notebooks"]] == [("a.ipynb", [True])]


def test_an_empty_repository_has_an_empty_log(box: GitBox) -> None:
    assert log(box) == []
    result = box.nbgit("log")
    assert (result.code, result.out) == (0, "")
    assert "No commit here" in result.err


def test_gits_pager_is_used_on_a_terminal(box: GitBox) -> None:
    three_commits(box)
    marker = box.root / "paged"
    environ = {"GIT_PAGER": f"tee '{marker}'", "NO_COLOR": "1", "PYTHONPATH": str(SOURCE_ROOT)}
    main, terminal = pty.openpty()
    pid = os.fork()
    if pid == 0:
        for stream in (0, 1, 2):
            os.dup2(terminal, stream)
        os.chdir(box.path)
        os.execve(sys.executable, [sys.executable, "-m", "nbgit", "log"], {**box.environ, **environ})
    os.close(terminal)
    told = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:
            break
        if not part:
            break
        told += part
    assert os.waitpid(pid, 0)[1] == 0
    os.close(main)
    assert "cell 1 out of order" in marker.read_text()
    assert told.replace(b"\r\n", b"\n") == marker.read_bytes()
