"""Where the real notebooks and histories lie that some tests use; they skip where these are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[1].parent / "shared" / "corpus"
NOTEBOOKS = sorted((CORPUS / "notebooks").glob("*.ipynb"))


def bundle(name: str) -> Path:
    """Return a git bundle of the corpus; the test skips where it is absent."""
    found = CORPUS / name
    if not found.exists():
        pytest.skip(f"{name} is not there: the corpus lies beside the checkout, in ../shared/corpus")
    return found
