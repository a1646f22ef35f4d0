"""Bins of UTC hours, integers only: free of the order of readings and of where batches are cut.

A ring of the open hours of each animal: eight signals, how long each was heard, and whether the
hour has been told. Floats begin when a closed bin is read.

Body temperature is kept by quarter of an hour: a drink cools the rumen by 2 to 8 °C for an hour or
more, so the hour's temperature is the mean of its warmer quarters, never of all (a histogram would
cost as much and could say nothing finer than its steps).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.features import SCALE, HourParts
from pipeline.signals import COUNTED, SIGNALS, TEMPERATURE
from pipeline.tables import HOUR_US, Arrays, Column, Longs, Mask, Table

Floats = NDArray[np.float64]

HOUR_S = 3600
# what may still change: late_max (72 h) back, six hours ahead (the steps of an import; its log
# time moves when all of a step is answered), and the hours that begin and end within those
OPEN_HOURS = 82
NO_HOUR = -(2**31)
QUARTERS = 4
QUARTER_US = HOUR_US // QUARTERS
# Eighteen collars at once: from there on a count goes no further. What is taken out of it then is
# taken from that highest, so that an hour of more has forgotten what it did not count.
SECONDS_MAX = 2**16 - 1
HEARD_SECONDS_MIN = 900  # of an hour: under a quarter, scaling up would chart noise


@dataclass(frozen=True, slots=True)
class Heard:
    """One counted signal over some hours, both (animals, hours): sum in hundredths, seconds."""

    centi: Longs
    seconds: Longs


class HourBins:
    """The open hours of a partition's animals."""

    def __init__(self) -> None:
        ring = (OPEN_HOURS,)
        each = (OPEN_HOURS, len(COUNTED))
        quarters = (OPEN_HOURS, QUARTERS)
        self.table = Table(
            {
                "hour": Column("int32", ring, NO_HOUR),  # hours since 1970
                "readings": Column("uint16", ring),
                "heard": Column("uint16", ring),  # seconds
                "odd": Column("uint16", ring),  # readings with something that no animal does
                "sum": Column("int32", each),  # hundredths of a minute, or of a count
                "seconds": Column("uint16", each),
                "warmth": Column("int32", quarters),  # sum, hundredths of °C
                "warmths": Column("uint16", quarters),  # how many
                "revision": Column("uint16", ring),  # last told, 0 = never
                "changed": Column("bool", ring),  # since it was last told
                "unusual": Column("bool", ring),  # teaches nothing: an episode of hers was open
            }
        )

    def add(self, parts: HourParts) -> None:
        """Take in parts of readings, each in the hour that holds its middle.

        A newer hour takes the place of the one that left the ring; an older one is not kept.
        """
        hour = parts.middle_us // HOUR_US
        cell = parts.row * OPEN_HOURS + hour % OPEN_HOURS
        flat = self.table["hour"].reshape(-1)
        newer = np.nonzero(hour > flat[cell])[0]
        if len(newer):  # once an hour
            moved = cell[newer]
            np.maximum.at(flat, moved, hour[newer].astype(np.int32))
            for name in (
                "readings",
                "heard",
                "odd",
                "sum",
                "seconds",
                "warmth",
                "warmths",
                "revision",
            ):
                self._flat(name)[moved] = 0
            self._flat("unusual")[moved] = False
        self._fold(parts, np.nonzero(flat[cell] == hour)[0], cell, 1)

    def take_out(self, parts: HourParts) -> None:
        """The reverse of `add`: parts that do not count for these animals after all.

        Nothing where the hour has left the ring. The slot keeps its hour, so that putting in and
        taking out give the same in any order; an hour of which nothing is left was not heard.
        """
        hour = parts.middle_us // HOUR_US
        cell = parts.row * OPEN_HOURS + hour % OPEN_HOURS
        held = self.table["hour"].reshape(-1)[cell] == hour
        self._fold(parts, np.nonzero(held)[0], cell, -1)

    def _fold(self, parts: HourParts, kept: Longs, cell: Longs, sign: int) -> None:
        """Add (sign 1) the parts at `kept` to their cells, or take them out (-1)."""
        order = kept[np.argsort(cell[kept], kind="stable")]
        if not len(order):
            return
        cells = cell[order]
        starts = np.nonzero(np.append([True], cells[1:] != cells[:-1]))[0]
        at = cells[starts]
        readings = np.add.reduceat(parts.last[order].astype(np.int64), starts)
        self._count("readings", at, sign * readings)
        self._count("heard", at, sign * np.add.reduceat(parts.seconds[order], starts))
        odd = parts.odd[order]
        if odd.any():  # seldom
            self._count("odd", at, sign * np.add.reduceat(odd.astype(np.int64), starts))
        centi = parts.centi[order]
        measured = parts.measured[order]
        self._flat("sum")[at] += sign * np.add.reduceat(centi, starts).astype(np.int32)
        seconds = np.where(measured, parts.seconds[order][:, None], 0)
        self._count("seconds", at, sign * np.add.reduceat(seconds, starts))
        self._flat("changed")[at] = True
        self._fold_warmth(parts, order[parts.warm[order]], cell, sign)

    def _fold_warmth(self, parts: HourParts, warm: Longs, cell: Longs, sign: int) -> None:
        quarter = parts.middle_us[warm] % HOUR_US // QUARTER_US
        place = cell[warm] * QUARTERS + quarter
        order = np.argsort(place, kind="stable")
        if not len(order):
            return
        places = place[order]
        starts = np.nonzero(np.append([True], places[1:] != places[:-1]))[0]
        sums = np.add.reduceat(parts.warmth_centi_c[warm][order], starts)
        self.table["warmth"].reshape(-1)[places[starts]] += sign * sums.astype(np.int32)
        counts = self.table["warmths"].reshape(-1)
        more = np.diff(np.append(starts, len(places)))
        # no further than its highest nor under nothing, as all counts
        counts[places[starts]] = _bounded(counts[places[starts]].astype(np.int64) + sign * more)

    def _flat(self, name: str) -> NDArray[Any]:
        array = self.table[name]
        flat: NDArray[Any] = array.reshape(-1, *array.shape[2:])
        return flat

    def _count(self, name: str, at: Longs, more: Longs) -> None:
        """Add to a count that stops at its highest, and at nothing: in any order the same."""
        flat = self._flat(name)
        flat[at] = _bounded(flat[at].astype(np.int64) + more)

    def holds(self, rows: Longs, first: int, last: int) -> Mask:
        """(rows,): who was heard in any of the hours first … last."""
        hours = self.table["hour"][rows]
        # an hour whose readings were all taken away was not heard
        within = (hours >= first) & (hours <= last) & (self.table["heard"][rows] > 0)
        inside: Mask = np.logical_or.reduce(within, axis=1)
        return inside

    def in_hour(self, rows: Longs, hour: int) -> Mask:
        """(rows,): who was heard in that hour."""
        slot = hour % OPEN_HOURS
        table = self.table
        heard: Mask = (table["hour"][rows, slot] == hour) & (table["heard"][rows, slot] > 0)
        return heard

    def changed_before(self, rows: Longs, hour: int) -> Mask:
        """(rows, slots): whose hour before that one has changed since it was told.

        Nothing is told of an hour that was never told and of which nothing is left.
        """
        table = self.table
        late = table["changed"][rows] & (table["hour"][rows] < hour)
        if late.any():
            late &= (table["heard"][rows] > 0) | (table["revision"][rows] > 0)
        changed: Mask = late
        return changed

    def heard(self, rows: Longs, hours: Longs, signal: str) -> Heard:
        """A counted signal of these animals in these hours (all in the ring), 0 where not held."""
        slots = hours % OPEN_HOURS
        held: Mask = self.table["hour"][rows[:, None], slots] == hours
        column = COUNTED.index(signal)
        centi = self.table["sum"][rows[:, None], slots, column].astype(np.int64)
        seconds = self.table["seconds"][rows[:, None], slots, column].astype(np.int64)
        return Heard(np.where(held, centi, 0), np.where(held, seconds, 0))

    def values(self, rows: Longs, hour: int) -> Floats:
        """(animals, SIGNALS): see HourSignal; NaN = not measured."""
        return np.stack([self.value(rows, hour, signal) for signal in SIGNALS], axis=1)

    def value(self, rows: Longs, hour: int, signal: str) -> Floats:
        """(animals,): one of them."""
        if signal == TEMPERATURE:
            return self.temperature(rows, hour)
        found = self.heard(rows, np.array([hour]), signal)
        seconds = found.seconds[:, 0]
        enough = seconds >= HEARD_SECONDS_MIN
        whole = found.centi[:, 0] * HOUR_S / np.maximum(seconds, 1) / SCALE
        return np.where(enough, whole, np.nan)

    def readings(self, rows: Longs, hour: int) -> Longs:
        """(animals,): how many readings count in that hour."""
        return self._held("readings", rows, np.array([hour]))[:, 0]

    def odd_share(self, rows: Longs, hours: Longs) -> Floats:
        """(animals,): of the readings of these hours, those with something that no animal does.

        NaN where there are none.
        """
        readings = self._held("readings", rows, hours).sum(axis=1)
        odd = self._held("odd", rows, hours).sum(axis=1)
        return np.where(readings > 0, odd / np.maximum(readings, 1), np.nan)

    def _held(self, name: str, rows: Longs, hours: Longs) -> Longs:
        """(animals, hours): a count, 0 where the hour is not held."""
        slots = hours % OPEN_HOURS
        held = self.table["hour"][rows[:, None], slots] == hours
        return np.where(held, self.table[name][rows[:, None], slots].astype(np.int64), 0)

    def temperature(self, rows: Longs, hour: int) -> Floats:
        """(animals,): the mean of the warmer half of the hour's quarters, °C; NaN = none."""
        slot = hour % OPEN_HOURS
        held: Mask = self.table["hour"][rows, slot] == hour
        counts = np.where(held[:, None], self.table["warmths"][rows, slot], 0).astype(np.int64)
        sums = self.table["warmth"][rows, slot].astype(np.float64)
        means = np.where(counts > 0, sums / np.maximum(counts, 1) / SCALE, -np.inf)
        means.sort(axis=1)
        quarters = (counts > 0).sum(axis=1)
        warmest, second = means[:, -1], means[:, -2]
        both = quarters > QUARTERS // 2
        mean = (warmest + np.where(both, second, 0.0)) / 2
        return np.where(both, mean, np.where(quarters > 0, warmest, np.nan))

    def mark_unusual(self, row: int, first: int, last: int) -> None:
        """The animal's hours first … last are not to teach what is usual."""
        for hour in range(first, last + 1):
            slot = hour % OPEN_HOURS
            if self.table["hour"][row, slot] == hour:
                self.table["unusual"][row, slot] = True

    def were_unusual(self, rows: Longs, first: int, last: int) -> Mask:
        """(rows,): who has an hour among first … last that is not to teach."""
        hours = self.table["hour"][rows]
        marked = self.table["unusual"][rows] & (hours >= first) & (hours <= last)
        found: Mask = np.logical_or.reduce(marked, axis=1)
        return found

    def to_arrays(self, rows: int) -> Arrays:
        """The first `rows` animals."""
        return self.table.to_arrays(rows)


def _bounded(counts: Longs) -> NDArray[np.uint16]:
    # np.clip costs three times as much on arrays of this size
    return np.maximum(np.minimum(counts, SECONDS_MAX), 0).astype(np.uint16)
