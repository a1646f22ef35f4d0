"""The plain loop: an engine without columns, which must find what the engine finds."""

from benchmarks.plain_herd import TWINS
from benchmarks.plain_loop import PlainReader
from contracts.columns import micros
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.serde import FixedSchemaIds
from pipeline.canonical import canonical
from pipeline.state import PartitionState
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import LEARNT_DAYS, days_after, eventful, weeks

KINDS = {"fever", "rumination_drop", "oestrus", "collar_silent"}


def usual_of(hours: list[Event[AnimalHour]]) -> dict[str, list[tuple[object, ...]]]:
    """What was measured of each animal in each of her hours, and what is usual: by event_id."""
    return {
        hour.event_id: [(said.signal, said.value, said.usual) for said in hour.payload.signals]
        for hour in hours
    }


def test_the_plain_loop_finds_what_the_engine_finds() -> None:
    """Two programs that share only limits agree byte by byte: neither is wrong by itself."""
    log = [*weeks(LEARNT_DAYS), *days_after(2, eventful)]
    values = values_of(log)
    plain = PlainReader(FixedSchemaIds())

    for value in values:
        plain.take(value)
    _, told = run_all(values, state=PartitionState(TWINS))

    assert {event.payload.detector for event in told.detections} == KINDS
    assert canonical(plain.herds.told) == canonical(told.detections)
    assert usual_of(plain.herds.hours) == usual_of(told.hour_events())


def test_a_repeat_counts_once_in_the_plain_loop_too() -> None:
    """The log holds every reading at least once; a comparison that counts twice compares less."""
    log = days_after(0.25, eventful)
    once, twice = PlainReader(FixedSchemaIds()), PlainReader(FixedSchemaIds())

    for value in values_of(log):
        once.take(value)
    for value in values_of([event for event in log for _ in range(2)]):
        twice.take(value)

    assert [e.payload.readings for e in twice.herds.hours] == [
        e.payload.readings for e in once.herds.hours
    ]
    assert micros(log[0].timestamp) > 0
