"""Sensors that say one value and no other: what they say is no measurement.

Problem: a bolus whose sensor died says 38.61 °C for weeks, an accelerometer that hangs says 40 each
hour: both look healthier than any animal, and teach that nothing is usual. Approach: the hour's
values, to two digits, are held against the hour before; so many hours of one value, made of so many
readings, are no animal's. Zero is not meant: an animal that lies still takes no steps. Lying and
drinking are not either: a cow that lies for six hours is 60 minutes an hour at it.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.signals import TEMPERATURE
from pipeline.tables import Column, Longs, Mask, Table

Floats = NDArray[np.float64]

SIGNALS = (TEMPERATURE, "activity", "steps")
# Both are asked for: a sensor in steps of 0.1 °C, read every two hours, is often the same for six
# hours, and at a quarter of chance for each reading never for twelve readings. Ours.
HOURS_MIN = 6
READINGS_MIN = 12
LOOKBACK_HOURS = 24  # twelve readings at the slowest cadence that is judged
COLUMNS = {
    "same_centi": Column("int32", (len(SIGNALS),)),
    "same_hours": Column("uint8", (len(SIGNALS),)),
    "same_readings": Column("uint16", (len(SIGNALS),)),
}


def now(
    rows: Longs,
    hour: int,
    value_of: Callable[[Longs, int], Floats],
    readings_of: Callable[[Longs, int], Longs],
) -> Mask:
    """(animals,): whose sensor is stuck, as of the open hours up to this one.

    value_of, readings_of: a signal of these rows in an hour, NaN = not measured, and how many
    readings that hour has. Nearly all animals are out of it after two hours.
    """
    stuck = np.zeros(len(rows), np.bool_)
    centi, known = _centi(value_of(rows, hour))
    places = np.nonzero(known & (centi != 0))[0]
    hours = np.ones(len(places), np.int64)
    readings = readings_of(rows[places], hour)
    for back in range(1, LOOKBACK_HOURS):
        if not len(places):
            break
        before, measured = _centi(value_of(rows[places], hour - back))
        same = before == centi[places]
        hours += measured & same
        readings += np.where(same, readings_of(rows[places], hour - back), 0)
        found = measured & same & (hours >= HOURS_MIN) & (readings >= READINGS_MIN)
        stuck[places[found]] = True
        goes_on = (same | ~measured) & ~found
        places, hours, readings = places[goes_on], hours[goes_on], readings[goes_on]
    return stuck


def learn(table: Table, rows: Longs, values: Floats, readings: Longs) -> Mask:
    """(animals, SIGNALS): whose hour, which can change no more, is one of a stuck sensor.

    values: (animals, SIGNALS), NaN where not measured; readings: (animals,), of that hour.
    """
    centi, known = _centi(values)
    speaks = known & (centi != 0)
    same = speaks & (centi == table["same_centi"][rows]) & (table["same_hours"][rows] > 0)
    for name, more, most in (("hours", 1, 255), ("readings", readings[:, None], 2**16 - 1)):
        before = np.where(same, table[f"same_{name}"][rows].astype(np.int64), 0)
        counted = np.where(speaks, np.minimum(before + more, most), 0)
        held = table[f"same_{name}"][rows]
        table[f"same_{name}"][rows] = np.where(known, counted, held).astype(held.dtype)
    table["same_centi"][rows] = np.where(known, centi, table["same_centi"][rows])
    enough = table["same_hours"][rows] >= HOURS_MIN
    stuck: Mask = speaks & enough & (table["same_readings"][rows] >= READINGS_MIN)
    return stuck


def _centi(values: Floats) -> tuple[Longs, Mask]:
    """Hundredths, and which are known."""
    known = np.isfinite(values)
    return np.rint(np.where(known, values, 0.0) * 100).astype(np.int64), known
