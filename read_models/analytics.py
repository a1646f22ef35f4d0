"""Readings and judged hours as rows of a column store, and back as series for charts. Pure.

Rows are tab-separated text: every ClickHouse takes it, and one bad value cannot shift the next.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from contracts.columns import Longs, ReadingColumns, TextColumn, micros
from contracts.envelope import Event
from contracts.hour import HOUR_SIGNALS, AnimalHour, HourScore, HourSignal
from contracts.ids import derived_id
from contracts.reading import MEASUREMENTS

FOLD_VERSION = 3  # one more with every change of what is stored: the projector rebuilds
STEP_S = 3600
HOURS_MAX = 24 * 400  # of one series
# What ClickHouse's times hold, with a margin: 1971 to 2099, in microseconds since 1970.
TIME_US_MIN, TIME_US_MAX = 31_536_000_000_000, 4_070_908_800_000_000
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

NUMBERS = tuple(name for name in MEASUREMENTS if name != "temperature_site")
READING_COLUMNS: Mapping[str, str] = {
    "farm_id": "LowCardinality(String)",
    "collar_id": "String",
    "event_id": "UUID",
    "occurred_at": "DateTime64(6, 'UTC')",
    "received_at": "DateTime64(6, 'UTC')",
    "interval_s": "Int64",
    "clock": "LowCardinality(String)",
    "temperature_site": "LowCardinality(String)",
    **dict.fromkeys(NUMBERS, "Float32"),  # NaN = not measured
}
# no animal: whose it is stands in the register, and the register may learn it later; a reading
# that was moved is the same row again
READING_KEY = ("farm_id", "collar_id", "occurred_at", "event_id")

# three columns a signal: value, usual, spread; NaN = not measured, not known
SIGNAL_COLUMNS = tuple(f"{s}{part}" for s in HOUR_SIGNALS for part in ("", "_usual", "_spread"))
HOUR_COLUMNS: Mapping[str, str] = {
    "farm_id": "LowCardinality(String)",
    "animal_id": "String",
    "hour_at": "DateTime('UTC')",
    "revision": "UInt32",
    "known_at": "DateTime64(6, 'UTC')",
    "readings": "UInt32",
    "coverage_share": "Float64",
    **dict.fromkeys(SIGNAL_COLUMNS, "Float64"),
    "scores": "String",  # JSON: read for one hour at a time
    "learnt_days": "Int16",  # -1 = not told
}
HOUR_KEY = ("farm_id", "animal_id", "hour_at")

_scores: msgspec.json.Decoder[tuple[HourScore, ...]] = msgspec.json.Decoder(tuple[HourScore, ...])


@dataclass(frozen=True, slots=True)
class Series:
    """One signal, one value a step from `start` (aware UTC) on; None = not measured, not known.

    usual, spread: what was usual for her in that hour, and its standard deviation.
    """

    start: datetime
    step_s: int
    unit: str
    values: tuple[float | None, ...]
    usual: tuple[float | None, ...]
    spread: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class AnimalHours:
    """An animal's hours: the signals that were measured in them, by name.

    coverage: share of each hour that was heard, 0 to 1; None = not judged. scores: of the newest
    judged hour, as known at scores_at. learnt_days: of hers that were heard until then, of the
    LEARNING_DAYS after which all detectors know her; None = not told.
    """

    start: datetime
    step_s: int
    signals: dict[str, Series]
    coverage: tuple[float | None, ...]
    scores: tuple[HourScore, ...]
    scores_at: datetime | None
    learnt_days: int | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Whole hours: the first one's begin, aware UTC, and how many."""

    start: datetime
    hours: int

    @classmethod
    def of(cls, since: datetime, until: datetime) -> "Grid":
        """The hours that a span touches, at most HOURS_MAX."""
        start = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        hours = -((start - until) // timedelta(hours=1))
        return cls(start, max(0, min(hours, HOURS_MAX)))

    @property
    def bounds_s(self) -> tuple[int, int]:
        """The first hour's begin, and the end of the last: seconds since 1970."""
        first = int(self.start.timestamp())
        return first, first + self.hours * STEP_S

    def place(self, hour_s: int) -> int:
        """The index of an hour by its begin, seconds since 1970."""
        return (hour_s - self.bounds_s[0]) // STEP_S

    def series(self, signal: str, rows: Iterable[tuple[int, Sequence[Any]]]) -> Series:
        """A signal's values of these hours, of rows (hour's begin, (value, usual, spread))."""
        columns: tuple[list[float | None], ...] = tuple([None] * self.hours for _ in range(3))
        for hour_s, values in rows:
            for column, value in zip(columns, values, strict=True):
                column[self.place(hour_s)] = value
        told, usual, spread = (tuple(column) for column in columns)
        return Series(self.start, STEP_S, HOUR_SIGNALS[signal], told, usual, spread)


def animal_hours(grid: Grid, rows: Sequence[Sequence[Any]]) -> AnimalHours:
    """What rows of (hour_at in s, coverage, known_at in µs, scores, learnt_days, signals…) tell.

    Rows in order of hours; a signal that was measured in none of them is left out.
    """
    coverage: list[float | None] = [None] * grid.hours
    scores: tuple[HourScore, ...] = ()
    scores_at: datetime | None = None
    learnt_days: int | None = None
    for hour_s, share, known_us, scores_json, learnt, *_ in rows:
        coverage[grid.place(hour_s)] = share
        told = _scores.decode(scores_json)
        if told:
            scores, scores_at = told, datetime.fromtimestamp(known_us / 1e6, UTC)
            learnt_days = None if learnt < 0 else learnt
    signals = {}
    for number, signal in enumerate(HOUR_SIGNALS):
        at = 5 + 3 * number
        if any(row[at] is not None for row in rows):
            signals[signal] = grid.series(signal, ((row[0], row[at : at + 3]) for row in rows))
    return AnimalHours(grid.start, STEP_S, signals, tuple(coverage), scores, scores_at, learnt_days)


def reading_rows(readings: ReadingColumns) -> bytes:
    """One line a reading, in the order of READING_COLUMNS."""
    texts = readings.texts
    columns: list[Iterable[str]] = [
        _texts(texts["farm_id"]),
        _texts(texts["collar_id"]),
        [uuid_text(raw) for raw in texts["event_id"].raw()],
        _times(readings.occurred_us),
        _times(readings.longs["received_at"]),
        map(str, readings.longs["interval_s"].tolist()),
        _texts(texts["clock"]),
        _texts(texts["temperature_site"]),
        *(map(repr, readings.floats[name].astype(np.float32).tolist()) for name in NUMBERS),
    ]
    return _lines(columns)


def hour_rows(hours: Sequence[Event[AnimalHour]]) -> bytes:
    """One line an hour, in the order of HOUR_COLUMNS; signals of a later build are left out."""
    return _lines(zip(*map(_hour_fields, hours), strict=True)) if hours else b""


def _hour_fields(event: Event[AnimalHour]) -> list[str]:
    hour = event.payload
    known = {signal.signal: signal for signal in hour.signals}
    fields = [
        escaped(str(event.farm_id)),
        escaped(event.aggregate_id),
        str(micros(hour.hour_at) // 1_000_000),
        str(hour.revision),
        time_text(micros(hour.known_at)),
        str(hour.readings),
        repr(hour.coverage_share),
    ]
    for name in HOUR_SIGNALS:
        signal = known.get(name) or HourSignal(signal=name)
        fields += [number_text(signal.value), number_text(signal.usual), number_text(signal.spread)]
    scores = escaped(msgspec.json.encode(hour.scores).decode())
    return [*fields, scores, str(-1 if hour.learnt_days is None else hour.learnt_days)]


def _lines(columns: Iterable[Iterable[str]]) -> bytes:
    return "".join(f"{line}\n" for line in map("\t".join, zip(*columns, strict=True))).encode()


def number_text(value: float | None) -> str:
    """A number, or what stands where nothing was measured."""
    return "nan" if value is None else repr(value)


def _times(times_us: Longs) -> list[str]:
    # clipped all at once: one by one this is the dearest step of a row
    return [_written(time_us) for time_us in np.clip(times_us, TIME_US_MIN, TIME_US_MAX).tolist()]


def time_text(time_us: int) -> str:
    """Microseconds since 1970 as ClickHouse reads a time; beyond what it holds: its edge."""
    return _written(min(max(time_us, TIME_US_MIN), TIME_US_MAX))


def _written(time_us: int) -> str:
    # ten digits: ClickHouse takes eight for a date
    return f"{time_us // 1_000_000:010d}.{time_us % 1_000_000:06d}"


def _texts(column: TextColumn) -> list[str]:
    raws = column.raw()
    known = {raw: escaped(raw.decode()) for raw in set(raws)}
    return [known[raw] for raw in raws]


def array_text(texts: Iterable[str]) -> str:
    """Texts as one array: of a row, and of a parameter."""
    quoted = (escaped(text).replace("'", "\\'") for text in texts)
    return "[" + ",".join(f"'{text}'" for text in quoted) + "]"


def escaped(text: str) -> str:
    """A text that stays within its column and line."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def uuid_text(raw: bytes) -> str:
    """An event's id, or one derived from what somebody gave in its place: it must stay unique."""
    return raw.decode() if UUID.fullmatch(raw) else derived_id("foreign", raw.decode())
