"""docs/tricky_cases.md: each of its cases, run with real git."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest

from nbgit.setup.config import keys
from nbgit.setup.launch import Launcher
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, markdown, notebook

PATH = "a.ipynb"


def stream(text: str) -> dict[str, Any]:
    """Return a stream output."""
    return {"name": "stdout", "output_type": "stream", "text": [text]}


def ran(text: str, count: int = 1, source: str = "print(1)") -> bytes:
    """Return a notebook of one cell that showed `text`."""
    return notebook(code(source, id="c1", outputs=[stream(text)], execution_count=count))


def three(first: str, second: str, shown: tuple[str, str] = ("first\n", "second\n")) -> bytes:
    """Return a notebook of two code cells that showed something, with a Markdown cell between them."""
    return notebook(
        code(first, id="c1", outputs=[stream(shown[0])], execution_count=1),
        markdown("between", id="m"),
        code(second, id="c2", outputs=[stream(shown[1])], execution_count=2),
    )


def shows(box: GitBox, path: str = PATH) -> list[list[str]]:
    """Return the texts that each code cell of a file of the working directory shows."""
    cells = json.loads(box.read(path))["cells"]
    return [[output["text"][0] for output in cell["outputs"]] for cell in cells if cell["cell_type"] == "code"]


def entry(box: GitBox, revision: str = "HEAD") -> str:
    """Return the entry of a commit, "" where it has none."""
    return box.git("log", "-1", "--format=%N", revision).strip()


def restored(box: GitBox, path: str, data: bytes) -> bytes:
    """Commit `data`, delete the file, check it out, compare; return its source."""
    box.write(path, data)
    box.commit(f"add {path}", path)
    (box.path / path).unlink()
    box.git("checkout", "--", path)
    assert box.read(path) == data
    assert box.git("status", "--porcelain", "--", path) == ""
    return box.git_bytes("cat-file", "blob", f"HEAD:{path}")


def test_every_case_of_the_page_is_here() -> None:
    page = (SOURCE_ROOT / "docs" / "tricky_cases.md").read_text(encoding="utf-8")
    titles = [line[3:] for line in page.splitlines() if line.startswith("## ")]
    here = [test.__doc__ for name, test in globals().items() if name.startswith("test_") and test.__doc__]
    assert titles == here


def test_outputs_only(installed: GitBox) -> None:
    """Only the outputs changed"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    installed.write(PATH, ran("run again\n", 2))
    assert installed.git("status", "--porcelain") == f" M {PATH}\n"
    assert installed.git("diff") == ""
    installed.git("add", PATH)
    assert installed.git("status", "--porcelain") == ""
    assert "nothing to commit" in installed.try_git("commit", "-m", "again").out
    installed.git("commit", "-q", "--allow-empty", "-m", "run again")
    assert entry(installed).startswith(f"{PATH}  1 cell ran, [2]\n")
    installed.git("checkout", "-q", "HEAD~1")
    assert installed.read(PATH) == ran("one\n")
    installed.git("checkout", "-q", "main")
    assert installed.read(PATH) == ran("run again\n", 2)


def test_same_source_on_two_branches(installed: GitBox) -> None:
    """Same source on two branches"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    installed.git("checkout", "-q", "-b", "other")
    installed.write(PATH, ran("the other\n", 2))
    installed.commit("run again")
    installed.git("checkout", "-q", "main")
    assert installed.read(PATH) == ran("one\n")
    assert installed.git("status", "--porcelain") == ""
    installed.git("checkout", "-q", "other")
    assert installed.read(PATH) == ran("the other\n", 2)
    installed.write(PATH, ran("not committed\n", 3))
    installed.git("checkout", "-q", "main")
    assert installed.read(PATH) == ran("not committed\n", 3)
    assert installed.git("status", "--porcelain") == f" M {PATH}\n"


def test_stash(installed: GitBox) -> None:
    """Stash"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    edited = ran("edited\n", 2, "print(2)")
    installed.write(PATH, edited)
    installed.git("stash", "-q")
    assert installed.read(PATH) == ran("one\n")
    installed.git("stash", "pop", "-q")
    assert installed.read(PATH) == edited
    installed.commit("second")
    only_outputs = ran("only outputs\n", 3, "print(2)")
    installed.write(PATH, only_outputs)
    installed.git("stash", "-q")
    assert installed.read(PATH) == only_outputs


