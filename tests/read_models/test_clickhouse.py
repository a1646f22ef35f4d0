"""Readings and hours in a real ClickHouse engine: once in the answer, whatever is sent twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.columns import ReadingColumns, columns_of
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.reading import CollarReading
from contracts.topics import HOURS, READINGS, partition_of_farm
from farmbox.clickhouse import ClickHouse
from read_models.adapters.clickhouse import ClickHouseAnalyticsStore
from read_models.adapters.clickhouse_http import ClickHouseHttp
from read_models.adapters.clickhouse_queries import Analytics
from read_models.base import (
    Generation,
    GenerationLostError,
    Measured,
    Place,
    ReadModelUnavailableError,
    RebuildRunningError,
)
from read_models.rebuild import build
from runtime.lifecycle import Running
from tests.builders import FARM, a_reading
from tests.read_models.measured import MeasuredLog, an_hour, this_month

pytestmark = pytest.mark.services
DAY = this_month()
READINGS_PLACE = Place(READINGS.name, partition_of_farm(FARM))
HOURS_PLACE = Place(HOURS.name, partition_of_farm(FARM))
NO_READINGS = columns_of([])
KINDS = ("readings", "stations", "hours", "assignments", "offsets")


def readings(*seqs: int) -> ReadingColumns:
    """Readings of one collar, five minutes apart."""
    made: list[tuple[int, Event[CollarReading]]] = [
        (
            at,
            a_reading(seq=seq, time=DAY + timedelta(minutes=5 * seq), activity=float(seq)),
        )
        for at, seq in enumerate(seqs)
    ]
    return columns_of(made)


def hours_piece(end: int, *hours: Event[AnimalHour]) -> Measured:
    """What a poll of the hours gives."""
    return Measured({HOURS_PLACE: end}, NO_READINGS, hours)


@pytest.fixture
def store(clickhouse: ClickHouseHttp) -> ClickHouseAnalyticsStore:
    """The store that the loop fills."""
    return ClickHouseAnalyticsStore(clickhouse)


@pytest.fixture
def analytics(clickhouse_server: ClickHouse) -> Iterator[Analytics]:
    """The questions, over a client of their own."""
    client = Analytics(ClickHouseHttp(clickhouse_server.url))
    yield client
    client.close()


def answering(store: ClickHouseAnalyticsStore) -> Generation:
    """An empty generation that answers questions."""
    generation = store.begin("", None)
    assert store.swap(generation, {})
    return generation


def count(clickhouse: ClickHouseHttp, generation: Generation) -> int:
    """The readings of a generation, repeats taken once."""
    (row,) = clickhouse.rows(f"SELECT count() FROM readings_{generation.id} FINAL")  # noqa: S608  ours
    return int(row[0])


def test_a_week_of_signals_with_her_own_band(
    store: ClickHouseAnalyticsStore, analytics: Analytics
) -> None:
    """A chart needs every hour in its place, also those in which nobody heard her."""
    generation = answering(store)
    hours = [an_hour(hour, rumination_minutes=20.0 + hour) for hour in (0, 1, 3)]
    store.apply(generation, hours_piece(3, *hours))

    found = analytics.signals(FARM, "nl-0017", DAY, DAY + timedelta(hours=4))

    series = found.signals["rumination_minutes"]
    assert (found.start, found.step_s, series.unit) == (DAY, 3600, "min")
    assert series.values == (20.0, 21.0, None, 23.0)
    assert series.usual == (21.0, 22.0, None, 24.0)
    assert series.spread == (0.1, 0.1, None, 0.1)
    assert found.coverage == (1.0, 1.0, None, 1.0)
    assert list(found.signals) == ["rumination_minutes"]
    assert found.scores[0].score == 3 / 24
    assert found.scores_at == DAY + timedelta(hours=3, minutes=80)


def test_an_hour_told_again_shows_its_highest_revision(
    store: ClickHouseAnalyticsStore, analytics: Analytics
) -> None:
    """Late readings move an hour; a crash tells the old one again afterwards."""
    generation = answering(store)
    old, new = an_hour(0, activity=5.0), an_hour(0, revision=2, activity=7.0)
    generation = store.apply(generation, hours_piece(1, old))
    generation = store.apply(generation, hours_piece(2, new))
    store.apply(generation, hours_piece(3, old))

    found = analytics.signals(FARM, "nl-0017", DAY, DAY + timedelta(hours=1))

    assert found.signals["activity"].values == (7.0,)


def test_sparks_of_a_whole_board_in_one_question(
    store: ClickHouseAnalyticsStore, analytics: Analytics
) -> None:
    """A board with twenty cases must not ask twenty times."""
    hours = [
        an_hour(hour, animal=animal, activity=float(hour), temperature_c=38.5)
        for animal in ("a", "b")
        for hour in range(3)
    ]
    store.apply(answering(store), hours_piece(6, *hours))
    wanted = [("a", "activity"), ("b", "temperature_c"), ("c", "activity"), ("a", "silent_minutes")]

    found = analytics.sparks(FARM, wanted, DAY, DAY + timedelta(hours=3))

    assert list(found) == [("a", "activity"), ("b", "temperature_c")]
    assert found["a", "activity"].values == (0.0, 1.0, 2.0)
    assert found["b", "temperature_c"].usual == (39.5, 39.5, 39.5)


def test_a_batch_of_many_hours_goes_in_by_several_inserts(
    store: ClickHouseAnalyticsStore, analytics: Analytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year told again comes in batches whose text no server takes at once."""
    monkeypatch.setattr("read_models.adapters.clickhouse.HOURS_MAX", 2)
    hours = [an_hour(hour, activity=float(hour)) for hour in range(5)]

    store.apply(answering(store), hours_piece(5, *hours))

    found = analytics.signals(FARM, "nl-0017", DAY, DAY + timedelta(hours=5))
    assert found.signals["activity"].values == (0.0, 1.0, 2.0, 3.0, 4.0)


