"""The two simple rules tell what they say they do, once a spell, of whom enough is known."""

import numpy as np

from contracts.detection import Condition
from pipeline.tables import HOUR_US
from pipeline.yardsticks import FIXED, OWN_MEAN, Yardsticks
from tests.pipeline.told_hours import ANIMALS, FIRST, SIGNALS, a_told_hour, values_of


def told_of(yardsticks: Yardsticks, kind: str, condition: Condition) -> list[tuple[str, int]]:
    """(animal, hours after the first) of each finding."""
    return [
        (one.subject_id, one.onset_us // HOUR_US - FIRST)
        for one in yardsticks.findings[kind]
        if one.condition is condition
    ]


def test_a_third_less_rumination_than_her_ten_days_is_told_once() -> None:
    """The rule of the literature, one alert a spell."""
    yardsticks = Yardsticks(ANIMALS, rumen=True)

    for hour in range(24 * 16):
        values = values_of(rumination_minutes=20.0)
        if hour >= 24 * 12:
            values[3, SIGNALS.index("rumination_minutes")] = 12.0
        yardsticks.see(a_told_hour(FIRST + hour, values))

    (animal, at), *more = told_of(yardsticks, OWN_MEAN, Condition.RUMINATION_DROP)
    assert animal == "cow-3"
    assert 24 * 12 + 12 < at < 24 * 13
    assert not more


def test_twelve_hours_of_twice_the_herds_steps_are_told_where_there_is_no_activity() -> None:
    """Who counts steps is held against steps."""
    yardsticks = Yardsticks(ANIMALS, rumen=True)

    for hour in range(72):
        values = values_of(steps=100.0)
        if hour >= 48:
            values[5, SIGNALS.index("steps")] = 250.0
        yardsticks.see(a_told_hour(FIRST + hour, values))

    assert [one for one, _ in told_of(yardsticks, FIXED, Condition.OESTRUS)] == ["cow-5"]


def test_of_whom_too_little_was_heard_no_rule_holds() -> None:
    """A collar that is silent half the time is no ill cow."""
    yardsticks = Yardsticks(ANIMALS, rumen=True)

    for hour in range(24 * 14):
        values = values_of(rumination_minutes=20.0, eating_minutes=9.0)
        values[7] = np.nan if hour % 3 else values[7] / 4
        yardsticks.see(a_told_hour(FIRST + hour, values))

    assert not any(
        one.subject_id == "cow-7" for found in yardsticks.findings.values() for one in found
    )


def test_an_hour_that_comes_late_changes_sums_and_tells_nothing() -> None:
    """An alert about last night is no alert."""
    yardsticks = Yardsticks(ANIMALS, rumen=False)
    for hour in range(30):
        yardsticks.see(a_told_hour(FIRST + hour, values_of(temperature_c=38.6)))

    yardsticks.see(a_told_hour(FIRST + 20, values_of(temperature_c=41.0)))

    assert not told_of(yardsticks, FIXED, Condition.FEVER)


def test_the_rumen_is_given_half_a_degree() -> None:
    """One threshold for both would tell of every healthy bolus."""
    found = {}
    for rumen in (True, False):
        yardsticks = Yardsticks(ANIMALS, rumen=rumen)
        for hour in range(3):
            yardsticks.see(a_told_hour(FIRST + hour, values_of(temperature_c=39.7)))
        found[rumen] = len(told_of(yardsticks, FIXED, Condition.FEVER))

    assert found == {True: 0, False: len(ANIMALS)}
