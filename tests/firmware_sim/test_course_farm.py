"""A farm's course as a whole: what a herd of its kind has, in the right places."""

from collections import Counter
from datetime import timedelta

import pytest

from contracts.animal_event import AnimalMoved, FenceDrawn
from contracts.detection import Condition
from firmware_sim.course_farm import clock_changes, plan_of
from firmware_sim.recording import Composition
from firmware_sim.recording_sets import AUTUMN, CROWDED_CALVES, SPRING


def test_a_barn_is_enrolled_as_its_register_knows_it() -> None:
    """Pens, calvings, due dates and parities, as far as somebody typed them in."""
    plan = plan_of(Composition(seed="barn", animals=120, days=60))
    cows = [one.enrolled for one in plan.animals]

    assert {one.group for one in cows} >= {"pen-1", "pen-2", "pen-3", "dry"}
    assert 0.75 < sum(one.calved_at is not None for one in cows) / len(cows) < 0.97
    assert 0.1 < sum(one.due_at is not None for one in cows) / len(cows) < 0.7
    assert all(one.calved_at is None or one.calved_at < plan.since for one in cows)
    assert any(isinstance(one.payload, AnimalMoved) for one in plan.told)


def test_a_range_has_a_fence_and_no_calendar() -> None:
    """A bull tells nobody when he served."""
    plan = plan_of(Composition(seed="range", kind="beef", animals=30, days=30))

    assert isinstance(plan.told[0].payload, FenceDrawn)
    assert len(plan.told[0].payload.corners) == 4
    assert all(one.enrolled.calved_at is one.enrolled.due_at is None for one in plan.animals)


def test_calves_have_pneumonia_and_no_heat() -> None:
    """Each kind has its own illnesses."""
    plan = plan_of(
        Composition(seed="calves", kind="calves", animals=40, days=60, per_day=CROWDED_CALVES)
    )
    found = Counter(one.condition for one in plan.truths())

    assert found[Condition.ILLNESS] > 5
    assert not {Condition.OESTRUS, Condition.CALVING, Condition.MASTITIS} & set(found)


def test_the_farms_clock_goes_on_in_march_and_back_in_october() -> None:
    """Milking moves by an hour for the animals; 29 March and 25 October 2026, 01:00 UTC."""
    spring = plan_of(Composition(seed="a", animals=1, days=60, since=SPRING))
    autumn = plan_of(Composition(seed="a", animals=1, days=60, since=AUTUMN))

    assert clock_changes(spring) == (((SPRING + timedelta(days=28, hours=1)).timestamp(), 3600.0),)
    assert [seconds for _, seconds in clock_changes(autumn)] == [-3600.0]


def test_a_farm_of_a_kind_that_there_is_not_is_refused() -> None:
    """Rather than being simulated as something else."""
    with pytest.raises(ValueError, match="sheep"):
        plan_of(Composition(seed="a", kind="sheep"))
