"""Rebases of every kind: each rewritten commit has one entry, with the outputs a person would expect."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.e2e.scene import N, assert_clean, entry_of, note_of, outputs_at, rewritten, run_of
from tests.e2e.table.worlds import copied
from tests.gitbox import GitBox, Result

M = "m.ipynb"
FIRST = run_of("a = 1", "b = 2", "c = 3", run="first")


def topic(number: int) -> bytes:
    """Return n.ipynb as the topic's commit `number` ran it."""
    return run_of("a = 1", f"b = {number}0", "c = 3", run=f"topic {number}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return what `repo` is a copy of."""
    installed = GitBox(tmp_path_factory.mktemp("rebasing"))
    assert installed.nbgit("install").code == 0
    installed.write(N, FIRST)
    installed.commit("base")
    installed.git("checkout", "-q", "-b", "topic")
    installed.write(N, topic(1))
    installed.commit("one")
    installed.write(M, run_of("m = 1", run="topic"))
    installed.commit("two")
    installed.write(N, topic(3))
    installed.commit("three")
    installed.git("checkout", "-q", "main")
    installed.write("main.txt", b"1")
    installed.commit("main moves")
    installed.git("checkout", "-q", "topic")
    return installed


@pytest.fixture
def repo(world: GitBox, tmp_path: Path) -> GitBox:
    """Return a repository on a topic of three commits (n.ipynb, m.ipynb, n.ipynb again); main has moved on."""
    return copied(world, tmp_path / "copy")


def interactive(box: GitBox, todo: str, *arguments: str) -> Result:
    """Run an interactive rebase onto main whose list is `todo`: `pick one` and so on, by subject."""
    subjects = {subject: oid for oid, subject in (row.split(" ", 1) for row in log(box, "--format=%H %s", "main.."))}
    words = (line.split(" ", 1) for line in todo.strip().splitlines())
    lines = [f"{verb.strip()} {subjects.get(rest, rest)}" for verb, rest in ((*pair, "")[:2] for pair in words)]
    script = box.root / "todo.py"
    script.write_text(f"import sys\nopen(sys.argv[1], 'w').write({chr(10).join(lines) + chr(10)!r})\n")
    editor = f'"{Path(sys.executable).as_posix()}" "{script.as_posix()}"'
    return box.try_git("-c", f"sequence.editor={editor}", "rebase", "-q", "-i", *arguments, "main")


def log(box: GitBox, *arguments: str) -> list[str]:
    return box.git("log", *arguments).splitlines()


def subjects(box: GitBox) -> list[str]:
    return log(box, "--format=%s", "main..")


class TestInteractive:
    """Lists that a person may write."""

    def test_reword(self, repo: GitBox) -> None:
        assert interactive(repo, "reword one\nreword two\npick three").code == 0
        assert [outputs_at(repo, c, N) for c in ("HEAD~2", "HEAD")] == [topic(1), topic(3)]
        assert set(entry_of(repo, "HEAD~1")) == {M}
        assert_clean(repo)

    def test_reorder_and_drop(self, repo: GitBox) -> None:
        assert interactive(repo, "pick two\npick one\ndrop three").code == 0
        assert subjects(repo) == ["one", "two"]
        assert outputs_at(repo, "HEAD", N) == topic(1) == repo.read(N)
        assert set(entry_of(repo, "HEAD~1")) == {M}
        assert_clean(repo)

    @pytest.mark.parametrize("verb", ["squash", "fixup", "fixup -C"])
    def test_squash(self, repo: GitBox, verb: str) -> None:
        three = repo.git("rev-parse", "topic").strip()
        assert interactive(repo, f"pick one\n{verb} {three}\npick two").code == 0
        assert len(subjects(repo)) == 2
        assert outputs_at(repo, "HEAD~1", N) == topic(3) == repo.read(N)
        assert set(entry_of(repo)) == {M}
        assert_clean(repo)

    def test_squash_of_two_notebooks(self, repo: GitBox) -> None:
        assert interactive(repo, "pick one\nfixup two\nfixup three").code == 0
        assert set(entry_of(repo)) == {N, M}
        assert outputs_at(repo, "HEAD", N) == topic(3)
        assert outputs_at(repo, "HEAD", M) == run_of("m = 1", run="topic")
        assert_clean(repo)

    def test_an_edit_at_a_stop(self, repo: GitBox) -> None:
        assert interactive(repo, "edit one\npick two").code == 0
        edited = run_of("a = 1", "b = 10", "c = 33", run="at the stop")
        rewritten(repo, N, edited)
        repo.git("commit", "-q", "--amend", "--no-edit")
        repo.git("rebase", "--continue")
        assert outputs_at(repo, "HEAD~1", N) == edited == repo.read(N)
        assert_clean(repo)

    @pytest.mark.parametrize(
        "how", [["commit", "-q", "--amend", "--no-edit"], ["commit", "-q", "--amend", "-m", "new"]]
    )
    def test_other_outputs_at_a_stop(self, repo: GitBox, how: list[str]) -> None:
        """The same source, run again and amended at a stop: the new outputs are the commit's."""
        assert interactive(repo, "edit one\npick two").code == 0
        again = run_of("a = 1", "b = 10", "c = 3", run="again, at the stop")
        rewritten(repo, N, again)
        repo.git(*how)
        assert outputs_at(repo, "HEAD", N) == again
        repo.git("rebase", "--continue")
        assert outputs_at(repo, "HEAD~1", N) == again == repo.read(N)
        assert set(entry_of(repo)) == {M}
        repo.git("checkout", "-q", "main")
        repo.git("checkout", "-q", "topic")
        assert repo.read(N) == again
        assert_clean(repo)

    def test_a_commit_split_at_a_stop(self, repo: GitBox) -> None:
        assert interactive(repo, "pick one\nedit two\npick three").code == 0
        repo.git("reset", "-q", "HEAD~1")
        assert repo.read(M) == run_of("m = 1", run="topic")
        repo.write("part.txt", b"1")
        repo.commit("first half", "part.txt")
        repo.commit("second half", M)
        repo.git("rebase", "--continue")
        assert subjects(repo) == ["three", "second half", "first half", "one"]
        assert outputs_at(repo, "HEAD~1", M) == run_of("m = 1", run="topic")
        assert outputs_at(repo, "HEAD", N) == topic(3)
        assert_clean(repo)

    def test_exec_that_runs_and_amends(self, repo: GitBox) -> None:
        again = run_of("a = 1", "b = 10", "c = 3", run="by exec")
        (repo.root / "again").write_bytes(again)
        amend = f"cp ../again {N} && git add {N} && git commit -q --amend --no-edit"
        assert interactive(repo, f"pick one\nexec {amend}\npick two").code == 0
        assert outputs_at(repo, "HEAD~1", N) == again
        assert set(entry_of(repo)) == {M}
        assert_clean(repo)

    def test_a_break_and_an_abort(self, repo: GitBox) -> None:
        before = repo.git("for-each-ref", "refs/heads")
        entries = [note_of(repo, c) for c in ("topic~2", "topic~1", "topic")]
        assert interactive(repo, "pick one\nbreak\npick three").code == 0
        repo.git("rebase", "--abort")
        assert repo.git("for-each-ref", "refs/heads") == before
        assert [note_of(repo, c) for c in ("topic~2", "topic~1", "topic")] == entries
        assert repo.read(N) == topic(3)
        assert_clean(repo)


class TestOptions:
    """Options that change which commits are rewritten, and how."""

    @pytest.mark.parametrize("backend", ["--merge", "--apply", "--force-rebase"])
    def test_backends(self, repo: GitBox, backend: str) -> None:
        repo.git("rebase", "-q", backend, "main")
        assert [outputs_at(repo, c, N) for c in ("HEAD~2", "HEAD")] == [topic(1), topic(3)]
        assert set(entry_of(repo, "HEAD~1")) == {M}
        assert repo.read(N) == topic(3)
        assert_clean(repo)

    def test_exec(self, repo: GitBox) -> None:
        repo.git("rebase", "-q", "--exec", "git status --porcelain", "main")
        assert [outputs_at(repo, c, N) for c in ("HEAD~2", "HEAD")] == [topic(1), topic(3)]
        assert_clean(repo)

    def test_root(self, repo: GitBox) -> None:
        repo.git("rebase", "-q", "--root", "--force-rebase")
        assert [outputs_at(repo, c, N) for c in ("HEAD~3", "HEAD~2", "HEAD")] == [FIRST, topic(1), topic(3)]
        assert repo.git("status", "--porcelain") == ""  # git's fsck misses the empty tree that --root begins with

    def test_onto(self, repo: GitBox) -> None:
        repo.git("rebase", "-q", "--onto", "main", "topic~2", "topic~1")
        assert subjects(repo) == ["two"]
        assert outputs_at(repo, "HEAD", M) == run_of("m = 1", run="topic") == repo.read(M)
        assert repo.read(N) == FIRST
        assert_clean(repo)

    def test_update_refs(self, repo: GitBox) -> None:
        repo.git("branch", "below", "HEAD~2")
        done = repo.try_git("rebase", "-q", "--update-refs", "main")
        if done.code == 129:
            pytest.skip("this git has no --update-refs")
        assert repo.git("rev-parse", "below") == repo.git("rev-parse", "HEAD~2")
        assert outputs_at(repo, "below", N) == topic(1)
        repo.git("checkout", "-q", "below")
        assert repo.read(N) == topic(1)
        assert_clean(repo)

    def test_rebase_merges(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "-b", "side", "topic~1")
        repo.write("s.ipynb", run_of("s = 1", run="side"))
        repo.commit("side")
        repo.git("checkout", "-q", "topic")
        repo.git("merge", "-q", "--no-edit", "side")
        repo.git("rebase", "-q", "--rebase-merges", "main")
        assert repo.git("log", "-1", "--format=%p").count(" ") == 1
        assert outputs_at(repo, "HEAD^1", N) == topic(3)
        assert outputs_at(repo, "HEAD^2", "s.ipynb") == run_of("s = 1", run="side")
        assert outputs_at(repo, "HEAD~3", N) == topic(1)
        assert repo.read(N) == topic(3)
        assert_clean(repo)

    def test_autostash(self, repo: GitBox) -> None:
        mine = run_of("a = 1", "b = 30", "c = 44", run="not committed")
        repo.write(N, mine)
        repo.git("rebase", "-q", "--autostash", "main")
        assert repo.read(N) == mine
        assert outputs_at(repo, "HEAD", N) == topic(3)

    def test_pull_rebase(self, repo: GitBox) -> None:
        repo.git("pull", "-q", "--rebase", ".", "main")
        assert [outputs_at(repo, c, N) for c in ("HEAD~2", "HEAD")] == [topic(1), topic(3)]


class TestMergedSources:
    """Where main has edited another cell of the same notebook, each rewritten commit has a source of its own."""

    @pytest.mark.parametrize("backend", ["--merge", "--apply"])
    def test_each_commit_keeps_its_outputs_cell_by_cell(self, repo: GitBox, backend: str) -> None:
        repo.git("checkout", "-q", "main")
        rewritten(repo, N, run_of("a = 7", "b = 2", "c = 3", run="main"))
        repo.commit("main edits another cell")
        repo.git("rebase", "-q", backend, "main", "topic")
        for commit, number in (("HEAD~2", 1), ("HEAD", 3)):
            shown = outputs_at(repo, commit, N).decode()
            assert f"topic {number}: b = {number}0" in shown
            assert "main: a = 7" in shown
        assert outputs_at(repo, "HEAD", N) == repo.read(N)
        assert set(entry_of(repo, "HEAD~1")) == {M}
        repo.git("checkout", "-q", "main")
        at_tip = outputs_at(repo, "topic", N)
        repo.git("checkout", "-q", "topic")
        assert repo.read(N) == at_tip
        assert_clean(repo)


class TestConflicts:
    """Stops that are resolved, skipped and given up."""

    @pytest.fixture
    def stopped(self, repo: GitBox) -> GitBox:
        """Return the repository with a rebase that stopped at `one`: main has edited the same cell."""
        repo.git("checkout", "-q", "main")
        rewritten(repo, N, run_of("a = 1", "b = 99", "c = 3", run="main"))
        repo.commit("main edits the same cell")
        assert repo.try_git("rebase", "-q", "main", "topic").code == 1
        return repo

    def test_continue(self, stopped: GitBox) -> None:
        resolved = run_of("a = 1", "b = 1099", "c = 3", run="resolved")
        rewritten(stopped, N, resolved)
        assert stopped.try_git("rebase", "--continue").code == 1
        assert outputs_at(stopped, "HEAD~1", N) == resolved
        rewritten(stopped, N, topic(3))
        stopped.git("rebase", "--continue")
        assert outputs_at(stopped, "HEAD~2", N) == resolved
        assert set(entry_of(stopped, "HEAD~1")) == {M}
        assert outputs_at(stopped, "HEAD", N) == topic(3) == stopped.read(N)
        assert_clean(stopped)

    def test_resolved_to_the_same_source_and_run_again(self, stopped: GitBox) -> None:
        again = run_of("a = 1", "b = 10", "c = 3", run="resolved as topic has it, and run again")
        rewritten(stopped, N, again)
        stopped.git("rebase", "--continue")
        assert outputs_at(stopped, "HEAD~2", N) == again
        assert outputs_at(stopped, "HEAD", N) == topic(3) == stopped.read(N)

    def test_skip(self, stopped: GitBox) -> None:
        assert stopped.try_git("rebase", "--skip").code == 1
        rewritten(stopped, N, topic(3))
        stopped.git("rebase", "--continue")
        assert subjects(stopped) == ["three", "two"]
        assert outputs_at(stopped, "HEAD", N) == topic(3)
        assert outputs_at(stopped, "main", N) == run_of("a = 1", "b = 99", "c = 3", run="main")

    def test_abort(self, stopped: GitBox) -> None:
        rewritten(stopped, N, run_of("a = 1", "b = 5", "c = 3", run="half done"))
        stopped.git("rebase", "--abort")
        assert stopped.read(N) == topic(3)
        assert [outputs_at(stopped, c, N) for c in ("HEAD~2", "HEAD")] == [topic(1), topic(3)]
        assert_clean(stopped)


class TestPendingRuns:
    """A notebook was run again, git takes it as up to date, and a rebase comes before the next commit."""

    @pytest.mark.parametrize("backend", ["--merge", "--apply"])
    def test_it_stays_pending(self, repo: GitBox, backend: str) -> None:
        again = run_of("a = 1", "b = 30", "c = 3", run="not committed")
        rewritten(repo, N, again)
        repo.git("rebase", "-q", backend, "main")
        assert repo.read(N) == again
        assert [outputs_at(repo, c, N) for c in ("HEAD~2", "HEAD")] == [topic(1), topic(3)]
        assert set(entry_of(repo, "HEAD~1")) == {M}
        repo.write("x.txt", b"1")
        repo.commit("the next commit", "x.txt")
        assert outputs_at(repo, "HEAD", N) == again

    def test_of_a_notebook_that_no_commit_of_the_rebase_touches(self, repo: GitBox) -> None:
        again = run_of("m = 1", run="not committed")
        rewritten(repo, M, again)
        repo.git("checkout", "-q", "-B", "topic", "HEAD")
        assert interactive(repo, "pick two\npick one\npick three").code == 0
        assert [set(entry_of(repo, c)) for c in ("HEAD~2", "HEAD~1", "HEAD")] == [{M}, {N}, {N}]
        assert outputs_at(repo, "HEAD~2", M) == run_of("m = 1", run="topic")
        assert repo.read(M) == again
