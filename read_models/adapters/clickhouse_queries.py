"""The questions to ClickHouse: right without waiting for merges, quick because each is bounded.

FINAL puts revisions and repeats together while reading; farm, animal and time are the key, so
that it has a few hundred rows to look at.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from contracts.columns import micros
from contracts.hour import HOUR_SIGNALS
from contracts.ids import FarmId
from contracts.topics import COLLARS, HOURS, READINGS, partition_of_farm
from read_models.adapters.clickhouse_http import (
    ASKED_MAX_S,
    UNKNOWN_TABLE,
    ClickHouseHttp,
    ClickHouseRefusedError,
)
from read_models.adapters.clickhouse_tables import CURRENT_ID, Tables
from read_models.analytics import (
    HOUR_COLUMNS,
    NUMBERS,
    READING_COLUMNS,
    SIGNAL_COLUMNS,
    TIME_US_MAX,
    TIME_US_MIN,
    AnimalHours,
    Grid,
    Series,
    animal_hours,
    array_text,
)
from read_models.base import Place, ReadModelUnavailableError
from read_models.wearing import (
    READINGS_MAX,
    AnimalReadings,
    Worn,
    animal_readings,
    no_readings,
    worn_by,
)
from read_models.weather import (
    MEASURES,
    STATION_COLUMNS,
    STATION_READINGS_MAX,
    StationSeries,
    station_series,
)
from read_models.worklist import Canonical

SPARKS_MAX = 500  # (animal, signal) in one answer: more than a board can show
WORN_MAX = 200  # spans of one animal in one question: they travel in its address
TRIES_MAX = 3  # a generation may be swapped between its name and the question
# a few hundred rows: more threads cost more than they bring, and half the speed under load. Of the
# algorithms for ASOF joins the box's engine has but this one.
SETTINGS = " SETTINGS max_threads = 1, join_algorithm = 'full_sorting_merge'"
IN_TIME = (
    "hour_at >= toDateTime({since:UInt32}, 'UTC') AND hour_at < toDateTime({until:UInt32}, 'UTC')"
)
OCCURRED_IN = (
    "occurred_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')"
    " AND occurred_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC')"
)
# The lists that speak of an animal: sought without FINAL, for which the index over animals works,
# and then read in their newest form. The newest of a list that speaks of her is among those found.
LISTS_OF_AN_ANIMAL = (
    "SELECT collar_id, since_us, until_us, farms, animals FROM {assignments} FINAL WHERE collar_id"
    " IN (SELECT collar_id FROM {assignments} WHERE has(animals, {animal:String}))"
    " ORDER BY collar_id"
)
# A farm's readings beside the span that began last before each: hers whose span it is, and
# nobody's where that span was over, or another farm's.
AS_WORN = (
    "(SELECT *, toUnixTimestamp64Micro(occurred_at) AS us FROM {readings} FINAL"
    " WHERE farm_id = {farm:String}) AS r ASOF LEFT JOIN"
    " (SELECT collar_id, span.1 AS since, span.2 AS until, span.3 AS farm, span.4 AS animal"
    " FROM {assignments} FINAL ARRAY JOIN arrayZip(since_us, until_us, farms, animals) AS span)"
    " AS worn ON r.collar_id = worn.collar_id AND r.us >= worn.since"
)
WHOSE = "if(us < until AND farm = farm_id, animal, '')"


class Analytics:
    """Charts and figures. Threads may share one.

    Every method raises ReadModelUnavailableError while ClickHouse is away or nothing answers yet.
    """

    def __init__(self, clickhouse: ClickHouseHttp) -> None:
        self._clickhouse = clickhouse

    def signals(
        self, farm_id: FarmId, animal_id: str, since: datetime, until: datetime
    ) -> AnimalHours:
        """An animal's hours that touch [since, until), each in its newest revision."""
        grid = Grid.of(since, until)
        first, end = grid.bounds_s
        rows = self._ask(
            "SELECT toUnixTimestamp(hour_at), coverage_share, toUnixTimestamp64Micro(known_at),"  # noqa: S608  names of ours
            f" scores, learnt_days, {', '.join(SIGNAL_COLUMNS)}"
            " FROM {hours} FINAL WHERE farm_id = {farm:String} AND animal_id = {animal:String}"
            f" AND {IN_TIME} ORDER BY hour_at",
            farm=farm_id,
            animal=animal_id,
            since=first,
            until=end,
        )
        return animal_hours(grid, rows)

    def sparks(
        self,
        farm_id: FarmId,
        wanted: Sequence[tuple[str, str]],
        since: datetime,
        until: datetime,
    ) -> dict[tuple[str, str], Series]:
        """One signal of each of several (animal, signal); without those that have no value."""
        grid = Grid.of(since, until)
        asked = [(a, s) for a, s in dict.fromkeys(wanted) if s in HOUR_SIGNALS][:SPARKS_MAX]
        if not asked:
            return {}
        signals = sorted({signal for _, signal in asked})
        parts = [f"{signal}{part}" for signal in signals for part in ("", "_usual", "_spread")]
        first, end = grid.bounds_s
        rows = self._ask(
            f"SELECT animal_id, toUnixTimestamp(hour_at), {', '.join(parts)}"  # noqa: S608  names of ours
            " FROM {hours} FINAL WHERE farm_id = {farm:String}"
            " AND animal_id IN {animals:Array(String)}"
            f" AND {IN_TIME} ORDER BY animal_id, hour_at",
            farm=farm_id,
            animals=array_text(sorted({animal for animal, _ in asked})),
            since=first,
            until=end,
        )
        by_animal: dict[str, list[Sequence[Any]]] = {}
        for animal_id, *rest in rows:
            by_animal.setdefault(animal_id, []).append(rest)
        found: dict[tuple[str, str], Series] = {}
        for animal_id, signal in asked:
            at = 1 + 3 * signals.index(signal)
            hours = by_animal.get(animal_id, [])
            series = grid.series(signal, ((row[0], row[at : at + 3]) for row in hours))
            if any(value is not None for value in series.values):
                found[animal_id, signal] = series
        return found

    def readings(
        self, farm_id: FarmId, animal_id: str, since: datetime, until: datetime
    ) -> AnimalReadings:
        """An animal's raw readings in [since, until), as the register says today; READINGS_MAX.

        Of whatever collars she wore, and of each only while she wore it.
        """
        lists = self._ask(LISTS_OF_AN_ANIMAL, animal=animal_id)
        every = worn_by(farm_id, animal_id, _edge(since), _edge(until), lists)
        if not every:
            return no_readings()
        worn = every[:WORN_MAX]
        columns = self._ask_columns(
            "SELECT toUnixTimestamp64Micro(occurred_at) AS us, collar_id, clock,"  # noqa: S608  names of ours
            f" temperature_site, {', '.join(NUMBERS)}"
            " FROM {readings} FINAL WHERE farm_id = {farm:String}"
            f" AND collar_id IN {{worn:Array(String)}} AND {OCCURRED_IN}"
            " AND arrayExists((worn_id, a, b) -> collar_id = worn_id AND us >= a AND us < b,"
            " {worn:Array(String)}, {sinces:Array(Int64)}, {untils:Array(Int64)})"
            f" ORDER BY us, collar_id, event_id LIMIT {READINGS_MAX + 1}",
            farm=farm_id,
            **_spans(worn),
        )
        return animal_readings(columns, is_cut=len(every) > len(worn))

    def stations(
        self, farm_id: FarmId, since: datetime, until: datetime
    ) -> dict[str, StationSeries]:
        """What each station of a farm measured in [since, until), up to STATION_READINGS_MAX."""
        columns = self._ask_columns(
            f"SELECT station_id, toUnixTimestamp64Micro(occurred_at), {', '.join(MEASURES)}"  # noqa: S608  names of ours
            " FROM {stations} FINAL WHERE farm_id = {farm:String}"
            f" AND {OCCURRED_IN} ORDER BY station_id, occurred_at, event_id"
            f" LIMIT {STATION_READINGS_MAX}",
            farm=farm_id,
            since=_edge(since),
            until=_edge(until),
        )
        return station_series(columns) if columns else {}

    def canonical(self, farm_id: FarmId) -> Canonical:
        """All of a farm as sorted lines: each hour, each station's reading, each animal's days.

        A day is a sum over her raw readings, as the register says today whose they are; the empty
        name has those that are nobody's. position: how many records of the farm's partitions, and
        of the register of collars, are in it.
        """
        hours = self._ask(
            f"SELECT {', '.join(HOUR_COLUMNS)}"  # noqa: S608  names of ours
            " FROM {hours} FINAL WHERE farm_id = {farm:String}",
            farm=farm_id,
        )
        days = self._ask(
            f"SELECT {WHOSE} AS whose, toDate(occurred_at) AS day, count(),"  # noqa: S608  names of ours
            f" sum(cityHash64({', '.join(f'r.{name}' for name in READING_COLUMNS)}))"
            f" FROM {AS_WORN} GROUP BY whose, day",
            farm=farm_id,
        )
        stations = self._ask(
            f"SELECT {', '.join(STATION_COLUMNS)}"  # noqa: S608  names of ours
            " FROM {stations} FINAL WHERE farm_id = {farm:String}",
            farm=farm_id,
        )
        lines = [
            f"{kind} {row}"
            for kind, rows in (("hour", hours), ("day", days), ("station", stations))
            for row in rows
        ]
        return Canonical("", self._position(farm_id), tuple(sorted(lines)))

    def close(self) -> None:
        """Leave ClickHouse."""
        self._clickhouse.close()

    def _position(self, farm_id: FarmId) -> int:
        offsets = self._ask("SELECT place, max(next_offset) FROM {offsets} GROUP BY place")
        partition = partition_of_farm(farm_id)
        ours = {str(Place(topic.name, partition)) for topic in (READINGS, HOURS)}
        return sum(
            int(offset)
            for place, offset in offsets
            if place in ours or Place.of(place).kafka_topic == COLLARS.name
        )

    def _ask(self, query: str, **parameters: str | int) -> list[list[Any]]:
        return self._of_current(self._clickhouse.rows, query, **parameters)

    def _ask_columns(self, query: str, **parameters: str | int) -> list[list[Any]]:
        return self._of_current(self._clickhouse.columns, query, **parameters)

    def _of_current(
        self, ask: Callable[..., list[list[Any]]], query: str, **parameters: str | int
    ) -> list[list[Any]]:
        """A query's answer; {hours}, {readings} … in it become the current tables."""
        for _ in range(TRIES_MAX):
            try:
                current = self._clickhouse.rows(CURRENT_ID)
                if not current:
                    break
                tables = Tables(str(current[0][0]))
                text = query
                for name in ("hours", "readings", "stations", "assignments", "offsets"):
                    text = text.replace(f"{{{name}}}", getattr(tables, name))
                return ask(text + SETTINGS, **parameters)
            except ClickHouseRefusedError as error:
                if error.code != UNKNOWN_TABLE:
                    raise
        raise ReadModelUnavailableError("the figures are being built: ask again in a moment")


def _edge(moment: datetime) -> int:
    """A bound in microseconds since 1970, where the store's times end at the latest."""
    return min(max(micros(moment), TIME_US_MIN), TIME_US_MAX)


def _spans(worn: Sequence[Worn]) -> dict[str, str | int]:
    """Spans as parameters: one by one, and from the first to the last."""
    return {
        "worn": array_text(span.collar_id for span in worn),
        "sinces": f"[{','.join(str(span.since_us) for span in worn)}]",
        "untils": f"[{','.join(str(span.until_us) for span in worn)}]",
        "since": min(span.since_us for span in worn),
        "until": max(span.until_us for span in worn),
    }


def open_analytics(clickhouse_url: str) -> Analytics:
    """The figures in the ClickHouse at this address; nothing connects before the first question."""
    return Analytics(ClickHouseHttp(clickhouse_url, query_max_s=ASKED_MAX_S))
