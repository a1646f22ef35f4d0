"""Logs for the engine's tests: made events, their bytes, and runs over them in batches."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from contracts.column_reader import ColumnReader
from contracts.detection import Detection
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.reading import NOBODY, CollarReading
from contracts.serde import FixedSchemaIds, Serde
from contracts.tick import DeafSpan
from pipeline.engine import step
from pipeline.state import PartitionState
from pipeline.telling import Told
from tests.builders import MORNING, a_reading, a_tick

SERDE = Serde(FixedSchemaIds())
READER = ColumnReader(FixedSchemaIds())


def values_of(log: Iterable[Event[Any]]) -> list[bytes]:
    """The Kafka values of a log."""
    return [SERDE.encode(event) for event in log]


def run(
    values: Sequence[bytes],
    *,
    batch: int = 10_000,
    state: PartitionState | None = None,
    reader: ColumnReader = READER,
) -> tuple[PartitionState, list[Event[Detection]]]:
    """The state and the detections after the values, in batches of so many."""
    state, told = run_all(values, batch=batch, state=state, reader=reader)
    return state, told.detections


def run_all(
    values: Sequence[bytes],
    *,
    batch: int = 10_000,
    state: PartitionState | None = None,
    reader: ColumnReader = READER,
) -> tuple[PartitionState, Told]:
    """The state and all that is told after the values, in batches of so many."""
    state = state or PartitionState()
    told = Told()
    for start in range(0, len(values), batch):
        some = step(state, reader.read(values[start : start + batch]))
        told.detections += some.detections
        told.hours += some.hours
    assert_revisions_go_up(told.detections)
    return state, told


def assert_revisions_go_up(told: Iterable[Event[Detection]]) -> None:
    """Of every run: whoever keeps the highest revision of each detection has missed nothing."""
    newest: dict[str, int] = {}
    contents: dict[str, Event[Detection]] = {}
    for event in told:
        one = event.payload
        assert one.revision > newest.get(one.detection_id, 0), one
        newest[one.detection_id] = one.revision
        assert contents.setdefault(event.event_id, event) == event


def told_by(log: Iterable[Event[Any]]) -> list[Event[Detection]]:
    """The detections of a log."""
    return run(values_of(log))[1]


def temperatures(*celsius: float, site: str = "rumen", **said: Any) -> list[Event[Any]]:  # noqa: ANN401  fields of a reading
    """Readings every five minutes, seq from 1."""
    return [
        a_reading(seq=seq, temperature_c=value, temperature_site=site, **said)
        for seq, value in enumerate(celsius, 1)
    ]


def moved(
    reading: Event[CollarReading], to: str, *, by: int, first_offset: int, taken_from: str = ""
) -> Event[CollarReading]:
    """A reading as a mover writes it again: it counts for `to` from here on."""
    payload = replace(
        reading.payload,
        taken_from=taken_from or reading.aggregate_id,
        taken_by=by,
        first_offset=first_offset,
    )
    return replace(reading, aggregate_id=to, payload=payload)


def _a_made_reading(parts: tuple[int, int, int, int, float, bool, bool]) -> Event[Any]:
    animal, boot_id, seq, minute, celsius, ahead, core = parts
    return a_reading(
        animal=f"nl-{animal}",
        collar=f"c-{animal}",
        boot_id=boot_id,
        seq=seq,
        time=MORNING + timedelta(minutes=minute),
        temperature_c=celsius,
        temperature_site="core" if core else "rumen",
        clock="ahead" if ahead else "ok",
        farm=FarmId("farm-a" if animal < 2 else "farm-b"),
    )


_readings = st.tuples(
    st.integers(0, 3),
    st.just(1) | st.integers(1, 2),
    st.integers(0, 30),
    st.integers(-80, 80).map(lambda fives: 5 * fives) | st.integers(-6000, 6000),
    st.sampled_from([38.6, 39.4, 39.5, 40.0, 40.9, 41.2]),
    st.integers(0, 9).map(lambda n: n == 0),
    st.booleans(),
).map(_a_made_reading)


@st.composite
def _courses(draw: st.DrawFn) -> list[Event[Any]]:
    """One animal's readings in order, the way a collar sends them: runs over and under limits."""
    animal, first = draw(st.integers(0, 3)), draw(st.integers(0, 40))
    warm = draw(st.lists(st.sampled_from([38.6, 40.9, 40.9]), min_size=3, max_size=14))
    return [
        _a_made_reading((animal, 3, first + n, 5 * (first + n), celsius, False, False))
        for n, celsius in enumerate(warm)
    ]


_ticks = st.tuples(
    st.integers(-100, 6000), st.sampled_from([None, None, None, "farm-b"]), st.integers(0, 30)
).map(
    lambda parts: Event(
        **{
            name: getattr(a_tick(MORNING), name) for name in ("event_type", "actor", "aggregate_id")
        },
        event_id=f"tick-{parts[0]}",
        timestamp=MORNING + timedelta(minutes=parts[0]),
        farm_id=FarmId(parts[1]) if parts[1] else None,
        payload=a_tick(
            MORNING,
            deaf=(DeafSpan(began_at=MORNING, ended_at=MORNING + timedelta(minutes=parts[2])),),
        ).payload,
    )
)

_chunks = _courses() | _readings.map(lambda one: [one]) | _ticks.map(lambda one: [one])
logs = st.lists(_chunks, max_size=30).map(
    lambda chunks: [event for chunk in chunks for event in chunk]
)


@st.composite
def _moves(draw: st.DrawFn) -> list[Event[Any]]:
    """A course that is taken from an animal of the same farm and given to one, or to nobody."""
    course, by = draw(_courses()), draw(st.integers(1, 3))
    first = draw(st.integers(0, 40))
    others = ("nl-0", "nl-1") if course[0].farm_id == "farm-a" else ("nl-2", "nl-3")
    to = draw(st.sampled_from((*others, NOBODY)))
    taken_from = draw(st.sampled_from((*others, NOBODY, "nl-99")))
    return [
        moved(one, to, by=by, first_offset=first + n, taken_from=taken_from)
        for n, one in enumerate(course)
    ]


@st.composite
def _taken_away(draw: st.DrawFn) -> list[Event[Any]]:
    """A course, a tick perhaps, and the same course moved to another animal of its farm."""
    course, by = draw(_courses()), draw(st.integers(1, 3))
    to = {"nl-0": "nl-1", "nl-1": "nl-0", "nl-2": "nl-3", "nl-3": "nl-2"}[course[0].aggregate_id]
    between = draw(st.lists(_ticks, max_size=2))
    again = [moved(one, to, by=by, first_offset=n) for n, one in enumerate(course)]
    return [*course, *between, *again]


moved_logs = st.lists(_chunks | _moves() | _taken_away(), max_size=16).map(
    lambda chunks: [event for chunk in chunks for event in chunk]
)
