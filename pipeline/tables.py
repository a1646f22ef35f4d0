"""The arrays beside rows, grown by doubling; to plain arrays and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
Arrays = dict[str, NDArray[Any]]

HOUR_US = 3_600_000_000
ROWS_MIN = 64  # the first allocation; from there on by doubling
DAY_US = 24 * HOUR_US
NO_DAY = -(2**31)
NEVER = -(2**62)  # a time before all times, in microseconds; far from the ends: sums do not wrap


class Rows:
    """Keys (tuples of bytes and ints) in the order in which they were first met; row = place."""

    def __init__(self) -> None:
        self.keys: list[tuple[Any, ...]] = []
        self._index: dict[tuple[Any, ...], int] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, keys: Sequence[tuple[Any, ...]]) -> Longs:
        """(keys,): the row of each; a key met for the first time gets the next one."""
        rows = np.fromiter(map(self._index.get, keys, repeat(-1)), np.int64, len(keys))
        for place in np.nonzero(rows < 0)[0].tolist():
            rows[place] = self._row(keys[place])
        return rows

    def find(self, key: tuple[Any, ...]) -> int | None:
        """The row of a key; None if it was never met."""
        return self._index.get(key)

    def _row(self, key: tuple[Any, ...]) -> int:
        row = self._index.setdefault(key, len(self.keys))
        if row == len(self.keys):
            self.keys.append(key)
        return row

    def to_array(self) -> NDArray[np.uint8]:
        """The keys as JSON in bytes."""
        return as_bytes(
            [[p.decode() if isinstance(p, bytes) else p for p in key] for key in self.keys]
        )

    def load(self, packed: NDArray[np.uint8]) -> None:
        """Take over what to_array gave."""
        for key in from_bytes(packed):
            self._row(tuple(p.encode() if isinstance(p, str) else p for p in key))

    @classmethod
    def from_array(cls, packed: NDArray[np.uint8]) -> "Rows":
        """What to_array gave."""
        rows = cls()
        rows.load(packed)
        return rows


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a table: dtype, shape behind the rows, and what an untouched row holds."""

    dtype: str
    shape: tuple[int, ...] = ()
    fill: int = 0


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

    def copy_row(self, row: int, to: int) -> None:
        """Have one row hold what another does."""
        for array in self._arrays.values():
            array[to] = array[row]

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
    return np.full((rows, *column.shape), column.fill, np.dtype(column.dtype))
