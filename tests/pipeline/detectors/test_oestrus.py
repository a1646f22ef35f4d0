"""Oestrus: one animal far more active than usual for some hours, while her herd is not."""

import pytest

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from tests.pipeline.weeks import HERD, Change, Measures, after_a_week, days_after, when

SHE = HERD[5]


def restless(
    since: int,
    until: int,
    *,
    factor: float = 3.0,
    herd: tuple[str, ...] = (SHE,),
    rumination: float = 0.7,
    celsius: float = 0.3,
) -> Change:
    """Activity of some animals times `factor` in some hours, with what comes with it."""

    def change(animal: str, hour: int, measures: Measures) -> Measures:
        if animal not in herd or not since <= hour < until:
            return measures
        return measures | {
            "activity": measures["activity"] * factor,
            "rumination_minutes": measures["rumination_minutes"] * rumination,
            "temperature_c": measures["temperature_c"] + celsius,
        }

    return change


def heats(days: float, *changes: Change) -> list[Event[Detection]]:
    """The oestrus told in some days after an ordinary week, under all the changes."""

    def change(animal: str, hour: int, measures: Measures) -> Measures | None:
        for one in changes:
            measures = one(animal, hour, measures) or {}
        return measures

    told = after_a_week(days_after(days, change)).detections
    return [event for event in told if event.payload.condition is Condition.OESTRUS]


def test_fifteen_restless_hours_are_one_oestrus_told_while_it_lasts() -> None:
    """She has to be served some hours after its begin: a word the next day is too late."""
    told = heats(2, restless(6, 21))

    assert {event.aggregate_id for event in told} == {SHE}
    assert [event.payload.phase for event in told][:1] == [Phase.ONSET]
    assert when(9) < told[0].payload.known_at < when(18)
    assert told[-1].payload.phase is Phase.END
    assert len({event.payload.detection_id for event in told}) == 1


def test_it_tells_activity_usual_and_limit_and_what_rumination_did() -> None:
    """The farmer reads: 2,400 where 1,300 are usual, and she chews less."""
    told, *_ = heats(1, restless(6, 21))

    activity, rumination = told.payload.evidence
    assert (activity.signal, activity.unit, rumination.signal) == (
        "activity",
        "1",
        "rumination_minutes",
    )
    assert activity.limit is not None
    assert activity.usual is not None
    assert activity.value >= activity.limit == pytest.approx(1.6 * activity.usual, rel=0.05)
    assert rumination.usual is not None
    assert rumination.value < rumination.usual


@pytest.mark.parametrize(
    "change",
    [
        restless(6, 21, herd=HERD),
        restless(6, 21, rumination=1.3),
        restless(6, 21, celsius=3.0),
        restless(6, 8),
    ],
    ids=["a moved pen", "rumination risen", "fever", "two hours of quarrel"],
)
def test_other_restlessness_is_not_oestrus(change: Change) -> None:
    """A vet is called for each one told: it must not be a moved pen, an illness, a quarrel."""
    assert heats(1.5, change) == []


def test_without_rumination_activity_decides() -> None:
    """A pedometer measures no rumination, and finds oestrus all the same."""

    def pedometer(_animal: str, _hour: int, measures: Measures) -> Measures:
        return {name: value for name, value in measures.items() if name != "rumination_minutes"}

    told = heats(1, restless(6, 21), pedometer)

    # while what was usual is not yet forgotten, it is unknown rather than low
    assert told[0].aggregate_id == SHE


def test_the_next_one_is_not_looked_for_within_days() -> None:
    """Cycles last 18 to 24 days: a restless night two days later is something else."""
    told = heats(4, restless(6, 21), restless(60, 75))

    assert [event.payload.phase for event in told].count(Phase.ONSET) == 1


def test_activity_that_stays_up_ends_it_all_the_same() -> None:
    """No oestrus lasts two days; a case that never ends is no case."""
    told = heats(3, restless(6, 72))

    assert told[-1].payload.phase is Phase.END
    assert told[-1].payload.known_at < when(6 + 36 + 18)
