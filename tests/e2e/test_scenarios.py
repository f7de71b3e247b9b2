"""docs/design.md, "Which outputs does smudge return?": the scenarios that decide any doubt, with ordinary git."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.scene import N, assert_clean, never_ran, note_of, outputs_at, rewritten, run_of
from tests.gitbox import FIRST_SECOND, GitBox


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository with one commit: n.ipynb as run A showed it."""
    installed.write(N, run_of("a = 1", "b = 2", run="A"))
    installed.commit("one")
    return installed


def test_the_source_is_in_git_and_the_outputs_are_not(repo: GitBox) -> None:
    assert repo.git_bytes("cat-file", "blob", f"HEAD:{N}") == never_ran("a = 1", "b = 2")
    assert outputs_at(repo, "HEAD", N) == run_of("a = 1", "b = 2", run="A")
    assert_clean(repo)


def test_stash_and_pop_keep_the_outputs_of_a_rerun(repo: GitBox) -> None:
    again = run_of("a = 1", "b = 3", run="B", count=7)
    repo.write(N, again)
    repo.git("stash", "push", "-q")
    assert repo.read(N) == run_of("a = 1", "b = 2", run="A")
    repo.git("stash", "pop", "-q")
    assert repo.read(N) == again


def test_stash_does_not_lose_a_rerun_without_an_edit(repo: GitBox) -> None:
    again = run_of("a = 1", "b = 2", run="longer than A", count=7)
    repo.write(N, again)
    repo.write("other.txt", b"1")
    repo.git("add", "other.txt")
    repo.git("stash", "push", "-q")
    repo.git("stash", "pop", "-q")
    assert repo.read(N) == again


@pytest.mark.parametrize("after", [run_of("a = 1", "b = 2", run="again"), never_ran("a = 1", "b = 2")])
def test_a_rerun_that_is_moved_before_its_commit_goes_with_it(repo: GitBox, after: bytes) -> None:
    """git moves the entry of its index along, and shows the file under its new name to no filter."""
    repo.git("config", "core.checkStat", "minimal")
    os.utime(repo.write(N, after), (FIRST_SECOND, FIRST_SECOND))  # long ago: git need not read it twice to be sure
    repo.git("add", N)
    repo.git("mv", N, "moved.ipynb")
    repo.git("commit", "-q", "-m", "moved")
    assert repo.read("moved.ipynb") == after
    assert outputs_at(repo, "HEAD", "moved.ipynb") == after


def test_a_checkout_exchanges_no_outputs_where_the_index_has_another_source(repo: GitBox) -> None:
    """The file is what both commits have, and what is staged is not: it must stay staged."""
    repo.git("branch", "first")
    again = run_of("a = 1", "b = 2", run="again")
    rewritten(repo, N, again)
    repo.write("other.txt", b"1")
    repo.commit("again")
    rewritten(repo, N, run_of("a = 1", "b = 3", run="staged"))
    staged = repo.git("ls-files", "-s", N)
    repo.write(N, again)
    assert repo.try_git("checkout", "-q", "first").err == ""
    assert (repo.git("ls-files", "-s", N), repo.read(N)) == (staged, again)
    repo.git("rm", "-q", "-f", "--cached", N)
    assert repo.try_git("checkout", "-q", "main").err == ""
    assert (repo.git("ls-files", "-s", N), repo.read(N)) == ("", again)


@pytest.mark.parametrize("how", ["--soft", "--mixed", "--keep"])
def test_a_rerun_whose_commit_was_undone_goes_with_the_next(repo: GitBox, how: str) -> None:
    """No hook tells of a reset, and the run is in a snapshot: nothing waits."""
    again = run_of("a = 1", "b = 2", run="again", count=7)
    rewritten(repo, N, again)
    repo.write("other.txt", b"1")
    repo.commit("undone")
    repo.git("reset", "-q", how, "HEAD~1")
    assert repo.read(N) == again
    repo.write("other.txt", b"2")
    repo.commit("another")
    assert outputs_at(repo, "HEAD", N) == again
    repo.git("checkout", "-q", "HEAD~1")
    assert repo.read(N) == run_of("a = 1", "b = 2", run="A")
    repo.git("checkout", "-q", "main")
    assert repo.read(N) == again
    repo.write("other.txt", b"3")
    repo.commit("and one more")
    assert N not in note_of(repo)


