"""The project whose figure was drawn three times; its tests stand in one folder, so that few workers build it."""

from __future__ import annotations

import pytest

from tests.e2e.redrawn_figures.project import build
from tests.gitbox import GitBox


@pytest.fixture(scope="session")
def redrawn(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return a repository whose figure was drawn three times (project.py); not to be changed."""
    pytest.importorskip("matplotlib")
    box = GitBox(tmp_path_factory.mktemp("redrawn"))
    assert box.nbgit("install").code == 0
    build(box)
    return box
