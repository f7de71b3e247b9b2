"""docs/design.md, "Which outputs does smudge return?": the scenarios that decide any doubt, with ordinary git."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.scene import assert_clean, entry_of, never_ran, note_of, outputs_at, run_of
from tests.gitbox import GitBox

N = "n.ipynb"


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository with one commit: n.ipynb as run A showed it."""
    installed.write(N, run_of("a = 1", "b = 2", run="A"))
    installed.commit("one")
    return installed


def rewritten(box: GitBox, path: str, data: bytes) -> None:
    """Let git take the file as it is on disk for up to date, as a person's `git add` does."""
    box.write(path, data)
    box.git("add", path)


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


class TestRewriting:
    """Amend and rebase: one entry on each new commit, and the right snapshots in it."""

    def test_amending_the_message(self, repo: GitBox) -> None:
        repo.git("commit", "-q", "--amend", "-m", "one, reworded")
        assert outputs_at(repo, "HEAD", N) == run_of("a = 1", "b = 2", run="A")

    def test_amending_with_an_edit(self, repo: GitBox) -> None:
        second = run_of("a = 1", "b = 3", run="B")
        rewritten(repo, N, second)
        repo.git("commit", "-q", "--amend", "--no-edit")
        assert outputs_at(repo, "HEAD", N) == second

    def test_amending_with_another_run(self, repo: GitBox) -> None:
        second = run_of("a = 1", "b = 2", run="B")
        rewritten(repo, N, second)
        repo.git("commit", "-q", "--amend", "--no-edit")
        assert outputs_at(repo, "HEAD", N) == second

    def test_amending_a_commit_that_came_with_a_rerun(self, repo: GitBox) -> None:
        repo.write("other.ipynb", run_of("c = 3", run="A"))
        again = run_of("a = 1", "b = 2", run="B")
        rewritten(repo, N, again)
        repo.commit("other, and n run again", "other.ipynb")
        assert set(entry_of(repo)) == {N, "other.ipynb"}
        repo.git("commit", "-q", "--amend", "-m", "reworded")
        assert outputs_at(repo, "HEAD", N) == again
        assert outputs_at(repo, "HEAD", "other.ipynb") == run_of("c = 3", run="A")

    def test_amending_a_notebook_away(self, repo: GitBox) -> None:
        repo.write("other.ipynb", run_of("c = 3", run="A"))
        repo.write("third.ipynb", run_of("d = 3", run="A"))
        repo.commit("two more")
        repo.git("rm", "-q", "other.ipynb")
        repo.git("commit", "-q", "--amend", "--no-edit")
        assert set(entry_of(repo)) == {"third.ipynb"}

    def test_rebase(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "-b", "topic")
        runs = [run_of("a = 1", f"b = {n}", run=f"topic {n}") for n in (3, 4, 5)]
        for data in runs:
            repo.write(N, data)
            repo.commit("topic")
        repo.git("checkout", "-q", "main")
        repo.write("main.txt", b"1")
        repo.commit("main moves")
        repo.git("checkout", "-q", "topic")
        repo.git("rebase", "-q", "main")
        for commit, data in zip(("HEAD~2", "HEAD~1", "HEAD"), runs, strict=True):
            assert outputs_at(repo, commit, N) == data
        assert repo.read(N) == runs[-1]
        assert_clean(repo)

    def test_rebase_over_runs_of_one_source(self, repo: GitBox) -> None:
        """The same source with other outputs in main: each rewritten commit keeps its own."""
        repo.git("checkout", "-q", "-b", "topic")
        one, two = run_of("a = 1", "b = 3", run="topic"), run_of("a = 1", "b = 2", run="topic, back")
        for data in (one, two):
            repo.write(N, data)
            repo.commit("topic")
        repo.git("checkout", "-q", "main")
        repo.write("main.txt", b"1")
        repo.commit("main moves")
        repo.git("rebase", "-q", "main", "topic")
        assert outputs_at(repo, "HEAD~1", N) == one
        assert outputs_at(repo, "HEAD", N) == two
        assert outputs_at(repo, "HEAD~3", N) == run_of("a = 1", "b = 2", run="A")
        assert_clean(repo)

    def test_autosquash(self, repo: GitBox) -> None:
        repo.write(N, run_of("a = 1", "b = 3", run="B"))
        repo.commit("two")
        repo.write("other.ipynb", run_of("c = 3", run="A"))
        repo.commit("three")
        fixed = run_of("a = 1", "b = 4", run="C")
        repo.write(N, fixed)
        repo.git("add", N)
        repo.git("commit", "-q", "--fixup", "HEAD~1")
        repo.git("-c", "sequence.editor=true", "rebase", "-q", "-i", "--autosquash", "HEAD~3")
        assert repo.git("log", "--format=%s") == "three\ntwo\none\n"
        assert outputs_at(repo, "HEAD~1", N) == fixed
        assert set(entry_of(repo)) == {"other.ipynb"}
        assert outputs_at(repo, "HEAD", "other.ipynb") == run_of("c = 3", run="A")
        assert repo.read(N) == fixed
        assert_clean(repo)

    def test_rebase_with_the_apply_backend(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "-b", "topic")
        topic = run_of("a = 1", "b = 3", run="topic")
        repo.write(N, topic)
        repo.commit("topic")
        repo.git("checkout", "-q", "main")
        repo.write("main.txt", b"1")
        repo.commit("main moves")
        repo.git("rebase", "-q", "--apply", "main", "topic")
        assert outputs_at(repo, "HEAD", N) == topic
        assert_clean(repo)


