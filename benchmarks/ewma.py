"""The one detector of the peers' job: per animal and signal a moving mean and variance. Pure.

A reading tells if in any signal its square distance from the mean is above SIGMA2 times the
variance as it was before the reading, plus GUARD. A null leaves the signal as it is, the first
value sets its mean. So each reading of an animal needs the one before; animals are independent.
Approach: readings go in rounds, the n-th of every animal in round n, animals with most readings
first, so that a round is a slice of contiguous arrays: no gathers, and the arithmetic is scalar
code's to the last bit.
"""

import numpy as np
from numpy.typing import NDArray

from contracts.columns import TextColumn
from pipeline.keys import ID_WORDS, Ids, KeyIndex
from pipeline.tables import Arrays, Longs, Mask

Floats = NDArray[np.float64]

ALPHA, SIGMA2, GUARD = 0.05, 36.0, 1.0
ROOM_MIN = 1024


class Ewma:
    """Animals' means and variances, (animals, signals); an animal's row is her place of arrival."""

    def __init__(self, signals: int) -> None:
        self._ids, self._keys = Ids(), KeyIndex(ID_WORDS)
        self._mean = np.full((ROOM_MIN, signals), np.nan)
        self._variance = np.zeros((ROOM_MIN, signals))

    def fired(self, animals: TextColumn, signals: Floats) -> Mask:
        """(readings,): which of them tell. signals: (readings, signals), NaN = null."""
        rows, _ = self._keys.take(self._ids.words_of(animals))
        self._reach(len(self._keys))
        order, animal, counts = _in_rounds(rows)
        values = signals[order]
        null = np.isnan(values)
        values[null] = 0.0
        there = (~null).astype(np.float64)
        decay = np.where(null, 1.0, 1 - ALPHA)
        mean, variance = self._mean[animal], self._variance[animal]
        known = not np.isnan(mean).any()
        above = np.empty(values.shape, np.bool_)
        begin = 0
        for count in counts:
            few = slice(begin, begin + count)
            m, v, x = mean[:count], variance[:count], values[few]
            if not known:
                first = np.isnan(m) & ~null[few]
                m[first] = x[first]  # no distance, so it neither tells nor teaches
                unseen = np.isnan(m)
            d = (x - m) * there[few]
            if not known:
                d[unseen] = 0.0
                decay[few][first] = 1.0
            square = d * d
            np.greater(square, SIGMA2 * v + GUARD, out=above[few])
            m += ALPHA * d
            v *= decay[few]
            v += ALPHA * square
            begin += count
        self._mean[animal], self._variance[animal] = mean, variance
        fired = np.zeros(len(rows), np.bool_)
        fired[order] = above.any(axis=1)
        return fired

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        count = len(self._keys)
        found = {"mean": self._mean[:count], "variance": self._variance[:count]}
        return found | {"odd": self._ids.to_array()} | self._keys.to_arrays()

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "Ewma":
        """What to_arrays gave."""
        found = cls(arrays["mean"].shape[1])
        found._ids.load(arrays["odd"])
        found._keys.load(arrays)
        count = len(found._keys)
        found._reach(count)
        found._mean[:count], found._variance[:count] = arrays["mean"], arrays["variance"]
        return found

    def _reach(self, rows: int) -> None:
        room = len(self._mean)
        if rows > room:
            more = max(room, rows - room)
            self._mean = np.pad(self._mean, ((0, more), (0, 0)), constant_values=np.nan)
            self._variance = np.pad(self._variance, ((0, more), (0, 0)))


def _in_rounds(rows: Longs) -> tuple[Longs, Longs, list[int]]:
    """Readings by round; the animals, those with most readings first; how many in each round."""
    few = rows.max(initial=0) < 1 << 16  # sixteen bits are sorted by counting
    by_animal = np.argsort(rows.astype(np.uint16) if few else rows, kind="stable")
    sorted_ = rows[by_animal]
    starts = np.nonzero(np.diff(sorted_, prepend=-1))[0]
    sizes = np.diff(starts, append=len(rows))
    most_first = np.argsort(-sizes, kind="stable")
    rank = np.empty(len(starts), np.int64)
    rank[most_first] = np.arange(len(starts))
    turn = np.arange(len(rows)) - np.repeat(starts, sizes)
    order = by_animal[np.lexsort((np.repeat(rank, sizes), turn))]
    return order, sorted_[starts][most_first], np.bincount(turn).tolist()