def on_topic(box: GitBox, again: bytes) -> str:
    """Commit two notebooks, and on a branch an edit of one with `again` of the other; return the branch's entry."""
    box.write(PATH, ran("one\n"))
    box.write("b.ipynb", ran("b\n"))
    box.commit("first")
    box.git("checkout", "-q", "-b", "topic")
    box.write(PATH, again)
    box.write("b.ipynb", ran("b edited\n", 1, "print(2)"))
    box.commit("second")
    return entry(box)


def rebase_topic(box: GitBox) -> None:
    """Give main a commit of its own and rebase the branch onto it."""
    box.git("checkout", "-q", "main")
    box.write("other.txt", b"1")
    box.commit("other")
    box.git("checkout", "-q", "topic")
    box.git("rebase", "-q", "main")


def test_amend_and_rebase(installed: GitBox) -> None:
    """Amend and rebase"""
    edited = ran("edited\n", 2, "print(3)")
    before = on_topic(installed, edited)
    assert before.startswith(f"{PATH}  1 cell ran, [2]\nb.ipynb  1 cell ran, [1]\n")
    installed.git("commit", "-q", "--amend", "-m", "amended")
    assert entry(installed) == before
    rebase_topic(installed)
    assert entry(installed) == before
    assert installed.read(PATH) == edited


def test_amend_keeps_the_run_of_a_notebook_that_was_not_edited(installed: GitBox) -> None:
    before = on_topic(installed, ran("run again\n", 2))
    assert before.startswith(f"{PATH}  1 cell ran, [2]\nb.ipynb  1 cell ran, [1]\n")
    installed.git("commit", "-q", "--amend", "-m", "amended")
    assert entry(installed) == before
    installed.git("checkout", "-q", "main")
    assert installed.read(PATH) == ran("one\n")
    installed.git("checkout", "-q", "topic")
    assert installed.read(PATH) == ran("run again\n", 2)


def test_a_rebase_onto_other_outputs_of_the_same_source(installed: GitBox) -> None:
    before = on_topic(installed, ran("run again\n", 2))
    rebase_topic(installed)
    assert entry(installed) == before
    assert installed.read(PATH) == ran("run again\n", 2)


def test_cleared_outputs(installed: GitBox) -> None:
    """Cleared outputs"""
    cleared = notebook(code("print(1)", id="c1"))
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    installed.write(PATH, cleared)
    installed.commit("cleared")
    assert entry(installed).startswith("no outputs\n")
    installed.git("checkout", "-q", "HEAD~1")
    assert installed.read(PATH) == ran("one\n")
    installed.git("checkout", "-q", "main")
    assert installed.read(PATH) == cleared
    (installed.path / PATH).unlink()
    installed.git("checkout", "--", PATH)
    assert installed.read(PATH) == cleared


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_odd_bytes(installed: GitBox, autocrlf: str) -> None:
    """Duplicate keys, NaN, byte order marks, line ends"""
    installed.git("config", "core.autocrlf", autocrlf)
    twice = (
        b'{"cells": [{"cell_type": "code", "execution_count": 1, "execution_count": 2, "metadata": {}, "outputs": [1],'
    )
    twice += b' "outputs": [NaN], "source": "1"}], "metadata": {"a": 1, "a": 2}, "nbformat": 4, "nbformat_minor": 4}'
    source = restored(installed, "twice.ipynb", twice)
    assert source.count(b'"execution_count": null') == source.count(b'"outputs": []') == 2
    assert b'"a": 1, "a": 2' in source
    infinite = {"x": float("inf"), "n": float("nan"), "big": 10**50}
    numbers = notebook(code("1", id="c", outputs=[stream("\ud83d")], execution_count=1), metadata=infinite)
    assert b"NaN" in restored(installed, "numbers.ipynb", numbers)
    assert restored(installed, "bom.ipynb", b"\xef\xbb\xbf" + ran("x\n")).startswith(b"\xef\xbb\xbf{")
    source = restored(installed, "crlf.ipynb", ran("x\n").replace(b"\n", b"\r\n"))
    assert source.count(b"\r\n") == source.count(b"\n")
    assert b"\r" not in restored(installed, "lf.ipynb", ran("y\n"))
    assert b"\xff" in restored(installed, "latin.ipynb", ran("z\n").replace(b"print(1)", b"print(\xff)"))


