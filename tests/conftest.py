"""Fixtures that every test may use: `box`, a fresh repository, and `installed`, the same after `nbgit install`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitbox import GitBox


@pytest.fixture
def box(tmp_path: Path) -> GitBox:
    """Return a fresh repository on branch main in a sealed box."""
    return GitBox(tmp_path)


@pytest.fixture
def installed(box: GitBox) -> GitBox:
    """Return a fresh repository in which `nbgit install` has run."""
    result = box.nbgit("install")
    assert result.code == 0, result.err
    return box
