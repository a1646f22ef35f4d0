"""The tables of one generation of analytics, and the list of generations: how they are written.

`analytics_generations` is a list that only grows: whose word is the newest counts. A generation's
own tables carry its id in their names, so that a finished one takes over in a single row and an
old one goes in three quick drops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.topics import READINGS_KEPT_DAYS
from read_models.analytics import HOUR_COLUMNS, HOUR_KEY, READING_COLUMNS, READING_KEY
from read_models.wearing import ASSIGNMENT_COLUMNS
from read_models.weather import STATION_COLUMNS, STATION_KEY

BUILDING, CURRENT, GONE = "building", "current", "gone"

GENERATIONS = """CREATE TABLE IF NOT EXISTS analytics_generations
(at DateTime64(6, 'UTC') DEFAULT now64(6), id String, fold_version UInt32, said String)
ENGINE MergeTree ORDER BY at"""
# the newest word on each, with its age in seconds; the newest of the current ones answers
KNOWN = (
    "SELECT id, argMax(fold_version, at), argMax(said, at) AS newest,"
    " dateDiff('second', max(at), now64(6))"
    " FROM analytics_generations GROUP BY id HAVING newest != 'gone' ORDER BY max(at) DESC"
)
CURRENT_ID = (
    "SELECT id FROM analytics_generations GROUP BY id HAVING argMax(said, at) = 'current'"
    " ORDER BY max(at) DESC LIMIT 1"
)
# with the data on the disk before the offset that speaks of them
DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"


@dataclass(frozen=True, slots=True)
class Tables:
    """The names of one generation's tables."""

    generation: str

    @property
    def readings(self) -> str:
        """Raw readings, one row each, kept as long as the log keeps them."""
        return f"readings_{self.generation}"

    @property
    def hours(self) -> str:
        """Judged hours, of each the highest revision."""
        return f"hours_{self.generation}"

    @property
    def stations(self) -> str:
        """Readings of barn and weather stations, kept as long as those of collars."""
        return f"stations_{self.generation}"

    @property
    def assignments(self) -> str:
        """Of each collar the newest list of who wore it when."""
        return f"assignments_{self.generation}"

    @property
    def offsets(self) -> str:
        """Up to where each place of the log is in the others."""
        return f"offsets_{self.generation}"

    def created(self) -> list[str]:
        """The statements that make them."""
        hours = (
            f"CREATE TABLE {self.hours} ({_columns(HOUR_COLUMNS)})"
            " ENGINE ReplacingMergeTree(revision) PARTITION BY toYYYYMM(hour_at)"
            f" ORDER BY ({', '.join(HOUR_KEY)}) SETTINGS {DURABLE}"
        )
        # small granules and an index over the animals: one animal's collars among a million
        assignments = (
            f"CREATE TABLE {self.assignments} ({_columns(ASSIGNMENT_COLUMNS)},"
            " INDEX by_animal animals TYPE bloom_filter GRANULARITY 1)"
            " ENGINE ReplacingMergeTree(log_offset) ORDER BY collar_id"
            f" SETTINGS index_granularity = 256, {DURABLE}"
        )
        offsets = (
            f"CREATE TABLE {self.offsets} (place String, next_offset UInt64)"
            " ENGINE ReplacingMergeTree(next_offset) ORDER BY place"
        )
        return [
            _kept_as_the_log(self.readings, READING_COLUMNS, READING_KEY),
            _kept_as_the_log(self.stations, STATION_COLUMNS, STATION_KEY),
            hours,
            assignments,
            offsets,
        ]

    def dropped(self) -> list[str]:
        """The statements that remove them; the offsets first: without them it is nobody's."""
        tables = (self.offsets, self.hours, self.readings, self.stations, self.assignments)
        return [f"DROP TABLE IF EXISTS {table}" for table in tables]


def _kept_as_the_log(table: str, columns: Mapping[str, str], key: Sequence[str]) -> str:
    """A table of what was measured, which leaves it when it leaves the log."""
    return (
        f"CREATE TABLE {table} ({_columns(columns)})"
        " ENGINE ReplacingMergeTree PARTITION BY toYYYYMM(occurred_at)"
        f" ORDER BY ({', '.join(key)})"
        f" TTL toDateTime(occurred_at) + INTERVAL {READINGS_KEPT_DAYS} DAY SETTINGS {DURABLE}"
    )


def _columns(types: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in types.items())
