"""Ways to make a commit: each has one entry, with the outputs a person would expect, and nbgit says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.scene import (
    N,
    assert_sound,
    comes_back,
    entry_of,
    linked,
    note_of,
    outputs_at,
    quietly,
    rewritten,
    run_of,
)
from tests.e2e.table.worlds import copied
from tests.gitbox import GitBox

M = "m.ipynb"
CELLS = ["a = 1", "b = 2", "c = 3", "d = 4"]
FIRST, M_FIRST = run_of(*CELLS, run="first"), run_of("m = 1", run="first")
SECOND, M_SECOND = run_of("a = 1", "b = 20", "c = 3", "d = 4", run="second"), run_of("m = 2", run="second")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return what `repo` is a copy of."""
    box = GitBox(tmp_path_factory.mktemp("ways"))
    assert box.nbgit("install").code == 0
    box.write(N, FIRST)
    box.write(M, M_FIRST)
    box.commit("first")
    return box


@pytest.fixture
def repo(world: GitBox, tmp_path: Path) -> GitBox:
    """Return a repository with one commit of n.ipynb and m.ipynb."""
    return copied(world, tmp_path / "copy")


def shown(data: bytes) -> list[str]:
    """Return the run that each code cell shows, "" for a cell without outputs."""
    cells = json.loads(data)["cells"][1:]
    return ["".join(cell["outputs"][0]["text"]).split(":")[0] if cell["outputs"] else "" for cell in cells]


class TestOptions:
    """git commit with this and that."""

    @pytest.mark.parametrize(
        "how",
        [
            ["-a", "-m", "second"],
            ["-m", "second", N],
            ["-m", "second", "--include", N],
            ["-a", "-C", "HEAD"],
            ["-a", "-c", "HEAD"],
            ["-a", "--no-verify", "-m", "second"],
            ["-a", "--amend", "--reuse-message=HEAD", "--reset-author"],
            ["-a", "-m", "second", "--author=Somebody Else <else@example.org>", "--date=2001-01-01T00:00:00Z"],
            ["-a", "--fixup", "HEAD"],
        ],
        ids=" ".join,
    )
    def test_one_notebook(self, repo: GitBox, how: list[str]) -> None:
        hook = repo.write(".git/hooks/pre-commit", b"#!/bin/sh\nexit 1\n" if "--no-verify" in how else b"#!/bin/sh\n")
        hook.chmod(0o755)
        repo.write(N, SECOND)
        quietly(repo, "commit", "-q", *how)
        assert outputs_at(repo, "HEAD", N) == SECOND == repo.read(N)
        amends = "--amend" in how
        assert len(linked(repo)) == 2 - amends
        assert len(linked(repo, M)) == 1
        if not amends:
            assert set(entry_of(repo)) == {N}
            comes_back(repo, "HEAD~1", N, FIRST)
        assert_sound(repo)

    def test_a_path_leaves_what_is_staged_elsewhere_to_the_next(self, repo: GitBox) -> None:
        rewritten(repo, M, M_SECOND)
        repo.write(N, SECOND)
        quietly(repo, "commit", "-q", "-m", "second", N)
        assert set(entry_of(repo)) == {N}
        quietly(repo, "commit", "-q", "-m", "third")
        assert set(entry_of(repo)) == {M}
        assert outputs_at(repo, "HEAD", M) == M_SECOND
        assert_sound(repo)

    def test_a_part_of_a_notebook(self, repo: GitBox) -> None:
        """commit -p: what is committed is a source that nobody ran; its cells show what they last showed."""
        both = run_of("a = 10", "b = 2", "c = 3", "d = 40", run="second")
        repo.write(N, both)
        quietly(repo, "commit", "-q", "-p", "-m", "a alone", stdin=b"y\nn\n")
        assert b"a = 10" in repo.git_bytes("cat-file", "blob", f"HEAD:{N}")
        assert b"d = 40" not in repo.git_bytes("cat-file", "blob", f"HEAD:{N}")
        assert repo.read(N) == both
        assert shown(outputs_at(repo, "HEAD", N)) == ["second", "second", "second", "first"]
        quietly(repo, "commit", "-q", "-a", "-m", "and d")
        assert outputs_at(repo, "HEAD", N) == both
        comes_back(repo, "HEAD~1", N, outputs_at(repo, "HEAD~1", N))
        assert linked(repo) == ["and d", "a alone", "first"]
        assert_sound(repo)

    def test_a_run_of_the_same_source_before_a_part_is_staged(self, repo: GitBox) -> None:
        """What was staged and run stays the commit's; the file on disk has moved on."""
        rewritten(repo, N, SECOND)
        third = run_of("a = 1", "b = 30", "c = 3", "d = 4", run="third")
        repo.write(N, third)
        quietly(repo, "commit", "-q", "-m", "second")
        assert outputs_at(repo, "HEAD", N) == SECOND
        assert repo.read(N) == third
        quietly(repo, "commit", "-q", "-a", "-m", "third")
        assert outputs_at(repo, "HEAD", N) == third
        assert_sound(repo)

    def test_on_an_orphan_branch_and_a_detached_head(self, repo: GitBox) -> None:
        quietly(repo, "checkout", "-q", "--orphan", "new")
        rewritten(repo, N, SECOND)
        quietly(repo, "commit", "-q", "-m", "a new root")
        assert set(entry_of(repo)) == {N, M}
        assert outputs_at(repo, "HEAD", N) == SECOND
        quietly(repo, "checkout", "-q", "--detach")
        repo.write(M, M_SECOND)
        quietly(repo, "commit", "-q", "-a", "-m", "detached")
        assert outputs_at(repo, "HEAD", M) == M_SECOND
        quietly(repo, "checkout", "-q", "main")
        assert (repo.read(N), repo.read(M)) == (FIRST, M_FIRST)
        assert_sound(repo)

    def test_without_a_reflog(self, repo: GitBox) -> None:
        repo.git("config", "core.logAllRefUpdates", "false")
        repo.git("reflog", "expire", "--expire=now", "--all")
        quietly(repo, "checkout", "-q", "-b", "topic")
        repo.write(N, SECOND)
        quietly(repo, "commit", "-q", "-a", "-m", "second")
        quietly(repo, "checkout", "-q", "main")
        repo.write(M, M_SECOND)
        quietly(repo, "commit", "-q", "-a", "-m", "third")
        quietly(repo, "rebase", "-q", "main", "topic")
        assert outputs_at(repo, "HEAD", N) == SECOND
        assert set(entry_of(repo)) == {N}
        assert_sound(repo)


