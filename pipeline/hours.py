"""Bins of UTC hours, integers only: free of the order of readings and of where batches are cut.

A ring of the open hours of each animal. Floats begin when a closed bin is read.
"""

import numpy as np

from pipeline.tables import Arrays, Column, Longs, Table

HOUR_US = 3_600_000_000
# what may still change: late_max (72 h) back and five minutes ahead touch 74 different hours
OPEN_HOURS = 74
NO_HOUR = -(2**31)
LOW_START, HIGH_START = 2**15 - 1, -(2**15)  # above and below every temperature in hundredths


class HourBins:
    """Sum, count, lowest and highest body temperature of each open hour, in hundredths of °C."""

    def __init__(self) -> None:
        ring = (OPEN_HOURS,)
        self.table = Table(
            {
                "hour": Column("int32", ring, NO_HOUR),  # hours since 1970
                "sum": Column("int64", ring),
                "count": Column("int32", ring),
                "low": Column("int16", ring, LOW_START),
                "high": Column("int16", ring, HIGH_START),
            }
        )

    def add(self, rows: Longs, occurred_us: Longs, centi_c: Longs) -> None:
        """Take in readings (readings,): row of the animal, time, temperature in hundredths of °C.

        A newer hour takes the place of the one that left the ring; an older one is not kept.
        """
        hour = occurred_us // HOUR_US
        slot = hour % OPEN_HOURS
        table = self.table
        before = table["hour"][rows, slot]
        np.maximum.at(table["hour"], (rows, slot), hour)
        moved = np.nonzero(table["hour"][rows, slot] != before)[0]
        for name, fill in (("sum", 0), ("count", 0), ("low", LOW_START), ("high", HIGH_START)):
            table[name][rows[moved], slot[moved]] = fill
        kept = np.nonzero(table["hour"][rows, slot] == hour)[0]
        place = (rows[kept], slot[kept])
        np.add.at(table["sum"], place, centi_c[kept])
        np.add.at(table["count"], place, 1)
        np.minimum.at(table["low"], place, centi_c[kept])
        np.maximum.at(table["high"], place, centi_c[kept])

    def to_arrays(self, rows: int) -> Arrays:
        """The first `rows` animals."""
        return self.table.to_arrays(rows)
