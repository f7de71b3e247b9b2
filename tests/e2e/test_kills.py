"""Whatever is killed, whenever: nothing that git had seen is lost, and nothing is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stress.kills import kill_at_moments


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="victims are found in /proc")
def test_twenty_five_kills_lose_nothing(tmp_path: Path) -> None:
    """The long run: `python -m tests.stress.kills --moments 200`."""
    wrong, hits = kill_at_moments(tmp_path, moments=25, seed=5, every=5)
    assert wrong == []
    assert sum(hits.values()) == 25
