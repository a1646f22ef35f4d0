"""Which faults a farm has: each with its one truth, of whom it is."""

from datetime import timedelta

import pytest

from contracts.detection import Condition
from firmware_sim.course_farm import plan_of
from firmware_sim.course_plan import Plan
from firmware_sim.faults import DyingBattery
from firmware_sim.recording import Composition

RATES = {
    "slipped": 0.01,
    "stuck": 0.01,
    "battery": 0.01,
    "dead": 0.01,
    "out_of_reach": 0.05,
    "station_dead": 0.2,
    "outage": 0.2,
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A farm of bad devices."""
    return plan_of(Composition(seed="bad", kind="calves", animals=30, days=40, per_day=RATES))


def test_a_dead_station_and_our_own_outage_are_one_truth_each(plan: Plan) -> None:
    """And none of the collars that are not heard because of them."""
    truths = plan.truths()
    deaf = [one for one in truths if one.condition is Condition.SYSTEM_DEAF]
    stations = [one for one in truths if one.condition is Condition.STATION_SILENT]

    assert [(one.begins_at, one.ends_at) for one in deaf] == plan.deaf
    assert len(stations) == len(plan.stations_dead) > 2
    assert {str(one.animal_id) for one in stations} <= set(plan.stations)
    silent = [one for one in truths if one.condition is Condition.COLLAR_SILENT]
    told = sum(len(s.truths(a.enrolled.animal_id)) for a in plan.animals for s in a.silences)
    assert len(silent) == told


def test_silences_of_a_collar_do_not_overlap(plan: Plan) -> None:
    """A collar can only fall silent when it was heard."""
    for one in plan.animals:
        ends = None
        for silence in one.silences:
            assert ends is None or silence.begins_at > ends
            ends = silence.ends_at


def test_who_has_an_empty_battery_is_not_heard_until_it_is_changed(plan: Plan) -> None:
    """Mostly; where she was silent already, that is the truth."""
    dead, heard = 0, 0
    for one in plan.animals:
        for fault in one.faults:
            if isinstance(fault, DyingBattery):
                at = fault.empty_at + timedelta(hours=1)
                silent = any(each.covers(at) and not each.buffered for each in one.silences)
                dead, heard = dead + silent, heard + (not silent)

    assert dead > 4 * heard
