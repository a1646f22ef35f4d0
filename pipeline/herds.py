"""What is held of each farm's open hours: which were judged, and the herd's medians fixed for them.

A median is fixed once, at grace, over HERD_MIN animals; where fewer were there then, at the first
line at which they are. Whoever is judged again is held against the same herd: so what one animal's
late reading changes is told of her alone.
"""

from collections.abc import Iterable

import numpy as np

from pipeline.herd_hour import Medians
from pipeline.hours import NO_HOUR, OPEN_HOURS
from pipeline.tables import Arrays, Column, Table, as_bytes, from_bytes


class Herds:
    """One row a farm. keys: (signal, hours) of the windows that are held against medians."""

    def __init__(self, keys: Iterable[tuple[str, int]]) -> None:
        self.keys = tuple(dict.fromkeys(keys))
        self._farms: dict[str, int] = {}
        each = (OPEN_HOURS, len(self.keys))
        self._table = Table(
            {
                "hour": Column("int32", (OPEN_HOURS,), NO_HOUR),  # judged, hours since 1970
                "value": Column("float64", each, np.nan),  # see Medians
                "late": Column("bool", each),
                "settled_until": Column("int32", fill=NO_HOUR),  # from there on hours may change
            }
        )

    def knows(self, farm: str) -> bool:
        """Whether an hour of it was ever judged."""
        return farm in self._farms

    def begin(self, farm: str, hour: int) -> None:
        """An hour is judged for the first time; no median of it is fixed."""
        row, slot = self._farms.setdefault(farm, len(self._farms)), hour % OPEN_HOURS
        self._table.reach(row + 1)
        self._table["hour"][row, slot] = hour
        self._table["value"][row, slot] = np.nan
        self._table["late"][row, slot] = False
        if self._table["settled_until"][row] == NO_HOUR:
            self._table["settled_until"][row] = hour

    def open_hours(self, farm: str) -> list[int]:
        """The judged hours of a farm that may still change, in order."""
        row = self._farms.get(farm)
        if row is None:
            return []
        hours = self._table["hour"][row]
        found = hours[(hours != NO_HOUR) & (hours >= self._table["settled_until"][row])]
        return sorted(found.tolist())

    def settle(self, farm: str, until: int) -> list[int]:
        """The judged hours before `until` that can change no more from now on, in order."""
        settled = [hour for hour in self.open_hours(farm) if hour < until]
        if farm in self._farms:
            before = self._table["settled_until"]
            before[self._farms[farm]] = max(until, before[self._farms[farm]])
        return settled

    def medians(self, farm: str, hour: int) -> Medians:
        """The herd's medians of one judged hour."""
        row, slot = self._farms[farm], hour % OPEN_HOURS
        return Medians(self.keys, self._table["value"][row, slot], self._table["late"][row, slot])

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        return {"names": as_bytes(list(self._farms)), **self._table.to_arrays(len(self._farms))}

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        self._farms = {farm: row for row, farm in enumerate(from_bytes(arrays["names"]))}
        self._table.load({name: array for name, array in arrays.items() if name != "names"})
