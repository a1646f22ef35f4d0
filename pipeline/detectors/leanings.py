"""How far an animal leans towards something: signals of her last hours in spreads of her own.

Sensors of different makers count differently, from other zeros and on other scales, so a signal is
held against her own usual and in units of how much she varies anyway (science: a robust z over an
own 24-hour profile, the herd's change taken off first). Several signs are added up with weights and
brought back to the spread that one sign has: a sensor that measures less speaks at the same limit,
only less often.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.baselines import DAYS_MIN
from pipeline.detectors.base import Measured
from pipeline.herd_hour import HerdHour
from pipeline.hours import HOUR_S, OPEN_HOURS
from pipeline.signals import TEMPERATURE

Floats = NDArray[np.float64]

# Hours of one day hang together: a window varies so many times as much as if its hours did not.
# Measured on simulated animals on quiet days, windows of 8 to 12 hours (ours).
TOGETHER = {
    "activity": 1.4,
    "steps": 1.5,
    "lying_minutes": 1.15,
    "lying_bouts": 1.2,
    "rumination_minutes": 1.15,
    "eating_minutes": 1.1,
}
SPREAD_MIN = 0.08  # relative: an animal that was steady for some days is not that steady
# °C, of the mean over so many hours, herd's change taken off: simulated animals on quiet days,
# drinks in the rumen included (ours; core alone varies 0.10 to 0.15 °C from day to day)
WARMTH_SPREAD_C = {12: 0.24, 24: 0.17}
SPEAKS = 0.7  # spreads: who leans less says nothing


@dataclass(frozen=True, slots=True)
class Leaning:
    """A signal over some hours that speaks for something if there is more (1) or less (-1) of it.

    weight: beside other signs. least, most: spreads, between which it counts: one sign alone must
    neither prove nor refute everything.
    """

    signal: str
    hours: int
    towards: int
    weight: float
    least: float = -2.0
    most: float = 4.0


def lean(herd: HerdHour, signal: str, hours: int, *, rest: float = 0.0) -> Floats:
    """(animals,): spreads by which a window lies over what is usual for her; NaN = not judged.

    What her herd or pen as a whole does is taken off; rest: one that does less than this share of
    its usual counts as if it did so much. The detector names (signal, hours) in its `medians`.
    """
    if signal == TEMPERATURE:
        warmer: Floats = (herd.warmth(hours).over_c - herd.pen_over_c(hours)) / WARMTH_SPREAD_C[
            hours
        ]
        return warmer
    ratio = herd.window(signal, hours).ratio / np.maximum(herd.pen_ratio(signal, hours), rest)
    found: Floats = (ratio - 1.0) / spread_of(herd, signal, hours)
    return found


def spread_of(herd: HerdHour, signal: str, hours: int) -> Floats:
    """(animals,): how much a window of a counted signal varies, as a share of its usual; NaN as
    usual. Wider while few days are learnt: the spread of three days is a guess.
    """
    spread = herd.spread(signal, hours) * TOGETHER[signal] * _young(herd, signal)
    spread *= np.sqrt(_hours_a_reading(herd, hours))
    found: Floats = np.maximum(spread, SPREAD_MIN)
    return found


def _young(herd: HerdHour, signal: str) -> Floats:
    """(animals,): by what a level and a spread of few days are too narrow for the next day."""
    learnt = np.maximum(herd.learnt_days(signal), DAYS_MIN)
    found: Floats = np.sqrt((learnt + 1.0) / (learnt - 1.0))
    return found


def _hours_a_reading(herd: HerdHour, hours: int) -> Floats:
    """(animals,): whole hours that a reading covers, at least 1: hours cut from one reading are
    alike, and tell as much as one. By the window's hours alone, so that it is the same at any time.
    """
    span = np.arange(herd.hour - hours + 1, herd.hour + 1)
    slots, table = span % OPEN_HOURS, herd.bins.table
    at = (herd.rows[:, None], slots)
    held = table["hour"][at] == span
    heard_s = np.where(held, table["heard"][at], 0).astype(np.int64).sum(axis=1)
    readings = np.where(held, table["readings"][at], 0).astype(np.int64).sum(axis=1)
    found: Floats = np.maximum(np.rint(heard_s / HOUR_S / np.maximum(readings, 1)), 1.0)
    return found


def leaning(herd: HerdHour, sign: Leaning) -> Floats:
    """(animals,): spreads in which a sign speaks, within what it may say; NaN = not judged."""
    found = np.clip(sign.towards * lean(herd, sign.signal, sign.hours), sign.least, sign.most)
    return np.asarray(found, np.float64)


@dataclass(frozen=True, slots=True)
class Leant:
    """What some leanings say together, all (animals,).

    spreads: NaN where none could be judged. judged: how many could be. speaking: how many speak for
    it with SPEAKS or more.
    """

    spreads: Floats
    judged: NDArray[np.int64]
    speaking: NDArray[np.int64]


def sum_of(herd: HerdHour, signs: Sequence[Leaning]) -> Leant:
    """The leanings added up by weight, one after the other: the same in any company."""
    total, weight = np.zeros(len(herd.rows)), np.zeros(len(herd.rows))
    count, speaking = (np.zeros(len(herd.rows), np.int64) for _ in range(2))
    for sign in signs:
        said = leaning(herd, sign)
        judged = np.isfinite(said)
        count += judged
        total += np.where(judged, sign.weight * said, 0.0)
        weight += np.where(judged, sign.weight**2, 0.0)
        speaking += judged & (said >= SPEAKS)
    some = count > 0
    spreads = np.where(some, total / np.sqrt(np.where(some, weight, 1.0)), np.nan)
    return Leant(spreads, count, speaking)


def told(herd: HerdHour, signs: Sequence[Leaning], place: int) -> tuple[Measured, ...]:
    """The signs of one animal that were judged: each beside what is usual for her."""
    found = []
    for sign in signs:
        if sign.signal == TEMPERATURE:
            warmth = herd.warmth(sign.hours)
            value = float(warmth.mean_c[place])
            usual = value - float(warmth.over_c[place])
            unit = "Cel"
        else:
            window = herd.window(sign.signal, sign.hours)
            value, usual = float(window.value[place]), float(window.usual[place])
            unit = "min" if sign.signal.endswith("_minutes") else "1"
        if np.isfinite(usual) and np.isfinite(value):
            digits = 2 if unit == "Cel" else 1
            found.append(
                Measured(
                    sign.signal,
                    unit,
                    herd.ends_us,
                    round(value, digits),
                    None,
                    round(usual, digits),
                )
            )
    return tuple(found)
