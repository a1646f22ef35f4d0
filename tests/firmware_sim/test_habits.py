"""Habits: animals differ as much as cattle do, and most days of a barn are ordinary."""

import numpy as np
import pytest

from firmware_sim.habits import barn_day, habits_of


def test_animals_differ_and_keep_their_habits() -> None:
    """A herd in which all are alike needs no baseline of each."""
    herd = [habits_of(f"nl-{number}") for number in range(300)]

    assert habits_of("nl-7") == herd[7]
    assert 40 < np.std([one.rumination_minutes for one in herd]) < 75
    assert 0.1 < np.std([one.undisturbed_c for one in herd]) < 0.2
    assert 0.2 < np.mean([one.parity == 1 for one in herd]) < 0.4
    assert {one.parity for one in herd} == {1, 2, 3, 4, 5, 6}


def test_some_days_of_a_barn_are_odd_and_most_are_not() -> None:
    """Late feed, unrest and heat are what must not raise an alert for each animal."""
    year = [barn_day("home", number) for number in range(365)]

    late = sum(one.feed_late_minutes > 0 for one in year)
    unrest = sum(one.unrest_from is not None for one in year)
    hot = sum(one.hot_c > 0 for one in year)
    assert 5 < late < 35
    assert 2 < unrest < 25
    assert 3 < hot < 30
    assert late + unrest + hot < 70
    assert np.mean([one.movement for one in year]) == pytest.approx(1.0, abs=0.03)
