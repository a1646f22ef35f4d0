"""Slow change of an animal: her last days beside the weeks before, the herd's change taken off.

Problem: lameness comes over weeks, and what is usual comes along with it: a window of a day beside
a memory of ten days sees half of it. Approach: of each day that can change no more one level (what
was heard by what is usual for just those hours, so that a gap shifts nothing), a fast mean over
some days, and a slow one that learns what the fast one was: it lies some days behind, and stands
still while an episode of hers is open. Two numbers a signal, whatever the weeks are. Rejected: a
ring of days (three weeks are 21 numbers a signal), and a slow mean of the days themselves (it holds
the last days too, which are to be held against it).
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.sums import herd_median
from pipeline.tables import Column, Longs, Mask, Table

Floats = NDArray[np.float64]

SIGNALS = (
    "steps",
    "activity",
    "lying_minutes",
    "lying_bouts",
    "eating_minutes",
    "rumination_minutes",
)
DAY_HOURS_MIN = 18  # of a day: three quarters, as everywhere
FAST_DAYS, SLOW_DAYS = 4, 21  # after so many a level has taken in two thirds of a change
FAST_DAYS_MIN, SLOW_DAYS_MIN = 3, 7  # before them there is nothing to hold against another
STEP_MAX = 0.5  # of the fast level: a day of oestrus moves it by an eighth, not by a whole
ODD_HOURS_MAX = 6  # of a day in which an episode was open: with more the slow level stands still
COLUMNS = {
    "today_got": Column("float32", (len(SIGNALS),)),  # of the day that is being learnt
    "today_due": Column("float32", (len(SIGNALS),)),
    "today_hours": Column("uint8", (len(SIGNALS),)),
    "today_odd": Column("uint8"),
    "fast": Column("float32", (len(SIGNALS),)),
    "slow": Column("float32", (len(SIGNALS),)),
    "fast_days": Column("uint8", (len(SIGNALS),)),
    "slow_days": Column("uint8", (len(SIGNALS),)),
    "drift": Column("float32", (len(SIGNALS),), np.nan),
}


def add_hour(table: Table, rows: Longs, values: Floats, levels: Floats, odd: Mask) -> None:
    """Take in an hour that can change no more.

    values, levels: (animals, SIGNALS), what was measured and what is her own level of that hour,
    NaN where there is none. odd: (animals,), whether an episode of hers was open.
    """
    known = np.isfinite(values) & np.isfinite(levels)
    for name, more in (("today_got", values), ("today_due", levels)):
        table[name][rows] += np.where(known, more, 0.0).astype(np.float32)
    table["today_hours"][rows] += known
    table["today_odd"][rows] += odd


def close_day(table: Table, rows: Longs, whole: Floats) -> None:
    """End the day of a herd's animals (rows): move the levels on, and what they say.

    whole: (animals, SIGNALS), her own level over all hours of a day; NaN where there is none.
    """
    due = table["today_due"][rows].astype(np.float64)
    got = table["today_got"][rows].astype(np.float64)
    heard = (table["today_hours"][rows] >= DAY_HOURS_MIN) & (due > 0) & np.isfinite(whole)
    day = np.where(heard, got / np.where(heard, due, 1.0) * np.where(heard, whole, 0.0), np.nan)
    calm = (table["today_odd"][rows] <= ODD_HOURS_MAX)[:, None]
    fast, fast_days = table["fast"][rows].astype(np.float64), table["fast_days"][rows]
    ready = fast_days >= FAST_DAYS_MIN
    _move(table, rows, "slow", np.where(heard & calm & ready, fast, np.nan), SLOW_DAYS)
    reach = np.where(ready, STEP_MAX * fast, np.inf)
    _move(table, rows, "fast", fast + np.clip(day - fast, -reach, reach), FAST_DAYS)
    table["drift"][rows] = _drift(table, rows, heard).astype(np.float32)
    for name in ("today_got", "today_due", "today_hours", "today_odd"):
        table[name][rows] = 0


def of(table: Table, rows: Longs, signal: str) -> Floats:
    """(animals,): her last days by the weeks before, 1 = as they were; NaN = not known."""
    found: Floats = table["drift"][rows, SIGNALS.index(signal)].astype(np.float64)
    return found


def _move(table: Table, rows: Longs, name: str, found: Floats, memory_days: int) -> None:
    """Move a level towards what was found, by the mean of the days while they are few."""
    level, days = table[name][rows].astype(np.float64), table[f"{name}_days"][rows]
    known = np.isfinite(found)
    weight = np.maximum(1.0 / (days + 1.0), 1.0 / memory_days)
    moved = level + weight * np.where(known, found - level, 0.0)
    table[name][rows] = moved.astype(np.float32)
    table[f"{name}_days"][rows] = np.minimum(days, 254) + known


def _drift(table: Table, rows: Longs, heard: Mask) -> Floats:
    fast, slow = table["fast"][rows].astype(np.float64), table["slow"][rows].astype(np.float64)
    enough = (table["fast_days"][rows] >= FAST_DAYS_MIN) & (
        table["slow_days"][rows] >= SLOW_DAYS_MIN
    )
    judged = heard & enough & (slow > 0)
    ratio = np.where(judged, fast / np.where(judged, slow, 1.0), np.nan)
    for column in range(ratio.shape[1]):
        median = herd_median(ratio[:, column])
        if median is not None and median > 0:
            ratio[:, column] /= median
    return ratio
