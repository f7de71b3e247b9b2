"""git stash and what else puts work aside: a stash holds sources, and every output comes back with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.scene import N, assert_sound, entry_of, linked, outputs_at, quietly, rewritten, run_of
from tests.e2e.table.worlds import copied
from tests.gitbox import GitBox

NEW = "new.ipynb"
FIRST, STAGED, EDITED = (run_of("a = 1", f"b = {n}", run=run) for n, run in enumerate(("first", "staged", "edited")))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return what `repo` is a copy of."""
    box = GitBox(tmp_path_factory.mktemp("stashes"))
    assert box.nbgit("install").code == 0
    box.write(N, FIRST)
    box.write("x.txt", b"x")
    box.commit("first")
    return box


@pytest.fixture
def repo(world: GitBox, tmp_path: Path) -> GitBox:
    """Return a repository with one commit."""
    return copied(world, tmp_path / "copy")


@pytest.mark.parametrize("how", ["--include-untracked", "--all"])
def test_untracked_notebooks(repo: GitBox, how: str) -> None:
    repo.write(".gitignore", b"ignored.ipynb\n")
    quietly(repo, "add", ".gitignore")
    quietly(repo, "commit", "-q", "-m", "ignore")
    for path in (NEW, "ignored.ipynb"):
        repo.write(path, EDITED)
    quietly(repo, "stash", "push", "-q", how)
    assert not (repo.path / NEW).exists()
    assert (repo.path / "ignored.ipynb").exists() == (how != "--all")
    assert repo.git("status", "--porcelain") == ""
    quietly(repo, "stash", "pop", "-q")
    assert repo.read(NEW) == repo.read("ignored.ipynb") == EDITED
    quietly(repo, "add", NEW)
    quietly(repo, "commit", "-q", "-m", "new")
    assert outputs_at(repo, "HEAD", NEW) == EDITED
    assert_sound(repo)


def test_the_index_apart_from_the_file(repo: GitBox) -> None:
    """pop --index: what was staged and run is staged again, and its outputs are the commit's."""
    rewritten(repo, N, STAGED)
    repo.write(N, EDITED)
    quietly(repo, "stash", "push", "-q")
    assert repo.read(N) == FIRST
    quietly(repo, "stash", "pop", "-q", "--index")
    assert repo.read(N) == EDITED
    assert repo.git("status", "--porcelain") == f"MM {N}\n"
    quietly(repo, "commit", "-q", "-m", "staged")
    assert outputs_at(repo, "HEAD", N) == STAGED
    quietly(repo, "commit", "-q", "-a", "-m", "edited")
    assert outputs_at(repo, "HEAD", N) == EDITED
    assert linked(repo) == ["edited", "staged", "first"]
    assert_sound(repo)


def test_keep_index(repo: GitBox) -> None:
    rewritten(repo, N, STAGED)
    repo.write(N, EDITED)
    quietly(repo, "stash", "push", "-q", "--keep-index")
    assert repo.read(N) == STAGED
    quietly(repo, "commit", "-q", "-m", "staged")
    assert outputs_at(repo, "HEAD", N) == STAGED
    quietly(repo, "checkout", "-q", "stash@{0}", "--", N)
    assert repo.read(N) == EDITED


def test_a_branch_from_a_stash(repo: GitBox) -> None:
    repo.write(N, EDITED)
    quietly(repo, "stash", "push", "-q")
    rewritten(repo, N, STAGED)
    quietly(repo, "commit", "-q", "-m", "staged")
    quietly(repo, "stash", "branch", "apart")
    assert repo.read(N) == EDITED
    quietly(repo, "commit", "-q", "-a", "-m", "edited")
    assert outputs_at(repo, "apart", N) == EDITED
    assert outputs_at(repo, "main", N) == STAGED
    assert_sound(repo)


def test_a_part(repo: GitBox) -> None:
    """stash -p: one edit is put aside, the other one stays."""
    repo.write(N, run_of("a = 10", "x = 1", "y = 1", "b = 20", run="both"))
    quietly(repo, "commit", "-q", "-a", "-m", "more cells")
    both = run_of("a = 100", "x = 1", "y = 1", "b = 200", run="again")
    repo.write(N, both)
    quietly(repo, "stash", "push", "-q", "-p", stdin=b"y\nn\n")
    text = repo.read(N)
    assert b'"a = 10"' in text
    assert b"again: b = 200" in text
    quietly(repo, "commit", "-q", "-a", "-m", "b alone")
    assert b"again: b = 200" in outputs_at(repo, "HEAD", N)
    quietly(repo, "stash", "pop", "-q")
    assert repo.read(N) == both
    assert set(entry_of(repo)) == {N}


def test_patches_of_the_index_and_the_file(repo: GitBox) -> None:
    """add -p, reset -p and checkout -p cut by line; the outputs of what stays on disk stay."""
    cells = ["a = 1", "x = 1", "y = 1", "b = 1"]
    repo.write(N, run_of(*cells, run="base"))
    quietly(repo, "commit", "-q", "-a", "-m", "more cells")
    both = run_of("a = 2", "x = 1", "y = 1", "b = 2", run="again")
    repo.write(N, both)
    quietly(repo, "add", "-p", stdin=b"y\ny\n")
    quietly(repo, "reset", "-q", "-p", stdin=b"n\ny\n")
    assert repo.read(N) == both
    quietly(repo, "commit", "-q", "-m", "a alone")
    quietly(repo, "checkout", "-p", stdin=b"y\n")
    on_disk = repo.read(N)
    assert b"again: a = 2" in on_disk
    assert b"base: b = 1" in on_disk
    assert on_disk == outputs_at(repo, "HEAD", N)
    assert linked(repo) == ["a alone", "more cells", "first"]
    assert_sound(repo)


def test_a_conflict_taken_from_the_stash_keeps_its_outputs(repo: GitBox) -> None:
    rewritten(repo, N, EDITED)
    quietly(repo, "stash", "push", "-q")
    repo.write(N, STAGED)
    repo.commit("ours")
    assert repo.try_git("stash", "pop", "-q").code == 1
    resolved = repo.nbgit("resolve", "--theirs", "--add")
    assert resolved.code == 0, resolved
    assert repo.read(N) == EDITED
    repo.commit("theirs")
    assert outputs_at(repo, "HEAD", N) == EDITED
    assert_sound(repo)
