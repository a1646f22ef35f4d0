"""The air of a farm by the hour: how warm and how damp it was, by its stations and its collars.

Integers only, as the bins of animals: sums and counts of hundredths. What a station measures goes
before what collars do, since a collar hangs on a warm animal, or in the sun.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.tables import Arrays, Column, Longs, Mask, Table, as_bytes, from_bytes

Floats = NDArray[np.float64]

OPEN_HOURS = 82  # as the bins of animals
NO_HOUR = -(2**31)
SCALE = 100
AMBIENT, HUMIDITY = 0, 1
STATION, COLLAR = 0, 1
# outside of these no farm keeps cattle: a sensor speaks of itself
LOWEST, HIGHEST = np.array([-50.0, 0.0]), np.array([60.0, 100.0])
STALE_HOURS = 3  # a station that speaks every two hours still tells of the hour between


@dataclass(frozen=True, slots=True)
class Weather:
    """The air around a herd in one hour; NaN = nobody measured it.

    ambient_c: °C. humidity_pct: relative. thi: temperature-humidity index, NRC 1971.
    """

    ambient_c: float
    humidity_pct: float

    @property
    def thi(self) -> float:
        """68: the first signs in cows that give much milk; 72: the classic limit."""
        return thi_of(self.ambient_c, self.humidity_pct)


UNMEASURED = Weather(np.nan, np.nan)


def thi_of(ambient_c: float, humidity_pct: float) -> float:
    """Temperature-humidity index; NaN where one of both is. Source: NRC 1971."""
    fahrenheit = 1.8 * ambient_c + 32.0
    return fahrenheit - (0.55 - 0.0055 * humidity_pct) * (1.8 * ambient_c - 26.0)


class Air:
    """One row a farm: a ring of its open hours."""

    def __init__(self) -> None:
        self._farms: dict[str, int] = {}
        each = (OPEN_HOURS, 2, 2)  # hours, STATION | COLLAR, AMBIENT | HUMIDITY
        self._table = Table(
            {
                "hour": Column("int32", (OPEN_HOURS,), NO_HOUR),
                "sum": Column("int64", each),  # hundredths
                "count": Column("int64", each),
            }
        )

    def add(self, farms: list[str], which: Longs, hours: Longs, air: Floats, source: int) -> None:
        """Take in readings; which: (readings,) index of the farm of each; air: (readings, 2)."""
        usable = (air >= LOWEST) & (air <= HIGHEST)  # NaN is neither
        found = np.nonzero(usable.any(axis=1))[0]
        if not len(found):
            return
        rows = np.zeros(len(farms), np.int64)
        for place in np.unique(which[found]).tolist():
            rows[place] = self._farms.setdefault(farms[place], len(self._farms))
        self._table.reach(len(self._farms))
        cell = rows[which[found]] * OPEN_HOURS + hours[found] % OPEN_HOURS
        kept = self._turn(cell, hours[found])
        centi = np.rint(np.where(usable, air, 0.0)[found[kept]] * SCALE).astype(np.int64)
        for name, more in (("sum", centi), ("count", usable[found[kept]].astype(np.int64))):
            flat = self._table[name].reshape(-1, 2, 2)
            np.add.at(flat[:, source], cell[kept], more)

    def _turn(self, cell: Longs, hours: Longs) -> Mask:
        """(readings,): whose hour is held; a newer one takes the place of what left the ring."""
        held = self._table["hour"].reshape(-1)
        newer = hours > held[cell]
        if newer.any():
            np.maximum.at(held, cell[newer], hours[newer].astype(np.int32))
            for name in ("sum", "count"):
                self._table[name].reshape(-1, 2, 2)[cell[newer]] = 0
        kept: Mask = held[cell] == hours
        return kept

    def weather(self, farm: str, hour: int) -> Weather:
        """Of the hour, or of the newest one before it that is not stale."""
        row = self._farms.get(farm)
        if row is None:
            return UNMEASURED
        ambient, humidity = (self._newest(row, hour, measure) for measure in (AMBIENT, HUMIDITY))
        return Weather(ambient, humidity)

    def _newest(self, row: int, hour: int, measure: int) -> float:
        for one in range(hour, hour - STALE_HOURS, -1):
            slot = one % OPEN_HOURS
            if self._table["hour"][row, slot] != one:
                continue
            for source in (STATION, COLLAR):
                count = int(self._table["count"][row, slot, source, measure])
                if count:
                    return int(self._table["sum"][row, slot, source, measure]) / count / SCALE
        return float("nan")

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        return {"names": as_bytes(list(self._farms)), **self._table.to_arrays(len(self._farms))}

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        self._farms = {farm: row for row, farm in enumerate(from_bytes(arrays["names"]))}
        self._table.load({name: array for name, array in arrays.items() if name != "names"})
