"""A cow's calendar: cycles, conception and calving hang together; the register hears of them."""

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from contracts.animal_event import AnimalCalved, AnimalInseminated, AnimalPregnancyChecked
from firmware_sim.course import SILENT_TIMES
from firmware_sim.course_farm import plan_of
from firmware_sim.course_life import Life, draw_life, due_at
from firmware_sim.course_plan import Plan
from firmware_sim.recording import Composition

DAY = timedelta(days=1)
HERD = Composition(seed="life", animals=300, days=120, interval_s=600)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A herd that calves all year."""
    return plan_of(HERD)


@pytest.fixture(scope="module")
def lives(plan: Plan) -> list[Life]:
    """Its calendars."""
    return [draw_life(plan, number, block=False) for number in range(HERD.animals)]


def test_heats_come_every_18_to_24_days_and_none_when_she_is_pregnant(lives: list[Life]) -> None:
    """Oestrus in only cycling animals."""
    for life in lives:
        for first, second in pairwise(one.begins_at for one in life.heats):
            days = (second - first) / DAY
            assert 17.9 < days < 24.1 or days > 200  # or a calving lies between
        for calved_at in life.calvings[1:]:
            pregnant = [one for one in life.heats if 0 < (calved_at - one.begins_at) / DAY < 262]
            assert pregnant == []


def test_one_heat_of_eight_is_silent_and_only_seen_ones_are_served(lives: list[Life]) -> None:
    """10 to 20 % of cycles show less than half more activity."""
    heats = [one for life in lives for one in life.heats]
    silent = {one.begins_at for one in heats if one.activity_times < SILENT_TIMES}
    served = {at - timedelta(hours=12) for life in lives for at in life.inseminations}

    assert 0.10 < len(silent) / len(heats) < 0.20
    assert not silent & served


def test_a_herd_that_calves_all_year_has_a_third_of_it_calve_in_four_months(plan: Plan) -> None:
    """An interval of about 400 days, and heifers beside."""
    calvings = [at for one in plan.animals for at in one.calvings if at > plan.since]

    assert 0.2 < len(calvings) / HERD.animals < 0.45


def test_due_dates_are_known_of_four_fifths_and_right_within_two_weeks(
    plan: Plan, lives: list[Life]
) -> None:
    """281 days, give or take five: a due date is a hint, not a clock."""
    known: list[datetime | None] = []
    errors = []
    for life in lives:
        for at in life.calvings:
            if plan.since < at < plan.until:
                due = due_at(life, at - 2 * DAY)
                known.append(due)
                if due is not None:
                    errors.append((at - due) / DAY)

    assert 0.7 < sum(one is not None for one in known) / len(known) < 0.9
    assert 3.5 < np.std(errors) < 7.5
    assert np.abs(errors).max() < 20


def test_the_register_hears_of_it_later(plan: Plan) -> None:
    """Detectors must live with what they are told, when they are told it."""
    calved = [one for one in plan.told if isinstance(one.payload, AnimalCalved)]
    served = [one for one in plan.told if isinstance(one.payload, AnimalInseminated)]
    checked = [one.payload for one in plan.told if isinstance(one.payload, AnimalPregnancyChecked)]

    assert len(calved) > 50
    assert len(served) > 50
    assert all(0 < (one.told_at - one.payload.calved_at) / DAY < 0.6 for one in calved)
    assert {one.pregnant for one in checked} == {True, False}
    assert [one.told_at for one in plan.told] == sorted(one.told_at for one in plan.told)


def test_a_block_herd_calves_in_its_first_weeks() -> None:
    """Spring calving: the season in which a farm watches for them."""
    plan = plan_of(Composition(seed="block", animals=80, days=60, block_calving=True))

    calving = sum(any(plan.since < at < plan.until for at in one.calvings) for one in plan.animals)

    assert calving > 45
