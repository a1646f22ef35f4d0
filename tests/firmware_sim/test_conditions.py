"""Conditions: what they do to an animal's day, and that nothing before them changes."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.animal import Animal
from firmware_sim.conditions import Fever, Illness, Laid, Oestrus, Silence
from firmware_sim.draws import Floats
from tests.builders import MORNING

TEMPERATURE, RUMINATION, EATING, LYING, _, STEPS, ACTIVITY, DRINKING = range(8)
NL_1 = AnimalId("nl-1")
NOON = MORNING + timedelta(days=1, hours=8)
ANIMALS = 25


def readings(animal: Animal, since: datetime, hours: float) -> Floats:
    """(8, readings) every five minutes."""
    count = round(hours * 12)
    return animal.table(since.timestamp() + 300 * np.arange(1, count + 1, dtype=np.float64), 300)


def change(condition: Laid, since: datetime, hours: float) -> Floats:
    """(8,): sums with the condition over sums without it, of some animals together."""
    ill, well = np.zeros(8), np.zeros(8)
    for number in range(ANIMALS):
        usual = Animal(f"nl-{number}")
        well += readings(usual, since, hours).sum(axis=1)
        ill += readings(usual.with_condition(condition), since, hours).sum(axis=1)
    found: Floats = ill / well
    return found


OESTRUS = Oestrus(begins_at=NOON, ends_at=NOON + timedelta(hours=15), activity_times=3.0)
ILLNESS = Illness(begins_at=NOON, ends_at=NOON + timedelta(days=4))
CONDITIONS = [Fever(NOON), OESTRUS, ILLNESS]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: type(one).__name__)
def test_nothing_before_a_condition_depends_on_it(condition: Laid) -> None:
    """Otherwise a fever laid while the herd runs would rewrite what was already sent."""
    well = readings(Animal("nl-1"), MORNING, 31.9)
    ill = readings(Animal("nl-1").with_condition(condition), MORNING, 31.9)

    np.testing.assert_array_equal(well, ill)


@pytest.mark.parametrize("number", range(12))
def test_a_fever_makes_the_very_next_readings_hot(number: int) -> None:
    """The demo and the chaos test make one animal ill and wait for one alert: no drink may hide it.

    Over the rumen's limit of 40 °C by every animal at every hour.
    """
    begins_at = MORNING + timedelta(hours=2 * number, seconds=17)
    animal = Animal(f"nl-{number}").with_condition(Fever(begins_at))

    found = animal.table(begins_at.timestamp() + np.arange(0.0, 7200.0, 7), 7)[TEMPERATURE]

    assert found.min() >= 40.0


def test_a_fever_costs_appetite_and_ends_when_it_is_over() -> None:
    """The first thing a herdsman sees."""
    fever = Fever(NOON, ends_at=NOON + timedelta(hours=24))
    animal = Animal("nl-1").with_condition(fever)

    after = NOON + timedelta(hours=24)
    np.testing.assert_array_equal(
        readings(animal, after, 24)[RUMINATION], readings(Animal("nl-1"), after, 24)[RUMINATION]
    )
    assert change(fever, NOON, 24)[RUMINATION] < 0.4
    assert readings(animal, after + timedelta(hours=4), 1)[TEMPERATURE].max() < 40


def test_a_fever_can_rise_slowly() -> None:
    """A bolus sees most fevers come over hours."""
    rising = Animal("nl-1").with_condition(Fever(NOON, raise_c=2.0, rise=timedelta(hours=4)))
    at_once = Animal("nl-1").with_condition(Fever(NOON, raise_c=2.0))

    missing = readings(at_once, NOON, 6)[TEMPERATURE] - readings(rising, NOON, 6)[TEMPERATURE]

    assert missing[:3].mean() == pytest.approx(2.0, abs=0.15)
    assert missing[24] == pytest.approx(1.0, abs=0.05)
    assert missing[50:].max() == pytest.approx(0.0, abs=0.02)


def test_heat_has_the_signature_that_was_measured() -> None:
    """Reith & Hoy 2012: rumination -14 … -24 % of the day; activity up two- to fourfold."""
    times = change(OESTRUS, NOON, 15)
    day = change(OESTRUS, NOON, 24)

    assert 2.0 < times[ACTIVITY] < 3.0
    assert times[STEPS] > times[ACTIVITY]
    assert 0.74 < day[RUMINATION] < 0.88
    assert times[LYING] < 0.75
    assert 0.1 < (times[TEMPERATURE] - 1) * 38.7 < 0.6


def test_an_illness_comes_over_a_day_and_goes() -> None:
    """Slowly: a detector that needs a cliff would miss what farms have."""
    first_hours = change(ILLNESS, NOON, 3)
    at_its_height = change(ILLNESS, ILLNESS.seen_at + timedelta(hours=2), 24)
    after = change(ILLNESS, ILLNESS.ends_at, 24)

    assert first_hours[RUMINATION] > 0.85
    assert 0.48 < at_its_height[RUMINATION] < 0.65
    assert 0.5 < at_its_height[EATING] < 0.7
    assert at_its_height[ACTIVITY] < 0.9
    assert at_its_height[LYING] > 1.0
    assert 1.2 < (at_its_height[TEMPERATURE] - 1) * 38.7 < 2.2
    assert after[RUMINATION] == 1.0


def test_what_is_true_is_told_with_the_signs_that_are_strong_enough() -> None:
    """A mastitis without fever is no missed fever."""
    mild = Illness(
        begins_at=NOON,
        ends_at=NOON + timedelta(days=3),
        condition=Condition.KETOSIS,
        fever_c=0.0,
        rumination_loss=0.3,
    )

    assert [(one.condition, one.begins_at) for one in mild.truths(NL_1)] == [
        (Condition.KETOSIS, NOON + timedelta(hours=24)),
        (Condition.RUMINATION_DROP, NOON + timedelta(hours=24)),
    ]
    assert [one.condition for one in OESTRUS.truths(NL_1)] == [Condition.OESTRUS]
    short = Silence(begins_at=NOON, ends_at=NOON + timedelta(minutes=20))
    assert short.truths(NL_1) == []
