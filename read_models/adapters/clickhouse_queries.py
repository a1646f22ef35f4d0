"""The questions to ClickHouse: right without waiting for merges, quick because each is bounded.

FINAL puts revisions and repeats together while reading; farm, animal and time are the key, so
that it has a few hundred rows to look at.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.hour import HOUR_SIGNALS
from contracts.ids import FarmId
from contracts.topics import HOURS, READINGS, partition_of_farm
from read_models.adapters.clickhouse_http import (
    ASKED_MAX_S,
    UNKNOWN_TABLE,
    ClickHouseHttp,
    ClickHouseRefusedError,
)
from read_models.adapters.clickhouse_tables import CURRENT_ID, Tables
from read_models.analytics import (
    HOUR_COLUMNS,
    READING_COLUMNS,
    SIGNAL_COLUMNS,
    AnimalHours,
    Grid,
    Series,
    animal_hours,
)
from read_models.base import Place, ReadModelUnavailableError
from read_models.worklist import Canonical

SPARKS_MAX = 500  # (animal, signal) in one answer: more than a board can show
TRIES_MAX = 3  # a generation may be swapped between its name and the question
# a few hundred rows: more threads cost more than they bring, and half the speed under load
FEW_ROWS = " SETTINGS max_threads = 1"
IN_TIME = (
    "hour_at >= toDateTime({since:UInt32}, 'UTC') AND hour_at < toDateTime({until:UInt32}, 'UTC')"
)


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
            f" scores, {', '.join(SIGNAL_COLUMNS)}"
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
            animals=_array(sorted({animal for animal, _ in asked})),
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

    def canonical(self, farm_id: FarmId) -> Canonical:
        """All of a farm as sorted lines: each hour, and a sum over each animal's day of readings.

        position: how many records of the farm's partitions are in it.
        """
        hours = self._ask(
            f"SELECT {', '.join(HOUR_COLUMNS)}"  # noqa: S608  names of ours
            " FROM {hours} FINAL WHERE farm_id = {farm:String}",
            farm=farm_id,
        )
        days = self._ask(
            "SELECT animal_id, toDate(occurred_at) AS day, count(),"  # noqa: S608  names of ours
            f" sum(cityHash64({', '.join(READING_COLUMNS)}))"
            " FROM {readings} FINAL WHERE farm_id = {farm:String} GROUP BY animal_id, day",
            farm=farm_id,
        )
        offsets = self._ask("SELECT place, max(next_offset) FROM {offsets} GROUP BY place")
        partition = partition_of_farm(farm_id)
        ours = {str(Place(topic.name, partition)) for topic in (READINGS, HOURS)}
        position = sum(int(offset) for place, offset in offsets if place in ours)
        lines = [f"hour {row}" for row in hours] + [f"day {row}" for row in days]
        return Canonical("", position, tuple(sorted(lines)))

    def close(self) -> None:
        """Leave ClickHouse."""
        self._clickhouse.close()

    def _ask(self, query: str, **parameters: str | int) -> list[list[Any]]:
        """A query's rows; {hours}, {readings}, {offsets} in it become the current tables."""
        for _ in range(TRIES_MAX):
            try:
                current = self._clickhouse.rows(CURRENT_ID)
                if not current:
                    break
                tables = Tables(str(current[0][0]))
                text = query
                for name in ("hours", "readings", "offsets"):
                    text = text.replace(f"{{{name}}}", getattr(tables, name))
                return self._clickhouse.rows(text + FEW_ROWS, **parameters)
            except ClickHouseRefusedError as error:
                if error.code != UNKNOWN_TABLE:
                    raise
        raise ReadModelUnavailableError("the figures are being built: ask again in a moment")


def _array(texts: Sequence[str]) -> str:
    quoted = (text.replace("\\", "\\\\").replace("'", "\\'") for text in texts)
    return "[" + ", ".join(f"'{text}'" for text in quoted) + "]"


def open_analytics(clickhouse_url: str) -> Analytics:
    """The figures in the ClickHouse at this address; nothing connects before the first question."""
    return Analytics(ClickHouseHttp(clickhouse_url, query_max_s=ASKED_MAX_S))
