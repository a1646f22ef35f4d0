"""Readings written in columns are the readings written one by one, byte for byte."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import fastavro
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId
from contracts.messages import BY_PAYLOAD, schema_of
from contracts.reading import CollarReading
from contracts.reading_bytes import reading_bytes
from contracts.reading_columns import (
    COLUMNS_FROM,
    NUMBERS,
    ReadingRows,
    receipt_part,
    rows_bytes,
    subject_part,
)
from tests.builders import MORNING

SCHEMA = fastavro.parse_schema(schema_of(BY_PAYLOAD[CollarReading]))

ids = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)
longs = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300)
moments = st.integers(-(10**15), 10**16).map(lambda us: MORNING + timedelta(microseconds=us))
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
doubles = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def readings(draw: st.DrawFn) -> Event[CollarReading]:
    """Any reading that a collar can send."""
    collar_id = CollarId(draw(ids))
    measured: dict[str, Any] = {
        name: draw(st.none() | (doubles if name in {"latitude", "longitude"} else numbers))
        for name in NUMBERS
    }
    return Event(
        event_id=str(draw(st.uuids())),
        event_type="collar.reading.v1",
        timestamp=draw(moments),
        aggregate_id=AnimalId(draw(ids)),
        actor=f"collar:{collar_id}",
        farm_id=FarmId(draw(ids)),
        payload=CollarReading(
            collar_id=collar_id,
            boot_id=draw(longs),
            seq=draw(longs),
            received_at=draw(moments),
            sent_at=draw(st.none() | moments),
            station_id=draw(st.none() | ids),
            clock=draw(st.sampled_from(["ok", "ahead"])),
            interval_s=draw(longs),
            temperature_site=draw(st.none() | st.sampled_from(["rumen", "ear"]) | st.text()),
            **measured,
        ),
    )


def in_columns(events: list[Event[CollarReading]]) -> ReadingRows:
    """The same readings as a gateway hands them over."""
    payloads = [event.payload for event in events]
    return ReadingRows(
        event_ids=[event.event_id for event in events],
        times_us=[micros(event.timestamp) for event in events],
        subjects=[
            subject_part(
                AnimalId(event.aggregate_id),
                FarmId(str(event.farm_id)),
                event.payload.collar_id,
                event.payload.boot_id,
            )
            for event in events
        ],
        seqs=[one.seq for one in payloads],
        receipts=[
            receipt_part(one.received_at, one.sent_at, one.station_id, one.clock, one.interval_s)
            for one in payloads
        ],
        measured=[tuple(getattr(one, name) for name in NUMBERS) for one in payloads],
        sites=[one.temperature_site for one in payloads],
    )


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - datetime.fromtimestamp(0, moment.tzinfo)) // timedelta(microseconds=1)


@given(st.lists(readings(), min_size=1, max_size=3 * COLUMNS_FROM))
def test_a_row_is_the_reading(events: list[Event[CollarReading]]) -> None:
    """Which way a gateway wrote a reading must not be seen in it, whatever stood beside it."""
    assert rows_bytes(in_columns(events)) == [reading_bytes(event) for event in events]


@given(readings(), st.integers(1, 2 * COLUMNS_FROM))
def test_fastavro_reads_what_was_written_in_columns(event: Event[CollarReading], rows: int) -> None:
    """Most consumers know no other way."""
    record = rows_bytes(in_columns([event] * rows))[-1]

    told: Any = fastavro.schemaless_reader(BytesIO(record), SCHEMA, None)

    assert told["event_id"] == event.event_id
    assert told["timestamp"] == event.timestamp
    for name in NUMBERS:
        assert told["payload"][name] == getattr(event.payload, name)
