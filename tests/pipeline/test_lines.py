"""Hours are judged at lines of log time: once, in turn, the same however the log is cut."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.animal_event import FarmLive
from contracts.context import Context
from contracts.detection import Condition
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.ids import FarmId
from contracts.messages import event_type_of
from contracts.tick import DeafSpan
from pipeline.canonical import canonical
from pipeline.hour_events import LATE
from pipeline.state import PartitionState
from pipeline.telling import Told
from tests.builders import FARM, a_tick, an_event
from tests.pipeline.few import FEW
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import (
    HERD,
    MIDNIGHT,
    a_day,
    days_after,
    eventful,
    hour_of,
    reading_of,
    state_after_a_week,
    tick_at,
    weeks,
    when,
)

SHE = HERD[0]


def hours_told(log: Iterable[Event[Any]]) -> list[Event[AnimalHour]]:
    """The hours told of a log from nothing."""
    return run_all(values_of(log), state=PartitionState(FEW))[1].hour_events()


def own_tick(hour: float) -> Event[Any]:
    """A tick of the farm's own, so many hours from midnight."""
    return replace(tick_at(hour), farm_id=FARM)


def live() -> Event[Context]:
    """The farm goes live."""
    return an_event(
        Context(
            source_offset=9,
            source_event_id="e",
            source_event_type=event_type_of(FarmLive),
            details_json="{}",
        )
    )


def said(hours: Iterable[Event[AnimalHour]]) -> list[Any]:
    """Hours without what hangs on when they were judged, in one order."""
    return sorted(
        (e.aggregate_id, e.timestamp, repr(replace(e.payload, known_at=MIDNIGHT))) for e in hours
    )


def test_an_hour_is_told_twenty_minutes_after_its_end() -> None:
    """Radio, buffers and retries have had their time; the farmer waits no longer than that."""
    ticks = [tick_at(1 + minute / 60) for minute in range(0, 40, 5)]

    (told,) = hours_told([*hour_of(0, herd=[SHE]), *ticks])

    assert told.aggregate_id == SHE
    assert told.timestamp == told.payload.hour_at == MIDNIGHT
    assert told.payload.known_at == MIDNIGHT + timedelta(hours=1, minutes=20)
    assert (told.payload.revision, told.payload.readings) == (1, 1)
    assert told.payload.coverage_share == 1.0
    values = {signal.signal: signal.value for signal in told.payload.signals}
    assert values["steps"] == a_day(SHE, 0)["steps"]
    assert values["temperature_c"] == pytest.approx(a_day(SHE, 0)["temperature_c"], abs=0.01)
    assert {score.why_not for score in told.payload.scores} == {"too_few_hours"}


def test_the_twenty_minutes_are_of_hearing_time() -> None:
    """While the way in is closed nobody's readings can come."""
    deaf = DeafSpan(began_at=MIDNIGHT + timedelta(hours=1), ended_at=MIDNIGHT + timedelta(hours=2))
    ticks = [a_tick(MIDNIGHT + timedelta(hours=2, minutes=m), deaf=(deaf,)) for m in (5, 15, 20)]

    (told,) = hours_told([*hour_of(0, herd=[SHE]), *ticks])

    assert told.payload.known_at == MIDNIGHT + timedelta(hours=2, minutes=20)


def test_a_tick_that_crosses_many_lines_judges_each_hour_at_its_own() -> None:
    """An import or an outage must not make one moment of many hours."""
    readings = [event for hour in range(5) for event in hour_of(hour, herd=[SHE])]

    told = hours_told([tick_at(0), *readings, tick_at(5.5)])

    assert [e.payload.known_at - e.timestamp for e in told] == [timedelta(hours=1, minutes=20)] * 5


def test_a_clock_set_right_after_a_year_costs_three_days_of_lines() -> None:
    """What is older than late_max can be judged no more; a hundred thousand lines would stall."""
    log = [tick_at(0), *hour_of(0, herd=[SHE]), tick_at(24 * 365)]

    (told,) = hours_told(log)

    # told all the same, though no detector could hold it against anything any more
    assert {score.why_not for score in told.payload.scores} == {LATE}


def test_a_late_reading_has_its_hour_told_anew_with_the_next_revision() -> None:
    """A dead zone is normal: charts move, and so do the verdicts of hours that it is in."""
    log = weeks(1, lambda animal, hour, m: None if (animal, hour) == (SHE, 20) else m)
    late = reading_of(SHE, 20, a_day(SHE, 20))

    told = hours_told([*log, late, tick_at(26), late, tick_at(27)])

    again = [e for e in told if e.aggregate_id == SHE][-4:]
    assert [e.timestamp - MIDNIGHT for e in again] == [timedelta(hours=h) for h in range(20, 24)]
    assert [(e.payload.revision, e.payload.readings) for e in again] == [
        (1, 1),
        (2, 1),
        (2, 1),
        (2, 1),
    ]
    assert {s.why_not for e in again for s in e.payload.scores} == {"no_baseline"}