def test_a_reading_sent_twice_counts_once(
    store: ClickHouseAnalyticsStore, clickhouse: ClickHouseHttp
) -> None:
    """The log holds a reading at least once, and a crash writes a batch again."""
    generation = answering(store)
    generation = store.apply(generation, Measured({READINGS_PLACE: 3}, readings(1, 2, 3)))

    store.apply(generation, Measured({READINGS_PLACE: 6}, readings(2, 3, 4)))

    assert count(clickhouse, generation) == 4


def test_no_time_a_collar_may_name_stops_the_loading(
    store: ClickHouseAnalyticsStore, clickhouse: ClickHouseHttp
) -> None:
    """A clock that wandered through forty years costs its collar, not the charts of all farms."""
    begin = datetime(1970, 1, 1, tzinfo=UTC)
    generation = answering(store)
    lost = columns_of(
        [
            (at, a_reading(seq=at + 1, time=begin + timedelta(days=31 * at), activity=1.0))
            for at in range(480)
        ]
    )

    generation = store.apply(generation, Measured({READINGS_PLACE: 480}, lost))
    store.apply(generation, Measured({READINGS_PLACE: 483}, readings(1001, 1002, 1003)))

    (row,) = clickhouse.rows(
        f"SELECT countIf(occurred_at > '{DAY:%Y-%m-%d}') FROM readings_{generation.id} FINAL"  # noqa: S608  ours
    )
    assert int(row[0]) == 3


