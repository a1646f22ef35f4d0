"""A range: where animals are tells of fences, predators and thieves."""

import numpy as np
import pytest

from contracts.detection import Condition
from firmware_sim.animal import Animal
from firmware_sim.conditions import Silence, Truth
from firmware_sim.course_farm import plan_of
from firmware_sim.course_plan import Plan
from firmware_sim.draws import Floats
from firmware_sim.places import METRES_A_DEGREE, place_of
from firmware_sim.recording import Composition
from firmware_sim.stage import Kind

RATES = {"predator": 0.4, "theft": 0.01, "escape": 0.02, "storm": 0.0, "out_of_reach": 0.0}


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A range where much happens."""
    return plan_of(Composition(seed="wild", kind="beef", animals=20, days=40, per_day=RATES))


def truths_of(plan: Plan, condition: Condition) -> list[Truth]:
    """What is true of it in the recording."""
    return [one for one in plan.truths() if one.condition is condition]


def body_of(plan: Plan, animal_id: str) -> Animal:
    """That animal's."""
    one = next(one for one in plan.animals if one.enrolled.animal_id == animal_id)
    return Animal(animal_id, plan.farm_id, one.conditions, one.stage)


def outside_m(plan: Plan, columns: dict[str, Floats]) -> Floats:
    """(readings,): metres outside the range, under 0 inside."""
    place = place_of(plan.farm_id, Kind.BEEF)
    north_m = (columns["latitude"] - place.latitude) * METRES_A_DEGREE
    shrinks = np.cos(np.radians(place.latitude))
    east_m = (columns["longitude"] - place.longitude) * METRES_A_DEGREE * shrinks
    found: Floats = np.maximum(np.abs(north_m) - place.north_m, np.abs(east_m) - place.east_m)
    return found


def test_who_has_escaped_is_outside_the_fence_and_nobody_else_is(plan: Plan) -> None:
    """From wherever inside she went."""
    for truth in truths_of(plan, Condition.GEOFENCE_ESCAPE):
        body = body_of(plan, truth.animal_id)
        middle_s = (truth.begins_at.timestamp() + truth.ends_at.timestamp()) / 2
        times_s = middle_s + 60.0 * np.arange(5, dtype=np.float64)
        before_s = truth.begins_at.timestamp() - 3600 + times_s - middle_s

        assert outside_m(plan, body.columns(times_s, 60, ["latitude", "longitude"])).min() > 60
        inside = outside_m(plan, body.columns(before_s, 60, ["latitude", "longitude"]))
        assert inside.max() < 60


def test_several_hearts_race_when_a_predator_comes(plan: Plan) -> None:
    """KORA 2012: 60-80 to 225 beats; four animals at least, within minutes."""
    truth = truths_of(plan, Condition.PREDATOR_PANIC)[0]
    at_s = np.array([truth.begins_at.timestamp() + 300.0])
    times = []
    for one in plan.animals:
        body = Animal(one.enrolled.animal_id, plan.farm_id, one.conditions, one.stage)
        before, during = (
            body.columns(when_s, 300, ["heart_rate_bpm"])["heart_rate_bpm"][0]
            for when_s in (at_s - 1800, at_s)
        )
        times.append(during / before)

    assert sum(one > 1.7 for one in times) >= 3
    assert truth.animal_id == str(plan.farm_id)


def test_a_stolen_animal_is_driven_off_at_night_and_then_not_heard(plan: Plan) -> None:
    """Over 5 m/s for minutes, kilometres away, then silence."""
    thefts = truths_of(plan, Condition.THEFT)
    assert len(thefts) >= 2
    for truth in thefts:
        assert truth.begins_at.hour in {21, 22, 23, 0, 1, 2}
        one = next(o for o in plan.animals if o.enrolled.animal_id == truth.animal_id)
        silent: Silence = next(s for s in one.silences if s.covers(truth.ends_at))
        body = body_of(plan, truth.animal_id)
        last_s = np.array([silent.begins_at.timestamp() - 60.0])
        found = outside_m(plan, body.columns(last_s, 60, ["latitude", "longitude"]))
        drove_s = silent.begins_at.timestamp() - truth.begins_at.timestamp()
        assert drove_s > 600
        assert not silent.buffered
        assert found[0] > 2000
