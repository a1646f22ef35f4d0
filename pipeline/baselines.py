"""What is usual for each animal: level and spread of each signal at each UTC hour of the day.

The settled part of the state. It learns an hour only once no reading can change it any more, so
that what it holds does not hang on the order in which readings came. Cattle keep their hours and
their daily curves have two peaks, so each hour of the day has a level of its own (24 bins fitted
early-lactation cows better than cosines: JDS Communications 2023, jdsc.2022-0327).
"""

import numpy as np
from numpy.typing import NDArray

from pipeline import drift, stuck
from pipeline.priors import YOUNG_DAYS, Priors, columns
from pipeline.signals import SIGNALS, TEMPERATURE
from pipeline.sums import summed
from pipeline.tables import Column, Longs, Mask, Table

Floats = NDArray[np.float64]

DAY_HOURS = 24
TEACHES_SECONDS_MIN = 2700  # of an hour heard: three quarters, as detectors ask for
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
                **columns(len(SIGNALS)),
                **drift.COLUMNS,
                **stuck.COLUMNS,
            }
        )
        self.priors = Priors([signal == TEMPERATURE for signal in SIGNALS])

    def take_in(self, rows: Longs, hour: int, values: Floats, readings: Longs, odd: Mask) -> None:
        """Learn all there is to learn of an hour; values as in `learn`, written into.

        readings: (animals,), how many the hour has. odd: (animals,), whether an episode of hers was
        open: then it teaches nothing that is usual.
        """
        columns_of = [SIGNALS.index(signal) for signal in stuck.SIGNALS]
        is_stuck = stuck.learn(self.table, rows, values[:, columns_of], readings)
        if is_stuck.any():
            values[:, columns_of] = np.where(is_stuck, np.nan, values[:, columns_of])
        place = (rows[:, None], np.array(_DRIFTS), hour % DAY_HOURS)
        level = self.table["level"][place].astype(np.float64)
        known = np.where(self.table["days"][place] > 0, level, np.nan)
        drift.add_hour(self.table, rows, values[:, _DRIFTS], known, odd)
        self.learn(rows[~odd], hour, values[~odd])

    def close_day(self, farm: str, rows: Longs) -> None:
        """A UTC day of a herd can change no more."""
        whole = np.stack([self._of_day(rows, column) for column in _DRIFTS], axis=1)
        drift.close_day(self.table, rows, whole)
        self.priors.settle(farm, self.table, rows)

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

    def _of_day(self, rows: Longs, column: int) -> Floats:
        """(animals,): her own level in the mean of the hours of a day; NaN until one is learnt."""
        known = self.table["days"][rows, column] > 0
        level = np.where(known, self.table["level"][rows, column].astype(np.float64), 0.0)
        count = known.sum(axis=1)
        return np.where(count > 0, summed(level) / np.maximum(count, 1), np.nan)

    def usual(self, rows: Longs, signal: str, hours: Longs) -> Floats:
        """(animals, hours): her level at each of these hours; NaN until DAYS_MIN are learnt."""
        return self._level(rows[:, None], SIGNALS.index(signal), hours % DAY_HOURS)

    def spread(self, rows: Longs, signal: str, hours: Longs) -> Floats:
        """(animals, hours): her standard deviation at each of these hours; NaN as usual."""
        return self._spread(rows[:, None], SIGNALS.index(signal), hours % DAY_HOURS)

    def usual_each(self, rows: Longs, signal: str, hours: Longs) -> Floats:
        """(readings,): her level at one hour each, rows and hours in pairs; NaN until known."""
        return self._level(rows, SIGNALS.index(signal), hours % DAY_HOURS)

    def hour_of_day(self, rows: Longs, hour: int) -> tuple[Floats, Floats]:
        """Level and spread of all signals at one hour, each (animals, signals); NaN as usual."""
        at = rows[:, None], np.arange(len(SIGNALS)), np.array(hour % DAY_HOURS)
        return self._level(*at), self._spread(*at)

    def usual_at(self, row: int, signal: str, hour: int) -> float | None:
        """Her level at one hour, to two digits; None until it is known."""
        found = float(self.usual(np.array([row]), signal, np.array([hour]))[0, 0])
        return None if np.isnan(found) else round(found, 2)

    def drift(self, rows: Longs, signal: str) -> Floats:
        """(animals,): her last days by the weeks before; see `drift.of`."""
        return drift.of(self.table, rows, signal)

    def learnt_days(self, rows: Longs, signal: str) -> Floats:
        """(animals,): of how many days hours were learnt, in the mean of all hours of the day."""
        days: Floats = self.table["days"][rows, SIGNALS.index(signal)].sum(axis=1) / DAY_HOURS
        return days

    def learnt_hours(self, rows: Longs) -> Longs:
        """(animals,): how many hours taught the signal of hers that is known best."""
        hours: Longs = self.table["days"][rows].sum(axis=2, dtype=np.int64).max(axis=1)
        return hours

    def _level(self, rows: Longs, column: int | Longs, hours: Longs) -> Floats:
        """Her own, leaning on the herd's while she is young; all three broadcast."""
        own = self.table["level"][rows, column, hours].astype(np.float64)
        days = self.table["days"][rows, column, hours]
        if len(self.priors):
            own = _leaning(own, days, self.priors.level(self.table, rows, column, hours))
        return np.where(days >= DAYS_MIN, own, np.nan)

    def _spread(self, rows: Longs, column: int | Longs, hours: Longs) -> Floats:
        own = self.table["variance"][rows, column, hours].astype(np.float64)
        days = self.table["days"][rows, column, hours]
        if len(self.priors):
            own = _leaning(own, days, self.priors.variance(self.table, rows, column, hours))
        return np.sqrt(np.where(days >= DAYS_MIN, own, np.nan))


_DRIFTS = [SIGNALS.index(signal) for signal in drift.SIGNALS]


def _leaning(own: Floats, days: NDArray[np.uint8], herd: Floats) -> Floats:
    """Her own and the herd's, weighed by the days learnt; her own where the herd has none."""
    weight = days / (days + YOUNG_DAYS)
    return np.where(np.isfinite(herd), weight * own + (1.0 - weight) * herd, own)
