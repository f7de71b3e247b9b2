"""Fixtures that every test may use: `box`, a fresh repository, and `installed`, the same after `nbgit install`.

Hypothesis has no deadlines here: speed belongs to benchmarks/, and a shared machine may be slow at any moment.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from tests.gitbox import GitBox

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

STARTUP = Path(".ipython", "profile_default", "startup", "00-nbgit.py")


@pytest.fixture
def box(tmp_path: Path) -> GitBox:
    """Return a fresh repository on branch main in a sealed box."""
    return GitBox(tmp_path)


@pytest.fixture(scope="session")
def installed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the .git of a repository in which `nbgit install` has run; nothing in it names its place.

    HOME beside it holds the kernels' startup file, which does.
    """
    box = GitBox(tmp_path_factory.mktemp("installed"))
    result = box.nbgit("install")
    assert result.code == 0, result.err
    written = [file.relative_to(box.home) for file in box.home.rglob("*") if file.is_file()]
    assert written == [STARTUP], "install has written to HOME what a copy would lack"
    return box.path / ".git"


@pytest.fixture
def installed(tmp_path: Path, installed_once: Path) -> GitBox:
    """Return a fresh repository in which `nbgit install` has run: a copy, made in a tenth of the time."""
    box = GitBox(tmp_path, init=False)
    shutil.copytree(installed_once, box.path / ".git")
    text = (installed_once.parent.parent / "home" / STARTUP).read_text(encoding="ascii")
    (box.home / STARTUP).parent.mkdir(parents=True)
    here = text.replace(ascii(str(installed_once)), ascii(str(box.path / ".git")))
    (box.home / STARTUP).write_text(here, encoding="ascii")
    return box
