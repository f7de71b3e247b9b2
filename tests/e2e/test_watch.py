"""`nbgit watch` as a real process: what it captures, what it leaves alone, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from nbgit.store.captures import CaptureStore
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import find_repository
from tests.e2e.scene import N, run_of
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.waiting import wait_until

pytest.importorskip("watchfiles")
FIRST, AGAIN = run_of("x = 1", run="first"), run_of("x = 1", run="again, and longer")


class Watch:
    """A running `nbgit watch`, in a box."""

    def __init__(self, box: GitBox, *paths: str) -> None:
        self.box = box
        self.out = box.root / "watch.txt"
        environ = {**box.environ, "PYTHONPATH": str(SOURCE_ROOT)}
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nbgit", "watch", *paths], cwd=box.path, env=environ, stdout=out, stderr=out
            )
        wait_until(lambda: self._alive() and self.lines(), "its first line")

    def _alive(self) -> bool:
        assert self.process.poll() is None, self.out.read_text()
        return True

    def lines(self) -> list[str]:
        """Return what it has printed, without the times."""
        whole = self.out.read_text(encoding="utf-8").rpartition("\n")[0]
        return [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in whole.splitlines()]

    def wait_for(self, line: str) -> None:
        """Wait for a line of that beginning."""
        wait_until(lambda: self._alive() and [one for one in self.lines() if one.startswith(line)], line)


def captured(box: GitBox, path: str) -> list[bytes]:
    """Return the notebooks that are captured for a path, newest first."""
    repository = find_repository(str(box.path), {})
    policy = load_policy(repository)
    found = [capture.read(policy) for capture in CaptureStore(repository, policy).of_path(path)]
    return [one[0] for one in found if one is not None]


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write(N, FIRST)
    installed.write("before.ipynb", FIRST)
    installed.write(".gitignore", b"ignored/\n")
    installed.commit("first")
    return installed


@pytest.fixture
def watch(repo: GitBox) -> Iterator[Watch]:
    repo.write("before.ipynb", AGAIN)
    started = Watch(repo)
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()


def test_each_save_is_captured_and_told_once(watch: Watch) -> None:
    box = watch.box
    watch.wait_for("before.ipynb  ")  # what was run before it began
    box.write(N, AGAIN)
    watch.wait_for(f"{N}  ")
    wait_until(lambda: box.git("--no-optional-locks", "status", "--porcelain") == "", "git's M to go")
    assert captured(box, N) == [AGAIN]
    box.write(N, AGAIN)  # saved again as it is
    box.write("new folder/x.ipynb", FIRST[:100])  # half written
    box.write("ignored/x.ipynb", AGAIN)
    box.write(".ipynb_checkpoints/n-checkpoint.ipynb", AGAIN)
    edited = run_of("x = 2", run="edited")
    beside = box.write("new folder/.~beside", edited)
    os.replace(beside, box.path / "new folder" / "x.ipynb")  # as editors do
    watch.wait_for("new folder/x.ipynb  ")
    assert captured(box, "new folder/x.ipynb") == [edited]
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait(60) == 0
    size = len(AGAIN)
    assert watch.lines()[1:] == [
        f"before.ipynb  {size} B, outputs only: unmodified for git",
        f"{N}  {size} B, outputs only: unmodified for git",
        f"new folder/x.ipynb  {len(edited)} B, captured",
        "Ended.",
    ]


def test_what_goes_wrong_is_a_line_and_sigterm_ends_it(watch: Watch) -> None:
    box = watch.box
    watch.wait_for("before.ipynb  ")
    policy = box.write(".nbgit.toml", b"[volatil]\n")
    box.write(N, AGAIN)
    watch.wait_for(".nbgit.toml")
    policy.unlink()
    box.write(N, run_of("x = 1", run="and once more"))
    watch.wait_for(f"{N}  ")
    watch.process.terminate()
    assert watch.process.wait(60) == 0
    assert watch.lines()[-1] == "Ended."


def test_a_folder_that_comes_with_its_notebooks(watch: Watch) -> None:
    """The system tells of the folder only: it was full before anybody could watch it."""
    box = watch.box
    outside = box.root / "made" / "deep"
    outside.mkdir(parents=True)
    (outside / "y.ipynb").write_bytes(AGAIN)
    os.replace(outside.parent, box.path / "moved in")
    watch.wait_for("moved in/deep/y.ipynb  ")
    assert captured(box, "moved in/deep/y.ipynb") == [AGAIN]


def test_only_what_was_named_is_watched(repo: GitBox) -> None:
    repo.write("deep/a.ipynb", FIRST)
    repo.write("deep/b.ipynb", FIRST)
    watch = Watch(repo, "deep/b.ipynb", N)
    try:
        repo.write("deep/a.ipynb", AGAIN)
        repo.write("deep/b.ipynb", AGAIN)
        watch.wait_for("deep/b.ipynb  ")
        assert captured(repo, "deep/a.ipynb") == []
    finally:
        watch.process.terminate()
        assert watch.process.wait(60) == 0


def test_without_watchfiles_the_error_says_what_to_install(repo: GitBox) -> None:
    hidden = repo.write("hidden/watchfiles.py", b"raise ImportError('not here', name='watchfiles')\n").parent
    done = repo.run(
        [sys.executable, "-m", "nbgit", "watch"],
        environ={"PYTHONPATH": os.pathsep.join([str(hidden), str(SOURCE_ROOT)])},
    )
    assert (done.code, done.err) == (10, "nbgit: watchfiles is not installed; run `pip install 'nbgit[watch]'`\n")
    assert repo.nbgit("watch", "nowhere").code == 9
