"""Hypothesis without deadlines: speed belongs to benchmarks/, and a shared machine may be slow at any moment."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
