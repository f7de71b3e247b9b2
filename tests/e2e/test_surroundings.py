"""Settings, places and circumstances in which plain git works: nbgit does too, and has nothing to say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.day import AGAIN, FIRST, a_day_of_work, built
from tests.e2e.scene import N, assert_sound, entry_of, outputs_at, quietly, run_of
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


FSMONITOR = b"""#!/bin/sh
# tells of what is newer than the last question, and of a second more
touch -d '1 second ago' ../mark.new
printf 'token\\0'
if test -e ../mark; then find . -path ./.git -prune -o -newer ../mark -type f -printf '%P\\0'; else printf '/\\0'; fi
mv ../mark.new ../mark
"""


class TestSettings:
    """The same work under every setting."""

    @pytest.mark.parametrize(
        "settings",
        [
            "core.autocrlf=true core.ignoreCase=true core.quotePath=false core.untrackedCache=true index.version=4",
            "core.splitIndex=true feature.manyFiles=true core.checkStat=minimal core.trustctime=false",
            "rebase.backend=apply merge.conflictStyle=diff3 diff.renames=copies diff.noprefix=true core.abbrev=40"
            " log.date=relative color.ui=always status.showUntrackedFiles=no",
        ],
    )
    def test_a_day(self, repo: GitBox, settings: str) -> None:
        for setting in settings.split():
            repo.git("config", *setting.split("="))
        a_day_of_work(repo)

    @pytest.mark.skipif(sys.platform != "linux", reason="the hook is written for GNU's touch and find")
    def test_fsmonitor(self, repo: GitBox) -> None:
        hook = repo.root / "monitor"  # git starts it at the top of the working tree
        hook.write_bytes(FSMONITOR)
        hook.chmod(0o755)
        repo.git("config", "core.fsmonitor", str(hook))
        quietly(repo, "update-index", "--fsmonitor")
        a_day_of_work(repo)
        repo.write(N, AGAIN)
        assert repo.nbgit("refresh").code == 0
        assert repo.git("status", "--porcelain") == ""

    def test_sha256(self, tmp_path: Path) -> None:
        box = built(tmp_path, "--object-format=sha256")
        a_day_of_work(box)
        assert len(entry_of(box)[N]) == 64


class TestPaths:
    """Names that are no plain ASCII."""

    @pytest.mark.parametrize("quoted", ["true", "false"])
    def test_odd_names(self, repo: GitBox, quoted: str) -> None:
        names = [
            'grö ße "x"/ñ.ipynb',
            "-dash.ipynb",
            ":colon [a]*?.ipynb",
            " space.ipynb",
            "new\nline.ipynb",
            "tab\t.ipynb",
        ]
        if sys.platform == "win32":
            names = ["grö ße/ñ.ipynb", "-dash.ipynb", "[a].ipynb"]
        repo.git("config", "core.quotePath", quoted)
        for name in names:
            repo.write(name, run_of("c = 1", run=name.replace("\n", " ")))
        quietly(repo, "add", "-A")
        quietly(repo, "commit", "-q", "-m", "odd")
        assert set(entry_of(repo)) == set(names)
        quietly(repo, "checkout", "-q", "topic")
        quietly(repo, "checkout", "-q", "main")
        quietly(repo, "rebase", "-q", "topic")
        assert set(entry_of(repo)) == set(names)
        for name in names:
            assert repo.read(name) == run_of("c = 1", run=name.replace("\n", " ")) == outputs_at(repo, "HEAD", name)
        for verb in (["log"], ["status"], ["captures"], ["du"], ["refresh"]):
            done = repo.nbgit(*verb)
            assert (done.code, done.err) == (0, ""), verb
        assert_sound(repo)

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
    def test_names_that_are_no_utf_8(self, repo: GitBox) -> None:
        name = os.fsdecode(b"caf\xe9.ipynb")
        repo.write(name, FIRST)
        quietly(repo, "add", "-A")
        quietly(repo, "commit", "-q", "-m", "latin")
        assert set(entry_of(repo)) == {name}
        repo.write(name, AGAIN)
        quietly(repo, "commit", "-q", "--allow-empty", "-m", "again", "--", name)
        quietly(repo, "rebase", "-q", "topic")
        (repo.path / name).unlink()
        quietly(repo, "checkout", "--", ".")
        assert repo.read(name) == AGAIN
        for verb in (["log"], ["captures"], ["du"], ["refresh"], ["log", "--json"], ["captures", "--json"]):
            done = repo.nbgit(*verb)
            assert (done.code, done.err) == (0, ""), verb
        assert_sound(repo)


class TestCompany:
    """Other processes and other people."""

    def test_a_poller_that_takes_no_locks(self, repo: GitBox) -> None:
        """VS Code asks for the status all the time, with GIT_OPTIONAL_LOCKS=0."""
        environ = {**repo.environ, "GIT_OPTIONAL_LOCKS": "0"}
        loop = "while test ! -e ../stop; do git status --porcelain >>../seen 2>>../said || echo failed >>../said; done"
        poller = subprocess.Popen(["sh", "-c", loop], cwd=repo.path, env=environ)
        try:
            a_day_of_work(repo)
        finally:
            (repo.root / "stop").write_bytes(b"")
            poller.wait()
        assert (repo.root / "said").read_text() == ""
        assert_sound(repo)

    def test_a_lock_of_the_index_that_is_held(self, repo: GitBox) -> None:
        lock = repo.path / ".git" / "index.lock"
        lock.write_bytes(b"")
        repo.write(N, AGAIN)
        for command in (["add", N], ["commit", "-q", "-a", "-m", "x"], ["stash"], ["checkout", "-q", "topic"]):
            done = repo.try_git(*command)
            assert done.code in (1, 128), command
            assert "nbgit" not in done.err
            assert repo.read(N) == AGAIN
        quietly(repo, "status")
        said = repo.nbgit("refresh")
        assert "Traceback" not in said.err
        assert lock.read_bytes() == b""
        lock.unlink()
        quietly(repo, "add", N)
        quietly(repo, "commit", "-q", "--allow-empty", "-m", "again")
        assert outputs_at(repo, "HEAD", N) == AGAIN
        assert_sound(repo)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
    def test_a_repository_of_somebody_else(self, repo: GitBox) -> None:
        """Git refuses all work there (safe.directory), and so does nbgit: it writes nothing and says what git says."""
        for place in [repo.path, *repo.path.rglob("*")]:
            os.chown(place, 12345, 12345, follow_symlinks=False)
        before = sorted(str(place) for place in repo.path.rglob("*"))
        repo.write(N, AGAIN)
        assert "dubious ownership" in repo.try_git("status").err
        for verb in (
            ["log"],
            ["link"],
            ["refresh"],
            ["captures"],
            ["blame-output", N],
            ["fsck"],
            ["gc"],
            ["restore", N],
        ):
            done = repo.nbgit(*verb)
            assert "Traceback" not in done.err, verb
            assert done.code == 5, (verb, done)
            assert f"git config --global --add safe.directory {repo.path}" in done.err
        assert sorted(str(place) for place in repo.path.rglob("*")) == before
        repo.git("config", "--global", "safe.directory", str(repo.path))
        quietly(repo, "status")
        assert repo.nbgit("log").code == 0
