"""Raw readings in a real ClickHouse engine: whose they are, as the register says today."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from contracts.columns import columns_of, micros
from contracts.envelope import Event
from contracts.ids import CollarId, FarmId
from contracts.reading import NOBODY, CollarReading, StationReading
from contracts.topics import COLLARS, HOURS, READINGS, partition_of_collar, partition_of_farm
from farmbox.clickhouse import ClickHouse
from read_models.adapters.clickhouse import ClickHouseAnalyticsStore
from read_models.adapters.clickhouse_http import ClickHouseHttp
from read_models.adapters.clickhouse_queries import Analytics
from read_models.base import Generation, Measured, Place
from read_models.rebuild import build
from read_models.wearing import CollarList
from runtime.lifecycle import Running
from tests.builders import FARM, a_reading, an_event
from tests.read_models.measured import MeasuredLog, a_list, an_hour, moved, this_month

pytestmark = pytest.mark.services
DAY = this_month()
THERE = FarmId("farm-b")
READINGS_PLACE = Place(READINGS.name, partition_of_farm(FARM))
HOURS_PLACE = Place(HOURS.name, partition_of_farm(FARM))
STEPS = "steps"


def at(hours: float) -> datetime:
    """So long after the day began."""
    return DAY + timedelta(hours=hours)


@pytest.fixture
def analytics(clickhouse: ClickHouseHttp, clickhouse_server: ClickHouse) -> Iterator[Analytics]:
    """The questions, over a client of their own, once there are no tables of another test."""
    del clickhouse
    client = Analytics(ClickHouseHttp(clickhouse_server.url))
    yield client
    client.close()


def lists_place(collar: str) -> Place:
    """Where the lists of a collar stand."""
    return Place(COLLARS.name, partition_of_collar(CollarId(collar)))


class Log:
    """Fills one generation, and keeps what it was filled with."""

    def __init__(self, clickhouse: ClickHouseHttp) -> None:
        self.store = ClickHouseAnalyticsStore(clickhouse)
        self.pieces: list[Measured] = []
        self._generation: Generation = self.store.begin("", None)
        assert self.store.swap(self._generation, {})

    def readings(self, *readings: Event[Any]) -> None:
        """More of the farm's readings."""
        end = self._end(READINGS_PLACE) + len(readings)
        columns = columns_of(list(enumerate(readings)))
        self.take(Measured({READINGS_PLACE: end}, columns))

    def lists(self, *lists: CollarList) -> None:
        """More of the register's lists, each of one collar's partition."""
        ends = {lists_place(told.collar_id): told.log_offset + 1 for told in lists}
        self.take(Measured(ends, columns_of([]), lists=lists))

    def take(self, piece: Measured) -> None:
        """Store a piece."""
        self.pieces.append(piece)
        self._generation = self.store.apply(self._generation, piece)

    def _end(self, place: Place) -> int:
        return max((piece.ends.get(place, 0) for piece in self.pieces), default=0)


@pytest.fixture
def log(clickhouse: ClickHouseHttp) -> Log:
    """An empty log and its store."""
    return Log(clickhouse)


def hourly(collar: str, hours: Sequence[int], animal: str = "a") -> list[Event[CollarReading]]:
    """A reading on each of these hours; its steps are the hour's number."""
    return [
        a_reading(animal=animal, collar=collar, seq=hour, time=at(hour), steps=float(hour))
        for hour in hours
    ]


def steps(
    analytics: Analytics, animal: str, since: float = 0, until: float = 24, farm: FarmId = FARM
) -> list[float]:
    """What her readings say."""
    found = analytics.readings(farm, animal, at(since), at(until))
    values: list[float] = found.measures.get(STEPS, np.array([])).tolist()
    return values


