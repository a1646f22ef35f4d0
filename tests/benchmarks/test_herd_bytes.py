"""The bytes of a very large herd are readings as gateways write them."""

from datetime import UTC, datetime

from benchmarks.herd_bytes import DAY, HOT_C, SEQ_FIRST, HerdBytes, Herds
from contracts.columns import moment
from contracts.reading import CollarReading
from contracts.serde import FixedSchemaIds, Serde
from contracts.tick import Tick

SERDE = Serde(FixedSchemaIds())
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERDS = Herds(animals=30, farms=3, interval_s=60)


def test_each_round_is_one_reading_of_each_animal_and_its_ticks() -> None:
    """What is patched into the bytes must be what a decoder reads out of them."""
    made = HerdBytes(HERDS, SERDE)

    slices = [*made.slices(7, BEGIN, SEQ_FIRST, 20), *made.slices(8, BEGIN, SEQ_FIRST + 1, 60)]

    events = [SERDE.decode(value) for _, values in slices for value in values]
    ticks = [event for event in events if isinstance(event.payload, Tick)]
    readings = [event for event in events if isinstance(event.payload, CollarReading)]
    assert [tick.timestamp for tick in ticks] == [ends for ends, _ in slices]
    assert len({(e.farm_id, e.aggregate_id, e.payload.collar_id) for e in readings}) == 60
    assert len({event.event_id for event in readings}) == 60
    assert [e.payload.seq for e in readings] == [SEQ_FIRST] * 30 + [SEQ_FIRST + 1] * 30
    assert {event.actor.removeprefix("collar:") for event in readings} == {
        event.payload.collar_id for event in readings
    }
    assert readings[0].farm_id == "farm-07-00000"
    assert readings[0].payload.temperature_c == HOT_C
    for event in readings:
        assert BEGIN <= event.timestamp < moment(int(BEGIN.timestamp() + 60) * 1_000_000)
        assert event.payload.received_at > event.timestamp
        assert all(getattr(event.payload, name) is not None for name in DAY)
        assert event.payload.humidity_pct is None
