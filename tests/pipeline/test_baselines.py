"""What is usual: learnt by hour of the day, forgotten over weeks, moved by no odd day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.baselines import DAYS_MIN, Baselines
from pipeline.signals import SIGNALS

ONE = np.array([0])


def taught(days: list[float], hour: int = 5, rows: int = 1) -> Baselines:
    """Baselines of one animal that learnt these values at one hour of successive days."""
    baselines = Baselines()
    baselines.table.reach(rows)
    for day, value in enumerate(days):
        baselines.learn(ONE, 24 * day + hour, np.full((1, len(SIGNALS)), value))
    return baselines


def usual(baselines: Baselines, hour: int = 5) -> float:
    """Of the first signal."""
    return float(baselines.usual(ONE, SIGNALS[0], np.array([hour]))[0, 0])


def test_nothing_is_usual_before_three_days() -> None:
    """Two days may be two odd ones."""
    assert np.isnan(usual(taught([20.0] * (DAYS_MIN - 1))))
    assert usual(taught([20.0] * DAYS_MIN)) == 20.0
    assert taught([]).usual_at(0, SIGNALS[0], 5) is None


def test_each_hour_of_the_day_has_a_level_of_its_own() -> None:
    """Cattle ruminate at night: a mean over the day would find a drop every noon."""
    baselines = taught([20.0] * 4)

    assert usual(baselines, hour=5 + 24 * 9) == 20.0
    assert np.isnan(usual(baselines, hour=6))


def test_the_first_days_are_their_mean_and_the_spread_is_theirs() -> None:
    """No day weighs more than another while there are few."""
    baselines = taught([10.0, 20.0, 30.0])

    assert usual(baselines) == pytest.approx(20.0)
    spread = baselines.spread(ONE, SIGNALS[0], np.array([5]))[0, 0]
    assert spread == pytest.approx(np.std([10.0, 20.0, 30.0]), rel=1e-5)


def test_it_follows_her_within_some_weeks() -> None:
    """Lactation moves on: what was usual in spring is not in summer."""
    assert usual(taught([20.0, 20.4] * 5 + [21.0] * 40)) == pytest.approx(21.0, abs=0.1)


def test_one_odd_hour_moves_it_little() -> None:
    """A sensor that jumps once must not make everything else look odd."""
    steady = [20.0, 21.0] * 6

    assert usual(taught([*steady, 500.0])) - usual(taught(steady)) < 0.5


def test_an_hour_without_a_value_teaches_nothing() -> None:
    """A silent collar must not look like an animal that stopped."""
    baselines = taught([20.0] * 4)
    baselines.learn(ONE, 24 * 9 + 5, np.full((1, len(SIGNALS)), np.nan))

    assert usual(baselines) == 20.0


@given(st.lists(st.floats(0, 60), min_size=1, max_size=20))
def test_company_changes_nothing(days: list[float]) -> None:
    """An animal's numbers are the same to the last bit, alone or among others."""
    together = Baselines()
    together.table.reach(9)
    for day, value in enumerate(days):
        values = np.arange(9.0)[:, None] + np.zeros((1, len(SIGNALS)))
        values[4] = value
        together.learn(np.arange(9), 24 * day + 5, values)

    alone = taught(days)

    for name in ("level", "variance", "days"):
        assert together.table[name][4].tobytes() == alone.table[name][0].tobytes()
