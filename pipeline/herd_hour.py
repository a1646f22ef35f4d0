"""One judged hour of one herd, as the hourly detectors see it: windows beside what is usual.

Sums over hours are taken one hour after the other: a vectorised sum may add in another order for
another number of animals, and a farm's answers must not hang on its neighbours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.baselines import Baselines
from pipeline.features import SCALE
from pipeline.hours import HOUR_S, HourBins
from pipeline.tables import HOUR_US, Longs, Mask

Floats = NDArray[np.float64]

COVERAGE_MIN = 0.75  # of the hours: below it a score would be a guess (science: 44 % of real
# "drops" of over half were partial days and moves)
HERD_MIN = 10  # animals: the median of fewer follows one of them
FEW_ANIMALS = 100  # up to so many, numpy adds up a day in one call quicker than in one an hour
RATIO_MIN = 0.1  # a herd that all but stopped: dividing by less would judge noise
NOT_MEASURED, TOO_FEW_HOURS, NO_BASELINE = "not_measured", "too_few_hours", "no_baseline"


@dataclass(frozen=True, slots=True)
class Window:
    """One signal over the last hours, all (animals,): heard against usual for just those hours.

    ratio: what was measured by what is usual; NaN where why_not says why. usual: of all the
    window's hours, in the signal's unit; value: usual times ratio, that is scaled to all hours.
    """

    ratio: Floats
    usual: Floats
    why_not: list[str | None]

    @property
    def value(self) -> Floats:
        """(animals,): what was measured, scaled to the whole window."""
        return self.ratio * self.usual


class Medians:
    """By what the herd as a whole differs from its usual in one hour, window by window.

    Fixed once, so that who is judged later, or again, is held against the same herd. keys: (signal,
    hours) of the windows. ratios: (keys,), 0 = not fixed yet. late: (keys,), whether readings of
    the herd came after it was fixed. Both are written into.
    """

    def __init__(self, keys: Sequence[tuple[str, int]], ratios: Floats, late: Mask) -> None:
        self._keys, self._ratios, self._late = keys, ratios, late
        self._fixed = ratios > 0

    def unfixed(self, keys: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Those of these that are not fixed yet."""
        return [key for key in keys if not self._ratios[self._keys.index(key)]]

    @property
    def fixed_now(self) -> bool:
        """Whether one was fixed since this was made."""
        return bool(((self._ratios > 0) & ~self._fixed).any())

    def note_late(self, came: Callable[[int], bool]) -> None:
        """Readings came after; came: whether they did in the last so many hours."""
        for place, (_, hours) in enumerate(self._keys):
            self._late[place] |= self._fixed[place] and came(hours)

    def partial(self, keys: Sequence[tuple[str, int]]) -> bool:
        """Whether any of these was fixed before all readings of the herd were in."""
        return any(bool(self._late[self._keys.index(key)]) for key in keys)

    def ratio(self, key: tuple[str, int], ratios: Floats) -> float:
        """By what the herd is excused; 1 while fewer than HERD_MIN are judged.

        ratios: (animals,), of the whole herd where it is not fixed yet.
        """
        place = self._keys.index(key)
        if not self._ratios[place]:
            median = herd_median(ratios)
            if median is None:
                return 1.0
            self._ratios[place] = max(median, RATIO_MIN)
        return float(self._ratios[place])


@dataclass(frozen=True, slots=True)
class HerdHour:
    """An hour (hours since 1970) of animals (rows): of all, where medians are to be fixed."""

    hour: int
    rows: Longs
    bins: HourBins
    baselines: Baselines
    medians: Medians
    _windows: dict[tuple[str, int], Window] = field(default_factory=dict)

    @property
    def ends_us(self) -> int:
        """When the hour was over."""
        return (self.hour + 1) * HOUR_US

    def herd_ratio(self, signal: str, hours: int) -> float:
        """What the herd as a whole does of its usual; 1 where it is too small to say."""
        return self.medians.ratio((signal, hours), self.window(signal, hours).ratio)

    def window(self, signal: str, hours: int) -> Window:
        """The last so many hours of a counted signal, the judged one included."""
        found = self._windows.get((signal, hours))
        if found is None:
            found = self._windows[signal, hours] = self._window(signal, hours)
        return found

    def _window(self, signal: str, hours: int) -> Window:
        span = np.arange(self.hour - hours + 1, self.hour + 1)
        heard = self.bins.heard(self.rows, span, signal)
        usual = self.baselines.usual(self.rows, signal, span)
        known = np.isfinite(usual)
        # two collars at once measure her twice: counted as one
        seconds = np.minimum(heard.seconds, HOUR_S)
        centi = heard.centi * seconds / np.maximum(heard.seconds, 1)
        level = np.where(known, usual, 0.0)
        counts = known & (seconds > 0)
        actual = summed(np.where(counts, centi, 0.0)) / SCALE
        expected = summed(np.where(counts, level * seconds / HOUR_S, 0.0))
        covered_s = summed(seconds)
        known_s = summed(np.where(known, seconds, 0))
        enough_s = COVERAGE_MIN * hours * HOUR_S
        reasons = [
            (covered_s == 0, NOT_MEASURED),
            (covered_s < enough_s, TOO_FEW_HOURS),
            ((known_s < enough_s) | (expected <= 0), NO_BASELINE),
        ]
        judged = np.ones(len(self.rows), np.bool_)
        why_not: list[str | None] = [None] * len(self.rows)
        for lacking, reason in reasons:
            for place in np.nonzero(lacking & judged)[0].tolist():
                why_not[place] = reason
            judged &= ~lacking
        ratio = np.where(judged, actual / np.where(judged, expected, 1.0), np.nan)
        whole = summed(level) * hours / np.maximum(summed(known.astype(np.int64)), 1)
        return Window(ratio, np.where(judged, whole, np.nan), why_not)


def herd_median(ratios: Floats) -> float | None:
    """The median of those that are judged; None of fewer than HERD_MIN."""
    found = np.sort(ratios[np.isfinite(ratios)])
    if len(found) < HERD_MIN:
        return None
    return float(found[(len(found) - 1) // 2] + found[len(found) // 2]) / 2


def summed(values: NDArray[np.float64] | NDArray[np.int64]) -> Floats:
    """(animals,): the sum over (animals, hours), hour after hour."""
    if len(values) <= FEW_ANIMALS:
        sums: Floats = np.add.accumulate(values, axis=1, dtype=np.float64)
        return sums[:, -1]
    total: Floats = np.zeros(len(values))
    for hour in range(values.shape[1]):
        total += values[:, hour]
    return total
