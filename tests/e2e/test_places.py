"""Worktrees, subdirectories, submodules and sha256 repositories; commits that no hook saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.scene import N, assert_clean, entry_of, never_ran, note_of, outputs_at, rewritten, run_of
from tests.gitbox import GitBox


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository with one commit: n.ipynb as run A showed it."""
    installed.write(N, run_of("a = 1", "b = 2", run="A"))
    installed.commit("one")
    return installed


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
