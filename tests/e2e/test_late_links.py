"""Commits that no hook saw: the next command finds them, and does not walk the same history for them again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.scene import entry_of, note_of, run_of
from tests.gitbox import GitBox


@pytest.fixture
def waiting(installed: GitBox) -> GitBox:
    """Return a repository where a run waits for its commit, which was looked for already."""
    installed.write("a.ipynb", run_of("a", run="A"))
    installed.commit("first")
    installed.write("a.ipynb", run_of("b", run="B"))
    installed.git("add", "a.ipynb")
    assert installed.nbgit("log").code == 0
    return installed


def walks(box: GitBox, tmp_path: Path) -> int:
    """Return how often `nbgit log` walks the history for commits to link."""
    trace = tmp_path / "trace"
    trace.unlink(missing_ok=True)
    assert box.nbgit("log", environ={"GIT_TRACE": str(trace)}).code == 0
    return sum(
        "--max-count=200" in line for line in trace.read_text("utf-8").splitlines() if "built-in: git log" in line
    )


def commit_unseen(box: GitBox) -> str:
    """Commit as a program that runs no hooks does."""
    box.git("-c", f"core.hooksPath={box.path / 'none'}", "commit", "-q", "-m", "unseen")
    return box.git("rev-parse", "HEAD").strip()


def test_the_same_history_is_walked_once(waiting: GitBox, tmp_path: Path) -> None:
    assert walks(waiting, tmp_path) == 0
    waiting.write("b.ipynb", run_of("c", run="C"))
    waiting.git("add", "b.ipynb")  # another one waits
    assert walks(waiting, tmp_path) > 0
    assert walks(waiting, tmp_path) == 0


def test_a_commit_made_since_is_found(waiting: GitBox) -> None:
    commit = commit_unseen(waiting)
    assert waiting.nbgit("log").code == 0
    assert list(entry_of(waiting, commit)) == ["a.ipynb"]


def test_a_commit_on_another_branch_is_found(waiting: GitBox) -> None:
    waiting.git("checkout", "-q", "-b", "side")
    commit = commit_unseen(waiting)
    waiting.git("checkout", "-q", "main")
    assert waiting.nbgit("log").code == 0
    assert list(entry_of(waiting, commit)) == ["a.ipynb"]


def test_a_commit_that_was_found_and_could_not_be_linked_is_looked_for_again(waiting: GitBox) -> None:
    commit = commit_unseen(waiting)
    waiting.git("update-index", "--chmod=+x", "a.ipynb")  # what is on disk is not what git has taken
    assert waiting.nbgit("log").code == 0
    assert note_of(waiting, commit) == ""
    waiting.git("update-index", "--chmod=-x", "a.ipynb")
    assert waiting.nbgit("log").code == 0
    assert list(entry_of(waiting, commit)) == ["a.ipynb"]
