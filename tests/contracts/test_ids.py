"""Ids fit every separator they meet, and derived ids repeat."""

import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import (
    CollarId,
    InvalidIdError,
    checked_id,
    derived_id,
    is_id,
    new_id,
    reading_event_id,
    reading_event_ids,
)


@pytest.mark.parametrize("good", ["nl-0017", "a", "0", "-", "x" * 40])
def test_an_id_of_the_grammar_is_taken_as_it_is(good: str) -> None:
    """Ids are given by people and makers of collars; we do not rewrite them."""
    assert checked_id("animal", good) == good


@pytest.mark.parametrize(
    "bad", ["", "x" * 41, "NL-1", "a/b", "a.b", "a:b", "a b", "a+", "#", "ä", "a\n", "\x00"]
)
def test_an_id_that_could_reach_a_neighbours_place_is_refused(bad: str) -> None:
    """The same text is an MQTT level, a Kafka key, a Redis key and a file name."""
    assert not is_id(bad)
    with pytest.raises(InvalidIdError, match="animal"):
        checked_id("animal", bad)


def test_a_readings_event_id_is_the_same_for_ever() -> None:
    """It is how a repeat is known years later: this very text must never change."""
    event_id = reading_event_id(CollarId("c-17"), 7, 41)

    assert event_id == reading_event_id(CollarId("c-17"), 7, 41)
    assert event_id == "9c75952d-377c-4530-ad02-638d786b7605"


@given(st.integers(0, 2**53), st.lists(st.integers(0, 2**53), max_size=20))
def test_many_ids_are_the_single_ones(boot_id: int, seqs: list[int]) -> None:
    """An upload and its repeat in other company are the same events."""
    collar_id = CollarId("c-17")

    many = reading_event_ids(collar_id, boot_id, seqs)

    assert many == [reading_event_id(collar_id, boot_id, seq) for seq in seqs]


@given(st.lists(st.text(max_size=5), min_size=2, max_size=4))
def test_where_one_part_ends_and_the_next_begins_makes_another_id(parts: list[str]) -> None:
    """("a", "bc") and ("ab", "c") are different things."""
    joined = [parts[0] + parts[1], *parts[2:]]

    assert derived_id(*parts) != derived_id(*joined)


@given(st.text(), st.integers())
def test_a_derived_id_is_shaped_as_a_version_4_uuid(text: str, number: int) -> None:
    """The envelope promises UUIDv4 to foreign consumers."""
    derived = derived_id(text, number)
    parts = f"{len(text)}:{text}{len(str(number))}:{number}"
    digest = hashlib.sha256(parts.encode()).digest()[:16]

    assert derived == str(uuid.UUID(bytes=digest, version=4))
    assert uuid.UUID(derived).variant == uuid.RFC_4122


def test_new_ids_differ() -> None:
    """Two events must never share an id by chance."""
    assert len({new_id() for _ in range(1000)}) == 1000