def plumbed(box: GitBox, message: str, parent: str = "HEAD") -> str:
    """Make a commit of the index by plumbing, as a GUI or a script does; move the branch; return it."""
    tree = box.git("write-tree").strip()
    commit = box.git("commit-tree", tree, "-p", parent, "-m", message).strip()
    box.git("update-ref", "HEAD", commit)
    return commit


class TestPrograms:
    """Commits that programs make."""

    def test_fast_import_of_sources(self, repo: GitBox) -> None:
        rewritten(repo, N, SECOND)
        oid = repo.git("rev-parse", f":{N}").strip()
        stream = "commit refs/heads/main\ncommitter A <a@b> 1700000000 +0000\ndata 6\nsecond\n"
        stream += f"from refs/heads/main^0\nM 100644 {oid} {N}\n\n"
        quietly(repo, "fast-import", "--quiet", stdin=stream.encode())
        assert note_of(repo) == ""
        assert repo.nbgit("link").out == "1 notebook linked.\n"
        assert outputs_at(repo, "HEAD", N) == SECOND
        assert linked(repo) == ["second", "first"]
        assert_sound(repo)

    def test_a_root_made_by_plumbing_beside_the_history(self, repo: GitBox) -> None:
        rewritten(repo, N, SECOND)
        plumbed(repo, "second")
        assert repo.nbgit("log").code == 0
        assert linked(repo) == ["second", "first"]
        assert_sound(repo)

    def test_gitpython(self, repo: GitBox) -> None:
        """It runs git for `repo.git`, and writes the index itself, past every filter, for `repo.index.add`."""
        import git

        with git.Repo(str(repo.path)) as library:
            repo.write(N, SECOND)
            library.git.add(N)
            library.git.commit("-q", "-m", "second")
            assert outputs_at(repo, "HEAD", N) == SECOND
            repo.write(M, M_SECOND)
            library.index.add([M])
            library.index.commit("raw")
        assert repo.git_bytes("cat-file", "blob", f"HEAD:{M}") == M_SECOND
        assert repo.git("status", "--porcelain") == ""  # just the bytes that the index has
        found = repo.nbgit("blame-output", M, "--cell", "1", "--json")
        assert [match["introduced"]["summary"] for match in json.loads(found.out)["matches"]] == ["raw"]
        repo.git("add", "--renormalize", M)
        quietly(repo, "commit", "-q", "-m", "clean")
        assert outputs_at(repo, "HEAD", M) == M_SECOND
        comes_back(repo, "HEAD~2", M, M_FIRST)
        assert_sound(repo)

    def test_dulwich(self, repo: GitBox) -> None:
        """It starts the filter without saying for which path, and hooks inside of .git."""
        porcelain = pytest.importorskip("dulwich.porcelain")
        repo.write(N, SECOND)
        porcelain.add(str(repo.path), [str(repo.path / N)])
        porcelain.commit(str(repo.path), message=b"second", author=b"A <a@b>", committer=b"A <a@b>")
        assert repo.git_bytes("cat-file", "blob", f"HEAD:{N}") != SECOND
        assert outputs_at(repo, "HEAD", N) == SECOND
        quietly(repo, "status")
        comes_back(repo, "HEAD~1", N, FIRST)
        repo.write(M, M_SECOND)
        quietly(repo, "commit", "-q", "-m", "third", M)
        assert linked(repo) == ["second", "first"]
        assert_sound(repo)

    def test_a_hook_that_is_started_inside_of_the_git_directory(self, repo: GitBox) -> None:
        rewritten(repo, N, SECOND)
        repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "second")
        rewritten(repo, M, M_SECOND)
        repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "third")
        for file in (repo.path / ".git" / "nbgit" / "captures").rglob("*-*"):
            file.unlink()
        assert repo.nbgit("hook", "post-commit", cwd=".git").err == ""
        assert outputs_at(repo, "HEAD", M) == M_SECOND
        repo.git("status")
        assert_sound(repo)
