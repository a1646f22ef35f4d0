"""One animal, her collar and its radio, day by day."""

from datetime import timedelta

import numpy as np

from firmware_sim.animal import Animal
from firmware_sim.course_farm import plan_of
from firmware_sim.course_rates import RATES
from firmware_sim.farm_recording_wearer import SKEW_S_MAX, Wearer, us_of
from firmware_sim.faults import Careless
from firmware_sim.recording import Composition
from firmware_sim.recording_sets import SPRING

DAY = timedelta(days=1)
CALM = dict.fromkeys(RATES, 0.0)


def test_without_faults_a_collar_tells_what_its_animal_does() -> None:
    """Radio and plan add nothing of their own; each place of its grid once."""
    calm = Composition(seed="calm", kind="calves", animals=8, days=3, interval_s=600, per_day=CALM)
    plan = plan_of(calm)
    for number, one in enumerate(plan.animals):
        one.faults = [each for each in one.faults if not isinstance(each, Careless)]
        wearer = Wearer(calm, plan, number)
        body = Animal(one.enrolled.animal_id, plan.farm_id, one.conditions, one.stage)

        found = wearer.day(plan.since + DAY, plan.since + 2 * DAY)

        skew_s = round(wearer.radio.skew_s * 1e6) / 1e6
        _, once = np.unique(found.seq, return_index=True)
        told = found.take(once)
        times_s = told.time_us / 1e6 - skew_s
        expected = body.columns(np.round(times_s), 600, ["rumination_minutes"])
        assert len(once) == 144
        np.testing.assert_array_equal(
            told.columns["rumination_minutes"], expected["rumination_minutes"]
        )


def test_some_clocks_are_wrong_by_minutes() -> None:
    """Under the five minutes from which on a gateway would say so."""
    herd = Composition(seed="skew", kind="calves", animals=200, days=1, interval_s=3600)
    plan = plan_of(herd)
    skews = np.array([Wearer(herd, plan, number).radio.skew_s for number in range(200)])

    assert 0.02 < (skews != 0).mean() < 0.12
    assert np.abs(skews).max() <= SKEW_S_MAX < 300


def test_milking_comes_an_hour_earlier_by_utc_from_the_last_sunday_of_march_on() -> None:
    """The timetable is people's: the herd shifts together and nobody is ill."""
    herd = Composition(seed="dst", animals=12, days=40, interval_s=600, per_day=CALM)
    plan = plan_of(herd)
    sums = np.zeros((2, 24 * 6))
    for number in range(12):
        wearer = Wearer(herd, plan, number)
        for day in range(20, 38):
            if day == 28:
                continue
            found = wearer.day(SPRING + day * DAY, SPRING + (day + 1) * DAY)
            place = ((found.time_us - us_of(SPRING + day * DAY)) // 600_000_000).clip(0, 143)
            np.add.at(sums[int(day > 28)], place, found.columns["eating_minutes"])
    before, after = (one - one.mean() for one in sums)

    shift = max(range(-12, 13), key=lambda places: float(before @ np.roll(after, places)))
    assert shift == 6