def test_old_notebooks(installed: GitBox) -> None:
    """Old notebooks (nbformat 1, 2, 3)"""
    shown = {"output_type": "pyout", "prompt_number": 1, "text": ["2"]}
    cell = {"cell_type": "code", "collapsed": False, "input": ["1+1"], "outputs": [shown], "prompt_number": 1}
    heading = {"cell_type": "heading", "level": 2, "source": ["Title"]}
    for version in (2, 3):
        document: dict[str, Any] = {"metadata": {}, "nbformat": version, "worksheets": [{"cells": [cell, heading]}]}
        source = restored(installed, f"v{version}.ipynb", json.dumps(document, indent=1).encode())
        assert b"prompt_number" not in source
        assert b"collapsed" not in source
        assert b'"outputs": []' in source
        assert "\n+## Title\n" in installed.git("show", "--format=", "HEAD")
    first = {"nbformat": 1, "cells": [{"cell_type": "code", "code": "1+1", "prompt_number": 1, "output": "2"}]}
    data = json.dumps(first, indent=1).encode()
    assert restored(installed, "v1.ipynb", data) == data


def test_kept_outputs(installed: GitBox) -> None:
    """keep_output and init_cell"""
    metadata: list[dict[str, Any]] = [{"tags": ["keep_output"]}, {"keep_output": True}, {"init_cell": True}, {}]
    cells = [
        code(str(number), id=f"c{number}", outputs=[stream(f"shown {number}\n")], execution_count=number, metadata=own)
        for number, own in enumerate(metadata, 4)
    ]
    source = restored(installed, PATH, notebook(*cells))
    assert [f"shown {number}".encode() in source for number in (4, 5, 6, 7)] == [True, True, True, False]
    assert source.count(b'"execution_count": null') == 4
    assert installed.git("show", "--format=", "HEAD").count("## kept output stream stdout, ") == 3
    installed.write(".nbgit.toml", b'[keep]\ntags = ["figure"]\ninit_cells = false\n')
    tagged = code("5", outputs=[stream("tagged")], metadata={"tags": ["figure"]})
    source = restored(installed, "b.ipynb", notebook(cells[2], tagged))
    assert b"shown 6" not in source
    assert b"tagged" in source


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x00", ran("x\n")[:80], b"no notebook\n", b'{"cells": []}'])
def test_what_is_no_notebook_passes_through(installed: GitBox, data: bytes) -> None:
    assert restored(installed, PATH, data) == data


def test_conflict_markers(installed: GitBox) -> None:
    """Files with conflict markers"""
    data = ran("x\n").replace(b'   "source"', b'<<<<<<< HEAD\n   "source"')
    installed.write(PATH, data)
    installed.git("add", PATH)
    assert installed.try_git("commit", "-q", "-m", "refused").code == 1
    installed.git("commit", "-q", "--no-verify", "-m", "as it is")
    assert restored(installed, PATH, data) == data
    assert "+<<<<<<< HEAD\n" in installed.git("show", "--format=", "HEAD~1")


def test_new_ids(installed: GitBox) -> None:
    """New ids for all cells"""
    texts = ("import os", "x = 1", "y = x + 1")
    installed.write(PATH, notebook(*[code(text, id=digit * 8) for text, digit in zip(texts, "123", strict=True)]))
    installed.commit("one")
    texts = ("import os", "x = 1", "y = x + 2")
    installed.write(PATH, notebook(*[code(text, id=digit * 8) for text, digit in zip(texts, "abc", strict=True)]))
    diff = installed.git("diff")
    assert [line for line in diff.splitlines()[3:] if line[:1] in "-+\\"] == [
        "-y = x + 1",
        "+y = x + 2",
        "\\ 3 cells with another id",
    ]
    installed.commit("two")
    patch = installed.git("show", "--format=", "HEAD").splitlines()[4:]
    assert [line for line in patch if line[:1] in "-+"] == ["-y = x + 1", "+y = x + 2"]


