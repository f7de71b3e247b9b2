"""Amend, rebase, cherry-pick, revert, merge and am: one entry on each new commit, and the right snapshots in it."""

from __future__ import annotations

import json

import pytest

from tests.e2e.scene import N, assert_clean, entry_of, note_of, outputs_at, rewritten, run_of
from tests.gitbox import GitBox


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository with one commit: n.ipynb as run A showed it."""
    installed.write(N, run_of("a = 1", "b = 2", run="A"))
    installed.commit("one")
    return installed


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

    def test_a_run_that_is_rebased_onto_an_edit(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "-b", "topic")
        rewritten(repo, N, run_of("a = 1", "b = 2", run="topic"))
        repo.write("other.txt", b"x")
        repo.commit("a run, and another file", "other.txt")
        assert set(entry_of(repo)) == {N}
        repo.git("checkout", "-q", "main")
        repo.write(N, run_of("a = 1", "b = 3", run="main"))
        repo.commit("edited")
        repo.git("checkout", "-q", "topic")
        repo.git("rebase", "-q", "main")
        assert note_of(repo) == "", "these outputs are of a source that the commit does not have"
        assert entry_of(repo, "ORIG_HEAD") != {}

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
