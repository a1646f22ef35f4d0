"""A judged hour names itself."""

from datetime import UTC, datetime

from contracts.hour import HOUR_SIGNALS, hour_event_id
from contracts.reading import MEASUREMENTS

HOUR_AT = datetime(2026, 3, 1, 4, tzinfo=UTC)


def test_the_same_revision_is_the_same_event_and_the_next_is_another() -> None:
    """An hour is told again after a crash, and again with new values when a reading comes late."""
    first = hour_event_id("home", "bella", HOUR_AT, 1)

    assert hour_event_id("home", "bella", HOUR_AT, 1) == first
    assert hour_event_id("home", "bella", HOUR_AT, 2) != first


def test_the_signals_of_an_hour_are_columns_of_a_reading() -> None:
    """One word a thing: a chart of hours and one of readings name a signal alike."""
    assert set(HOUR_SIGNALS) <= set(MEASUREMENTS)
