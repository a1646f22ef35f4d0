"""The readings file of `herd evaluate`, in any order: parsed by the chunk, laid down by the day.

Problem: files of millions of rows in any order (one animal after the other, or hour by hour), from
a file or a pipe, and the log must go on in time. Approach: one pass parses chunks of rows into
numbers and appends them to a file a day in a temporary directory; then a day at a time is read
back and put in order. Memory holds a chunk, or a day. Rejected: to sort all of it in memory (2 GB
for a large herd's year), and a database (a pass more, and nothing won).
"""

import csv
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.columns import micros
from contracts.reading import MEASUREMENTS

Rows = NDArray[Any]  # structured: `dtype_of`
DAY_US = 86_400_000_000
CHUNK_ROWS = 50_000  # some 50 MB of Python's text while it is parsed
KEY = ("time", "animal_id", "interval_s")
SITE = "temperature_site"
DOUBLES = ("latitude", "longitude")  # a float of four bytes is half a metre off
NOT_MEASURED = frozenset({"", "na", "nan", "null", "none"})
INTERVAL_S_MAX = 86_400
YEARS = (1990, 2100)
TOLD_MAX = 10  # refused rows that are named; the others are counted
MEMO_MAX = 200_000  # different texts of times that are remembered
CENTI_BINS = (2000, 4600, 10)  # hundredths of °C: of temperatures whose site nobody said
# what files call them; only rumen and core are body temperatures to the detectors
SITES = {
    "rumen": "rumen",
    "reticulum": "rumen",
    "reticulorumen": "rumen",
    "bolus": "rumen",
    "core": "core",
    "vagina": "core",
    "vaginal": "core",
    "rectal": "core",
    "rectum": "core",
}


class FileError(ValueError):
    """A file is not what it should be; the sentence says where."""


@dataclass(slots=True)
class Notes:
    """What is to be told of a file. refused: rows left out; told: the first of them, in words."""

    rows: int = 0
    refused: int = 0
    doubled: int = 0
    told: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def as_object(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "rows": self.rows,
            "refused": self.refused,
            "doubled": self.doubled,
            "told": self.told,
            "ignored_columns": self.ignored,
        }

    def refuse(self, line: int, why: str) -> None:
        """A row is left out."""
        self.refused += 1
        if self.refused <= TOLD_MAX:
            self.told.append(f"line {line}: {why}")


