"""Sums and medians over animals whose last bit hangs on no neighbour and on no order.

A vectorised sum may add in another order for another number of animals; a median of sorted values
is the same whoever came first.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.tables import Mask

Floats = NDArray[np.float64]

HERD_MIN = 10  # animals: the median of fewer follows one of them
FEW_ANIMALS = 100  # up to so many, numpy adds up a day in one call quicker than in one an hour


def summed(values: NDArray[np.float64] | NDArray[np.int64]) -> Floats:
    """(animals,): the sum over (animals, hours), hour after hour."""
    if len(values) <= FEW_ANIMALS:
        sums: Floats = np.add.accumulate(values, axis=1, dtype=np.float64)
        return sums[:, -1]
    total: Floats = np.zeros(len(values))
    for hour in range(values.shape[1]):
        total += values[:, hour]
    return total


def herd_median(ratios: Floats) -> float | None:
    """The median of those that are judged; None of fewer than HERD_MIN."""
    found = ratios[np.isfinite(ratios)]
    if len(found) < HERD_MIN:
        return None
    low, high = (len(found) - 1) // 2, len(found) // 2
    found.partition((low, high))  # of a large herd a tenth of what sorting costs
    return float(found[low] + found[high]) / 2


def medians(values: Floats, known: Mask) -> Floats:
    """(columns,): of (animals, columns) the median of what is known; NaN of under HERD_MIN."""
    found = [herd_median(column) for column in np.where(known, values, np.nan).T]
    return np.array([np.nan if one is None else one for one in found])
