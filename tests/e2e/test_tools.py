"""`git difftool -t nbgit` and `git mergetool -t nbgit`, as git starts them."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.scene import N, run_of
from tests.gitbox import GitBox
from tests.nb import code, notebook

BASE, OURS, THEIRS = (["a = 1", f"b = {number}\nplot(b)"] for number in (2, 222, 22))


def sources(data: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"]]


@pytest.fixture
def merging(installed: GitBox) -> GitBox:
    """Return a repository whose merge of topic has a conflict in n.ipynb and one in m.ipynb."""
    for branch, cells in (("main", BASE), ("topic", THEIRS), ("main", OURS)):
        if branch == "topic":
            installed.git("checkout", "-q", "-b", "topic")
        else:
            installed.try_git("checkout", "-q", "main")
        for name in ("m.ipynb", N):
            installed.write(name, run_of(*cells, run=f"{branch} {cells[1][4:7].strip()}"))
        installed.commit(branch)
    assert installed.try_git("merge", "-q", "topic").code == 1
    return installed


def test_difftool_shows_each_file_by_cell(installed: GitBox) -> None:
    installed.write(N, run_of(*BASE, run="first"))
    installed.write("x y.txt", b"one\n")
    installed.commit("first")
    installed.write(N, run_of(*OURS, run="again"))
    installed.write("new.ipynb", notebook(code("n = 1", id="n")))
    installed.write("x y.txt", b"two\n")
    installed.git("add", "-A")
    out = installed.git("difftool", "--no-prompt", "-t", "nbgit", "HEAD")
    assert f"diff --git a/{N} b/{N}\n" in out
    assert "-b = 2\n+b = 222\n" in out
    assert "\\ cell 2, output 0: " in out
    assert "new file\n--- /dev/null\n+++ b/new.ipynb\n" in out
    assert "-one\n+two\n" in out
    assert "-b = 2\n+b = 222\n" in installed.git(
        "difftool", "--no-prompt", "--dir-diff", "-t", "nbgit", "HEAD", "--", N
    )
    assert installed.git("difftool", "-t", "nbgit", "HEAD", "--", N, stdin=b"y\n").count("+b = 222\n") == 1


def test_difftool_opens_a_page(installed: GitBox) -> None:
    installed.write(N, run_of(*BASE, run="first"))
    installed.commit("first")
    installed.write(N, run_of(*OURS, run="again"))
    browser = installed.root / "browser.py"
    browser.write_text("import shutil, sys\nshutil.copy(sys.argv[1].removeprefix('file://'), 'seen.html')\n")
    installed.git("config", "nbgit.difftool", "web")
    installed.git("config", "web.browser", "mine")
    installed.git("config", "browser.mine.cmd", f'"{Path(sys.executable).as_posix()}" "{browser.as_posix()}"')
    installed.environ["TMPDIR"] = str(installed.root)
    installed.git("difftool", "--no-prompt", "-t", "nbgit")
    assert "b = 222" in installed.read("seen.html").decode()


def test_other_tools_get_notebooks_too(installed: GitBox) -> None:
    """git prefers a driver to its own difftool: the driver has to step back."""
    installed.write(N, run_of(*BASE, run="first"))
    installed.commit("first")
    installed.write(N, run_of(*OURS, run="again"))
    out = installed.git("difftool", "--no-prompt", "-x", "grep -h 222", "HEAD")
    assert '\n    "b = 222' in f"\n{out}"


def test_mergetool_walks_the_conflicts_of_each_notebook(merging: GitBox) -> None:
    out = merging.git("mergetool", "--no-prompt", "-t", "nbgit", stdin=b"t\nb\n")
    assert "m.ipynb, 1 of 1" in out
    assert sources(merging.read("m.ipynb"))[1:] == THEIRS
    assert sources(merging.read(N))[2] == "b = 222\nb = 22\nplot(b)"
    assert merging.git("ls-files", "-u") == ""
    assert b"topic 22: b = 22" in merging.read("m.ipynb")  # its outputs are back
    merging.git("commit", "-q", "-m", "merged")
    assert merging.git("status", "--porcelain", "-uno") == ""


def test_what_is_left_open_is_not_merged(merging: GitBox) -> None:
    before = merging.read("m.ipynb")
    result = merging.try_git("mergetool", "--no-prompt", "-t", "nbgit", "m.ipynb", stdin=b"s\n")
    assert result.code == 1
    assert "`nbgit resolve` keeps what you decide" in result.out
    assert merging.read("m.ipynb") == before
    assert merging.git("ls-files", "-u", "--", "m.ipynb") != ""


def test_answers_for_git_and_for_nbgit_do_not_mix(merging: GitBox) -> None:
    """s leaves the first notebook open, y tells git to go on with the next, o settles that."""
    result = merging.try_git("mergetool", "--no-prompt", "-t", "nbgit", stdin=b"s\ny\no\n")
    assert result.code == 1
    assert sources(merging.read(N))[1:] == OURS
    assert "m.ipynb" in merging.git("ls-files", "-u")
    assert N not in merging.git("ls-files", "-u")


def test_without_markers_it_merges_anew(merging: GitBox) -> None:
    merging.git("checkout", "-q", "--ours", "m.ipynb")
    merging.write(N, b"<<<<<<< HEAD\nbroken\n")
    merging.git("mergetool", "--no-prompt", "-t", "nbgit", stdin=b"t\nt\n")
    for name in ("m.ipynb", N):
        assert sources(merging.read(name))[1:] == THEIRS


def test_what_a_person_has_settled_is_kept(merging: GitBox) -> None:
    by_hand = run_of("a = 1", "b = 122\nplot(b)", run="by hand")
    merging.write(N, by_hand)
    merging.git("mergetool", "--no-prompt", "-t", "nbgit", N)
    assert merging.read(N) == by_hand
    assert N not in merging.git("ls-files", "-u")


def test_both_sides_added_it(installed: GitBox) -> None:
    installed.commit("empty")
    installed.git("checkout", "-q", "-b", "topic")
    installed.write("größe 1.ipynb", notebook(code("a = 1", id="a"), code("b = 1", id="b")))
    installed.commit("theirs")
    installed.git("checkout", "-q", "main")
    installed.write("größe 1.ipynb", notebook(code("a = 2", id="a"), code("b = 1", id="b")))
    installed.commit("ours")
    assert installed.try_git("merge", "-q", "topic").code == 1
    installed.git("mergetool", "--no-prompt", "-t", "nbgit", stdin=b"o\n")
    assert sources(installed.read("größe 1.ipynb")) == ["a = 2", "b = 1"]


def test_nothing_is_the_usual_tool_and_uninstall_takes_all_out(installed: GitBox) -> None:
    assert installed.try_git("config", "diff.tool").code == 1
    assert installed.try_git("config", "merge.tool").code == 1
    assert installed.nbgit("uninstall").code == 0
    assert installed.try_git("config", "--get-regexp", "tool").out == ""


def test_without_the_interpreter(merging: GitBox) -> None:
    """The commands that are set name an interpreter that is gone, and no other nbgit is on PATH."""
    for key in ("difftool.nbgit.cmd", "mergetool.nbgit.cmd"):
        value = merging.git("config", key).rstrip("\n")
        merging.git("config", key, value.replace("__main__.py", "gone.py"))
    before = merging.read(N)
    result = merging.try_git("mergetool", "--no-prompt", "-t", "nbgit", N, stdin=b"")
    assert result.code == 1
    assert "nothing was merged" in result.err
    assert merging.read(N) == before
    merging.git("checkout", "-q", "-f", "main")
    result = merging.try_git("difftool", "--no-prompt", "-t", "nbgit", "HEAD~1", "HEAD", "--", N)
    assert "this is a plain diff" in result.err
    assert '+    "b = 222\\n",' in result.out
    assert shutil.which("nbgit", path=merging.environ["PATH"]) is None
