"""What is usual for a herd at each hour of the day, lent to animals of whom little is known.

Problem: of three days the mean of an hour is a guess, and its spread a worse one. Approach: a herd
keeps its hours together, so the shape of the day (each hour by the day's mean; of temperature, in
°C over it) is the median over its animals, and a young animal's usual leans on the shape at her own
level: with n days of an hour learnt it is n/(n + YOUNG_DAYS) her own (science of shrinkage: the
mean of few is pulled to that of many). An old one's is nearly all her own. Fixed once a UTC day
from what can change no more; a median of sorted values, so no order is seen in it.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.sums import HERD_MIN, medians, summed
from pipeline.tables import Arrays, Column, Longs, Mask, Table, as_bytes, from_bytes

Floats = NDArray[np.float64]

DAY_HOURS = 24
HOURS_MIN = 18  # of a day known: three quarters; with fewer a level is one of nights, or of days
SHAPE_DAYS_MIN = 3  # of an hour, before an animal has a say in the herd's
YOUNG_DAYS = 3.0  # with so many days learnt, her own and the herd's weigh the same
# of each animal: her level by the shape, NaN = not known; row of her farm + 1, 0 = none
SCALE, HERD = "scale", "herd"


def columns(signals: int) -> dict[str, Column]:
    """What each animal holds."""
    return {SCALE: Column("float32", (signals,), np.nan), HERD: Column("int32")}


class Priors:
    """One row a farm. added: of each signal, whether an hour differs from the day by a sum."""

    def __init__(self, added: list[bool]) -> None:
        self._added = np.array(added)
        self._farms: dict[str, int] = {}
        shape = (len(added), DAY_HOURS)
        self._table = Table(
            {
                "shape": Column("float32", shape, np.nan),
                "variance": Column("float32", shape, np.nan),  # by the square of her level
            }
        )

    def settle(self, farm: str, bins: Table, rows: Longs) -> None:
        """Fix the herd's shape anew, and each animal's level by it; bins: what is learnt of them.

        A herd of fewer than HERD_MIN has none: its animals lean on nobody.
        """
        if len(rows) < HERD_MIN:
            return
        row = self._farms.setdefault(farm, len(self._farms))
        self._table.reach(len(self._farms))
        for column, added in enumerate(self._added.tolist()):
            level = bins["level"][rows, column].astype(np.float64)
            days = bins["days"][rows, column]
            variance = bins["variance"][rows, column].astype(np.float64)
            shape, spread = _shape(level, variance, days >= SHAPE_DAYS_MIN, added=added)
            self._table["shape"][row, column] = shape
            self._table["variance"][row, column] = spread
            held = self._table["shape"][row, column].astype(np.float64)
            scale = _scale(level, held, (days > 0) & np.isfinite(held), added=added)
            bins[SCALE][rows, column] = scale
        bins[HERD][rows] = row + 1

    def level(self, bins: Table, rows: Longs, column: int | Longs, hours: Longs) -> Floats:
        """What the herd's shape says of them; NaN = nothing.

        rows, column (of the signals), hours of the day: of shapes that broadcast together.
        """
        shape, scale = self._both("shape", bins, rows, column, hours)
        added = self._added[column]
        if added.ndim:
            return np.where(added, shape + scale, shape * scale)
        return shape + scale if added else shape * scale

    def variance(self, bins: Table, rows: Longs, column: int | Longs, hours: Longs) -> Floats:
        """The same of the variance."""
        spread, scale = self._both("variance", bins, rows, column, hours)
        added = self._added[column]
        if added.ndim:
            return np.where(added, spread, spread * scale * scale)
        return spread if added else spread * scale * scale

    def _both(
        self, name: str, bins: Table, rows: Longs, column: int | Longs, hours: Longs
    ) -> tuple[Floats, Floats]:
        """The herd's, and her own level; NaN of whom there is no herd."""
        herd = bins[HERD][rows]
        found = self._table[name][np.maximum(herd - 1, 0), column, hours].astype(np.float64)
        scale = bins[SCALE][rows, column].astype(np.float64)
        return np.where(herd > 0, found, np.nan), scale

    def __len__(self) -> int:
        return len(self._farms)

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        return {"names": as_bytes(list(self._farms)), **self._table.to_arrays(len(self._farms))}

    def load(self, arrays: Arrays) -> None:
        """Take over what to_arrays gave."""
        self._farms = {farm: row for row, farm in enumerate(from_bytes(arrays["names"]))}
        self._table.load({name: array for name, array in arrays.items() if name != "names"})


def _shape(level: Floats, variance: Floats, known: Mask, *, added: bool) -> tuple[Floats, Floats]:
    """(24,): each hour by the day's mean, and its variance by that, as medians of the animals."""
    count = known.sum(axis=1)
    own = summed(np.where(known, level, 0.0)) / np.maximum(count, 1)
    counts = known & (count >= HOURS_MIN)[:, None]
    if added:
        return medians(level - own[:, None], counts), medians(variance, counts)
    counts &= (own > 0)[:, None]
    divisor = np.where(own > 0, own, 1.0)[:, None]
    return medians(level / divisor, counts), medians(variance / (divisor * divisor), counts)


def _scale(level: Floats, shape: Floats, known: Mask, *, added: bool) -> Floats:
    """(animals,): each one's own level by the shape; NaN of whom too few hours are known."""
    count = known.sum(axis=1)
    whole = summed(np.where(known, level, 0.0))
    by = summed(np.where(known, shape, 0.0))
    enough = count >= HOURS_MIN
    if added:
        return np.where(enough, (whole - by) / np.maximum(count, 1), np.nan)
    enough &= by > 0
    return np.where(enough, whole / np.where(enough, by, 1.0), np.nan)