@pytest.mark.parametrize("verb", [["log"], ["show", "HEAD:a.ipynb"], ["blame-output", PATH, "--cell", "0"], ["link"]])
def test_hooks_that_do_not_run(installed: GitBox, verb: list[str]) -> None:
    """Hooks that do not run"""
    installed.git("config", "core.hooksPath", "no-hooks-here")
    assert restored(installed, PATH, ran("one\n")) != ran("one\n")
    assert entry(installed) == ""
    assert installed.nbgit(*verb).code == 0
    assert entry(installed).startswith(f"{PATH}  1 cell ran, [1]\n")


def test_a_library_without_filters(installed: GitBox) -> None:
    """A library that knows no filters"""
    installed.write(PATH, ran("one\n"))
    oid = installed.git("hash-object", "-w", "--no-filters", PATH).strip()
    installed.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{PATH}")
    installed.git("commit", "-q", "-m", "raw")
    assert installed.git("status", "--porcelain") == ""
    found = json.loads(installed.nbgit("blame-output", PATH, "--cell", "0", "--json").out)["matches"]
    assert [match["introduced"]["summary"] for match in found] == ["raw"]
    (installed.path / PATH).unlink()
    installed.git("checkout", "--", PATH)
    assert installed.read(PATH) == ran("one\n")
    installed.git("add", "--renormalize", PATH)
    installed.git("commit", "-q", "-m", "clean")
    assert b"one" not in installed.git_bytes("cat-file", "blob", f"HEAD:{PATH}")
    assert installed.git("show", "--format=", "HEAD") == ""


@pytest.mark.parametrize("setting", ["index.version=2", "index.version=4", "feature.manyFiles=true"])
def test_an_old_commit_with_outputs(installed: GitBox, setting: str) -> None:
    """A commit with outputs in its blobs"""
    installed.git("config", *setting.split("="))
    names = [PATH, "sub/a.ipynb", "a.ipynb.ipynb"]
    for name in names:
        installed.write(name, ran(f"{name}\n"))
    attributes = installed.path / ".git" / "info" / "attributes"
    attributes.rename(attributes.with_name("away"))
    installed.git("add", ".")
    installed.git("commit", "-q", "-m", "v1")
    attributes.with_name("away").rename(attributes)
    installed.git("tag", "v1")
    assert b"ipynb" in installed.git_bytes("cat-file", "blob", "v1:sub/a.ipynb")
    assert installed.git("add", "--renormalize", ".") == ""
    installed.commit("clean")
    assert b"ipynb" not in installed.git_bytes("cat-file", "blob", "HEAD:sub/a.ipynb")
    installed.git("checkout", "-q", "v1")
    for name in names:
        os.utime(installed.path / name)  # git has to read them
    assert installed.git("status", "--porcelain") == ""
    assert installed.nbgit("refresh").out == "No notebook is modified.\n"
    assert installed.nbgit("refresh", PATH).out == (
        "1 notebook captured; 1 with no change but outputs: unmodified for git.\n"
    )
    assert "No local changes" in installed.git("stash")
    installed.git("checkout", "-q", "main")
    assert [installed.read(name) for name in names] == [ran(f"{name}\n") for name in names]
    assert installed.git("status", "--porcelain") == ""
    installed.git("checkout", "-q", "v1")
    installed.write(PATH, ran("run again\n"))
    installed.git("add", PATH)
    assert b"again" not in installed.git_bytes("cat-file", "blob", f":{PATH}")
    installed.git("reset", "-q", "--hard")
    installed.git("config", "alias.tidy", "add --renorm")
    installed.git("tidy", "sub")
    assert b"ipynb" not in installed.git_bytes("cat-file", "blob", ":sub/a.ipynb")