def test_a_batch_written_before_a_crash_is_written_again_and_counts_once(
    store: ClickHouseAnalyticsStore, clickhouse: ClickHouseHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data go first, so that no offset ever speaks of rows that are not there."""
    generation = answering(store)
    insert = store._insert

    def dies_before_the_offset(of: Generation, table: str, rows: bytes) -> None:
        if table.startswith("offsets"):
            raise ReadModelUnavailableError("killed")
        insert(of, table, rows)

    monkeypatch.setattr(store, "_insert", dies_before_the_offset)
    with pytest.raises(ReadModelUnavailableError):
        store.apply(generation, Measured({READINGS_PLACE: 3}, readings(1, 2, 3)))
    monkeypatch.undo()
    again = store.current()

    assert again is not None
    assert again.offsets == {}
    store.apply(again, Measured({READINGS_PLACE: 3}, readings(1, 2, 3)))
    assert count(clickhouse, generation) == 3


def test_a_batch_that_does_not_start_where_the_store_stands_is_refused(
    store: ClickHouseAnalyticsStore,
) -> None:
    """Else an offset would pass over what the store has lost."""
    begun = answering(store)
    store.apply(begun, hours_piece(1, an_hour(0, activity=1.0)))

    with pytest.raises(GenerationLostError):
        store.apply(begun, hours_piece(2, an_hour(1, activity=1.0)))


def test_an_emptied_clickhouse_is_noticed(
    store: ClickHouseAnalyticsStore, clickhouse: ClickHouseHttp
) -> None:
    """Somebody deleted the directory: the projector must build anew, not write into nothing."""
    generation = answering(store)
    for (table,) in clickhouse.rows("SHOW TABLES"):
        clickhouse.run(f"DROP TABLE {table}")

    with pytest.raises(GenerationLostError):
        store.apply(generation, hours_piece(1, an_hour(0, activity=1.0)))

    assert store.current() is None


def test_a_rebuild_beside_the_old_gives_the_same_lines_and_drops_the_old(
    store: ClickHouseAnalyticsStore, analytics: Analytics, clickhouse: ClickHouseHttp
) -> None:
    """Never a moment without an answer, never a table left behind."""
    pieces = [
        Measured({READINGS_PLACE: 3}, readings(1, 2, 3)),
        hours_piece(2, an_hour(0, activity=1.0), an_hour(1, activity=2.0)),
        Measured({READINGS_PLACE: 5}, readings(3, 4)),
        hours_piece(3, an_hour(0, revision=2, activity=1.5)),
    ]
    build(store, MeasuredLog(pieces), Running())
    before = analytics.canonical(FARM)

    report = build(store, MeasuredLog([*pieces[:2], pieces[3], pieces[2]]), Running())

    assert report is not None
    assert analytics.canonical(FARM) == before
    assert before.position == 8
    assert len(before.lines) == 2 + 1  # two hours, and a day of readings that are nobody's
    tables = {name for (name,) in clickhouse.rows("SHOW TABLES")}
    assert tables == {
        "analytics_generations",
        *(f"{kind}_{report.generation}" for kind in KINDS),
    }


def test_only_one_rebuild_at_a_time(store: ClickHouseAnalyticsStore) -> None:
    """Two would fill the disk for one answer."""
    store.begin("", None)

    with pytest.raises(RebuildRunningError, match="already"):
        store.begin("", None)


def test_before_anything_is_loaded_it_says_so(
    analytics: Analytics, clickhouse: ClickHouseHttp
) -> None:
    """An empty chart would say that the cow did nothing."""
    assert clickhouse.rows("SHOW TABLES") == []

    with pytest.raises(ReadModelUnavailableError, match="being built"):
        analytics.signals(FARM, "nl-0017", DAY, DAY + timedelta(hours=1))


def test_an_empty_farm_has_empty_answers(
    store: ClickHouseAnalyticsStore, analytics: Analytics
) -> None:
    """A farm on its first day."""
    answering(store)

    found = analytics.signals(FARM, "nl-0017", DAY, DAY + timedelta(hours=2))

    assert (found.signals, found.coverage, found.scores) == ({}, (None, None), ())
    assert analytics.sparks(FARM, [("nl-0017", "activity")], DAY, DAY + timedelta(hours=2)) == {}


def test_a_clickhouse_that_is_away_is_a_problem_of_its_own() -> None:
    """Nobody listens there: the other read models go on, and a screen can say what is missing."""
    nobody = ClickHouseHttp("http://127.0.0.1:9")

    with pytest.raises(ReadModelUnavailableError):
        Analytics(nobody).signals(FARM, "nl-0017", DAY, DAY + timedelta(hours=1))
    nobody.close()


@pytest.mark.parametrize("odd", ["tab\there", "line\nend", "back\\slash", "quote'", "ümlaut"])
def test_what_stands_in_a_text_cannot_shift_a_column(
    store: ClickHouseAnalyticsStore, clickhouse: ClickHouseHttp, odd: str
) -> None:
    """Whoever writes into the topic past our gateway costs at most his own row."""
    event: Any = a_reading(seq=1, time=DAY, temperature_site=odd, temperature_c=38.5, collar=odd)
    generation = store.apply(
        answering(store), Measured({READINGS_PLACE: 1}, columns_of([(0, event)]))
    )

    columns = "collar_id, temperature_site, temperature_c"
    rows = clickhouse.rows(f"SELECT {columns} FROM readings_{generation.id}")  # noqa: S608  ours

    assert rows == [[odd, odd, 38.5]]
