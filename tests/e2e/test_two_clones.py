"""Random work in two clones, a little of it; the long run is `python -m tests.stress.two_clones --seconds 1800`."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stress.two_clones import machine


def test_random_work_in_two_clones_is_what_plain_git_would_do_and_loses_nothing() -> None:
    chosen = settings(
        max_examples=4,
        stateful_step_count=22,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine(3), settings=chosen)
