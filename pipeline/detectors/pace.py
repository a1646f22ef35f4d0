"""How a single reading compares with her usual hour, whatever its sensor counts in. Pure."""

import numpy as np
from numpy.typing import NDArray

from pipeline.features import Signals
from pipeline.tables import HOUR_US, Longs

Floats = NDArray[np.float64]


def of_usual(signals: Signals, name: str) -> Floats:
    """(readings,): what was counted by what is usual in so much of such an hour.

    NaN: not measured, not known, or nothing is usual then.
    """
    value, usual = signals.column(name), signals.usual(name)
    if not np.isfinite(value).any():
        return value
    expected = usual * (signals.interval_us / HOUR_US)
    known = expected > 0
    share: Floats = np.where(known, value / np.where(known, expected, 1.0), np.nan)
    return share


def share_of_time(signals: Signals, name: str) -> Floats:
    """(readings,): the share of its span in which she did that; NaN = not measured."""
    minutes: Floats = np.maximum(signals.interval_us, 1) / 60_000_000
    share: Floats = signals.column(name) / minutes
    return share


def centi(values: Floats) -> Longs:
    """Hundredths as integers, 0 where not measured."""
    whole: Longs = np.rint(np.where(np.isfinite(values), values, 0.0) * 100).astype(np.int64)
    return whole
