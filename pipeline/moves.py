"""Which moved readings are told for the first time: one mark a collar, as the log's order allows.

A collar's moves stand in the order of (taken_by, first_offset): one not above the last is a repeat.
So two movers at once are harmless, and a mover that was killed may begin again.
"""

import numpy as np
from numpy.typing import NDArray

from contracts.columns import NONE_LONG, ReadingColumns
from pipeline.tables import Longs, Mask, as_bytes, from_bytes


def is_moved(readings: ReadingColumns) -> Mask:
    """(readings,): which of them were moved."""
    moved: Mask = readings.longs["taken_by"] != NONE_LONG
    return moved


class Moves:
    """The last move applied, of each (farm, collar)."""

    def __init__(self) -> None:
        self._last: dict[tuple[bytes, bytes], tuple[int, int]] = {}

    def first_told(self, moved: ReadingColumns) -> Mask:
        """(readings,): which of these moves are no repeats; they are applied from then on."""
        keys = zip(moved.texts["farm_id"].raw(), moved.texts["collar_id"].raw(), strict=True)
        orders = _orders(moved)
        fresh = np.zeros(len(moved), np.bool_)
        for place, (key, order) in enumerate(zip(keys, orders, strict=True)):
            last = self._last.get(key)
            if last is None or order > last:
                self._last[key] = order
                fresh[place] = True
        return fresh

    def to_array(self) -> NDArray[np.uint8]:
        """All of it as JSON in bytes."""
        return as_bytes(
            [[f.decode(), c.decode(), *order] for (f, c), order in sorted(self._last.items())]
        )

    def load(self, packed: NDArray[np.uint8]) -> None:
        """Take over what to_array gave."""
        for farm, collar, taken_by, first_offset in from_bytes(packed):
            self._last[farm.encode(), collar.encode()] = (taken_by, first_offset)


def _orders(moved: ReadingColumns) -> list[tuple[int, int]]:
    columns: tuple[Longs, Longs] = moved.longs["taken_by"], moved.longs["first_offset"]
    return list(zip(*(column.tolist() for column in columns), strict=True))
