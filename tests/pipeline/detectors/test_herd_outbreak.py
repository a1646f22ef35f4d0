"""Herd outbreak: more ill than chance allows, for a day."""

from typing import Any

import numpy as np
import pytest

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import SubjectKind
from pipeline.detectors.herd_outbreak import FIRST_SHARE, SPEC, HerdOutbreak
from pipeline.tables import Table
from tests.pipeline.logs import run, values_of
from tests.pipeline.weeks import HERD, Measures, days_after, state_after_a_week, when

DETECTOR = HerdOutbreak()


def ill(count: int, *, first: int = 3, last: int = 90) -> Any:  # noqa: ANN401  a change
    """So many of the twelve have a fever in these hours."""

    def change(animal: str, hour: int, measures: Measures) -> Measures:
        if animal in HERD[:count] and first <= hour < last:
            return measures | {"temperature_c": 40.7 + 0.01 * (hour % 7)}
        return measures

    return change


def outbreaks(log: list[Event[Any]]) -> list[Event[Detection]]:
    """What is told of them."""
    told = run(values_of(log), state=state_after_a_week())[1]
    return [event for event in told if event.payload.condition is Condition.HERD_OUTBREAK]


def test_half_a_herd_with_a_fever_for_a_day_is_one_case_of_the_farm() -> None:
    """It says how many are ill, how many chance allows, and since when."""
    (told, *_) = outbreaks(days_after(1.5, ill(6)))

    (evidence,) = told.payload.evidence
    assert (told.payload.subject_kind, told.aggregate_id) == (SubjectKind.FARM, "farm-a")
    assert (evidence.signal, evidence.value) == ("ill_animals", 6.0)
    assert evidence.limit is not None
    assert evidence.usual is not None
    assert evidence.usual < 1 < evidence.limit < 6
    assert told.payload.onset_at < when(8)
    assert 24 <= (told.payload.known_at - told.payload.onset_at).total_seconds() / 3600 < 26


def test_three_ill_animals_are_three_cases() -> None:
    """In a dozen that is bad luck."""
    assert outbreaks(days_after(1.4, ill(3))) == []


def test_half_a_day_is_none() -> None:
    """A vaccination makes a pen warm until tomorrow."""
    assert outbreaks(days_after(1.5, ill(6, last=18))) == []


def test_it_is_over_a_day_or_two_after_the_last() -> None:
    """An hour's lull ends nothing, a herd that is well does."""
    told = outbreaks(days_after(4.0, ill(6, last=36)))

    assert [event.payload.phase for event in told if event.payload.phase is not Phase.UPDATE] == [
        Phase.ONSET,
        Phase.END,
    ]


@pytest.mark.parametrize(
    ("heard", "share", "chance"),
    [(60, 0.02, 6), (300, 0.02, 15), (300, 0.1, 47), (2000, 0.05, 131)],
)
def test_the_band_is_that_of_the_binomial(heard: int, share: float, chance: int) -> None:
    """The highest number with a chance of more under one in a thousand, by exact sums."""
    assert int(DETECTOR._band(heard, share)) == pytest.approx(chance, abs=1)
    assert exact(heard, share) == chance


def exact(heard: int, share: float) -> int:
    """The least number that is exceeded with a chance under 0.1 %."""
    chance = np.exp(heard * np.log1p(-share))
    left, number = 1.0 - chance, 0
    while left > 0.001:
        number += 1
        chance *= (heard - number + 1) / number * share / (1 - share)
        left -= chance
    return number


def test_a_farm_with_many_ill_gets_used_to_them() -> None:
    """Not in days, but over weeks: else one bad winter would be an alarm without end."""
    memory = Table(DETECTOR.memory)
    memory.reach(1)

    assert memory["farm_share"][0] == FIRST_SHARE
    assert DETECTOR._band(100, 0.05) > DETECTOR._band(100, FIRST_SHARE)
    assert SPEC.value("hours") == 24