def test_a_clone_without_nbgit(installed: GitBox) -> None:
    """A clone without nbgit"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    installed.git("clone", "-q", ".", "../two")
    assert shows(installed, f"../two/{PATH}") == [[]]
    refs = [f"{ref}:{ref}" for ref in ("refs/nbgit/snapshots", "refs/notes/nbgit")]
    installed.git("fetch", "-q", "origin", *refs, cwd="../two")
    assert installed.nbgit("install", cwd="../two").code == 0
    assert installed.read(f"../two/{PATH}") == ran("one\n")


@pytest.mark.parametrize("by_git", [True, False])
def test_renames(installed: GitBox, by_git: bool) -> None:
    """Moved and renamed notebooks"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    (installed.path / "sub").mkdir()
    if by_git:
        installed.git("mv", PATH, "sub/b.ipynb")
    else:
        (installed.path / PATH).rename(installed.path / "sub" / "b.ipynb")
    installed.commit("moved")
    assert "=> sub/b.ipynb" in installed.git("show", "--stat", "--format=", "HEAD")
    assert entry(installed).startswith("sub/b.ipynb  outputs as before\n")
    installed.git("checkout", "-q", "HEAD~1")
    assert installed.read(PATH) == ran("one\n")
    installed.git("checkout", "-q", "main")
    assert installed.read("sub/b.ipynb") == ran("one\n")
    answer = installed.nbgit("blame-output", "sub/b.ipynb", "--cell", "0", "--json").out
    assert json.loads(answer)["matches"][0]["introduced"]["summary"] == "first"


def two_sides(box: GitBox, theirs: bytes) -> None:
    """Commit a notebook, another version of it on both branches, and be on main."""
    box.write(PATH, three("x = 1", "y = 1"))
    box.commit("base")
    box.git("checkout", "-q", "-b", "theirs")
    box.write(PATH, theirs)
    box.commit("theirs")
    box.git("checkout", "-q", "main")
    box.write(PATH, three("x = 2", "y = 1", ("ours x\n", "second\n")))
    box.commit("ours")


def test_a_merge_of_both_sides(installed: GitBox) -> None:
    """A merge of both sides' edits"""
    two_sides(installed, three("x = 1", "y = 2", ("first\n", "theirs y\n")))
    installed.git("merge", "-q", "theirs", "-m", "merge")
    assert b"x = 2" in installed.read(PATH)
    assert b"y = 2" in installed.read(PATH)
    assert shows(installed) == [["ours x\n"], ["theirs y\n"]]
    assert installed.git("status", "--porcelain") == ""
    assert entry(installed).startswith(
        f"{PATH}  merged: code of cell 0 ours, of cell 2 theirs; outputs of cell 0 ours, of cell 2 theirs"
    )
    merged = installed.read(PATH)
    installed.git("checkout", "-q", "theirs")
    installed.git("checkout", "-q", "main")
    assert installed.read(PATH) == merged


def test_a_merge_in_conflict(installed: GitBox) -> None:
    two_sides(installed, three("x = 3", "y = 1", ("theirs x\n", "second\n")))
    assert installed.try_git("merge", "theirs", "-m", "merge").code == 1
    cells = json.loads(installed.read(PATH))["cells"]
    assert "".join(cells[0]["source"]) == "<<<<<<< HEAD\nx = 2\n=======\nx = 3\n>>>>>>> theirs"
    assert shows(installed) == [[], ["second\n"]]


def test_an_edit_without_outputs(installed: GitBox) -> None:
    """An edit that came without outputs"""
    installed.write(PATH, three("x = 1", "y = 1"))
    installed.commit("first")
    installed.git("clone", "-q", ".", "../web")
    edited = installed.git_bytes("cat-file", "blob", f"HEAD:{PATH}").replace(b"y = 1", b"y = 5")
    installed.write(f"../web/{PATH}", edited)
    installed.git("commit", "-q", "-a", "-m", "on the web", cwd="../web")
    installed.git("pull", "-q", "--ff-only", "../web", "main")
    assert shows(installed) == [["first\n"], []]
    assert installed.git("status", "--porcelain") == ""
    assert entry(installed) == ""


