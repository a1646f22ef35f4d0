"""The plain loop: an engine without columns, which must find what the engine finds."""

from benchmarks.plain_loop import PlainReader
from contracts.columns import micros
from contracts.serde import FixedSchemaIds
from pipeline.canonical import canonical
from tests.pipeline.logs import run, values_of
from tests.pipeline.weeks import LEARNT_DAYS, days_after, eventful, weeks

KINDS = {"fever", "rumination_drop", "oestrus", "collar_silent"}


def test_the_plain_loop_finds_what_the_engine_finds() -> None:
    """Two programs that share only limits agree byte by byte: neither is wrong by itself."""
    log = [*weeks(LEARNT_DAYS), *days_after(2, eventful)]
    values = values_of(log)
    plain = PlainReader(FixedSchemaIds())

    for value in values:
        plain.take(value)
    _, told = run(values)

    assert {event.payload.detector for event in told} == KINDS
    assert canonical(plain.herds.told) == canonical(told)


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
