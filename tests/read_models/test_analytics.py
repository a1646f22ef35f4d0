"""Rows for the column store, and series out of it: pure."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.columns import columns_of
from contracts.detection import Condition
from contracts.hour import AnimalHour, HourScore, HourSignal
from read_models.analytics import (
    HOUR_COLUMNS,
    READING_COLUMNS,
    SIGNAL_COLUMNS,
    Grid,
    animal_hours,
    hour_rows,
    reading_rows,
)
from tests.builders import MORNING, a_reading, an_event

HOUR_S = int(MORNING.timestamp())


def as_dict(row: bytes, columns: object) -> dict[str, str]:
    """A row by the names of its columns."""
    assert isinstance(columns, dict)
    return dict(zip(columns, row.decode().rstrip("\n").split("\t"), strict=True))


def a_row(
    hour: int, activity: float | None = None, scores: str = "[]", learnt: int = -1
) -> list[object]:
    """A row as ClickHouse answers it, with nothing but an activity."""
    values = [activity if name == "activity" else None for name in SIGNAL_COLUMNS]
    return [HOUR_S + 3600 * hour, 0.5, 1_000_000 * HOUR_S, scores, learnt, *values]


def test_a_reading_is_one_row_and_what_was_not_measured_is_no_number() -> None:
    """Zero minutes of rumination is an alarm, no measurement is none."""
    reading = a_reading(temperature_c=38.5, temperature_site="rumen")

    row = as_dict(reading_rows(columns_of([(0, reading)])), READING_COLUMNS)

    assert (row["farm_id"], row["collar_id"]) == ("farm-a", "c-17")
    assert row["event_id"] == reading.event_id
    assert row["occurred_at"] == f"{int(reading.timestamp.timestamp())}.000000"
    assert (row["temperature_c"], row["activity"]) == ("38.5", "nan")
    assert row["temperature_site"] == "rumen"


def test_an_id_that_is_no_uuid_costs_nobody_else_his_rows() -> None:
    """Whoever writes past our gateway may call a reading what he likes; it stays one reading."""
    odd = a_reading()
    batch = columns_of([(0, type(odd)(**{f: getattr(odd, f) for f in FIELDS}, event_id="mine"))])

    first = as_dict(reading_rows(batch), READING_COLUMNS)["event_id"]

    assert str(UUID(first)) == first
    assert as_dict(reading_rows(batch), READING_COLUMNS)["event_id"] == first


FIELDS = ("event_type", "timestamp", "aggregate_id", "actor", "farm_id", "payload")


def test_a_time_beyond_what_the_store_holds_is_moved_to_its_edge() -> None:
    """Avro can say the year 9999, ClickHouse cannot: a whole batch must not fail for it."""
    reading = a_reading(time=datetime(9999, 1, 1, tzinfo=UTC), received_at=MORNING)

    row = as_dict(reading_rows(columns_of([(0, reading)])), READING_COLUMNS)

    assert row["occurred_at"] == "4070908800.000000"


def test_an_hour_is_one_row_with_three_columns_a_signal() -> None:
    """What she did, what is usual, how much that varies; a later build's signal is left out."""
    hour = AnimalHour(
        hour_at=MORNING,
        revision=2,
        known_at=MORNING + timedelta(minutes=80),
        readings=12,
        coverage_share=0.75,
        signals=(
            HourSignal(signal="activity", value=40.0, usual=38.5, spread=None),
            HourSignal(signal="of_tomorrow", value=1.0),
        ),
        scores=(HourScore(detector="fever", condition=Condition.FEVER, unit="1", why_not="new"),),
    )

    row = as_dict(hour_rows([an_event(hour)]), HOUR_COLUMNS)

    assert (row["hour_at"], row["revision"], row["coverage_share"]) == (str(HOUR_S), "2", "0.75")
    told = [row[name] for name in ("activity", "activity_usual", "activity_spread")]
    assert told == ["40.0", "38.5", "nan"]
    assert row["temperature_c"] == "nan"
    assert '"why_not":"new"' in row["scores"]
    assert row["learnt_days"] == "-1"
    assert hour_rows([]) == b""


@pytest.mark.parametrize(
    ("since_minutes", "until_minutes", "hours"),
    [(0, 60, 1), (59, 61, 2), (0, 0, 0), (30, 30, 1), (60, 0, 0)],
)
def test_a_grid_holds_every_hour_that_a_span_touches(
    since_minutes: int, until_minutes: int, hours: int
) -> None:
    """The hour that is running belongs on the chart as well."""
    since, until = (MORNING + timedelta(minutes=m) for m in (since_minutes, until_minutes))

    grid = Grid.of(since, until)

    assert grid.hours == hours
    assert grid.start == (MORNING if since_minutes < 60 else MORNING + timedelta(hours=1))


def test_hours_stand_in_their_places_and_gaps_stay_gaps() -> None:
    """A line drawn over a silent night would lie."""
    grid = Grid.of(MORNING, MORNING + timedelta(hours=4))

    found = animal_hours(grid, [a_row(0, 5.0), a_row(2, 7.0), a_row(3)])

    assert found.signals["activity"].values == (5.0, None, 7.0, None)
    assert found.coverage == (0.5, None, 0.5, 0.5)
    assert list(found.signals) == ["activity"]


def test_the_newest_judged_hour_tells_the_scores() -> None:
    """Why it fired, or how far it was from it, now."""
    score = '[{"detector":"fever","condition":"fever","unit":"1","score":%s}]'
    grid = Grid.of(MORNING, MORNING + timedelta(hours=3))

    rows = [a_row(0, scores=score % 1), a_row(1, scores=score % 2, learnt=3), a_row(2)]
    found = animal_hours(grid, rows)

    assert [told.score for told in found.scores] == [2.0]
    assert found.learnt_days == 3
    assert found.scores_at == MORNING