def test_an_animals_readings_are_those_of_the_collars_she_wore_while_she_wore_them(
    log: Log, analytics: Analytics
) -> None:
    """A collar goes from neck to neck, and a cow gets a new one."""
    log.lists(a_list("c-1", 3, ("a", at(0)), ("b", at(4))), a_list("c-2", 9, ("a", at(5))))
    log.readings(*hourly("c-1", range(8)), *hourly("c-2", range(8)))

    found = analytics.readings(FARM, "a", at(1), at(7))

    assert found.occurred_us.tolist() == [micros(at(hour)) for hour in (1, 2, 3, 5, 6)]
    assert found.collar_ids == ("c-1", "c-1", "c-1", "c-2", "c-2")
    assert found.measures[STEPS].tolist() == [1.0, 2.0, 3.0, 5.0, 6.0]
    assert list(found.measures) == [STEPS]
    assert not found.is_cut
    assert steps(analytics, "b") == [4.0, 5.0, 6.0, 7.0]
    assert steps(analytics, "nobody-knows") == []


def test_an_assignment_typed_in_late_moves_the_readings_however_old_they_are(
    log: Log, analytics: Analytics
) -> None:
    """A chart follows the register of today; the log is left as it is."""
    log.readings(*hourly("c-1", range(8)))
    log.lists(a_list("c-1", 3, ("a", at(0))))
    assert steps(analytics, "a") == [float(hour) for hour in range(8)]

    log.lists(a_list("c-1", 4, ("a", at(0)), ("b", at(2)), ("a", at(6))))

    assert steps(analytics, "a") == [0.0, 1.0, 6.0, 7.0]
    assert steps(analytics, "b") == [2.0, 3.0, 4.0, 5.0]


def test_the_newest_list_counts_whatever_comes_after_it_once_more(
    log: Log, analytics: Analytics
) -> None:
    """A crash stores an older batch again; the offset says which list is the newer."""
    old, new = a_list("c-1", 3, ("a", at(0))), a_list("c-1", 4, ("b", at(0)))
    log.readings(*hourly("c-1", [1]))

    log.lists(old, new)
    log.take(Measured({lists_place("c-1"): 5}, columns_of([]), lists=(old,)))

    assert (steps(analytics, "a"), steps(analytics, "b")) == ([], [1.0])
    log.lists(CollarList("c-1", 5, ()))
    assert (steps(analytics, "a"), steps(analytics, "b")) == ([], [])


def test_another_farm_never_sees_them(log: Log, analytics: Analytics) -> None:
    """Whatever is typed into another register: its animals get no reading of this farm."""
    log.readings(*hourly("c-1", range(4)))
    log.lists(a_list("c-1", 3, ("a", at(0))))

    log.lists(a_list("c-1", 4, ("a", at(2)), farm=THERE))

    assert steps(analytics, "a", farm=THERE) == []
    assert steps(analytics, "a") == []
    lines = analytics.canonical(FARM).lines
    assert [line.split(",")[0] for line in lines] == ["day [''"]
    assert analytics.canonical(THERE).lines == ()


def test_a_moved_reading_is_the_same_row_again(log: Log, analytics: Analytics) -> None:
    """The log tells of the move for whoever judges; charts ask the register."""
    (reading,) = hourly("c-1", [1])
    log.lists(a_list("c-1", 4, ("b", at(0))))

    log.readings(
        reading,
        moved(reading, "b", taken_by=2, first_offset=0),
        moved(reading, NOBODY, taken_by=3, first_offset=0),
        reading,
    )

    assert steps(analytics, "b") == [1.0]
    assert steps(analytics, "a") == []