class TestPicking:
    """cherry-pick, revert, merge and am."""

    def test_cherry_pick(self, repo: GitBox) -> None:
        picked = run_of("a = 1", "b = 3", run="B")
        repo.git("checkout", "-q", "-b", "topic")
        repo.write(N, picked)
        repo.commit("topic")
        repo.git("checkout", "-q", "main")
        repo.write("x.txt", b"1")
        repo.commit("main moves")
        repo.git("cherry-pick", "topic")
        assert outputs_at(repo, "HEAD", N) == picked
        assert repo.read(N) == picked
        assert_clean(repo)

    def test_revert(self, repo: GitBox) -> None:
        repo.write(N, run_of("a = 1", "b = 3", run="B"))
        repo.commit("two")
        repo.git("revert", "--no-edit", "HEAD")
        first = run_of("a = 1", "b = 2", run="A")
        assert repo.read(N) == first
        assert outputs_at(repo, "HEAD", N) == first
        assert_clean(repo)

    @pytest.mark.parametrize("how", ["--ff-only", "--no-ff", "--squash"])
    def test_merge(self, repo: GitBox, how: str) -> None:
        topic = run_of("a = 1", "b = 3", run="B")
        repo.git("checkout", "-q", "-b", "topic")
        repo.write(N, topic)
        repo.commit("topic")
        repo.git("checkout", "-q", "main")
        repo.git("merge", "-q", how, "topic")
        if how == "--squash":
            repo.git("commit", "-q", "-m", "squashed")
            assert outputs_at(repo, "HEAD", N) == topic
        assert outputs_at(repo, "topic", N) == topic
        assert repo.read(N) == topic
        repo.git("checkout", "-q", "HEAD~1")
        assert repo.read(N) == run_of("a = 1", "b = 2", run="A")
        repo.git("checkout", "-q", "main")
        assert repo.read(N) == topic
        assert_clean(repo)

    def test_a_merge_of_disjoint_edits_keeps_the_outputs_of_the_cells_nobody_touched(self, installed: GitBox) -> None:
        sources = ["a = 1", "b = 2", "c = 3", "d = 4"]
        installed.write(N, run_of(*sources, run="A"))
        installed.commit("one")
        installed.git("checkout", "-q", "-b", "topic")
        installed.write(N, run_of("a = 10", *sources[1:], run="A"))
        installed.commit("topic")
        installed.git("checkout", "-q", "main")
        installed.write(N, run_of(*sources[:3], "d = 40", run="A"))
        installed.commit("main")
        installed.git("merge", "-q", "--no-edit", "topic")
        merged = json.loads(installed.read(N))
        shown = ["".join(cell["outputs"][0]["text"]) if cell["outputs"] else "" for cell in merged["cells"][1:]]
        assert [line.split("\n")[0] for line in shown][1:] == ["A: b = 2", "A: c = 3", "A: d = 40"]
        assert ["".join(cell["source"]) for cell in merged["cells"][1:]] == ["a = 10", "b = 2", "c = 3", "d = 40"]
        on_disk = installed.read(N)
        assert installed.git("status", "--porcelain") == ""
        installed.git("checkout", "-q", "HEAD~1")
        installed.git("checkout", "-q", "main")
        assert installed.read(N) == on_disk
        assert_clean(installed)

    def test_am(self, repo: GitBox) -> None:
        mailed = run_of("a = 1", "b = 3", run="B")
        repo.git("checkout", "-q", "-b", "topic")
        repo.write(N, mailed)
        repo.commit("topic")
        mail = repo.git_bytes("format-patch", "--stdout", "-1")
        repo.git("checkout", "-q", "main")
        repo.git("am", "-q", stdin=mail)
        assert repo.read(N) == mailed
        assert outputs_at(repo, "HEAD", N) == mailed
        assert_clean(repo)