def test_an_old_commit_shows_its_outputs_and_coming_back_what_was_there(repo: GitBox) -> None:
    first = run_of("a = 1", "b = 2", run="A")
    second = run_of("a = 1", "b = 3", run="B")
    third = run_of("a = 1", "b = 2", run="C", count=5)
    repo.write(N, second)
    repo.commit("two")
    repo.write(N, third)
    repo.commit("three")
    for commit, data in (("HEAD~2", first), ("main~1", second), ("main", third), ("main~2", first), ("main", third)):
        repo.git("checkout", "-q", commit)
        assert repo.read(N) == data
        assert repo.git("status", "--porcelain") == ""
    assert_clean(repo)


def test_branches_with_the_same_source_switch_their_outputs(repo: GitBox) -> None:
    first = run_of("a = 1", "b = 2", run="A")
    other = run_of("a = 1", "b = 2", run="B")
    repo.git("checkout", "-q", "-b", "other")
    rewritten(repo, N, other)
    repo.write("x.txt", b"x")
    repo.commit("the same source, run again", "x.txt")
    assert outputs_at(repo, "HEAD", N) == other
    assert repo.git("rev-parse", f"main:{N}") == repo.git("rev-parse", f"other:{N}")
    for _ in range(2):
        repo.git("checkout", "-q", "main")
        assert repo.read(N) == first
        repo.git("switch", "-q", "other")
        assert repo.read(N) == other
    assert_clean(repo)


def test_a_switch_keeps_what_is_not_committed(repo: GitBox) -> None:
    other = run_of("a = 1", "b = 2", run="B")
    mine = run_of("a = 1", "b = 2", run="mine, and nowhere else")
    repo.git("checkout", "-q", "-b", "other")
    rewritten(repo, N, other)
    repo.write("x.txt", b"x")
    repo.commit("run again", "x.txt")
    rewritten(repo, N, mine)
    repo.git("checkout", "-q", "main")
    assert repo.read(N) == mine
    repo.git("checkout", "-q", "other")
    assert repo.read(N) == mine


def test_a_rerun_is_linked_to_the_commit_it_came_with(repo: GitBox) -> None:
    again = run_of("a = 1", "b = 2", run="B")
    rewritten(repo, N, again)
    repo.write("plot.py", b"x = 1\n")
    repo.commit("another file", "plot.py")
    assert outputs_at(repo, "HEAD", N) == again
    assert outputs_at(repo, "HEAD~1", N) == run_of("a = 1", "b = 2", run="A")
    repo.git("checkout", "-q", "HEAD~1")
    assert repo.read(N) == run_of("a = 1", "b = 2", run="A")
    repo.git("checkout", "-q", "main")
    assert repo.read(N) == again


@pytest.mark.parametrize("verb", [["log", "--json"], ["link"]])
def test_looking_does_not_link_a_rerun_to_an_old_commit(repo: GitBox, verb: list[str]) -> None:
    again = run_of("a = 1", "b = 2", run="B")
    rewritten(repo, N, again)
    assert repo.nbgit(*verb).code == 0
    assert outputs_at(repo, "HEAD", N) == run_of("a = 1", "b = 2", run="A")
    repo.write("plot.py", b"x = 1\n")
    repo.commit("another file", "plot.py")
    assert outputs_at(repo, "HEAD", N) == again