def test_an_edit_that_was_not_run(installed: GitBox) -> None:
    """An edit that was not run"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    installed.write(PATH, installed.read(PATH).replace(b"print(1)", b"print(2)"))
    installed.commit("edited")
    assert entry(installed).startswith(f"{PATH}  edited cell 0; outputs as before\n")
    assert "edited cell 0 · outputs as before\n" in installed.nbgit("log").out


def test_a_part_of_a_notebook(installed: GitBox) -> None:
    """A part of a notebook"""
    installed.write(PATH, three("x = 1", "y = 1"))
    installed.commit("first")
    on_disk = three("x = 2", "y = 2", ("new x\n", "new y\n"))
    installed.write(PATH, on_disk)
    installed.git("commit", "-q", "-p", "-m", "x alone", stdin=b"s\ny\nn\n")
    assert installed.read(PATH) == on_disk
    installed.git("commit", "-q", "-a", "-m", "and y")
    installed.git("checkout", "-q", "HEAD~1")
    assert shows(installed) == [["new x\n"], ["second\n"]]
    assert entry(installed).startswith(f"{PATH}  edited cell 0; cell 0 ran, other outputs as before")
    installed.git("checkout", "-q", "main")
    assert installed.read(PATH) == on_disk


def test_a_rewritten_history(installed: GitBox) -> None:
    """A history that something else has rewritten"""
    before = []
    for run in ("one\n", "two\n"):
        installed.write(PATH, ran(run))
        installed.write("x.txt", run.encode())
        installed.commit(run)
        before.append(entry(installed))
    installed.environ["FILTER_BRANCH_SQUELCH_WARNING"] = "1"
    installed.git("filter-branch", "--msg-filter", "sed 's/$/, reworded/'", "--", "main")
    assert entry(installed) == ""
    assert installed.nbgit("link").out == "2 notebooks linked.\n"
    assert [entry(installed, commit) for commit in ("HEAD~1", "HEAD")] == before
    installed.git("checkout", "-q", "HEAD~1")
    assert shows(installed) == [["one\n"]]


def test_a_printed_password(installed: GitBox) -> None:
    """A password that was printed"""
    installed.write(PATH, ran("the password is hunter2, as ever\n"))
    installed.commit("first")
    told = installed.nbgit("forget", "--yes", "--pattern", "hunter2", "--worktree", "--prune-now")
    assert told.code == 0, told.err
    assert b"hunter2" not in installed.git_bytes("cat-file", "--batch-all-objects", "--batch")
    assert shows(installed) == [[]]
    installed.write(PATH, ran("the password is hunter2, as ever\n"))
    installed.commit("again")
    assert installed.try_git("grep", "hunter2", "refs/nbgit/snapshots").code == 1
    assert entry(installed) == ""


def test_a_password_that_was_edited_away(installed: GitBox) -> None:
    """A password that was in a cell for a while"""
    session = "20261105T140211-9f86d081884c"
    rest = {"outcome": "ok", "seconds": 0.1, "dirty": None, "bound": ["key"]}
    lines: list[dict[str, Any]] = [{"type": "session", "nbgit-run": 1, "id": session, "kernel": {"python": "3.11"}}]
    for number, source in enumerate(["key = 'hunter2'", "print(len(key))"], 1):
        started = f"2026-11-05T14:02:1{number}.000Z"
        lines.append({"type": "begin", "id": f"{session}:{number}", "code": source, "started": started, "head": None})
        lines.append({"type": "end", "id": f"{session}:{number}", "execution_count": number, **rest})
    journal = f".git/nbgit/runs/{session}.jsonl"
    installed.write(journal, "".join(json.dumps(line) + "\n" for line in lines).encode())
    installed.write(PATH, ran("7\n", count=2, source="print(len(key))"))
    installed.commit("first")
    assert installed.try_git("grep", "hunter2", "refs/nbgit/snapshots").code == 0
    assert installed.nbgit("forget", "--yes", "--pattern", "hunter2", "--prune-now").code == 0
    assert b"hunter2" not in installed.git_bytes("cat-file", "--batch-all-objects", "--batch")
    assert b"hunter2" not in installed.read(journal)
    assert "[1] #" in installed.nbgit("blame-output", PATH, "--cell", "0").out


def test_a_commit_that_is_gone(installed: GitBox) -> None:
    """Outputs of a commit that is gone"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    lost = ran("two\n", source="print(2)")
    installed.write(PATH, lost)
    installed.commit("second")
    installed.git("reset", "-q", "HEAD~1")
    installed.git("update-ref", "-d", "ORIG_HEAD")
    installed.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    assert "Removed 1 snapshot" in installed.nbgit("gc").out
    installed.git("stash", "-q")
    assert shows(installed) == [["one\n"]]
    installed.git("stash", "pop", "-q")
    assert installed.read(PATH) == lost


