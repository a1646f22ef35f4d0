"""The farms detectors are judged on: enough of each condition, none that they were tuned on."""

from collections import Counter
from datetime import timedelta

import pytest

from contracts.detection import Condition
from firmware_sim.course_farm import plan_of
from firmware_sim.recording_sets import SETS, compositions

LEARNING = timedelta(days=8)  # nothing is usual before
EVENTS_MIN = 30


def test_no_seed_is_in_two_sets() -> None:
    """A figure on seeds that limits were set on says nothing."""
    seeds = [one.seed for name in SETS for one in compositions(name)]

    assert len(seeds) == len(set(seeds))


def test_the_test_set_has_thirty_events_of_every_condition() -> None:
    """And at least 300 animals over 120 days. Plans are cheap: no reading is made for this."""
    animal_days, events = 0, Counter[Condition]()
    for one in compositions("test"):
        animal_days += one.animals * one.days
        plan = plan_of(one)
        events.update(
            truth.condition for truth in plan.truths() if truth.begins_at >= plan.since + LEARNING
        )

    assert animal_days >= 300 * 120
    few = {name: events[name] for name in Condition if events[name] < EVENTS_MIN}
    assert few == {}


def test_farms_at_usual_rates_stand_beside_the_crowded_ones() -> None:
    """Precision is read where illness is as rare as on farms."""
    usual = [one for one in compositions("test") if not one.per_day]

    assert sum(one.animals * one.days for one in usual) >= 25_000


def test_another_set_is_refused() -> None:
    """Rather than being empty."""
    with pytest.raises(ValueError, match="final"):
        compositions("final")
