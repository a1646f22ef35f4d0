"""The engine: one log gives one answer, however it is cut, crashed and restored."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.columns import micros
from contracts.context import Context
from contracts.detection import Condition, Phase
from contracts.envelope import Event
from contracts.reading import StationReading
from pipeline.canonical import canonical
from pipeline.detectors.registry import ALL
from pipeline.engine import last_told, step
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from tests.builders import FARM, MORNING, a_reading, a_tick, an_event
from tests.conftest import FULL_SIZE
from tests.pipeline.few import FEW
from tests.pipeline.logs import (
    READER,
    logs,
    moved_logs,
    run,
    run_all,
    temperatures,
    told_by,
    values_of,
)


def restored(state: PartitionState) -> PartitionState:
    """The state after a snapshot and a restore, by way of bytes and without pickle."""
    file = BytesIO()
    np.savez(file, allow_pickle=False, **state.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return PartitionState.from_arrays(dict(arrays), state.detectors)


def a_state() -> PartitionState:
    """Nothing known; of all detectors at full size, of a few in everyday tests."""
    return PartitionState(ALL if FULL_SIZE else FEW)


def assert_same_state(one: PartitionState, other: PartitionState) -> None:
    """Equal to the last byte of every array."""
    found, expected = one.to_arrays(), other.to_arrays()
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.tobytes() == expected[name].tobytes(), name


@given(moved_logs, st.lists(st.binary(max_size=20), max_size=2))
@settings(max_examples=40, deadline=None)
def test_the_same_log_gives_the_same_detections_whatever_the_batches(
    log: list[Event[Any]], noise: list[bytes]
) -> None:
    """Batch boundaries move after every crash: a judgement must not hang on them."""
    values = values_of(log)
    values[len(values) // 2 : len(values) // 2] = noise

    state, told = run_all(values, batch=1, state=a_state())

    for batch in (7, 100, 10_000):
        other, told_again = run_all(values, batch=batch, state=a_state())
        assert told_again == told
        assert canonical(told_again.detections) == canonical(told.detections)
        assert_same_state(other, state)


@given(moved_logs, st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_a_crash_after_any_batch_changes_nothing(log: list[Event[Any]], batch: int) -> None:
    """Restored from a snapshot at every boundary, the worker says what it would have said."""
    values = values_of(log)
    expected, told = run_all(values, batch=10_000, state=a_state())
    state = a_state()
    told_again, hours_again = [], []

    for start in range(0, len(values), batch):
        state = restored(state)
        told_again += last_told(state)
        some = step(state, READER.read(values[start : start + batch]))
        told_again += some.detections
        hours_again += some.hour_events()

    assert canonical(told_again) == canonical(told.detections)
    assert {event.event_id: event for event in told_again} == {
        event.event_id: event for event in told.detections
    }
    assert hours_again == told.hour_events()
    assert state.counted_by_animal() == expected.counted_by_animal()
    assert_same_state(state, expected)


@given(moved_logs)
@settings(max_examples=60, deadline=None)
def test_a_farms_answers_do_not_hang_on_its_neighbours(log: list[Event[Any]]) -> None:
    """The unit of determinism is a farm's log: who shares its partition must not matter."""
    alone = [event for event in log if event.farm_id in (None, "farm-a")]

    state, told = run_all(values_of(log), state=a_state())
    state_alone, told_alone = run_all(values_of(alone), state=a_state())

    assert [e for e in told.detections if e.farm_id == "farm-a"] == told_alone.detections
    assert [e for e in told.hour_events() if e.farm_id == "farm-a"] == told_alone.hour_events()
    counted = state.counted_by_animal()
    assert {k: n for k, n in counted.items() if k[0] == "farm-a"} == state_alone.counted_by_animal()


@given(logs)
@settings(max_examples=60, deadline=None)
def test_a_log_read_twice_counts_each_reading_once(log: list[Event[Any]]) -> None:
    """The log holds every reading at least once; whoever folds it counts it once."""
    readings = [event for event in log if event.event_type == "collar.reading.v1"]
    first_animal: dict[str, tuple[Any, str]] = {}
    for event in readings:
        first_animal.setdefault(event.event_id, (event.farm_id, event.aggregate_id))

    state, _ = run(values_of([*log, *log]), state=a_state())

    expected: dict[tuple[Any, str], int] = {}
    for owner in first_animal.values():
        expected[owner] = expected.get(owner, 0) + 1
    counted = {owner: n for owner, n in state.counted_by_animal().items() if n}
    assert counted == expected


def test_three_hot_readings_are_one_detection_known_at_log_time() -> None:
    """The way of a reading in one line: the third hot one is what the farmer hears of."""
    log = [a_tick(MORNING + timedelta(minutes=23)), *temperatures(38.6, 40.1, 40.2, 40.3, 40.4)]

    (told,) = told_by(log)

    assert told.payload.phase is Phase.ONSET
    assert told.payload.revision == 1
    assert told.timestamp == told.payload.onset_at == MORNING + timedelta(minutes=10)
    assert told.payload.known_at == MORNING + timedelta(minutes=23)
    assert told.causation_id == log[4].event_id
    assert [(e.value, e.limit) for e in told.payload.evidence] == [
        (40.1, 40.0),
        (40.2, 40.0),
        (40.3, 40.0),
    ]


def test_without_a_tick_a_judgement_is_known_at_the_readings_time() -> None:
    """The first readings of a new farm may come before the first tick."""
    (told,) = told_by(temperatures(41.0, 41.0, 41.0))

    assert told.payload.known_at == MORNING + timedelta(minutes=15)