def test_a_run_that_was_put_back_is_the_newest_again(repo: GitBox) -> None:
    first, second = run_of("a = 1", "b = 2", run="A"), run_of("a = 1", "b = 2", run="B")
    rewritten(repo, N, second)
    rewritten(repo, N, first)  # as an editor's undo does
    repo.write("plot.py", b"x = 1\n")
    repo.commit("another file", "plot.py")
    assert repo.read(N) == first
    (repo.path / N).unlink()
    repo.git("checkout", "--", N)
    assert repo.read(N) == first


def test_cleared_outputs_stay_cleared(repo: GitBox) -> None:
    rewritten(repo, N, never_ran("a = 1", "b = 2"))
    repo.write("plot.py", b"x = 1\n")
    repo.commit("cleared", "plot.py")
    repo.git("checkout", "-q", "HEAD~1")
    assert repo.read(N) == run_of("a = 1", "b = 2", run="A")
    repo.git("checkout", "-q", "main")
    assert repo.read(N) == never_ran("a = 1", "b = 2")
    (repo.path / N).unlink()
    repo.git("checkout", "-q", "--", N)
    assert repo.read(N) == never_ran("a = 1", "b = 2")


def test_outputs_are_cleared_where_the_source_came_without_any(tmp_path: Path) -> None:
    """A source that was checked out bare, was run, and is then cleared: the same bytes mean something else now."""
    upstream = GitBox(tmp_path, "upstream")
    upstream.write(N, never_ran("a = 1", "b = 2"))
    upstream.commit("stripped by someone else")
    box = GitBox(tmp_path, "clone", init=False)
    box.git("clone", "-q", str(upstream.path), ".")
    assert box.nbgit("install").code == 0
    (box.path / N).unlink()
    box.git("checkout", "--", N)
    rewritten(box, N, run_of("a = 1", "b = 2", run="A"))
    box.write("x.txt", b"1")
    box.commit("run", "x.txt")
    rewritten(box, N, never_ran("a = 1", "b = 2"))
    (box.path / N).unlink()
    box.git("checkout", "--", N)
    assert box.read(N) == never_ran("a = 1", "b = 2")


def test_a_commit_is_not_made_to_fail_by_a_store_that_cannot_be_written(repo: GitBox) -> None:
    captures = repo.path / ".git" / "nbgit" / "captures"
    for file in sorted(captures.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    captures.rmdir()
    captures.write_bytes(b"a file where the directory belongs")
    second = run_of("a = 1", "b = 3", run="B")
    repo.write(N, second)
    repo.commit("two")
    assert repo.read(N) == second
    assert repo.git_bytes("cat-file", "blob", f"HEAD:{N}") == never_ran("a = 1", "b = 3")


def test_the_entry_can_be_read_in_git_log(repo: GitBox) -> None:
    assert "n.ipynb  2 cells ran, [1] to [2] in order" in repo.git("log", "-1")


def test_a_merge_brings_the_outputs_of_their_cells_too(repo: GitBox) -> None:
    repo.git("checkout", "-q", "-b", "theirs")
    rewritten(repo, N, run_of("a = 1", "b = 20", run="T"))
    repo.commit("theirs")
    repo.git("checkout", "-q", "main")
    rewritten(repo, N, run_of("a = 10", "b = 2", run="O"))
    repo.commit("ours")
    repo.git("merge", "-q", "-m", "both", "theirs")
    text = repo.read(N).decode()
    assert "O: a = 10" in text
    assert "T: b = 20" in text
    assert repo.git("status", "--porcelain") == ""


def test_a_clone_shows_the_outputs_that_it_fetches_later(repo: GitBox, tmp_path: Path) -> None:
    data = repo.read(N)
    box = GitBox(tmp_path, "clone", init=False)
    box.git("clone", "-q", str(repo.path), ".")
    assert box.nbgit("install").code == 0
    box.git("status")
    (box.path / N).touch()
    box.git("status")
    refs = ("refs/nbgit/snapshots", "refs/notes/nbgit")
    box.git("fetch", "-q", "origin", *(f"{ref}:{ref}" for ref in refs))
    (box.path / N).unlink()
    box.git("checkout", "--", N)
    assert box.read(N) == data
