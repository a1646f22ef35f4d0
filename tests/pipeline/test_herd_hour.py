"""Windows: what was heard against what is usual for just those hours; the herd's median."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.baselines import Baselines
from pipeline.herd_hour import (
    NO_BASELINE,
    NOT_MEASURED,
    STUCK,
    TOO_FEW_HOURS,
    HerdHour,
    Window,
)
from pipeline.herds import Herds
from pipeline.hours import HourBins
from pipeline.medians import NO_PEN, Medians
from pipeline.signals import SIGNALS
from pipeline.tables import HOUR_US
from tests.pipeline.test_hours import parts_of

SIGNAL = "rumination_minutes"
USUAL = 20.0
READINGS = 2  # an hour
DAY = 10 * 24  # the first hour of the day that is looked at


def a_median() -> Medians:
    """One window's, not fixed yet."""
    return Medians([(SIGNAL, 24)], np.full(1, np.nan), np.zeros(1, np.bool_))


def window(
    minutes: dict[int, float], *, seconds: int = 3600, learnt: int = 24, signal: str = SIGNAL
) -> Window:
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
        (0, (DAY + hour) * HOUR_US, seconds // READINGS, round(100 * value) // READINGS, True)
        for hour, value in minutes.items()
        for _ in range(READINGS)
    ]
    if parts:
        bins.add(parts_of(parts))
    rows = np.array([0])
    herd = HerdHour(DAY + 23, rows, bins, baselines, a_median())
    return herd.window(signal, 24)


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


def test_what_a_stuck_sensor_says_is_no_window() -> None:
    """Forty an hour, every hour: twice her usual, and no animal's doing."""
    stuck = window(dict.fromkeys(range(24), 40.0), signal="activity")
    moved = window({**dict.fromkeys(range(24), 40.0), 22: 41.0}, signal="activity")
    lying = window(dict.fromkeys(range(24), 40.0), signal="lying_minutes")

    assert (stuck.why_not, moved.why_not, lying.why_not) == ([STUCK], [None], [None])
    assert np.isnan(stuck.ratio[0])


def test_who_is_in_a_pen_is_held_against_it() -> None:
    """All of a pen of ten do half of their usual, all of the herd's other half do theirs."""
    bins, baselines, rows = HourBins(), Baselines(), np.arange(20)
    bins.table.reach(20)
    baselines.table.reach(20)
    for hour in range(24):
        for day in range(3):
            baselines.learn(rows, 24 * day + hour, np.full((20, len(SIGNALS)), USUAL))
        centi = [1000 if row < 10 else 2000 for row in range(20)]
        bins.add(parts_of([(r, (DAY + hour) * HOUR_US, 3600, centi[r], True) for r in range(20)]))

    herd = HerdHour(DAY + 23, rows, bins, baselines, a_median(), pens=np.repeat([4, NO_PEN], 10))

    assert herd.groups.tolist() == [4] * 10 + [NO_PEN] * 10
    assert herd.pen_ratio(SIGNAL, 24).tolist() == [herd.herd_ratio(SIGNAL, 24)] * 20
    fixed = Herds([(SIGNAL, 24)])
    fixed.begin("home", herd.hour)
    herd = replace(herd, medians=fixed.medians("home", herd.hour))
    assert herd.pen_ratio(SIGNAL, 24).tolist() == pytest.approx([0.5] * 10 + [0.75] * 10)


def test_readings_with_what_no_animal_does_are_counted() -> None:
    """A collar that says so in every tenth reading is broken, whatever the others say."""
    bins = HourBins()
    bins.table.reach(2)
    bins.add(parts_of([(0, HOUR_US * DAY + n, 7 if n else 60, 100, True) for n in range(10)]))

    herd = HerdHour(DAY + 1, np.array([0, 1]), bins, Baselines(), a_median())

    assert herd.implausible(6)[0] == pytest.approx(0.9)
    assert np.isnan(herd.implausible(6)[1])
    assert np.isnan(herd.implausible(1)[0])
