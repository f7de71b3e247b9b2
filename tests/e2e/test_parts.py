"""Git directories elsewhere, clones without all of the history, working trees without all of the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.day import AGAIN, FIRST, M_SECOND, SECOND, M, a_day_of_work, built
from tests.e2e.scene import N, assert_sound, comes_back, entry_of, linked, outputs_at, quietly, run_of
from tests.e2e.table.worlds import copied
from tests.gitbox import GitBox


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return what `repo` is a copy of."""
    return built(tmp_path_factory.mktemp("surroundings"))


@pytest.fixture
def repo(world: GitBox, tmp_path: Path) -> GitBox:
    """Return a repository on main; `topic` has two commits more."""
    return copied(world, tmp_path / "copy")


class TestGitDirectories:
    """Git directories that do not lie at the top of the working tree."""

    def test_named_by_the_environment(self, repo: GitBox, monkeypatch: pytest.MonkeyPatch) -> None:
        (repo.path / ".git").rename(repo.root / "elsewhere.git")
        for name, place in (("GIT_DIR", repo.root / "elsewhere.git"), ("GIT_WORK_TREE", repo.path)):
            repo.environ[name] = str(place)
            monkeypatch.setenv(name, str(place))  # for what the test reads by itself
        a_day_of_work(repo)
        repo.write(M, AGAIN)
        quietly(repo, "add", "m.ipynb", cwd="deep")
        quietly(repo, "commit", "-q", "-m", "from below", cwd="deep")
        assert outputs_at(repo, "HEAD", M) == AGAIN

    def test_named_on_the_command_line(self, repo: GitBox) -> None:
        (repo.path / ".git").rename(repo.root / "elsewhere.git")
        here = ["--git-dir=elsewhere.git", "--work-tree=work"]
        repo.write(N, SECOND)
        quietly(repo, *here, "commit", "-q", "-a", "-m", "second", cwd="..")
        quietly(repo, *here, "checkout", "-q", "HEAD~1", cwd="..")
        assert repo.read(N) == FIRST
        quietly(repo, *here, "checkout", "-q", "main", cwd="..")
        assert repo.read(N) == SECOND
        (repo.root / "elsewhere.git").rename(repo.path / ".git")
        assert outputs_at(repo, "HEAD", N) == SECOND
        assert_sound(repo)

    def test_apart_from_the_working_tree(self, tmp_path: Path) -> None:
        box = built(tmp_path, f"--separate-git-dir={tmp_path / 'apart.git'}")
        a_day_of_work(box)

    def test_a_worktree_with_relative_links(self, repo: GitBox) -> None:
        repo.git("worktree", "add", "-q", "../there", "topic")
        there = GitBox(repo.root, "there", init=False)
        (there.path / ".git").write_text("gitdir: ../work/.git/worktrees/there\n")
        (repo.path / ".git" / "worktrees" / "there" / "gitdir").write_text("../../../../there/.git\n")
        there.write(M, M_SECOND)
        quietly(there, "commit", "-q", "-a", "-m", "there")
        assert outputs_at(repo, "topic", M) == M_SECOND
        comes_back(there, "HEAD~1", M, run_of("m = 1", run="topic"))
        assert_sound(there)


class TestPartsOfARepository:
    """Not all of the history, not all of the files."""

    def test_a_shallow_clone(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "topic")
        clone = GitBox(repo.root, "clone", init=False)
        clone.git("clone", "-q", "--depth=1", repo.path.as_uri(), ".")
        assert clone.nbgit("install").code == 0
        quietly(clone, "fetch", "-q")
        clone.write(N, run_of("a = 1", "b = 200", run="in the clone"))
        quietly(clone, "commit", "-q", "-a", "-m", "in the clone")
        assert clone.nbgit("link").code == 0
        assert linked(clone, among="HEAD")[0] == "in the clone"
        comes_back(clone, "HEAD~1", N, SECOND)
        assert_sound(clone)
        quietly(clone, "fetch", "-q", "--unshallow")
        comes_back(clone, "HEAD~3", N, FIRST)
        assert linked(clone, among="HEAD") == ["in the clone", "second", "first"]
        quietly(clone, "push", "-q", "origin", "HEAD:refs/heads/new")
        assert_sound(clone)

    @pytest.mark.parametrize("how", [["--cone"], ["--cone", "--sparse-index"], ["--no-cone"]], ids=" ".join)
    def test_a_sparse_checkout(self, repo: GitBox, how: list[str]) -> None:
        repo.write("wide/w.ipynb", run_of("w = 1", run="first"))
        repo.commit("wide")
        quietly(repo, "sparse-checkout", "set", *how, "wide")
        assert not (repo.path / M).exists()
        repo.write("wide/w.ipynb", run_of("w = 2", run="sparse"))
        quietly(repo, "commit", "-q", "-a", "-m", "sparse")
        quietly(repo, "rebase", "-q", "topic")
        assert outputs_at(repo, "HEAD", "wide/w.ipynb") == run_of("w = 2", run="sparse")
        assert set(entry_of(repo)) == {"wide/w.ipynb"}
        assert repo.nbgit("refresh").code == 0
        assert_sound(repo)
        quietly(repo, "sparse-checkout", "disable")
        assert repo.read(M) == run_of("m = 1", run="topic")
        assert repo.read(N) == SECOND
        assert_sound(repo)

    def test_a_submodule_and_its_superproject(self, repo: GitBox, tmp_path: Path) -> None:
        top = GitBox(tmp_path, "top")
        assert top.nbgit("install").code == 0
        top.git("config", "protocol.file.allow", "always")
        top.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.path), "sub")
        assert top.nbgit("install", cwd="sub").code == 0
        top.write("t.ipynb", FIRST)
        top.commit("top")
        inside = GitBox(tmp_path, "top/sub", init=False)
        inside.write(N, SECOND)
        quietly(inside, "commit", "-q", "-a", "-m", "inside")
        assert outputs_at(inside, "HEAD", N) == SECOND
        top.write("t.ipynb", SECOND)
        quietly(top, "commit", "-q", "-a", "-m", "top again")
        assert set(entry_of(top)) == {"t.ipynb"}
        quietly(top, "checkout", "-q", "--recurse-submodules", "HEAD~1")
        assert b"b = 20" not in inside.read(N)
        quietly(top, "checkout", "-q", "--recurse-submodules", "main")
        assert (inside.read(N), top.read("t.ipynb")) == (SECOND, SECOND)
        for box in (top, inside):
            assert_sound(box)