def test_nothing_is_known_before_the_reading_that_caused_it() -> None:
    """An import runs hours ahead of its log time; so does a collar behind a slow tick."""
    (told,) = told_by([a_tick(MORNING), *temperatures(41.0, 41.0, 41.0)])

    assert told.payload.known_at == MORNING + timedelta(minutes=15)


def test_a_tick_that_lags_costs_no_judgement() -> None:
    """Ticks stop while their writer restarts: what the gateway received in time is judged."""
    hot = temperatures(*[41.0] * 3)

    told = told_by([a_tick(MORNING - timedelta(hours=2)), *hot])

    assert len(told) == 1


def test_an_episode_ends_under_the_same_id_and_the_next_gets_its_own() -> None:
    """One open case per cause: the end must find its beginning, a new fever is a new finding."""
    log = temperatures(*[40.5] * 3, *[38.5] * 3, *[40.5] * 3)

    told = told_by(log)

    assert [event.payload.phase for event in told] == [Phase.ONSET, Phase.END, Phase.ONSET]
    assert [event.payload.revision for event in told] == [1, 2, 1]
    assert told[0].payload.detection_id == told[1].payload.detection_id
    assert told[2].payload.detection_id != told[0].payload.detection_id
    assert told[1].payload.onset_at == told[0].payload.onset_at


def test_an_open_episode_is_told_again_every_six_hours_of_log_time() -> None:
    """A detection lost on the way costs hours, never the alert."""
    hot = temperatures(41.0, 41.0, 41.0)
    ticks = [a_tick(MORNING + timedelta(hours=h, minutes=15)) for h in range(14)]

    told = [e for e in told_by([*hot, *ticks]) if e.payload.condition is Condition.FEVER]

    assert [(e.payload.phase, e.payload.revision) for e in told] == [
        (Phase.ONSET, 1),
        (Phase.UPDATE, 2),
        (Phase.UPDATE, 3),
    ]
    assert [e.payload.known_at - MORNING for e in told[1:]] == [
        timedelta(hours=6, minutes=15),
        timedelta(hours=12, minutes=15),
    ]


@pytest.mark.parametrize(
    ("minutes", "detections"),
    [(-72 * 60, 1), (-72 * 60 - 30, 0), (0, 1), (30, 0)],
    ids=["late", "too late", "now", "ahead"],
)
def test_late_readings_are_judged_up_to_three_days_and_early_ones_five_minutes(
    minutes: int, detections: int
) -> None:
    """A dead zone is normal; a clock that runs ahead would end a fever that has not begun."""
    start = MORNING + timedelta(minutes=minutes)
    hot = [
        a_reading(
            seq=n,
            time=start + timedelta(minutes=n),
            temperature_c=41.0,
            temperature_site="core",
            received_at=MORNING,
        )
        for n in range(1, 4)
    ]

    state, told = run(values_of([a_tick(MORNING), *hot]))

    assert len(told) == detections
    assert state.counted_by_animal() == {("farm-a", "nl-0017"): 3}


def test_a_farm_with_ticks_of_its_own_ignores_the_partitions_until_it_goes_live() -> None:
    """A farm that imports its past must be judged in its past, not dismissed as late."""
    past = MORNING - timedelta(days=14)
    own = Event(
        **{n: getattr(a_tick(past), n) for n in ("event_id", "event_type", "actor", "payload")},
        timestamp=past,
        aggregate_id="farm-a",
        farm_id=a_reading().farm_id,
    )
    live = an_event(
        Context(
            source_offset=5,
            source_event_id="e",
            source_event_type="farm.live.v1",
            details_json="{}",
        )
    )

    def hot(boot_id: int) -> list[Event[Any]]:
        return [
            a_reading(
                boot_id=boot_id,
                seq=n,
                time=past + timedelta(minutes=n + 10 * boot_id),
                temperature_c=38.0 if boot_id == 2 else 41.0,
                temperature_site="core",
            )
            for n in range(3)
        ]

    log = [a_tick(MORNING), own, *hot(0), a_tick(MORNING), live, *hot(2), live, own]

    state, told = run(values_of(log))
    state = restored(state)
    step(state, READER.read(values_of([own])))

    fevers = [event for event in told if event.payload.condition is Condition.FEVER]
    # the end came too late; going live made two weeks pass, so the open one is told again
    assert [event.payload.phase for event in fevers] == [Phase.ONSET, Phase.UPDATE]
    assert state.log_time.own_us == {}


def test_what_a_station_measured_is_the_farms_air_and_no_animals_reading() -> None:
    """Detectors may ask for the weather of an hour; nobody's count or hour moves by it."""
    weather = an_event(
        StationReading(
            station_id="barn-2",
            boot_id=1,
            seq=1,
            received_at=MORNING,
            interval_s=300,
            ambient_c=31.0,
        ),
        aggregate_id="barn-2",
    )
    log = [a_tick(MORNING), *temperatures(*[41.0] * 3), a_tick(MORNING + timedelta(hours=3))]

    state, told = run(values_of([log[0], weather, *log[1:3], weather, *log[3:]]))

    expected, told_without = run(values_of(log))
    assert canonical(told) == canonical(told_without)
    assert state.air.weather(FARM, micros(MORNING) // HOUR_US).ambient_c == 31.0
    assert state.counted_by_animal() == expected.counted_by_animal()
    assert (
        state.hours.to_arrays(1)["readings"].sum() == expected.hours.to_arrays(1)["readings"].sum()
    )
