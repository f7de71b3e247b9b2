"""A day of work: what the tests of settings, places and circumstances have git do, and where they begin."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.scene import N, assert_sound, comes_back, linked, outputs_at, quietly, rewritten, run_of
from tests.gitbox import GitBox

M = "deep/m.ipynb"
FIRST, M_FIRST = run_of("a = 1", "b = 2", run="first"), run_of("m = 1", run="first")
SECOND, M_SECOND = run_of("a = 1", "b = 20", run="second"), run_of("m = 2", run="second")
AGAIN = run_of("a = 1", "b = 2", run="again, and longer")


def built(root: Path, *init: str) -> GitBox:
    """Return a repository with one commit of two notebooks on main, and a branch with an edit and a rerun of each."""
    box = GitBox(root, init=False)
    box.git("init", "-q", "-b", "main", *init)
    assert box.nbgit("install").code == 0
    box.write(N, FIRST)
    box.write(M, M_FIRST)
    box.commit("first")
    box.git("checkout", "-q", "-b", "topic")
    box.write(N, SECOND)
    box.write("x.txt", b"x")
    box.commit("second")
    rewritten(box, M, run_of("m = 1", run="topic"))
    box.write("y.txt", b"y")
    box.commit("third", "y.txt")
    box.git("checkout", "-q", "main")
    return box


def a_day_of_work(box: GitBox) -> None:
    """Edit, run, commit, amend, stash, rebase, merge and go back, and look at what is there after each."""
    box.write(M, M_SECOND)
    quietly(box, "stash", "push", "-q")
    assert box.read(M) == M_FIRST
    quietly(box, "stash", "pop", "-q")
    assert box.read(M) == M_SECOND
    quietly(box, "commit", "-q", "-a", "-m", "on main")
    quietly(box, "commit", "-q", "--amend", "-m", "on main, reworded")
    assert outputs_at(box, "HEAD", M) == M_SECOND
    quietly(box, "rebase", "-q", "main", "topic")
    assert outputs_at(box, "HEAD~1", N) == SECOND == box.read(N)
    quietly(box, "checkout", "-q", "main")
    assert (box.read(N), box.read(M)) == (FIRST, M_SECOND)
    quietly(box, "merge", "-q", "--no-ff", "--no-edit", "topic")
    quietly(box, "revert", "--no-edit", "topic~1")
    assert box.read(N) == FIRST == outputs_at(box, "HEAD", N)
    comes_back(box, "topic", N, SECOND)
    assert linked(box, N, among="main")[0] == 'Revert "second"'
    assert_sound(box)
