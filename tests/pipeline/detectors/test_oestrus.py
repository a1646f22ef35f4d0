"""Oestrus: one animal far more active than usual for some hours, while her herd is not."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from pipeline.detectors.oestrus import Oestrus
from tests.builders import a_reading
from tests.pipeline.detectors.made_hours import hour_after, life_of
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import (
    HERD,
    LEARNT_DAYS,
    MIDNIGHT,
    Change,
    Measures,
    a_day,
    after_a_week,
    days_after,
    tick_at,
    when,
)

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
            "steps": measures["steps"] * factor,
            "rumination_minutes": measures["rumination_minutes"] * rumination,
            "temperature_c": measures["temperature_c"] + celsius,
        }

    return change


def in_turn(*changes: Change) -> Change:
    """All of these changes, one after the other."""

    def change(animal: str, hour: int, measures: Measures) -> Measures | None:
        for one in changes:
            measures = one(animal, hour, measures) or {}
        return measures

    return change


def is_oestrus(event: Event[Detection]) -> bool:
    """Whether it is told of oestrus."""
    return event.payload.condition is Condition.OESTRUS


def heats(days: float, *changes: Change) -> list[Event[Detection]]:
    """The oestrus told in some days after an ordinary week, under all the changes."""
    told = after_a_week(days_after(days, in_turn(*changes))).detections
    return [event for event in told if is_oestrus(event)]


def test_fifteen_restless_hours_are_one_oestrus_told_while_it_lasts() -> None:
    """She has to be served some hours after its begin: a word the next day is too late."""
    told = heats(2, restless(6, 21))

    assert {event.aggregate_id for event in told} == {SHE}
    assert [event.payload.phase for event in told][:1] == [Phase.ONSET]
    assert when(9) < told[0].payload.known_at < when(18)
    assert told[-1].payload.phase is Phase.END
    assert len({event.payload.detection_id for event in told}) == 1


def test_it_tells_activity_usual_and_limit_and_what_came_with_it() -> None:
    """The farmer reads: 2,400 where 1,300 are usual, and she chews less."""
    told, *_ = heats(1, restless(6, 21))

    said = {one.signal: one for one in told.payload.evidence}
    activity, rumination = said["activity"], said["rumination_minutes"]
    assert next(iter(said)) == "activity"
    assert activity.limit is not None
    assert activity.usual is not None
    assert activity.value >= activity.limit >= 1.4 * activity.usual
    assert rumination.usual is not None
    assert rumination.value < rumination.usual


def test_it_tells_when_to_inseminate_counted_from_the_first_restless_hour() -> None:
    """Known hours after it began: who counts from the message comes too late."""
    told, *_ = heats(1, restless(6, 21))

    said = {one.signal: one for one in told.payload.evidence}
    since, until = said["inseminate_from"], said["inseminate_until"]
    assert (since.value, since.unit, until.value) == (12, "h", 24)
    assert when(17) <= since.at <= when(19)
    assert until.at - since.at == timedelta(hours=12)


@pytest.mark.parametrize(
    "change",
    [
        restless(6, 21, herd=HERD),
        restless(6, 21, rumination=1.6),
        restless(6, 21, celsius=3.0),
        restless(6, 8),
    ],
    ids=["a moved pen", "rumination risen", "fever", "two hours of quarrel"],
)
def test_other_restlessness_is_not_oestrus(change: Change) -> None:
    """A vet is called for each one told: it must not be a moved pen, an illness, a quarrel."""
    assert heats(1.5, change) == []


@pytest.mark.parametrize(
    "measured",
    [{"activity"}, {"steps"}, {"activity", "eating_minutes", "lying_minutes"}],
    ids=lambda names: "+".join(sorted(names)),
)
def test_whatever_moves_with_her_is_enough(measured: set[str]) -> None:
    """A pedometer counts steps alone, a cheap collar an index: both find oestrus."""

    def collar(animal: str, hour: int, measures: Measures) -> Measures:
        changed = restless(6, 21)(animal, hour, measures) or {}
        return {name: value for name, value in changed.items() if name in measured}

    detector = Oestrus()
    verdict = detector.judge_hour(hour_after(16, collar, detector))

    assert np.nonzero(verdict.over)[0].tolist() == [HERD.index(SHE)]


@pytest.mark.parametrize(
    "told", [{"open_cow": 0.0}, {"days_to_due": 120.0}], ids=["checked", "due on a day"]
)
def test_a_pregnant_cow_is_not_in_oestrus_and_it_says_why(told: dict[str, float]) -> None:
    """One in twenty pregnant cows is restless: to inseminate her costs the calf."""
    detector = Oestrus()
    verdict = detector.judge_hour(hour_after(16, restless(6, 21), detector, life_of(SHE, **told)))
    place = HERD.index(SHE)

    assert not verdict.over[place]
    assert verdict.under[place]
    assert verdict.why_not[place] == "pregnant"


def test_a_cycle_after_a_service_less_is_enough_and_after_a_calving_more_is_needed() -> None:
    """What the register knows is no proof, but it weighs."""
    mild, detector, place = restless(6, 21, factor=1.8), Oestrus(), HERD.index(SHE)
    score = detector.judge_hour(hour_after(16, mild, detector)).score[place]

    def is_told(share: float, **told: float) -> bool:
        """Whether it is with a limit at that share of her score."""
        some = Oestrus(detector.spec.tuned({"activity_spreads": share * float(score)}))
        return bool(some.judge_hour(hour_after(16, mild, some, life_of(SHE, **told))).over[place])

    assert is_told(1.1, days_since_insemination=21.0)
    assert not is_told(1.1, days_since_insemination=9.0)
    assert is_told(0.9, days_in_milk=60.0)
    assert not is_told(0.9, days_in_milk=8.0)


def test_readings_of_two_hours_are_enough() -> None:
    """Some systems tell every two hours: pairs of equal hours are no steady animal."""
    start, log = 24 * LEARNT_DAYS, list[Event[Any]]()
    for hour in range(0, start + 48, 2):
        for animal in HERD:
            both = [
                restless(start + 6, start + 21)(animal, at, a_day(animal, at)) or {}
                for at in (hour, hour + 1)
            ]
            activity = sum(one["activity"] for one in both)
            log.append(
                a_reading(
                    animal=animal,
                    collar=f"c-{animal}",
                    seq=hour,
                    time=MIDNIGHT + timedelta(hours=hour + 2),
                    interval_s=7200,
                    activity=activity,
                )
            )
        log.append(tick_at(hour + 2.5))
    told = [one for one in run_all(values_of(log))[1].detections if is_oestrus(one)]

    assert {event.aggregate_id for event in told} == {SHE}


def test_the_next_one_is_not_looked_for_within_days() -> None:
    """Cycles last 18 to 24 days: a restless night two days later is something else."""
    told = heats(4, restless(6, 21), restless(60, 75))

    assert [event.payload.phase for event in told].count(Phase.ONSET) == 1


def test_activity_that_stays_up_ends_it_all_the_same() -> None:
    """No oestrus lasts two days; a case that never ends is no case."""
    told = heats(3, restless(6, 72))

    assert told[-1].payload.phase is Phase.END
    assert told[-1].payload.known_at < when(6 + 36 + 18)
