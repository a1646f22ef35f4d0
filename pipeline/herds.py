"""What is held of each farm's open hours: which were judged, and the herd's medians fixed for them.

A median is fixed once, at grace, over HERD_MIN animals; where fewer were there then, at the first
line at which they are. Whoever is judged again is held against the same herd: so what one animal's
late reading changes is told of her alone. A pen's are fixed at grace or never: who is not judged
with ten of her pen is held against the herd.
"""

from collections.abc import Iterable

import numpy as np

from pipeline.hours import NO_HOUR, OPEN_HOURS
from pipeline.medians import Floats, Medians
from pipeline.tables import Arrays, Column, Table, as_bytes, from_bytes

PENS = "pen_"


class Herds:
    """One row a farm. keys: (signal, hours) of the windows that are held against medians."""

    def __init__(self, keys: Iterable[tuple[str, int]]) -> None:
        self.keys = tuple(dict.fromkeys(keys))
        self._farms: dict[str, int] = {}
        self._pens: dict[tuple[str, int], int] = {}
        each = (OPEN_HOURS, len(self.keys))
        self._table = Table(
            {
                "hour": Column("int32", (OPEN_HOURS,), NO_HOUR),  # judged, hours since 1970
                "value": Column("float64", each, np.nan),  # see Medians
                "late": Column("bool", each),
                "settled_until": Column("int32", fill=NO_HOUR),  # from there on hours may change
            }
        )
        self._of_pens = Table(
            {
                "hour": Column("int32", (OPEN_HOURS,), NO_HOUR),
                "value": Column("float64", each, np.nan),
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
        """The herd's medians of one judged hour, and its pens'."""
        row, slot = self._farms[farm], hour % OPEN_HOURS
        values, late = self._table["value"][row, slot], self._table["late"][row, slot]
        return Medians(self.keys, values, late, _Pens(self, farm, hour))

    def of_pen(self, farm: str, pen: int, hour: int, *, to_fix: bool) -> Floats | None:
        """See Pens.values."""
        row, slot = self._pens.get((farm, pen)), hour % OPEN_HOURS
        if row is None and to_fix:
            row = self._pens[farm, pen] = len(self._pens)
            self._of_pens.reach(row + 1)
        if row is None:
            return None
        table = self._of_pens
        if table["hour"][row, slot] != hour:
            if not to_fix:
                return None
            table["hour"][row, slot] = hour
            table["value"][row, slot] = np.nan
        found: Floats = table["value"][row, slot]
        return found

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        pens = self._of_pens.to_arrays(len(self._pens))
        return {
            "names": as_bytes([list(self._farms), list(self._pens)]),
            **self._table.to_arrays(len(self._farms)),
            **{f"{PENS}{name}": array for name, array in pens.items()},
        }

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        farms, pens = from_bytes(arrays["names"])
        self._farms = {farm: row for row, farm in enumerate(farms)}
        self._pens = {(farm, pen): row for row, (farm, pen) in enumerate(pens)}
        self._table.load({n: arrays[n] for n in ("hour", "value", "late", "settled_until")})
        self._of_pens.load({name: arrays[f"{PENS}{name}"] for name in ("hour", "value")})


class _Pens:
    """The pens of one farm in one hour; see Pens."""

    def __init__(self, herds: Herds, farm: str, hour: int) -> None:
        self._herds, self._farm, self._hour = herds, farm, hour

    def values(self, pen: int, *, to_fix: bool) -> Floats | None:
        """See Pens.values."""
        return self._herds.of_pen(self._farm, pen, self._hour, to_fix=to_fix)