def test_lines_for_comparing_follow_the_register_and_a_rebuild_finds_them_equal(
    log: Log, analytics: Analytics
) -> None:
    """The log of lists is compacted: a rebuild meets the newest only."""
    log.readings(*hourly("c-1", range(8)))
    log.lists(a_list("c-1", 3, ("a", at(0))))
    before = analytics.canonical(FARM)
    log.lists(a_list("c-1", 5, ("a", at(0)), ("b", at(4))))
    log.take(Measured({HOURS_PLACE: 1}, columns_of([]), (an_hour(0, activity=1.0),)))
    after = analytics.canonical(FARM)

    compacted = [piece for piece in log.pieces if not any(t.log_offset == 3 for t in piece.lists)]
    build(log.store, MeasuredLog(compacted), Running())

    assert analytics.canonical(FARM) == after
    whose = [line.split(",")[0] for line in after.lines]
    assert whose == ["day ['a'", "day ['b'", "hour ['farm-a'"]
    assert [line.split(",")[0] for line in before.lines] == ["day ['a'"]
    assert after.position > before.position


def test_an_answer_holds_so_many_readings_and_says_that_there_were_more(
    log: Log, analytics: Analytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can ask for so much that the answer does not fit."""
    log.lists(a_list("c-1", 3, ("a", at(0))))
    log.readings(*hourly("c-1", range(8)))
    for place in ("adapters.clickhouse_queries", "wearing"):
        monkeypatch.setattr(f"read_models.{place}.READINGS_MAX", 3)

    found = analytics.readings(FARM, "a", at(0), at(24))

    assert (len(found.occurred_us), found.is_cut) == (3, True)
    assert not analytics.readings(FARM, "a", at(5), at(24)).is_cut


def test_an_animal_that_wore_more_than_a_question_can_ask_is_told_in_part(
    log: Log, analytics: Analytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spans travel in the question: a list without end must not make one that nobody takes."""
    monkeypatch.setattr("read_models.adapters.clickhouse_queries.WORN_MAX", 1)
    log.lists(a_list("c-2", 7, ("a", at(4))), a_list("c-1", 3, ("a", at(0)), ("b", at(4))))
    log.readings(*hourly("c-1", range(4)), *hourly("c-2", range(4, 8)))

    found = analytics.readings(FARM, "a", at(0), at(24))

    assert (found.measures[STEPS].tolist(), found.is_cut) == ([0.0, 1.0, 2.0, 3.0], True)


def test_an_hour_that_lost_all_its_readings_shows_as_unheard(
    log: Log, analytics: Analytics
) -> None:
    """They were another's: her curve must show a hole there and no old value."""
    told = an_hour(0, activity=5.0)
    empty = an_hour(0, revision=2, readings=0, coverage_share=0.0)
    log.take(Measured({HOURS_PLACE: 2}, columns_of([]), (told, empty)))

    found = analytics.signals(FARM, "nl-0017", at(0), at(1))

    assert (found.coverage, found.signals) == ((0.0,), {})
    assert analytics.sparks(FARM, [("nl-0017", "activity")], at(0), at(1)) == {}


def a_station_reading(hour: int, station: str, ambient_c: float) -> Event[StationReading]:
    """What a station measured on the hour."""
    payload = StationReading(
        station_id=station,
        boot_id=1,
        seq=hour,
        received_at=at(hour),
        interval_s=3600,
        ambient_c=ambient_c,
    )
    return an_event(payload, aggregate_id=station, timestamp=at(hour), event_id=f"{station}-{hour}")


def test_what_stations_measured_is_a_series_each_and_counts_once(
    log: Log, analytics: Analytics
) -> None:
    """The heat of a barn, beside the animals in it."""
    roof = [a_station_reading(hour, "roof", 20.0 + hour) for hour in range(3)]
    barn = a_station_reading(1, "barn", 18.0)
    log.take(Measured({READINGS_PLACE: 5}, columns_of([]), stations=(*roof, roof[0], barn)))

    found = analytics.stations(FARM, at(0), at(2))

    assert list(found) == ["barn", "roof"]
    assert found["roof"].measures["ambient_c"].tolist() == [20.0, 21.0]
    assert np.isnan(found["roof"].measures["humidity_pct"]).all()
    assert analytics.stations(THERE, at(0), at(2)) == {}
    assert len(analytics.canonical(FARM).lines) == 4
