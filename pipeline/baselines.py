"""What is usual for each animal: level and spread of each signal at each UTC hour of the day.

The settled part of the state. It learns an hour only once no reading can change it any more, so
that what it holds does not hang on the order in which readings came. Cattle keep their hours and
their daily curves have two peaks, so each hour of the day has a level of its own (24 bins fitted
early-lactation cows better than cosines: JDS Communications 2023, jdsc.2022-0327).
"""

import numpy as np
from numpy.typing import NDArray

from contracts.hour import HOUR_SIGNALS
from pipeline import drift
from pipeline.tables import Column, Longs, Table

Floats = NDArray[np.float64]

DAY_HOURS = 24
# what is binned and learnt: the signals of a told hour first, then what only detectors look at
SIGNALS = (*HOUR_SIGNALS, "lying_bouts")
DAYS_MIN = 3  # learnt in an hour of the day, before its level is said to be usual
MEMORY_DAYS = 10  # the weight of a day sinks to a third in so many: lactation moves on
DAYS_MAX = 255
CLIP_FROM_DAYS = 5  # the spread of fewer is no measure
CLIP_SPREADS = 3.0  # one odd hour moves what is usual no further than this


class Baselines:
    """Level, variance and days learnt, of each animal, signal and hour of the day."""

    def __init__(self) -> None:
        shape = (len(SIGNALS), DAY_HOURS)
        self.table = Table(
            {
                "level": Column("float32", shape),
                "variance": Column("float32", shape),
                "days": Column("uint8", shape),
                **drift.COLUMNS,
            }
        )

    def learn(self, rows: Longs, hour: int, values: Floats) -> None:
        """Take in an hour of these animals; values: (animals, signals), NaN teaches nothing.

        Elementwise only: the same numbers come out on every machine and in any company.
        """
        place = (rows, slice(None), hour % DAY_HOURS)
        level = self.table["level"][place].astype(np.float64)
        variance = self.table["variance"][place].astype(np.float64)
        days = self.table["days"][place]
        spread = np.sqrt(variance)
        clips = (days >= CLIP_FROM_DAYS) & (spread > 0)
        reach = np.where(clips, CLIP_SPREADS * spread, np.inf)
        known = np.isfinite(values)
        off = np.clip(np.where(known, values - level, 0.0), -reach, reach)
        weight = np.maximum(1.0 / (days + 1.0), 1.0 / MEMORY_DAYS)
        moved = level + weight * off
        varied = (1.0 - weight) * (variance + weight * off * off)
        self.table["level"][place] = np.where(known, moved, level)
        self.table["variance"][place] = np.where(known, varied, variance)
        self.table["days"][place] = np.where(known, np.minimum(days, DAYS_MAX - 1) + 1, days)

    def usual(self, rows: Longs, signal: str, hours: Longs) -> Floats:
        """(animals, hours): her level at each of these hours; NaN until DAYS_MIN are learnt."""
        return self._known("level", rows, signal, hours)

    def spread(self, rows: Longs, signal: str, hours: Longs) -> Floats:
        """(animals, hours): her standard deviation at each of these hours; NaN as usual."""
        return np.sqrt(self._known("variance", rows, signal, hours))

    def hour_of_day(self, rows: Longs, hour: int) -> tuple[Floats, Floats]:
        """Level and spread of all signals at one hour, each (animals, signals); NaN as usual."""
        place = (rows, slice(None), hour % DAY_HOURS)
        known = self.table["days"][place] >= DAYS_MIN
        level = self.table["level"][place].astype(np.float64)
        spread = np.sqrt(self.table["variance"][place].astype(np.float64))
        return np.where(known, level, np.nan), np.where(known, spread, np.nan)

    def usual_at(self, row: int, signal: str, hour: int) -> float | None:
        """Her level at one hour, to two digits; None until it is known."""
        found = float(self.usual(np.array([row]), signal, np.array([hour]))[0, 0])
        return None if np.isnan(found) else round(found, 2)

    def usual_each(self, rows: Longs, signal: str, hours: Longs) -> Floats:
        """(readings,): her level at one hour each, rows and hours in pairs; NaN until known."""
        place = (rows, SIGNALS.index(signal), hours % DAY_HOURS)
        level = self.table["level"][place].astype(np.float64)
        return np.where(self.table["days"][place] >= DAYS_MIN, level, np.nan)

    def drift(self, rows: Longs, signal: str) -> Floats:
        """(animals,): her last days by the weeks before; see `drift.of`."""
        return drift.of(self.table, rows, signal)

    def learnt_days(self, rows: Longs, signal: str) -> Floats:
        """(animals,): of how many days hours were learnt, in the mean of all hours of the day."""
        days: Floats = self.table["days"][rows, SIGNALS.index(signal)].sum(axis=1) / DAY_HOURS
        return days

    def _known(self, name: str, rows: Longs, signal: str, hours: Longs) -> Floats:
        place = (rows[:, None], SIGNALS.index(signal), hours % DAY_HOURS)
        found = self.table[name][place].astype(np.float64)
        return np.where(self.table["days"][place] >= DAYS_MIN, found, np.nan)
