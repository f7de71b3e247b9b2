"""Waiting for what another process does: by looking at the state that is to come, until a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
DEADLINE = 60.0  # seconds; only a failing test ever takes them
STEP = 0.02


def wait_until(look: Callable[[], T], what: str, deadline: float = DEADLINE) -> T:
    """Return the first true answer of `look`; the test fails where there is none before the deadline."""
    end = time.monotonic() + deadline
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"waited {deadline:.0f} s in vain: {what}"
        time.sleep(STEP)
