"""`nbgit log -p`: each commit with what it did to notebooks, outputs included."""

from __future__ import annotations

from tests.e2e.scene import run_of
from tests.gitbox import GitBox

N = "a b/n.ipynb"


def test_each_commit_shows_its_cells_and_outputs(installed: GitBox) -> None:
    installed.write(N, run_of("a = 1", "b = 2", run="first"))
    first = installed.commit("first")
    installed.write(N, run_of("a = 1", "b = 2", run="again"))
    again = installed.commit("again")
    installed.write(N, run_of("a = 1", "b = 3", run="again"))
    installed.write("other.ipynb", run_of("c = 1", run="other"))
    edited = installed.commit("edited")
    told = installed.nbgit("log", "-p", N).out
    newest, run, oldest = told.split("diff --git ")[1:]
    places = [told.index(commit[:10]) for commit in (edited, again, first)]
    assert places == sorted(places)
    assert "-b = 2\n+b = 3" in newest
    assert "cell 2 [2] [code] cell1 Title, output 0: stdout: 1 of 2 lines changed" in run
    assert "-b = 2" not in run
    assert "+a = 1" in oldest
    assert "other.ipynb" not in told
    assert "stdout" not in installed.nbgit("log", "-p", "--no-outputs", "-n2", N).out
    assert "diff --git" not in installed.nbgit("log").out
    assert installed.nbgit("log", "-p", "--json").code == 2


def test_a_merge_shows_no_diff_and_a_renamed_notebook_shows_as_such(installed: GitBox) -> None:
    installed.write(N, run_of("a = 1", "b = 2", run="first"))
    installed.commit("first")
    installed.git("checkout", "-q", "-b", "topic")
    installed.write(N, run_of("a = 1", "b = 3", run="topic"))
    installed.commit("topic")
    installed.git("checkout", "-q", "main")
    installed.write(N, run_of("a = 0", "b = 2", run="main"))
    installed.commit("main")
    installed.git("merge", "-q", "--no-edit", "topic")
    assert "diff --git" not in installed.nbgit("log", "-p", "-n1").out.split("\n\n")[0]
    installed.git("mv", N, "moved.ipynb")
    installed.commit("moved")
    assert f"rename from {N}\nrename to moved.ipynb" in installed.nbgit("log", "-p", "-n1").out
