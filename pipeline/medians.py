"""By what a herd, and each of its pens, as a whole differs from its usual in one hour.

Feeding times, weather, milking and clock changes move a whole pen: what all of it does says nothing
about one animal. Who is judged is held against her pen where enough of it are judged, else against
the herd.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.signals import TEMPERATURE
from pipeline.sums import herd_median
from pipeline.tables import Longs, Mask

Floats = NDArray[np.float64]

NO_PEN = -1
RATIO_MIN = 0.1  # a herd that all but stopped: dividing by less would judge noise


class Pens(Protocol):
    """The medians of a herd's pens in one hour."""

    def values(self, pen: int, *, to_fix: bool) -> Floats | None:
        """(keys,), NaN = not fixed, to write into; None: none of it is, nor is to be."""
        ...


class Medians:
    """By what the herd as a whole differs from its usual in one hour, window by window.

    Fixed once, so that who is judged later, or again, is held against the same herd. keys: (signal,
    hours) of the windows; of body temperature a difference in °C, of all else a ratio. values:
    (keys,), NaN = not fixed yet. late: (keys,), whether readings of the herd came after it was
    fixed. Both are written into. pens: the same of its pens.
    """

    def __init__(
        self,
        keys: Sequence[tuple[str, int]],
        values: Floats,
        late: Mask,
        pens: Pens | None = None,
    ) -> None:
        self._keys, self._values, self._late, self._pens = keys, values, late, pens
        self._fixed = np.isfinite(values)

    def unfixed(self, keys: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Those of these that are not fixed yet."""
        return [key for key in keys if np.isnan(self._values[self._keys.index(key)])]

    @property
    def fixed_now(self) -> bool:
        """Whether one was fixed since this was made."""
        return bool((np.isfinite(self._values) & ~self._fixed).any())

    def note_late(self, came: Callable[[int], bool]) -> None:
        """Readings came after; came: whether they did in the last so many hours."""
        for place, (_, hours) in enumerate(self._keys):
            self._late[place] |= self._fixed[place] and came(hours)

    def partial(self, keys: Sequence[tuple[str, int]]) -> bool:
        """Whether any of these was fixed before all readings of the herd were in."""
        return any(bool(self._late[self._keys.index(key)]) for key in keys)

    def value(self, key: tuple[str, int], found: Floats) -> float:
        """By what the herd is excused; 1, or 0 °C, while fewer than HERD_MIN are judged.

        found: (animals,), of the whole herd where it is not fixed yet.
        """
        place = self._keys.index(key)
        if np.isnan(self._values[place]):
            median = _median(key, found)
            if median is None:
                return 0.0 if key[0] == TEMPERATURE else 1.0
            self._values[place] = median
        return float(self._values[place])

    def by_pen(self, key: tuple[str, int], found: Floats, groups: Longs, *, to_fix: bool) -> Floats:
        """(animals,): by what each one's pen is excused; the herd where the pen has no median.

        groups: (animals,), as HerdHour.groups. to_fix: found is of the whole herd, and its pens are
        to be fixed now.
        """
        excused = np.full(len(found), self.value(key, found))
        if self._pens is None:
            return excused
        place = self._keys.index(key)
        for pen in np.unique(groups[groups != NO_PEN]).tolist():
            inside = groups == pen
            values = self._pens.values(pen, to_fix=to_fix)
            if values is None:
                continue
            if to_fix and np.isnan(values[place]):
                median = _median(key, found[inside])
                values[place] = np.nan if median is None else median
            if np.isfinite(values[place]):
                excused[inside] = values[place]
        return excused


def _median(key: tuple[str, int], found: Floats) -> float | None:
    median = herd_median(found)
    if median is None or key[0] == TEMPERATURE:
        return median
    return max(median, RATIO_MIN)
