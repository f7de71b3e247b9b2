"""`nbgit stash show`: what `git stash show` says of text, of notebooks by cell."""

from __future__ import annotations

import pytest

from tests.e2e.scene import N, run_of
from tests.gitbox import GitBox


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository with a stash of an edited notebook, a text file and an untracked notebook."""
    installed.write(N, run_of("a = 1", "b = 1", run="first"))
    installed.write("x.txt", b"one\n")
    installed.commit("first")
    installed.write(N, run_of("a = 2", "b = 1", run="again"))
    installed.write("x.txt", b"two\n")
    installed.write("sub dir/new é.ipynb", run_of("n = 1", run="new"))
    installed.git("stash", "push", "-q", "-u")
    return installed


def shown(box: GitBox, *arguments: str, cwd: str | None = None) -> str:
    result = box.nbgit("stash", "show", *arguments, cwd=cwd)
    assert (result.code, result.err) == (0, ""), result
    return result.out


def test_by_cell_with_outputs_and_the_rest_as_git_has_it(repo: GitBox) -> None:
    out = shown(repo, "-p")
    assert out.startswith(f"diff --git a/{N} b/{N}\n")
    assert "@@ -1 +1 @@ cell 1 [1] [code] cell0 Title\n-a = 1\n+a = 2\n" in out
    assert "\\ cell 1, output 0: " in out
    assert "\\ cell 2 [2] [code] cell1 Title, output 0: " in out
    assert out.endswith("-one\n+two\n")
    assert "new é" not in out
    without = shown(repo, "-p", "--no-outputs")
    assert "+a = 2\n" in without
    assert "output 0" not in without
    assert "+again: b = 1" in shown(repo, "-p", "--outputs")


def test_numbers_are_the_default(repo: GitBox) -> None:
    out = shown(repo)
    assert out.startswith(f" {N} | 1 cell edited")
    assert " x.txt | 2 +-\n" in out
    assert shown(repo, "--stat") == out
    repo.git("config", "stash.showPatch", "true")
    repo.git("config", "stash.showStat", "false")
    assert shown(repo) == shown(repo, "-p")


def test_untracked_files(repo: GitBox) -> None:
    assert "inserted cell 1 [1] [code]" in shown(repo, "-p", "-u")
    alone = shown(repo, "-p", "--only-untracked")
    assert r"sub dir/new \303\251.ipynb" in alone
    assert N not in alone.replace("new é.ipynb", "")
    repo.git("config", "stash.showIncludeUntracked", "true")
    assert shown(repo, "-p") == shown(repo, "-p", "-u")
    assert shown(repo, "-p", "--no-include-untracked") not in (alone, shown(repo, "-p"))


def test_an_older_one_from_a_folder(repo: GitBox) -> None:
    repo.write(N, run_of("a = 1", "b = 3", run="third"))
    repo.git("stash", "push", "-q")
    (repo.path / "sub").mkdir()
    for name in ("1", "stash@{1}", repo.git("rev-parse", "stash@{1}").strip()):
        assert "+a = 2\n" in shown(repo, "-p", name, cwd="sub")
    assert "+b = 3\n" in shown(repo, "-p", cwd="sub")


def test_what_is_no_stash(repo: GitBox) -> None:
    result = repo.nbgit("stash", "show", "HEAD")
    assert (result.code, result.err) == (9, "nbgit: HEAD is no stash; `git stash list` names them\n")
    repo.git("stash", "drop", "-q")
    assert repo.nbgit("stash", "show").err == "nbgit: there is no stash\n"
    result = repo.nbgit("stash", "pop")
    assert result.code == 2
    assert "`git stash pop` does what it says" in result.err


def test_the_shell_completes_stashes(repo: GitBox) -> None:
    words = {"_NBGIT_COMPLETE": "bash_complete", "COMP_WORDS": "nbgit stash show -p s", "COMP_CWORD": "4"}
    assert repo.nbgit(environ=words).out == "plain,stash@{0}\n"
    words = {"_NBGIT_COMPLETE": "bash_complete", "COMP_WORDS": "nbgit stash ", "COMP_CWORD": "2"}
    assert repo.nbgit(environ=words).out == "plain,show\n"
