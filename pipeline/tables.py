"""The arrays beside rows, growing with them; to plain arrays and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
Arrays = dict[str, NDArray[Any]]

HOUR_US = 3_600_000_000
ROWS_MIN = 64  # the first allocation; from there on by doubling
ROWS_DOUBLED = (
    4096  # and by a quarter from here on: an animal costs 8 kB, whether she is there or not
)
DAY_US = 24 * HOUR_US
NO_DAY = -(2**31)
NEVER = -(2**62)  # a time before all times, in microseconds; far from the ends: sums do not wrap


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a table: dtype, shape behind the rows, and what an untouched row holds."""

    dtype: str
    shape: tuple[int, ...] = ()
    fill: float = 0


class Table:
    """Named arrays (rows, …) that grow together; untouched rows hold each column's fill."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = dict(columns)
        self._arrays: Arrays = {name: _filled(c, 0) for name, c in self._columns.items()}
        self._room = 0

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The array (room, …) of a column: write into it, but ask again after `reach`."""
        return self._arrays[name]

    def reach(self, rows: int) -> None:
        """Have room for at least so many rows."""
        if rows <= self._room:
            return
        if rows > ROWS_DOUBLED:
            room = max(rows, self._room + self._room // 4)
        else:
            room = max(ROWS_MIN, 1 << (rows - 1).bit_length())
        for name, column in self._columns.items():
            grown = _filled(column, room)
            grown[: self._room] = self._arrays[name]
            self._arrays[name] = grown
        self._room = room

    def clear(self, rows: Longs) -> None:
        """Have these rows hold what an untouched one does."""
        for name, column in self._columns.items():
            self._arrays[name][rows] = column.fill

    def copy_row(self, row: int, to: int, names: Sequence[str] = ()) -> None:
        """Have one row hold what another does. names: of these columns alone; none = of all."""
        for name in names or self._arrays:
            self._arrays[name][to] = self._arrays[name][row]

    def to_arrays(self, rows: int) -> Arrays:
        """A view of the first `rows` rows of each column."""
        self.reach(rows)
        return {name: array[:rows] for name, array in self._arrays.items()}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what to_arrays gave; raises KeyError if a column is missing."""
        rows = len(next(iter(arrays.values())))
        self.reach(rows)
        for name in self._columns:
            self._arrays[name][:rows] = arrays[name]

    @property
    def bytes_per_row(self) -> int:
        """Memory of one row."""
        return sum(
            np.dtype(c.dtype).itemsize * int(np.prod(c.shape)) for c in self._columns.values()
        )


def note_day(days: NDArray[np.int32], rows: Longs, found: Longs) -> None:
    """Raise the days of these rows to those found; a row may stand there many times."""
    newer = found > days[rows]
    if newer.any():  # once a day
        np.maximum.at(days, rows[newer], found[newer].astype(np.int32))


def as_bytes(value: object) -> NDArray[np.uint8]:
    """A JSON value as an array of bytes, so that a snapshot holds arrays only, and no pickle."""
    return np.frombuffer(json.dumps(value, separators=(",", ":")).encode(), np.uint8)


def from_bytes(packed: NDArray[np.uint8]) -> Any:  # noqa: ANN401  whatever JSON holds
    """What as_bytes was given."""
    return json.loads(packed.tobytes())


def _filled(column: Column, rows: int) -> NDArray[Any]:
    shape, dtype = (rows, *column.shape), np.dtype(column.dtype)
    if not column.fill:
        return np.zeros(shape, dtype)  # costs no memory before somebody writes into it
    return np.full(shape, column.fill, dtype)