@dataclass(slots=True)
class LaidDown:
    """A readings file as files of days. columns: those measurements that it has.

    animals, sites: names that rows count in. unsaid: histogram of temperatures without a site.
    """

    directory: Path
    columns: tuple[str, ...]
    animals: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    interval_s_min: int = INTERVAL_S_MAX
    first_us: int = 2**62
    last_us: int = -(2**62)
    unsaid: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(len(range(*CENTI_BINS)), np.int64)
    )

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a row as it is laid down."""
        numbers = [(name, "f8" if name in DOUBLES else "f4") for name in self.columns]
        key = [("time", "i8"), ("animal", "i4"), ("interval", "i4"), ("site", "i1")]
        return np.dtype([*key, *numbers])

    def append(self, rows: Rows) -> None:
        """Lay rows down, each with its day."""
        day = rows["time"] // DAY_US
        order = np.argsort(day, kind="stable")
        starts = np.nonzero(np.append([True], np.diff(day[order]) != 0))[0]
        for part in np.split(order, starts[1:]):
            number = int(day[part[0]])
            self.days.add(number)
            with self._file(number).open("ab") as file:
                rows[part].tofile(file)
        self.interval_s_min = min(self.interval_s_min, int(rows["interval"].min()))
        self.first_us = min(self.first_us, int(rows["time"].min()))
        self.last_us = max(self.last_us, int(rows["time"].max()))

    def day(self, number: int) -> Rows:
        """The rows of one day since 1970, in no order."""
        if number not in self.days:
            return np.zeros(0, self.dtype)
        return np.fromfile(self._file(number), self.dtype)

    def _file(self, number: int) -> Path:
        return self.directory / f"day-{number}"


def lay_down(
    lines: Iterable[str], directory: Path, notes: Notes, progress: Callable[[int], None]
) -> LaidDown:
    """Parse a readings file; raises FileError if its header is not one, or no row is usable.

    notes: what is told of it. progress: called with the rows so far.
    """
    reader = csv.reader(lines)
    header = [name.strip().lstrip("\ufeff").lower() for name in next(reader, [])]
    missing = [name for name in KEY if name not in header]
    if missing:
        raise FileError(f"readings, line 1: no column {', '.join(missing)} in its header")
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise FileError(f"readings, line 1: column {', '.join(doubled)} stands there twice")
    notes.ignored = [name for name in header if name not in (*KEY, *MEASUREMENTS)]
    columns = tuple(name for name in MEASUREMENTS if name in header and name != SITE)
    laid = LaidDown(directory, columns)
    parser = _Parser(header, laid, notes)
    try:
        for rows, numbers in _chunks(reader):
            parsed = parser.parse(rows, numbers)
            notes.rows += len(rows)
            if len(parsed):
                laid.append(parsed)
            progress(notes.rows)
    except csv.Error as error:
        raise FileError(f"readings, line {reader.line_num}: {error}") from None
    if not laid.days:
        raise FileError(f"readings: none of {notes.rows} rows is usable; {'; '.join(notes.told)}")
    return laid


def _chunks(reader: Any) -> Iterator[tuple[list[list[str]], list[int]]]:  # noqa: ANN401  csv's own
    rows: list[list[str]] = []
    numbers: list[int] = []
    for row in reader:
        if row:
            rows.append(row)
            numbers.append(reader.line_num)
            if len(rows) == CHUNK_ROWS:
                yield rows, numbers
                rows, numbers = [], []
    if rows:
        yield rows, numbers


class _Parser:
    """Rows of text → numbers; texts that come again and again are looked up."""

    def __init__(self, header: list[str], laid: LaidDown, notes: Notes) -> None:
        self._header, self._laid, self._notes = header, laid, notes
        self._place = {name: place for place, name in enumerate(header)}
        self._times: dict[str, int] = {}
        self._intervals: dict[str, int] = {}
        self._animals: dict[str, int] = {}
        self._sites: dict[str, int] = {"": -1}

    def parse(self, rows: list[list[str]], numbers: list[int]) -> Rows:
        """The usable ones of these rows (line `numbers`)."""
        try:
            found = self._table(rows)
        except ValueError:
            found = self._table(self._good_ones(rows, numbers))
        self._count_unsaid(found)
        return found

    def _good_ones(self, rows: list[list[str]], numbers: list[int]) -> list[list[str]]:
        good = []
        for row, number in zip(rows, numbers, strict=True):
            try:
                self._table([row])
            except ValueError as error:
                self._notes.refuse(number, str(error))
            else:
                good.append(row)
        return good

    def _table(self, rows: list[list[str]]) -> Rows:
        width = len(self._header)
        for row in rows:
            if len(row) != width:
                raise ValueError(f"{len(row)} fields, the header has {width}")
        columns = list(zip(*rows, strict=True)) if rows else [()] * width
        found = np.zeros(len(rows), self._laid.dtype)
        found["time"] = [self._time(text) for text in columns[self._place["time"]]]
        found["interval"] = [self._interval(text) for text in columns[self._place["interval_s"]]]
        for name in self._laid.columns:
            found[name] = self._numbers(name, columns[self._place[name]])
        # names last: what a refused row calls an animal makes none
        site = self._place.get(SITE)
        found["site"] = -1 if site is None else [self._site(text) for text in columns[site]]
        found["animal"] = [self._animal(text) for text in columns[self._place["animal_id"]]]
        return found

    def _time(self, text: str) -> int:
        known = self._times.get(text)
        if known is None:
            known = micros(time_of(text))
            if len(self._times) >= MEMO_MAX:
                self._times.clear()
            self._times[text] = known
        return known

    def _interval(self, text: str) -> int:
        known = self._intervals.get(text)
        if known is None:
            seconds = float(text or "nan")
            if not 1 <= seconds <= INTERVAL_S_MAX:
                raise ValueError(f"interval_s {text!r}: 1 to {INTERVAL_S_MAX} seconds")
            known = self._intervals[text] = round(seconds)
        return known

    def _animal(self, text: str) -> int:
        known = self._animals.get(text)
        if known is None:
            name = text.strip()
            if not name:
                raise ValueError("no animal_id")
            known = self._animals.get(name)
            if known is None:
                known = self._animals[name] = len(self._laid.animals)
                self._laid.animals.append(name)
            self._animals[text] = known
        return known

    def _site(self, text: str) -> int:
        known = self._sites.get(text)
        if known is None:
            name = text.strip().lower()
            name = "" if name in NOT_MEASURED else SITES.get(name.replace("-", ""), name)
            known = -1 if not name else self._numbered(name)
            self._sites[text] = known
        return known

    def _numbered(self, name: str) -> int:
        sites = self._laid.sites
        if name not in sites:
            if len(sites) >= np.iinfo(np.int8).max:
                raise ValueError(f"temperature_site {name!r}: more than {len(sites)} of them")
            sites.append(name)
        return sites.index(name)

    @staticmethod
    def _numbers(name: str, texts: tuple[str, ...]) -> NDArray[np.float64]:
        try:
            found = np.array([float(text) if text else math.nan for text in texts], np.float64)
        except ValueError:
            found = np.array([_number(name, text) for text in texts], np.float64)
        if np.isinf(found).any():
            raise ValueError(f"{name} is infinite")
        return found

    def _count_unsaid(self, rows: Rows) -> None:
        if "temperature_c" in self._laid.columns:
            celsius = rows["temperature_c"][rows["site"] < 0]
            low, high, step = CENTI_BINS
            centi = celsius[np.isfinite(celsius)] * 100
            bins = ((centi[(centi >= low) & (centi < high)] - low) // step).astype(np.int64)
            np.add.at(self._laid.unsaid, bins, 1)


def time_of(text: str) -> datetime:
    """An ISO 8601 time; without a zone it is UTC. Raises ValueError."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"time {text!r} is not ISO 8601") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if not YEARS[0] <= at.year < YEARS[1]:
        raise ValueError(f"time {text!r} is not of {YEARS[0]} to {YEARS[1]}")
    return at


def _number(name: str, text: str) -> float:
    if text.strip().lower() in NOT_MEASURED:
        return math.nan
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is no number") from None