def test_a_damaged_snapshot(installed: GitBox) -> None:
    """A damaged or hostile snapshot"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    (line,) = [line for line in entry(installed).splitlines() if line.startswith("{")]
    oid = installed.git("rev-parse", f"{json.loads(line)['snapshots'][PATH]}:snapshot.json").strip()
    (installed.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    told = installed.nbgit("fsck")
    assert told.code == 1
    assert f"{PATH} at {installed.git('rev-parse', 'HEAD')[:12]}" in told.out
    assert installed.nbgit("fsck", "--repair").code == 0
    (installed.path / PATH).unlink()
    installed.git("checkout", "--", PATH)
    assert shows(installed) == [["one\n"]]


def test_a_bad_policy(installed: GitBox) -> None:
    """A .nbgit.toml that can't be used"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    installed.write(".nbgit.toml", b'[volatile]\noutputs = "no"\n')
    installed.write(PATH, ran("longer than one\n"))
    failed = installed.try_git("add", PATH)
    assert failed.code != 0
    assert ".nbgit.toml line 2: `outputs` takes true or false" in failed.err
    assert installed.try_git("diff").code != 0
    assert installed.try_git("log", "-p").code == 0
    (installed.path / PATH).unlink()
    checked_out = installed.try_git("checkout", "--", PATH)
    assert checked_out.code == 0
    assert "the defaults are used to check out" in checked_out.err
    assert installed.read(PATH) == ran("one\n")


def test_the_interpreter_is_gone(installed: GitBox) -> None:
    """The interpreter is gone"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    gone = Launcher(str(installed.root / "gone" / "python"), str(installed.root / "gone" / "__main__.py"))
    settings = {key.name: key.value for key in keys(gone)}
    before = {name: installed.git("config", name).rstrip("\n") for name in settings if name.startswith("filter")}
    for name in before:
        installed.git("config", name, settings[name])
    (installed.path / PATH).unlink()
    done = installed.try_git("checkout", "--", PATH)
    assert done.code == 0
    assert done.err.count("nbgit: it is not where it was installed") == 1
    assert shows(installed) == [[]]
    installed.write(PATH, ran("two, and longer\n"))
    assert installed.try_git("add", PATH).code == 128
    for name, value in before.items():
        installed.git("config", name, value)
    (installed.path / PATH).unlink()
    installed.git("checkout", "--", PATH)
    assert installed.read(PATH) == ran("one\n")


def test_a_stale_lock(installed: GitBox) -> None:
    """A lock that a killed git has left"""
    lock = installed.path / ".git" / "refs" / "notes" / "nbgit.lock"
    lock.parent.mkdir()
    lock.write_bytes(b"")
    os.utime(lock, (0, time.time() - 60))
    installed.write(PATH, ran("one\n"))
    installed.git("add", PATH)
    committed = installed.try_git("commit", "-q", "-m", "first")
    assert committed.code == 0
    assert f"nbgit: {lock} stands in the way" in committed.err
    os.utime(lock, (0, time.time() - 700))
    assert installed.nbgit("link").out == "1 notebook linked.\n"
    assert not lock.exists()


def test_linked_worktrees(installed: GitBox) -> None:
    """Linked worktrees"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    installed.write(PATH, ran("run again\n", 2))
    installed.git("add", PATH)
    installed.git("worktree", "add", "-q", "../there")
    there = GitBox(installed.root, "there", init=False)
    assert shows(there) == [["one\n"]]
    there.write("x.txt", b"x")
    there.commit("another file")
    assert entry(there) == ""
    installed.write(PATH, ran("edited\n", 3, "print(2)"))
    installed.git("stash", "-q")
    there.git("stash", "pop", "-q")
    assert shows(there) == [["edited\n"]]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_repository(installed: GitBox) -> None:
    """A repository of somebody else"""
    installed.write(PATH, ran("one\n"))
    os.chown(installed.path, 12345, 12345)
    assert installed.try_git("add", PATH).code == 128
    done = installed.nbgit("refresh")
    assert done.code == 5
    assert f"git config --global --add safe.directory {installed.path}" in done.err
    installed.git("config", "--global", "safe.directory", str(installed.path))
    installed.commit("first")
    assert entry(installed).startswith(f"{PATH}  1 cell ran")


