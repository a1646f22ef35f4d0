"""Collar fault: what cannot be true of an animal is told of her collar, illness is not."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.detection import Condition, Detection
from contracts.envelope import Event
from tests.pipeline.weeks import HERD, Measures, after_a_week, days_after

ONE = HERD[4]
Says = Callable[[Measures], Measures]


def faults(days: float, says: Says) -> list[Event[Detection]]:
    """The faults that are told where one collar speaks like that, hour after hour."""

    def change(animal: str, _hour: int, measures: Measures) -> Measures:
        return says(measures) if animal == ONE else measures

    told = after_a_week(days_after(days, change)).detections
    return [event for event in told if event.payload.condition is Condition.COLLAR_FAULT]


def times(**factors: float) -> Says:
    """Some signals times a factor."""
    return lambda measures: measures | {n: measures[n] * times for n, times in factors.items()}


FAULTS: dict[str, tuple[Says, str]] = {
    "a bolus that hangs": (lambda m: m | {"temperature_c": 38.61}, "temperature_c"),
    "a neck that is still while she chews": (times(activity=0.0), "activity"),
    "a jaw that is counted by the clock": (
        lambda m: m | {"rumination_minutes": 17.25},
        "rumination_minutes",
    ),
    "values of no body": (lambda m: m | {"temperature_c": 85.0}, "odd_share"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_no_animal_does_is_told_of_the_collar(fault: str) -> None:
    """With the signal that says so."""
    says, signal = FAULTS[fault]

    told = faults(0.7, says)

    assert told, fault
    assert told[0].aggregate_id == ONE
    assert signal in {one.signal for one in told[0].payload.evidence}


WELL: dict[str, Any] = {
    "ill": times(rumination_minutes=0.3, eating_minutes=0.4, activity=0.6, steps=0.6),
    "in heat": times(rumination_minutes=0.7, activity=3.0, steps=3.0, lying_minutes=0.3),
    "calving": times(rumination_minutes=0.3, eating_minutes=0.6, activity=1.6),
    "as ever": times(),
}


@pytest.mark.parametrize("state", WELL)
def test_an_animal_that_is_ill_or_in_heat_is_no_fault(state: str) -> None:
    """It shows in all that is measured of her, and nothing contradicts the rest."""
    assert faults(0.7, WELL[state]) == []
