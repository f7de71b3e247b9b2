"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.hub import Hub
from tests.e2e.lab import make_lab
from tests.gitbox import GitBox


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Return an empty bare repository to clone from and push to."""
    return Hub(tmp_path)


@pytest.fixture(scope="session")
def lab_once(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return a repository with two notebooks that were run and committed (tests/e2e/lab.py); not to be changed."""
    pytest.importorskip("matplotlib")
    box = GitBox(tmp_path_factory.mktemp("lab"))
    assert box.nbgit("install").code == 0
    make_lab(box)
    return box


@pytest.fixture
def lab(tmp_path: Path, lab_once: GitBox) -> GitBox:
    """Return a copy of it: kernels take long to start."""
    box = GitBox(tmp_path, init=False)
    shutil.copytree(lab_once.path, box.path, dirs_exist_ok=True)
    box.minutes = lab_once.minutes
    return box
