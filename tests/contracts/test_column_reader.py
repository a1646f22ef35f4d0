"""Columns: the same readings as record by record, whatever bytes come."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts
from contracts.column_reader import ColumnReader
from contracts.columns import NONE_LONG, Batch, moment
from contracts.context import Context
from contracts.dead_letter import Reason
from contracts.envelope import Event
from contracts.messages import BY_PAYLOAD, MESSAGES, MessageType, schema_of
from contracts.reading import MEASUREMENTS, CollarReading, StationReading
from contracts.serde import AS_THEY_ARE, FixedSchemaIds, Serde, UnreadableRecordError
from tests.builders import FARM, MORNING, a_detection, a_reading, a_tick, an_event
from tests.conftest import FULL_SIZE

SCHEMAS = Path(contracts.__file__).parent / "schemas"
IDS = FixedSchemaIds()
SERDE = Serde(IDS)
READER = ColumnReader(IDS)

NUMBERS = [name for name in MEASUREMENTS if name != "temperature_site"]
any_number = st.none() | st.floats(-1000, 1000, width=32)
any_text = st.none() | st.text(max_size=12)
readings = st.builds(
    a_reading,
    animal=st.text(min_size=1, max_size=12),
    collar=st.sampled_from(["c-1", "c-22"]),
    boot_id=st.integers(0, 2**62),
    seq=st.integers(-5, 2**63 - 1),
    time=st.datetimes().map(lambda naive: naive.replace(tzinfo=MORNING.tzinfo)),
    received_at=st.just(MORNING),
    sent_at=st.none() | st.just(MORNING),
    station_id=any_text,
    clock=st.sampled_from(["ok", "ahead"]),
    temperature_site=any_text,
    **dict.fromkeys(NUMBERS, any_number),
)


def as_event(batch: Batch, index: int) -> Event[CollarReading]:
    """One reading of the columns as the event that Serde would have made."""
    columns = batch.readings
    said: dict[str, Any] = {name: texts.at(index) for name, texts in columns.texts.items()}
    for name, longs in columns.longs.items():
        said[name] = None if longs[index] == NONE_LONG else int(longs[index])
    for name, floats in columns.floats.items():
        said[name] = None if np.isnan(floats[index]) else float(floats[index])
    for name in ("timestamp", "received_at", "sent_at"):
        said[name] = None if said[name] is None else moment(said[name])
    payload = {name: said.pop(name) for name in CollarReading.__slots__}
    return Event(**said, payload=CollarReading(**payload))


def assert_as_record_by_record(values: list[bytes]) -> None:
    """The batch holds, each at its place, exactly what Serde makes of the records."""
    batch = READER.read(values)

    found: dict[int, Any] = {
        int(place): as_event(batch, index) for index, place in enumerate(batch.readings.place)
    }
    found |= dict(batch.events) | {place: why.reason for place, why in batch.rejected}
    expected: dict[int, Any] = {}
    for place, value in enumerate(values):
        try:
            expected[place] = SERDE.decode(value)
        except UnreadableRecordError as error:
            expected[place] = error.reason
        else:
            if isinstance(expected[place].payload, CollarReading) and not expected[place].farm_id:
                expected[place] = Reason.WRONG_TYPE
    assert batch.size == len(values)
    assert found == expected
    assert list(batch.readings.place) == sorted(batch.readings.place)


@given(st.lists(readings, max_size=8))
@settings(max_examples=3000 if FULL_SIZE else 60, deadline=None)
def test_columns_hold_what_record_by_record_decoding_gives(events: list[Event[Any]]) -> None:
    """A quicker decoder that differs in one value would change a judgement unseen."""
    assert_as_record_by_record([SERDE.encode(event) for event in events])


@given(readings, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3))
@settings(max_examples=6000 if FULL_SIZE else 120, deadline=None)
def test_damaged_bytes_are_read_as_record_by_record_and_cost_only_themselves(
    event: Event[Any], flips: list[tuple[int, int]]
) -> None:
    """One damaged record among good ones must neither shift nor spoil its neighbours."""
    damaged = bytearray(SERDE.encode(event))
    for place, byte in flips:
        damaged[place % len(damaged)] = byte
    good = SERDE.encode(a_reading(temperature_c=38.5))

    assert_as_record_by_record([good, bytes(damaged), good])


@given(st.lists(st.binary(max_size=60).map(lambda tail: SERDE.encode(a_reading())[:5] + tail)))
def test_noise_behind_a_good_header_is_read_as_record_by_record(values: list[bytes]) -> None:
    """Random bytes lead cursors everywhere; none may leave its record."""
    assert_as_record_by_record(values)


def test_every_cut_of_a_record_is_rejected() -> None:
    """A record that ends early must not read on in the next one."""
    whole = SERDE.encode(a_reading(temperature_c=38.5, station_id="barn-2"))

    assert_as_record_by_record([whole[:cut] for cut in range(len(whole))] + [whole])


def test_oddities_that_chance_seldom_finds_are_read_as_record_by_record() -> None:
    """Bytes left over, numbers that are not finite and ten-byte numbers shift no cursor."""
    values = [
        SERDE.encode(a_reading()) + b"\0",
        SERDE.encode(a_reading(temperature_c=float("nan"))),
        SERDE.encode(a_reading(latitude=float("inf"), longitude=7.0)),
        SERDE.encode(a_reading(seq=2**63 - 1, boot_id=2**62, time=MORNING)),
        SERDE.encode(a_reading(seq=-(2**63), time=MORNING)),
        SERDE.encode(a_reading()).replace(b"c-17", b"c-\xff7"),
        SERDE.encode(an_event(a_reading().payload, farm_id=None)),
    ]

    assert_as_record_by_record([*values, SERDE.encode(a_reading())])


def test_ticks_and_context_keep_their_place_among_the_readings() -> None:
    """Log time moves between two readings, so the order of the log must survive decoding."""
    context = an_event(
        Context(source_offset=3, source_event_id="e", source_event_type="t", details_json="{}")
    )
    log = [a_reading(seq=1), a_tick(MORNING), a_reading(seq=2), context, a_reading(seq=3)]

    batch = READER.read([SERDE.encode(event) for event in log])

    assert batch.readings.place.tolist() == [0, 2, 4]
    assert [(place, event.event_type) for place, event in batch.events] == [
        (1, "log.tick.v1"),
        (3, "log.context.v1"),
    ]


def test_an_event_of_another_topic_is_rejected() -> None:
    """A detection among the readings is somebody's mistake, not a reason to stop."""
    batch = READER.read([SERDE.encode(a_detection()), None])

    assert [(place, why.reason) for place, why in batch.rejected] == [
        (0, Reason.WRONG_TYPE),
        (1, Reason.DAMAGED_AVRO),
    ]


