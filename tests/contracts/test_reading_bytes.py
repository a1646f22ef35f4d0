"""The short way to a reading's bytes gives what fastavro gives: nobody can tell them apart."""

from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from contracts.ids import CollarId, FarmId
from contracts.messages import BY_PAYLOAD, schema_of
from contracts.reading import MEASUREMENTS, CollarReading
from contracts.reading_bytes import reading_bytes
from contracts.serde import AS_THEY_ARE, FixedSchemaIds, Serde
from tests.builders import MORNING, a_reading

SCHEMA = fastavro.parse_schema(schema_of(BY_PAYLOAD[CollarReading]))

texts = st.text(max_size=40)
longs = st.integers(-(2**63), 2**63 - 1)
moments = st.integers(-(10**15), 10**16).map(lambda us: MORNING + timedelta(microseconds=us))
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False) | st.integers(0, 1000)


def by_fastavro(event: Event[CollarReading]) -> bytes:
    """The record as the general writer gives it."""
    out, told = BytesIO(), msgspec.to_builtins(event, builtin_types=AS_THEY_ARE)
    del told["stored"]
    fastavro.schemaless_writer(out, SCHEMA, told)
    return out.getvalue()


@st.composite
def readings(draw: st.DrawFn) -> Event[CollarReading]:
    """Any reading that the schema can carry."""
    measured: dict[str, Any] = {
        name: draw(st.none() | (texts if name == "temperature_site" else numbers))
        for name in MEASUREMENTS
    }
    payload = CollarReading(
        collar_id=CollarId(draw(texts)),
        boot_id=draw(longs),
        seq=draw(longs),
        received_at=draw(moments),
        sent_at=draw(st.none() | moments),
        station_id=draw(st.none() | texts),
        clock=draw(st.sampled_from(["ok", "ahead"])),
        interval_s=draw(longs),
        **measured,
    )
    return Event(
        event_id=draw(st.uuids().map(str)),
        event_type="collar.reading.v1",
        timestamp=draw(moments),
        aggregate_id=draw(texts),
        actor=draw(texts),
        farm_id=FarmId(draw(texts)) if draw(st.booleans()) else None,
        causation_id=draw(st.none() | texts),
        payload=payload,
    )


@given(readings())
def test_the_bytes_are_fastavros(event: Event[CollarReading]) -> None:
    """A reader must not have to know which of the two wrote a record."""
    assert reading_bytes(event) == by_fastavro(event)


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    """Avro keeps microseconds since 1970, and a cache must not mix zones up."""
    event = a_reading()
    there = event.timestamp.astimezone(timezone(timedelta(hours=5)))

    assert reading_bytes(replace(event, timestamp=there)) == reading_bytes(event)


@pytest.mark.parametrize("name", [one.name for one in fields(CollarReading)])
def test_every_field_is_written(name: str) -> None:
    """A field added to the schema and forgotten here would shift all that stand behind it."""
    event = a_reading(seq=3, temperature_c=38.5, time=MORNING)
    values: dict[type, Any] = {float: 1.5, int: 9, str: "x", datetime: MORNING + timedelta(days=1)}
    kind = next(kind for kind in values if kind.__name__ in field_type(name))
    changed = replace(event, payload=replace(event.payload, **{name: values[kind]}))

    assert reading_bytes(changed) != reading_bytes(event)
    assert reading_bytes(changed) == by_fastavro(changed)


def test_the_registrys_wire_format_stands_before_it() -> None:
    """0x00 and the schema's id, as before every other record."""
    serde, event = Serde(FixedSchemaIds()), a_reading(temperature_c=38.5)

    value = serde.encode(event)

    assert value == b"\x00\x00\x00\x00\x01" + reading_bytes(event)
    assert serde.decode(value) == event


def field_type(name: str) -> str:
    """A field's annotation as text."""
    found = next(one.type for one in fields(CollarReading) if one.name == name)
    return "str" if name == "collar_id" else str(getattr(found, "__name__", found))
