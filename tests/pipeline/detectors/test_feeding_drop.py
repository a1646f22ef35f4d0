"""Feeding drop: one animal eats far less than she does, and nothing else explains it."""

import pytest

from contracts.detection import Condition, Phase
from pipeline.detectors.feeding_drop import FeedingDrop
from tests.pipeline.detectors.herds import herd_after, says, told_of
from tests.pipeline.detectors.test_fusion import ILL, PLACE, changed
from tests.pipeline.weeks import Measures, after_a_week, days_after, when

ONLY = ("eating_minutes",)  # what many a farm measures and no more
HALF = changed(ONLY, eating_minutes=0.5)


def test_an_animal_that_eats_half_as_much_for_two_days_is_told() -> None:
    """By eating alone: its limit, usual and the herd are in the evidence."""
    told = [
        event
        for event in after_a_week(days_after(2.5, HALF)).detections
        if event.payload.condition is Condition.FEEDING_DROP
    ]

    onset = told[0]
    assert (onset.aggregate_id, onset.payload.phase) == (ILL, Phase.ONSET)
    assert when(20) < onset.payload.known_at < when(50)
    eating = onset.payload.evidence[0]
    assert (eating.signal, eating.unit) == ("eating_minutes", "min")
    assert eating.limit is not None
    assert eating.usual is not None
    assert eating.value < eating.limit < eating.usual


def test_a_third_less_in_a_day_is_an_ordinary_day() -> None:
    """A healthy animal's day of eating varies by a fifth."""
    assert not says(FeedingDrop(), 24, changed(ONLY, eating_minutes=0.7))[1]


def test_a_day_that_was_half_heard_is_not_judged() -> None:
    """Most deep drops in real feeding data are partial days."""

    def half_heard(animal: str, hour: int, measures: Measures) -> Measures | None:
        return None if animal == ILL and hour % 2 else HALF(animal, hour, measures)

    assert says(FeedingDrop(), 48, half_heard)[2] == "too_few_hours"


@pytest.mark.parametrize("said", [{"hours_since_move": 20.0}, {"days_in_milk": 1.5}])
def test_a_move_or_a_calving_is_waited_out(said: dict[str, float]) -> None:
    """In a new pen she eats less for a day, and around a calving too."""
    assert says(FeedingDrop(), 48, HALF)[1]
    assert not says(FeedingDrop(), 48, HALF, told_of(ILL, **said))[1]


def test_late_feed_for_all_is_nobodys_illness() -> None:
    """The herd's median takes off what all of them miss."""

    def late(_animal: str, _hour: int, measures: Measures) -> Measures:
        return {"eating_minutes": measures["eating_minutes"] * 0.5}

    assert not says(FeedingDrop(), 48, late)[1]


def test_who_ruminates_more_than_usual_is_not_told() -> None:
    """The sensor took the one for the other: what she chews she has eaten."""
    both = changed(eating_minutes=0.5, rumination_minutes=1.2)

    assert not says(FeedingDrop(), 48, both)[1]


def test_an_animal_that_eats_unevenly_has_to_fall_further() -> None:
    """Her own days say what is far off for her."""
    herd = herd_after(48, HALF, FeedingDrop.medians)
    herd.baselines.table["variance"][:] = 900.0  # half an hour of each hour

    assert not FeedingDrop().judge_hour(herd).over[PLACE]
    assert says(FeedingDrop(), 48, HALF)[1]  # whose own days are even