class TestPlaces:
    """Worktrees, subdirectories, submodules, sha256."""

    def test_a_linked_worktree_shares_the_outputs(self, repo: GitBox) -> None:
        repo.git("worktree", "add", "-q", "../second", "-b", "second")
        second = GitBox(repo.root, "second", init=False)
        assert second.read(N) == run_of("a = 1", "b = 2", run="A")
        again = run_of("a = 1", "b = 3", run="B")
        second.write(N, again)
        second.commit("in the second worktree")
        assert outputs_at(repo, "second", N) == again
        repo.git("merge", "-q", "second")
        assert repo.read(N) == again
        assert_clean(repo)
        assert_clean(second)

    def test_from_a_subdirectory(self, repo: GitBox) -> None:
        data = run_of("c = 1", run="A")
        repo.write("deep/er/m.ipynb", data)
        repo.git("add", "m.ipynb", cwd="deep/er")
        repo.git("commit", "-q", "-m", "from below", cwd="deep/er")
        assert outputs_at(repo, "HEAD", "deep/er/m.ipynb") == data
        repo.write("deep/er/m.ipynb", run_of("c = 2", run="B"))
        repo.git("stash", "push", "-q", cwd="deep")
        assert repo.read("deep/er/m.ipynb") == data
        repo.git("stash", "pop", "-q", cwd="deep")
        assert repo.read("deep/er/m.ipynb") == run_of("c = 2", run="B")

    def test_a_submodule_has_outputs_of_its_own(self, box: GitBox) -> None:
        inner = GitBox(box.root, "inner")
        inner.write("x.txt", b"1")
        inner.commit("inner")
        box.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub")
        box.commit("with a submodule")
        assert box.nbgit("install", cwd="sub").code == 0
        data = run_of("c = 1", run="A")
        box.write("sub/m.ipynb", data)
        box.git("add", "m.ipynb", cwd="sub")
        box.git("commit", "-q", "-m", "in the submodule", cwd="sub")
        inside = GitBox(box.root, "work/sub", init=False)
        assert outputs_at(inside, "HEAD", "m.ipynb") == data
        assert inside.git_bytes("cat-file", "blob", "HEAD:m.ipynb") == never_ran("c = 1")
        (inside.path / "m.ipynb").unlink()
        inside.git("checkout", "--", "m.ipynb")
        assert inside.read("m.ipynb") == data
        assert (box.path / ".git" / "modules" / "sub" / "nbgit").is_dir()

    def test_sha256(self, tmp_path: Path) -> None:
        box = GitBox(tmp_path, init=False)
        box.git("init", "-q", "-b", "main", "--object-format=sha256")
        assert box.nbgit("install").code == 0
        first, second = run_of("a = 1", run="A"), run_of("a = 2", run="B")
        box.write(N, first)
        box.commit("one")
        box.write(N, second)
        box.commit("two")
        assert len(entry_of(box)[N]) == 64
        assert outputs_at(box, "HEAD~1", N) == first
        box.git("commit", "-q", "--amend", "-m", "two, reworded")
        assert outputs_at(box, "HEAD", N) == second
        box.git("checkout", "-q", "HEAD~1")
        assert box.read(N) == first
        box.git("checkout", "-q", "main")
        assert box.read(N) == second
        assert_clean(box)


class TestLateLinking:
    """Commits that no hook saw."""

    @pytest.mark.parametrize("verb", [["link"], ["log"], ["blame-output", N]])
    def test_a_commit_made_with_hooks_off(self, repo: GitBox, verb: list[str]) -> None:
        second = run_of("a = 1", "b = 3", run="B")
        rewritten(repo, N, second)
        repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "no hook ran")
        assert note_of(repo) == ""
        repo.nbgit(*verb)
        assert outputs_at(repo, "HEAD", N) == second
        assert outputs_at(repo, "HEAD~1", N) == run_of("a = 1", "b = 2", run="A")

    def test_a_commit_made_by_plumbing(self, repo: GitBox) -> None:
        second = run_of("a = 1", "b = 3", run="B")
        rewritten(repo, N, second)
        tree = repo.git("write-tree").strip()
        commit = repo.git("commit-tree", tree, "-p", "HEAD", "-m", "plumbing").strip()
        repo.git("update-ref", "refs/heads/main", commit)
        assert repo.nbgit("link").code == 0
        assert outputs_at(repo, commit, N) == second

    def test_two_commits_each_with_its_own_outputs(self, repo: GitBox) -> None:
        runs = [run_of("a = 1", f"b = {n}", run=f"run {n}") for n in (3, 4)]
        for data in runs:
            rewritten(repo, N, data)
            repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "no hook ran")
        assert repo.nbgit("link").code == 0
        assert [outputs_at(repo, commit, N) for commit in ("HEAD~1", "HEAD")] == runs

    def test_linking_again_changes_nothing(self, repo: GitBox) -> None:
        before = repo.git("for-each-ref")
        assert repo.nbgit("link").code == 0
        assert repo.nbgit("link").code == 0
        assert repo.git("for-each-ref") == before


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
