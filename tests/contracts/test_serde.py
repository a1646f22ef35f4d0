"""Avro bytes ↔ events: what goes in comes out, and damage is told from an unknown schema."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dead_letter import Reason
from contracts.serde import FixedSchemaIds, Serde, UnreadableRecordError
from tests.builders import MORNING, a_detection, a_reading, a_tick

SERDE = Serde(FixedSchemaIds())


def test_an_event_comes_back_as_it_went_in() -> None:
    """The log is the truth: whatever is written must be read again without loss."""
    for event in (a_reading(temperature_c=38.5, temperature_site="rumen"), a_detection()):
        value = SERDE.encode(event)

        found = SERDE.decode(value)

        assert found == event


def test_a_partitions_tick_has_no_farm() -> None:
    """A tick speaks for every farm of its partition."""
    found = SERDE.decode(SERDE.encode(a_tick(MORNING)))

    assert found.farm_id is None


@given(st.integers(min_value=0, max_value=200), st.integers(min_value=0, max_value=255))
def test_damaged_bytes_never_become_an_event_unnoticed_nor_crash(place: int, byte: int) -> None:
    """One flipped byte may change a value, but must not raise anything but the one error."""
    value = bytearray(SERDE.encode(a_reading(temperature_c=38.5)))
    value[place % len(value)] = byte

    with suppress(UnreadableRecordError):
        SERDE.decode(bytes(value))


@pytest.mark.parametrize("cut", [0, 3, 5, 20, -1])
def test_a_cut_record_is_damaged(cut: int) -> None:
    """A record that ends early must go to the dead letters, not stop the stream."""
    value = SERDE.encode(a_reading())[:cut]

    with pytest.raises(UnreadableRecordError) as caught:
        SERDE.decode(value)

    assert caught.value.reason is Reason.DAMAGED_AVRO


def test_bytes_left_over_are_damage() -> None:
    """The decoder itself would not notice: the record before the garbage decodes well."""
    with pytest.raises(UnreadableRecordError, match="left over"):
        SERDE.decode(SERDE.encode(a_reading()) + b"\0")


def test_a_number_that_is_not_finite_is_damage() -> None:
    """NaN passes every comparison silently, so it must not enter a detector."""
    value = SERDE.encode(a_reading(temperature_c=float("nan")))

    with pytest.raises(UnreadableRecordError, match="not finite"):
        SERDE.decode(value)


def test_an_unknown_schema_is_told_from_damage() -> None:
    """Waiting for the registry may help there, and never helps with damage."""
    value = struct.pack(">bI", 0, 9999) + b"whatever"

    with pytest.raises(UnreadableRecordError) as caught:
        SERDE.decode(value)

    assert caught.value.reason is Reason.UNKNOWN_SCHEMA
