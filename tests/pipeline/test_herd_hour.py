"""Windows: what was heard against what is usual for just those hours; the herd's median."""

import numpy as np
import pytest

from pipeline.baselines import Baselines
from pipeline.herd_hour import (
    NO_BASELINE,
    NOT_MEASURED,
    TOO_FEW_HOURS,
    HerdHour,
    Medians,
    Window,
)
from pipeline.hours import HourBins
from pipeline.signals import SIGNALS
from pipeline.tables import HOUR_US
from tests.pipeline.test_hours import parts_of

SIGNAL = "rumination_minutes"
USUAL = 20.0
DAY = 10 * 24  # the first hour of the day that is looked at


def a_median() -> Medians:
    """One window's, not fixed yet."""
    return Medians([(SIGNAL, 24)], np.full(1, np.nan), np.zeros(1, np.bool_))


def window(minutes: dict[int, float], *, seconds: int = 3600, learnt: int = 24) -> Window:
    """The last 24 hours of an animal with these minutes in some of them, USUAL in each being known.

    learnt: of how many hours of the day her usual is known.
    """
    bins, baselines = HourBins(), Baselines()
    bins.table.reach(1)
    baselines.table.reach(1)
    for hour in range(learnt):
        for day in range(3):
            baselines.learn(np.array([0]), 24 * day + hour, np.full((1, len(SIGNALS)), USUAL))
    parts = [
        (0, (DAY + hour) * HOUR_US, seconds, round(100 * value), True)
        for hour, value in minutes.items()
    ]
    if parts:
        bins.add(parts_of(parts))
    rows = np.array([0])
    herd = HerdHour(DAY + 23, rows, bins, baselines, a_median())
    return herd.window(SIGNAL, 24)


def test_a_whole_day_is_its_minutes_against_the_usual_ones() -> None:
    """Half of the usual minutes: half."""
    found = window(dict.fromkeys(range(24), 10.0))

    assert found.ratio[0] == pytest.approx(0.5)
    assert found.usual[0] == pytest.approx(24 * USUAL)
    assert found.value[0] == pytest.approx(240)


def test_only_what_was_heard_is_held_against_what_is_usual_then() -> None:
    """Three quarters of the day heard, as usual: as usual, not a quarter less."""
    found = window(dict.fromkeys(range(18), USUAL))

    assert found.ratio[0] == pytest.approx(1.0)
    assert found.value[0] == pytest.approx(24 * USUAL)


@pytest.mark.parametrize(
    ("heard", "learnt", "why_not"),
    [(0, 24, NOT_MEASURED), (17, 24, TOO_FEW_HOURS), (24, 17, NO_BASELINE), (24, 24, None)],
)
def test_it_says_why_it_does_not_judge(heard: int, learnt: int, why_not: str | None) -> None:
    """A silent sensor, a dead zone and a new animal are three different things to look at."""
    found = window(dict.fromkeys(range(heard), USUAL), learnt=learnt)

    assert found.why_not == [why_not]
    assert np.isnan(found.ratio[0]) == (why_not is not None)


def test_two_collars_on_one_animal_count_as_one() -> None:
    """While a collar is changed both may speak: she does not ruminate twice."""
    found = window(dict.fromkeys(range(24), 2 * USUAL), seconds=7200)

    assert found.ratio[0] == pytest.approx(1.0)


def test_a_median_is_fixed_once_and_says_whether_readings_came_after() -> None:
    """Who is judged again is held against the same herd, and her score says that it was not all."""
    key, ratio, late = (SIGNAL, 24), np.full(1, np.nan), np.zeros(1, np.bool_)
    first = Medians([key], ratio, late)
    first.note_late(lambda _: True)  # before it is fixed nothing is late

    fixed = first.value(key, np.full(10, 0.8))

    again = Medians([key], ratio, late)
    assert (first.fixed_now, again.fixed_now, again.unfixed([key])) == (True, False, [])
    assert again.value(key, np.full(10, 0.5)) == fixed == pytest.approx(0.8)
    assert not again.partial([key])
    again.note_late(lambda hours: hours == 24)
    assert Medians([key], ratio, late).partial([key])
