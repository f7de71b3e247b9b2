"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.hub import Hub


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Return an empty bare repository to clone from and push to."""
    return Hub(tmp_path)
