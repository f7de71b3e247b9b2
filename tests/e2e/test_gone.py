"""The interpreter that the configuration names is gone: git goes on with sources, and nothing gets into the history."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from nbgit.setup.config import keys
from nbgit.setup.launch import this_launcher
from tests.e2e.scene import N, outputs_at, run_of
from tests.gitbox import GitBox

LINE = (
    "nbgit: it is not where it was installed: notebooks come without their outputs, and changed ones can't be added; "
)
LINE += "install nbgit again, then run 'nbgit install'\n"


@pytest.fixture
def python(installed: GitBox) -> Path:
    """Return the interpreter that the configuration of the repository names, which a test may remove."""
    if os.name == "nt":
        pytest.skip("the interpreter is a symbolic link here")
    if shutil.which("nbgit", path=installed.environ["PATH"]):
        pytest.skip("another nbgit stands beside git")
    link = installed.root / "a venv" / "100% $HOME" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(sys.executable)
    launcher = this_launcher()
    launcher.python = str(link)
    for key in keys(launcher):
        installed.git("config", key.name, key.value)
    for name, run in (("main", "A"), ("other", "B")):
        installed.git("checkout", "-q", "-B", name)
        installed.write(N, run_of("a", f"'{name}'", run=run))
        installed.write("é b.ipynb", run_of(run * 70_000, run=run))
        installed.commit(name)
        for path in installed.path.glob("*.ipynb"):  # not as young as the index, or git would look into them again
            os.utime(path, (1_700_000_000, 1_700_000_000))
        installed.git("status")
    for hook in (installed.path / ".git" / "hooks").iterdir():
        hook.unlink()  # the shims ask for nbgit in their own way
    installed.git("config", "core.hooksPath", str(installed.root))
    return link


def test_a_checkout_gives_sources_and_says_so_once(installed: GitBox, python: Path) -> None:
    python.unlink()
    done = installed.try_git("checkout", "-q", "main")
    assert (done.code, done.err) == (0, LINE)
    for path in (N, "é b.ipynb"):
        assert installed.read(path) == installed.git_bytes("cat-file", "blob", f"main:{path}")
    assert installed.git("status", "--porcelain") == ""
    python.symlink_to(sys.executable)
    installed.git("checkout", "-q", "other")
    assert installed.read(N) == run_of("a", "'other'", run="B") == outputs_at(installed, "HEAD", N)
    assert installed.git("status", "--porcelain") == ""


def test_what_came_without_outputs_gets_them_from_install(installed: GitBox, python: Path) -> None:
    """Git may have looked at the bare file before: it was not cleared, it came so."""
    shown = installed.read(N)
    python.unlink()
    (installed.path / N).unlink()
    installed.git("checkout", "-f")
    assert installed.read(N) == installed.git_bytes("cat-file", "blob", f"other:{N}")
    python.symlink_to(sys.executable)
    installed.git("add", "--renormalize", N)
    assert installed.nbgit("captures", N).out.startswith(f"{N} has no captures waiting")
    doctor = installed.nbgit("doctor")
    assert f"{N} came without its outputs; `nbgit install` puts them back" in doctor.out
    assert "1 on disk came without outputs" in installed.nbgit("status").out
    assert "1 notebook has its outputs back" in installed.nbgit("install").out
    assert installed.read(N) == shown
    assert installed.git("status", "--porcelain") == ""
    assert f"{N} came without" not in installed.nbgit("doctor").out


def test_what_was_cleared_stays_cleared(installed: GitBox, python: Path) -> None:
    shown = installed.read(N)
    python.unlink()
    (installed.path / N).unlink()
    installed.git("checkout", "-f")
    bare = installed.read(N)
    python.symlink_to(sys.executable)
    assert installed.nbgit("install").code == 0
    assert installed.read(N) == shown
    installed.write(N, bare)
    for seen_by_git in (False, True):
        if seen_by_git:
            installed.git("add", N)
        assert "outputs back" not in installed.nbgit("install").out
        assert f"{N} came without" not in installed.nbgit("doctor").out
        assert installed.read(N) == bare
    assert "no outputs, on disk now" in installed.nbgit("captures", N).out


def test_outputs_are_not_added(installed: GitBox, python: Path) -> None:
    python.unlink()
    changed = run_of("a", "'other'", run="more than before")
    installed.write(N, changed)
    installed.write("README", b"text\n")
    added = installed.try_git("add", N)
    assert added.code == 128
    assert added.err == LINE + f"fatal: {N}: clean filter 'nbgit' failed\n"
    assert installed.read(N) == changed
    assert installed.git("diff", "--cached", "--name-only") == ""
    installed.git("add", "README")
    installed.git("commit", "-q", "-m", "text")
    assert installed.git("show", "--name-only", "--format=") == "README\n"


def test_diffs_and_logs_are_plain(installed: GitBox, python: Path) -> None:
    python.unlink()
    shown = installed.try_git("diff", "main", "other", "--", N)
    assert shown.code == 0
    assert "'other'" in shown.out
    assert "nbgit: it is not where it was installed: this is a plain diff; install" in shown.err
    logged = installed.try_git("log", "-p", "-1", "--format=%s")
    assert (logged.code, logged.err) == (0, "")
    assert "'other'" in logged.out


def test_one_file_at_a_time(installed: GitBox, python: Path) -> None:
    """Clients that know no filter process start a command for each file."""
    installed.git("config", "--unset", "filter.nbgit.process")
    source = installed.git_bytes("cat-file", "blob", f"HEAD:{N}")
    assert installed.git_bytes("cat-file", "--filters", f"HEAD:{N}") == run_of("a", "'other'", run="B")
    python.unlink()
    smudged = installed.try_git("cat-file", "--filters", f"HEAD:{N}")
    assert (smudged.code, smudged.raw) == (0, source)
    assert smudged.err.startswith("nbgit: it is not where it was installed")
    installed.write(N, run_of("a", run="C"))
    assert installed.try_git("add", N).code == 128


def test_another_nbgit_on_the_path_takes_over(installed: GitBox, python: Path) -> None:
    script = python.parent / "nbgit"
    launcher = this_launcher()
    script.write_text(f"#!/bin/sh\nexec '{sys.executable}' -I -S '{launcher.main}' \"$@\"\n", encoding="utf-8")
    script.chmod(0o755)
    python.unlink()
    installed.environ["PATH"] = f"{python.parent}{os.pathsep}{installed.environ['PATH']}"
    done = installed.try_git("checkout", "-q", "main")
    assert (done.code, done.err) == (0, "")
    assert installed.read(N) == run_of("a", "'main'", run="A")
