"""Sensors that say one value and no other."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline import stuck
from pipeline.stuck import HOURS_MIN, READINGS_MIN
from pipeline.tables import Table

ONE = np.array([0])
Floats = NDArray[np.float64]


def now(values: list[float], readings: int = 6) -> bool:
    """Whether an animal's sensor is stuck that said these values, an hour each, the newest last."""

    def value_of(rows: NDArray[np.int64], hour: int) -> Floats:
        return np.full(len(rows), values[hour] if hour >= 0 else np.nan)

    def readings_of(rows: NDArray[np.int64], hour: int) -> NDArray[np.int64]:
        return np.full(len(rows), readings if hour >= 0 and np.isfinite(values[hour]) else 0)

    return bool(stuck.now(ONE, len(values) - 1, value_of, readings_of)[0])


def learnt(values: list[float], readings: int = 6) -> list[bool]:
    """Of each hour that was learnt, whether it was taken for one of a stuck sensor."""
    table = Table(stuck.COLUMNS)
    table.reach(1)
    return [
        bool(
            stuck.learn(
                table, ONE, np.full((1, len(stuck.SIGNALS)), value), np.array([readings])
            ).any()
        )
        for value in values
    ]


def test_one_value_for_six_hours_is_no_animals() -> None:
    """A body's temperature moves by hundredths from hour to hour."""
    assert now([38.5, *[38.61] * HOURS_MIN])
    assert not now([38.5, *[38.61] * (HOURS_MIN - 1)])
    assert not now([38.61, 38.62] * HOURS_MIN)


def test_a_slow_coarse_sensor_is_given_time() -> None:
    """In steps of 0.1 °C, read every two hours, six hours alike are ordinary; a day is not."""
    every_two_hours = [38.6, np.nan] * 12

    assert not now([38.6] * 6, readings=1)
    assert now([*every_two_hours, 38.6][-24:], readings=1) == (
        len(every_two_hours) // 2 >= READINGS_MIN
    )
    assert now([38.6] * READINGS_MIN, readings=1)


def test_hours_that_were_not_heard_break_no_run() -> None:
    """A dead zone says nothing of the sensor."""
    assert now([38.61, 38.61, np.nan, 38.61, np.nan, *[38.61] * 3])


def test_an_animal_at_rest_is_not_stuck() -> None:
    """She takes no steps, hour after hour."""
    assert not now([0.0] * 24)
    assert not any(learnt([0.0] * 24))


@pytest.mark.parametrize("gap", [[], [np.nan] * 4])
def test_what_a_stuck_sensor_says_is_told_when_it_is_learnt(gap: list[float]) -> None:
    """From the sixth hour on; one other value and it is trusted again."""
    told = learnt([38.4, *[38.61] * 3, *gap, *[38.61] * 4, 38.62, 38.61])

    assert told == [False] * (6 + len(gap)) + [True, True] + [False] * 2
