"""Thousands of crash schedules in memory: whatever befalls workers, all is told once and whole."""

import pytest

from tests.conftest import FULL_SIZE
from tests.pipeline.crash_schedules import (
    Simulation,
    broken_among,
    broken_among_many,
)
from tests.pipeline.planted_bugs import PLANTS

SCHEDULES, ALL_SCHEDULES = 80, 3_000
FOUND_WITHIN = 60  # schedules; the first that finds each bug is printed


def test_whatever_befalls_workers_each_reading_counts_once_and_all_is_told() -> None:
    """Killed, frozen, replaced, refused or out of time: the answers of an undisturbed run.

    A failure names its seed: `python -m tests.pipeline.crash_schedules SEED` shows every step.
    """
    broken = broken_among_many(ALL_SCHEDULES) if FULL_SIZE else broken_among(range(SCHEDULES))

    assert broken == []


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_found_and_its_seed_finds_it_again(bug: str) -> None:
    """A suite that finds nothing might be looking at nothing."""
    plant = PLANTS[bug]

    for seed in range(FOUND_WITHIN):
        found = broken_among([seed], plant.ports, fences=plant.fences)
        if found:
            break

    assert found, bug
    print(f"{bug}: {found[0]}")  # noqa: T201  which seed
    assert broken_among([seed], plant.ports, fences=plant.fences) == found


def test_a_seed_gives_the_same_schedule_step_for_step() -> None:
    """A failure that cannot be seen again cannot be understood."""
    first, again = Simulation(5).run(), Simulation(5).run()

    assert first.history == again.history
    assert len(first.history) > 5