def test_each_revision_of_an_hour_is_an_event_of_its_own() -> None:
    """Read models keep the highest revision: the same again must be the same event."""
    more = replace(reading_of(SHE, 0, a_day(SHE, 0)), event_id="second")
    more = replace(more, payload=replace(more.payload, seq=77))

    told = hours_told([*hour_of(0, herd=[SHE]), tick_at(1.5), more, tick_at(2)])

    assert [e.payload.revision for e in told] == [1, 2]
    assert [e.payload.readings for e in told] == [1, 2]
    assert len({e.event_id for e in told}) == 2


def test_what_is_later_than_late_max_changes_nothing() -> None:
    """It is stored and charted from the readings; what was told of the hour stays."""
    late = reading_of(SHE, 0, a_day(SHE, 0))

    told = hours_told([*hour_of(1, herd=[SHE]), tick_at(1 + 72.5), late, tick_at(80)])

    assert [e.timestamp for e in told] == [MIDNIGHT + timedelta(hours=1)]


def test_an_import_tells_what_living_through_it_would_have_told() -> None:
    """Laid down in steps of six hours, two days are the same two days."""
    lived = hours_told([tick_at(0), *weeks(2)])
    steps = [
        event
        for step in range(0, 48, 6)
        for hour in range(step, step + 6)
        for event in hour_of(hour)
    ]
    log: list[Event[Any]] = [a_tick(when(100)), own_tick(0)]
    for step in range(8):
        log += [*steps[step * 6 * len(HERD) : (step + 1) * 6 * len(HERD)], own_tick(6 * step + 6)]

    imported = hours_told([*log, own_tick(48.5)])

    assert said(imported) == said(lived)
    assert [e.payload.known_at for e in imported] == [e.payload.known_at for e in lived]


def test_no_hour_is_judged_twice_when_a_farm_goes_live() -> None:
    """Its own clock and the partition's stand minutes apart, on either side."""
    past = [e for hour in range(30) for e in hour_of(hour)]
    for partition_hour in (29.0, 30.6, 33.0):
        log = [own_tick(0), *past, tick_at(partition_hour), own_tick(30.5), live(), tick_at(34)]

        told = hours_told(log)

        assert len(told) == 30 * len(HERD)
        assert {e.payload.revision for e in told} == {1}


def told_in(log: list[Event[Any]], batch: int) -> tuple[PartitionState, Told]:
    """State and told of a log after an ordinary week, in batches of so many."""
    return run_all(values_of(log), batch=batch, state=state_after_a_week(FEW))


EVENTFUL = days_after(1.5, eventful)


def test_all_detectors_have_something_to_say_of_the_eventful_days() -> None:
    """What follows would prove nothing about a detector that is silent."""
    _, told = told_in(EVENTFUL, 10_000)

    assert {event.payload.condition for event in told.detections} == {
        Condition.FEVER,
        Condition.RUMINATION_DROP,
        Condition.OESTRUS,
        Condition.COLLAR_SILENT,
    }


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_hourly_answers_do_not_hang_on_batches_or_crashes(batch: int) -> None:
    """Restored from a snapshot at every boundary, the days are told byte by byte the same."""
    values = values_of(EVENTFUL)
    expected_state, expected = told_in(EVENTFUL, 10_000)
    state, told = state_after_a_week(FEW), Told()

    for start in range(0, len(values), batch):
        if start % (batch * 5) == 0:
            state = PartitionState.from_arrays(state.to_arrays(), FEW)
        _, some = run_all(values[start : start + batch], state=state)
        told.detections += some.detections
        told.hours += some.hours

    assert told == expected
    arrays, wanted = state.to_arrays(), expected_state.to_arrays()
    assert all(array.tobytes() == wanted[name].tobytes() for name, array in arrays.items())


@given(st.randoms(use_true_random=False))
@settings(max_examples=4, deadline=None)  # each is a herd's day and a half
def test_the_order_of_readings_between_ticks_changes_no_hour_and_no_hourly_detection(
    random: Random,
) -> None:
    """Promise 3b: the network shuffles; bins hold integers, so nobody can tell."""
    shuffled: list[Event[Any]] = []
    held: list[Event[Any]] = []
    for event in EVENTFUL:
        held.append(event)
        if event.farm_id is None:
            *readings, tick = held
            random.shuffle(readings)
            shuffled += [*readings, tick]
            held = []

    _, told = told_in(EVENTFUL, 10_000)
    _, again = told_in(shuffled, 50)

    def hourly(some: Told) -> bytes:
        hourly = {Condition.RUMINATION_DROP, Condition.OESTRUS}
        return canonical(e for e in some.detections if e.payload.condition in hourly)

    assert said(again.hour_events()) == said(told.hour_events())
    assert hourly(again) == hourly(told)


def test_a_neighbour_in_the_partition_changes_nothing() -> None:
    """The unit of determinism is a farm's log; medians and sums must not see other farms."""
    theirs = [
        replace(event, farm_id=FarmId("farm-b"), event_id=f"b{event.event_id}")
        for event in EVENTFUL
    ]
    both = [e for pair in zip(EVENTFUL, theirs, strict=True) for e in pair]

    _, told = told_in(EVENTFUL, 10_000)
    _, together = told_in(both, 10_000)

    assert [e for e in together.hour_events() if e.farm_id == FARM] == told.hour_events()
    assert [e for e in together.detections if e.farm_id == FARM] == told.detections