class OlderIds(FixedSchemaIds):
    """Knows one more writer, under id 99."""

    def __init__(self, older: dict[str, Any]) -> None:
        self.older = older

    def writer_schema(self, schema_id: int) -> dict[str, Any] | None:
        """The older schema, or one of ours."""
        return self.older if schema_id == 99 else super().writer_schema(schema_id)


def written_with(schema: dict[str, Any], event: Event[Any]) -> bytes:
    """The value as a build with that schema wrote it."""
    fields = msgspec.to_builtins(event, builtin_types=AS_THEY_ARE)
    del fields["stored"]
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), fields)
    return b"\0" + (99).to_bytes(4, "big") + out.getvalue()


def test_a_reading_of_every_released_schema_is_read_as_by_serde_and_in_its_place() -> None:
    """The log holds 400 days: readings of several builds lie mixed in one batch."""
    current = SERDE.encode(a_reading(seq=2))
    for file in sorted(SCHEMAS.glob("history/collar_reading.*.avsc")):
        ids = OlderIds(json.loads(file.read_text("utf-8")))
        event = a_reading(seq=7, temperature_c=38.5, battery_v=3.5)
        older = written_with(ids.older, event)

        batch = ColumnReader(ids).read([current, older, current])

        assert as_event(batch, 1) == Serde(ids).decode(older) == event
        assert batch.readings.longs["seq"].tolist() == [2, 7, 2]
        assert batch.readings.place.tolist() == [0, 1, 2]
        assert batch.rejected == ()


def test_a_schema_that_the_walk_cannot_follow_is_left_to_serde() -> None:
    """Avro may promote an int to a long: rare enough to be read one by one."""
    older = json.loads(json.dumps(schema_of(BY_PAYLOAD[CollarReading])))
    payload = next(field for field in older["fields"] if field["name"] == "payload")
    next(f for f in payload["type"]["fields"] if f["name"] == "seq")["type"] = "int"
    event = a_reading(seq=7)

    batch = ColumnReader(OlderIds(older)).read([written_with(older, event)])

    assert as_event(batch, 0) == event


def test_the_same_fields_in_another_nesting_are_no_reading() -> None:
    """A foreign schema may have all our names and none of our shape: Avro refuses it, so do we."""
    flat = json.loads(json.dumps(schema_of(BY_PAYLOAD[CollarReading])))
    payload = flat["fields"].pop()
    flat["fields"] += payload["type"]["fields"]

    batch = ColumnReader(OlderIds(flat)).read([b"\0\0\0\0\x63" + SERDE.encode(a_reading())[5:]])

    assert [why.reason for _, why in batch.rejected] == [Reason.UNKNOWN_SCHEMA]


def test_a_stations_reading_belongs_to_a_farm_as_a_collars_does() -> None:
    """Its weather would else be everybody's."""
    station = StationReading(
        station_id="roof", boot_id=1, seq=1, received_at=MORNING, interval_s=600, ambient_c=21.0
    )
    ours, nobodys = (an_event(station, farm_id=farm) for farm in (FARM, None))

    batch = ColumnReader(FixedSchemaIds()).read([SERDE.encode(ours), SERDE.encode(nobodys)])

    assert [(place, event.payload) for place, event in batch.events] == [(0, station)]
    assert [(place, why.reason) for place, why in batch.rejected] == [(1, Reason.WRONG_TYPE)]


def test_an_unknown_schema_is_asked_for_again() -> None:
    """The registry may learn the id a moment later: the answer "unknown" must not stick."""

    class LearningIds(FixedSchemaIds):
        known = False

        def writer_schema(self, schema_id: int) -> dict[str, Any] | None:
            return super().writer_schema(schema_id) if self.known else None

        def id_of(self, message: MessageType) -> int:
            return MESSAGES.index(message) + 1

    ids = LearningIds()
    reader = ColumnReader(ids)
    value = SERDE.encode(a_reading())

    before = reader.read([value])
    ids.known = True
    after = reader.read([value])

    assert [why.reason for _, why in before.rejected] == [Reason.UNKNOWN_SCHEMA]
    assert len(after.readings) == 1
