"""Many processes in one repository at once: nothing is lost, and each commit has its own outputs."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.scene import entry_of, outputs_at, run_of
from tests.gitbox import GitBox
from tests.stress.crowd import crowd

NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


def test_a_crowd_in_three_worktrees_loses_nothing(tmp_path: Path) -> None:
    """The long run: `python -m tests.stress.crowd --seconds 60`."""
    problems, done = crowd(tmp_path, seconds=300, most=24, seed=1)
    assert problems == []
    assert done == 8 * 24


def test_a_commit_that_its_hook_comes_late_for_keeps_its_outputs(installed: GitBox) -> None:
    """Two people commit at once: the hook of the first finds the second's commit at HEAD."""
    installed.write("README", b"start\n")
    installed.commit("start")
    for path in ("a.ipynb", "b.ipynb"):
        installed.write(path, run_of(path, run="A"))
    installed.git("add", "-A")
    for path in ("a.ipynb", "b.ipynb"):
        installed.git(*NO_HOOKS, "commit", "-q", "-m", path, "--", path)
    assert installed.nbgit("hook", "post-commit").code == 0
    assert list(entry_of(installed, "HEAD~1")) == ["a.ipynb"]
    assert list(entry_of(installed, "HEAD")) == ["b.ipynb"]
    assert outputs_at(installed, "HEAD~1", "a.ipynb") == run_of("a.ipynb", run="A")


def test_a_run_after_a_commit_without_an_entry_is_the_next_commits(installed: GitBox) -> None:
    """A commit came from elsewhere, without outputs; then the notebook was run here and something else committed."""
    installed.write("a.ipynb", run_of("a", run="A"))
    installed.git("add", "-A")
    installed.git(*NO_HOOKS, "commit", "-q", "-m", "elsewhere")
    installed.git("update-ref", "-d", "refs/notes/nbgit")
    for folder in ("captures", "known"):
        for file in sorted((installed.path / ".git" / "nbgit").glob(f"{folder}/**/*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
    installed.write("a.ipynb", run_of("a", run="B", count=5))
    installed.git("add", "a.ipynb")
    installed.write("README", b"more\n")
    installed.commit("more")
    assert list(entry_of(installed, "HEAD")) == ["a.ipynb"]
    assert outputs_at(installed, "HEAD", "a.ipynb") == run_of("a", run="B", count=5)
