"""What befalls many at once: true of the farm, felt by the animals; and hard single cases."""

from datetime import timedelta

import numpy as np

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.course_farm import plan_of
from firmware_sim.course_wide import draw_down, draw_hypothermia, draw_no_water
from firmware_sim.draws import drawn_from
from firmware_sim.recording import Composition
from firmware_sim.recording_sets import SPRING, SUMMER
from firmware_sim.weather import air_at, thi_of
from tests.builders import MORNING

HOUR = timedelta(hours=1)


def test_an_outbreak_is_one_truth_of_the_farm_and_an_illness_of_each_animal() -> None:
    """Several pens, some animals each, within days."""
    plan = plan_of(
        Composition(seed="out", kind="calves", animals=48, days=60, per_day={"outbreak": 0.06})
    )
    truths = plan.truths()
    outbreaks = [one for one in truths if one.condition is Condition.HERD_OUTBREAK]

    assert len(outbreaks) >= 1
    for outbreak in outbreaks:
        ill = {
            one.animal_id
            for one in truths
            if one.condition is Condition.ILLNESS
            and outbreak.begins_at <= one.begins_at <= outbreak.begins_at + timedelta(days=8)
        }
        assert outbreak.animal_id == AnimalId(plan.farm_id)
        assert 4 <= len(ill) <= 36


def test_heat_stress_is_true_where_the_air_is_hot_for_hours() -> None:
    """THI 72 and more; none in a northern March."""
    summer = plan_of(Composition(seed="hot", animals=2, days=90, since=SUMMER))
    spring = plan_of(Composition(seed="hot", animals=2, days=25, since=SPRING))
    hot = [one for one in summer.truths() if one.condition is Condition.HEAT_STRESS]

    assert not [one for one in spring.truths() if one.condition is Condition.HEAT_STRESS]
    assert 1 <= len(hot) <= 12
    for one in hot:
        times_s = np.arange(one.begins_at.timestamp(), one.ends_at.timestamp(), 3600.0)
        air = air_at(summer.farm_id, times_s)
        thi = thi_of(air.ambient_c, air.humidity_pct)
        assert thi[0] >= 72
        assert (thi >= 72).sum() >= 5


def test_a_pen_without_water_is_every_one_of_its_animals() -> None:
    """One trough, many thirsty animals: each is true, and they stop together."""
    rates = {"water_failure": 0.2, "no_water": 0.0}
    plan = plan_of(Composition(seed="dry", kind="calves", animals=24, days=20, per_day=rates))
    truths = [one for one in plan.truths() if one.condition is Condition.DRINKING_STOPPED]

    begins = {one.begins_at for one in truths}
    assert len(begins) >= 1
    assert len(truths) / len(begins) > 5


def test_hard_cases_last_as_long_as_a_farmer_would_need() -> None:
    """Down for over six hours, cold under 37.5 °C, dry for more than half a day."""
    rng = drawn_from("hard")
    downs = [draw_down(rng, MORNING) for _ in range(100)]
    colds = [draw_hypothermia(rng, MORNING) for _ in range(100)]
    drys = [draw_no_water(rng, MORNING) for _ in range(100)]

    assert all(7 * HOUR <= one.ends_at - one.at <= 72 * HOUR for one in downs)
    assert all(one.ends_at - one.at >= 14 * HOUR for one in drys)
    cold_c = np.array([-one.signs[0].size for one in colds])
    assert 1.6 < np.median(cold_c) < 2.2
    assert (cold_c < 1.4).mean() > 0.05  # some are hardly cold enough
