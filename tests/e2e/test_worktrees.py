"""Linked worktrees: captures are shared, but a run that is not committed belongs to the worktree where it was made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.scene import N, assert_clean, entry_of, note_of, outputs_at, rewritten, run_of
from tests.gitbox import GitBox

FIRST = run_of("a = 1", "b = 2", run="first")
MINE = run_of("a = 1", "b = 2", run="in the first tree, not committed")


@pytest.fixture
def first(installed: GitBox) -> GitBox:
    """Return a repository with one commit, and a run of n.ipynb that waits for the next."""
    installed.write(N, FIRST)
    installed.commit("one")
    rewritten(installed, N, MINE)
    return installed


def linked(box: GitBox, name: str, *arguments: str) -> GitBox:
    """Add a linked worktree beside `box` and return it."""
    box.git("worktree", "add", "-q", f"../{name}", *arguments)
    return GitBox(box.root, name, init=False)


def test_a_new_worktree_shows_what_is_committed(first: GitBox) -> None:
    second = linked(first, "second", "-b", "second")
    assert second.read(N) == FIRST
    assert first.read(N) == MINE
    for box in (first, second):
        assert_clean(box)


def test_a_commit_in_one_does_not_take_the_run_of_the_other(first: GitBox) -> None:
    second = linked(first, "second", "-b", "second")
    second.git("status")
    second.write("x.txt", b"1")
    second.commit("another file")
    assert note_of(second) == ""
    (second.path / N).unlink()
    second.git("checkout", "--", N)
    assert second.read(N) == FIRST
    first.write("y.txt", b"1")
    first.commit("with the run", "y.txt")
    assert outputs_at(first, "main", N) == MINE


def test_the_same_notebook_run_in_both(first: GitBox) -> None:
    second = linked(first, "second", "-b", "second")
    theirs = run_of("a = 1", "b = 2", run="in the second")
    rewritten(second, N, theirs)
    for box, data in ((first, MINE), (second, theirs)):
        (box.path / N).unlink()
        box.git("checkout", "--", N)
        assert box.read(N) == data
        box.write("x.txt", data)
        box.commit("with its run", "x.txt")
        assert outputs_at(box, "HEAD", N) == data
    first.git("checkout", "-q", "--detach", "second")
    assert first.read(N) == theirs


def test_a_stash_goes_from_one_to_the_other(first: GitBox) -> None:
    second = linked(first, "second", "-b", "second")
    edited = run_of("a = 1", "b = 22", run="edited")
    first.write(N, edited)
    first.git("stash", "-q")
    second.git("stash", "pop", "-q")
    assert second.read(N) == edited
    second.commit("from the stash")
    assert outputs_at(second, "HEAD", N) == edited
    assert first.read(N) == MINE


def test_a_bare_repository_with_worktrees(box: GitBox, tmp_path: Path) -> None:
    box.write("x.txt", b"1")
    box.commit("one")
    bare = GitBox(tmp_path, "bare.git", init=False)
    bare.git("clone", "-q", "--bare", str(box.path), ".")
    trees = [linked(bare, name, *rest) for name, rest in (("one", ("main",)), ("two", ("-b", "two")))]
    assert trees[0].nbgit("install").code == 0
    runs = [run_of("a = 1", run=name) for name in ("one", "two")]
    for tree, data in zip(trees, runs, strict=True):
        tree.write(N, data)
        tree.commit(f"run in {tree.path.name}")
        assert outputs_at(tree, "HEAD", N) == data
    for tree, data in zip(trees, runs, strict=True):
        (tree.path / N).unlink()
        tree.git("checkout", "--", N)
        assert tree.read(N) == data
        assert_clean(tree)
    assert (bare.path / "nbgit").is_dir()
    assert set(entry_of(trees[0], "two")) == {N}


def test_a_removed_worktree_leaves_its_captures(first: GitBox) -> None:
    second = linked(first, "second", "-b", "second")
    lost = run_of("a = 1", "b = 33", run="never committed")
    rewritten(second, N, lost)
    first.git("worktree", "remove", "--force", "../second")
    rows = first.nbgit("captures", "--json", N).out
    assert len(json.loads(rows)["captures"]) == 2


def test_what_was_run_in_a_removed_worktree_turns_up_in_no_other(first: GitBox) -> None:
    """git removes its folder of worktrees with the last of them; what says where a capture was made is the capture."""
    second = linked(first, "second", "-b", "second")
    rewritten(second, N, run_of("a = 1", "b = 2", run="in the second, newer"))
    first.git("worktree", "remove", "--force", "../second")
    (first.path / N).unlink()
    first.git("checkout", "--", N)
    assert first.read(N) == MINE
    first.write("x.txt", b"1")
    first.commit("with the run", "x.txt")
    assert outputs_at(first, "HEAD", N) == MINE