def test_a_shallow_clone(installed: GitBox) -> None:
    """A shallow clone"""
    installed.write(PATH, ran("one\n"))
    installed.commit("first")
    installed.write("x.txt", b"x")
    installed.commit("second")
    installed.git("clone", "-q", "--depth=1", installed.path.as_uri(), "../clone")
    clone = GitBox(installed.root, "clone", init=False)
    assert clone.nbgit("install").code == 0
    assert shows(clone) == [["one\n"]]
    assert clone.nbgit("link").out == "0 notebooks linked.\n"
    clone.write(PATH, ran("two\n", source="print(2)"))
    clone.commit("third")
    clone.git("fetch", "-q", "--unshallow")
    assert [entry(clone, commit).split("\n")[0] for commit in ("HEAD", "HEAD~1", "HEAD~2")] == [
        f"{PATH}  1 cell ran, [1]",
        "",
        f"{PATH}  1 cell ran, [1]",
    ]


def hunks(box: GitBox) -> list[str]:
    """Return what stands behind `@@` in `git diff`, and each added or removed line."""
    lines = [line for line in box.git("diff", "--no-color").splitlines() if line[:4] not in ("--- ", "+++ ")]
    return [line.rpartition(" @@ ")[2] if line.startswith("@@") else line for line in lines if line[:1] in "@+-"]


def test_a_split_cell(installed: GitBox) -> None:
    """A cell split in two, one of them edited"""
    load = "import pandas as pd\nframe = pd.read_csv('data.csv')"
    plot = "fig, ax = plt.subplots()\nax.plot(frame.time)\nax.set_title('value')"
    one = notebook(code(f"{load}\n{plot}"), code("end()"), minor=4)
    edited = plot.replace("value", "price")
    two = notebook(code(load), markdown("## Plot"), code(edited), code("end()"), minor=4)
    installed.write(PATH, one)
    first = installed.commit("first")
    installed.write(PATH, two)
    changed = ["-ax.set_title('value')", "+ax.set_title('price')"]
    told = ["split cell 0 → 0 [code]", "inserted cell 1 [markdown] Plot", "+## Plot", "split cell 0 → 2 [code] Plot"]
    assert hunks(installed) == [*told, *changed]
    blamed = json.loads(installed.nbgit("blame", PATH, "--json").out)["cells"]
    assert [[line["commit"] for line in cell["lines"]] for cell in blamed] == [
        [first, first],
        [None],
        [first, first, None],
        [first],
    ]
    installed.commit("second")
    installed.write(PATH, one)
    joined = ["joined cell 0 → 0 [code]", "deleted cell 1 [markdown] Plot", "-## Plot", "joined cell 2 → 0 [code]"]
    assert sorted(hunks(installed)) == sorted([*joined, "-ax.set_title('price')", "+ax.set_title('value')"])
    installed.write(PATH, notebook(code(load), code(edited), markdown("## Plot"), code(edited), code("end()"), minor=4))
    assert hunks(installed)[0] == "inserted cell 1 [code]"


def test_ids_that_count_places(installed: GitBox) -> None:
    """Ids that count places"""
    sources = [
        "import pandas as pd\nframe = pd.read_csv('data.csv')",
        "frame.plot(figsize=(8, 3))",
        "print(frame.mean())",
    ]
    installed.write(PATH, notebook(*(code(text, id=f"cell-{number}") for number, text in enumerate(sources))))
    installed.commit("first")
    more = ["# Light curve", *sources]
    installed.write(PATH, notebook(*(code(text, id=f"cell-{number}") for number, text in enumerate(more))))
    assert hunks(installed) == ["inserted cell 0 [code] cell-0", "+# Light curve"]
    assert "\\ 3 cells with another id" in installed.git("diff")
