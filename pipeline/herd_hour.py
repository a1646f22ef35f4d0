"""One judged hour of one herd, as the hourly detectors see it: windows beside what is usual.

Sums over hours are taken one hour after the other: a vectorised sum may add in another order for
another number of animals, and a farm's answers must not hang on its neighbours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from pipeline import stuck
from pipeline.air import UNMEASURED, Weather
from pipeline.baselines import DAY_HOURS, Baselines
from pipeline.features import SCALE
from pipeline.hours import HOUR_S, HourBins
from pipeline.life import Life, unknown
from pipeline.medians import NO_PEN, Medians
from pipeline.signals import TEMPERATURE
from pipeline.sums import summed
from pipeline.tables import HOUR_US, Longs, Mask

Floats = NDArray[np.float64]
T = TypeVar("T")

COVERAGE_MIN = 0.75  # of the hours: below it a score would be a guess (science: 44 % of real
# "drops" of over half were partial days and moves)
NOT_MEASURED, TOO_FEW_HOURS, NO_BASELINE = "not_measured", "too_few_hours", "no_baseline"
STUCK = "stuck_sensor"


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


@dataclass(frozen=True, slots=True)
class Warmth:
    """Body temperature over the last hours, all (animals,), in °C over what is usual for her.

    over_c: the mean over the hours in which it was measured; NaN where why_not says why. peak_c:
    of the hour that lay highest over its usual. mean_c: as measured, drinks left out.
    """

    over_c: Floats
    peak_c: Floats
    mean_c: Floats
    why_not: list[str | None]


@dataclass(frozen=True, slots=True)
class HerdHour:
    """An hour (hours since 1970) of animals (rows): of all, where medians are to be fixed."""

    hour: int
    rows: Longs
    bins: HourBins
    baselines: Baselines
    medians: Medians
    told: Life | None = None  # None: the register told nothing of any of them
    weather: Weather = UNMEASURED  # of the farm's air in this hour
    pens: Longs | None = None  # (animals,), -1 = none; None: the register told of no pen
    open: Mapping[Condition, Mask] = field(default_factory=dict)  # whose episode is; for ByHerd
    at_grace: bool = True  # judged for the first time: pens' medians are fixed then, or never
    _windows: dict[tuple[str, int, int], Window] = field(default_factory=dict)
    _warmths: dict[tuple[int, int], Warmth] = field(default_factory=dict)
    _spreads: dict[tuple[str, int], Floats] = field(default_factory=dict)
    _shared: dict[object, object] = field(default_factory=dict)
    _learnt: dict[tuple[str, str], Floats] = field(default_factory=dict)
    _stuck: dict[str, Mask] = field(default_factory=dict)
    _celsius: dict[int, Floats] = field(default_factory=dict)

    @property
    def life(self) -> Life:
        """What the register says of them at the hour's end."""
        return unknown(len(self.rows)) if self.told is None else self.told

    @property
    def ends_us(self) -> int:
        """When the hour was over."""
        return (self.hour + 1) * HOUR_US

    def stuck(self, signal: str) -> Mask:
        """(animals,): whose sensor of it says one value for hours; of stuck.SIGNALS, else none."""
        found = self._stuck.get(signal)
        if found is None:
            found = self._stuck[signal] = self._is_stuck(signal)
        return found

    def _is_stuck(self, signal: str) -> Mask:
        if signal not in stuck.SIGNALS:
            return np.zeros(len(self.rows), np.bool_)
        bins = self.bins
        return stuck.now(
            self.rows, self.hour, lambda rows, hour: bins.value(rows, hour, signal), bins.readings
        )

    def implausible(self, hours: int) -> Floats:
        """(animals,): of the readings of the last hours, the share with something that no animal
        does (a body at 85 °C, nine minutes in five); NaN where there were none.
        """
        return self.bins.odd_share(self.rows, np.arange(self.hour - hours + 1, self.hour + 1))

    @property
    def groups(self) -> Longs:
        """(animals,): in which pen each is, as a number that means the same on this farm always;
        -1 = nobody told.
        """
        return np.full(len(self.rows), NO_PEN) if self.pens is None else self.pens

    def drift(self, signal: str) -> Floats:
        """(animals,): her last days (settled) by the weeks before, the herd's change taken off.

        1 = as they were; NaN = not known yet, or not measured: see `pipeline/drift.py`.
        """
        return self.baselines.drift(self.rows, signal)

    def learnt_days(self, signal: str) -> Floats:
        """(animals,): how many days of it her usual was learnt from; they are 73 hours old."""
        return self.baselines.learnt_days(self.rows, signal)

    def herd_ratio(self, signal: str, hours: int) -> float:
        """What the herd as a whole does of its usual; 1 where it is too small to say.

        The detector names (signal, hours) among its `medians`.
        """
        return self.medians.value((signal, hours), self.window(signal, hours).ratio)

    def pen_ratio(self, signal: str, hours: int) -> Floats:
        """(animals,): herd_ratio of her pen, where HERD_MIN of it are judged; else the herd's."""
        found = self.window(signal, hours).ratio
        return self._excused((signal, hours), found)

    def pen_over_c(self, hours: int) -> Floats:
        """(animals,): herd_over_c of her pen, where HERD_MIN of it are judged; else the herd's."""
        return self._excused((TEMPERATURE, hours), self.warmth(hours).over_c)

    def _excused(self, key: tuple[str, int], found: Floats) -> Floats:
        return self.medians.by_pen(key, found, self.groups, to_fix=self.at_grace)

    def herd_over_c(self, hours: int) -> float:
        """By how much the herd is warmer than its usual; 0 where it is too small to say.

        The detector names (TEMPERATURE, hours) among its `medians`.
        """
        return self.medians.value((TEMPERATURE, hours), self.warmth(hours).over_c)

    def against(self, signal: str, hours: int) -> Floats:
        """(animals,): what a median is taken of: a ratio, or °C over usual; NaN = not judged."""
        if signal == TEMPERATURE:
            return self.warmth(hours).over_c
        return self.window(signal, hours).ratio

    def window(self, signal: str, hours: int, ago: int = 0) -> Window:
        """The last so many hours of a counted signal, the judged one included.

        ago: of those that ended so many hours before; hours + ago lie within the open hours.
        """
        key = (signal, hours, ago)
        found = self._windows.get(key)
        if found is None:
            found = self._windows[key] = self._window(signal, hours, ago)
        return found

    def warmth(self, hours: int, ago: int = 0) -> Warmth:
        """Body temperature over the same hours."""
        found = self._warmths.get((hours, ago))
        if found is None:
            found = self._warmths[hours, ago] = self._warmth(hours, ago)
        return found

    def shared(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives: made once for all detectors that ask under this key.

        key: of a type of its own, and with all that the answer hangs on but the hour.
        """
        if key not in self._shared:
            self._shared[key] = make()
        return cast("T", self._shared[key])

    def spread(self, signal: str, hours: int) -> Floats:
        """(animals,): standard deviation of the window's ratio, as if its hours were independent.

        By her own hours as they were learnt; NaN until they are known. Hours of one day hang
        together: of a whole day the true one is larger, by what docs/detectors.md measured.
        """
        found = self._spreads.get((signal, hours))
        if found is None:
            found = self._spreads[signal, hours] = self._spread(signal, hours)
        return found

    def _spread(self, signal: str, hours: int) -> Floats:
        span = np.arange(self.hour - hours + 1, self.hour + 1)
        level = summed(np.nan_to_num(self._known("usual", signal)[:, span % DAY_HOURS]))
        spread = self._known("spread", signal)[:, span % DAY_HOURS]
        variance = summed(np.nan_to_num(spread) ** 2)
        share = np.sqrt(variance) / np.maximum(level, 1e-9)
        return np.where(level > 0, share, np.nan)

    def _known(self, name: str, signal: str) -> Floats:
        """(animals, 24): her usual of a signal, or its spread, by hour of the day."""
        found = self._learnt.get((name, signal))
        if found is None:
            ask = self.baselines.usual if name == "usual" else self.baselines.spread
            found = self._learnt[name, signal] = ask(self.rows, signal, np.arange(DAY_HOURS))
        return found

    def _temperature(self, hour: int) -> Floats:
        """(animals,): see HourBins.temperature."""
        found = self._celsius.get(hour)
        if found is None:
            found = self._celsius[hour] = self.bins.temperature(self.rows, hour)
        return found

    def _warmth(self, hours: int, ago: int) -> Warmth:
        last = self.hour - ago
        span = np.arange(last - hours + 1, last + 1)
        celsius = np.stack([self._temperature(hour) for hour in span.tolist()], 1)
        over = celsius - self._known("usual", TEMPERATURE)[:, span % DAY_HOURS]
        measured, known = np.isfinite(celsius), np.isfinite(over)
        count, known_count = summed(measured.astype(np.int64)), summed(known.astype(np.int64))
        reasons = [
            (count == 0, NOT_MEASURED),
            (count < COVERAGE_MIN * hours, TOO_FEW_HOURS),
            (self.stuck(TEMPERATURE), STUCK),
            (known_count < COVERAGE_MIN * hours, NO_BASELINE),
        ]
        judged, why_not = _reasons(reasons)
        mean = summed(np.where(known, over, 0.0)) / np.maximum(known_count, 1)
        warm = summed(np.where(measured, celsius, 0.0)) / np.maximum(count, 1)
        return Warmth(
            np.where(judged, mean, np.nan),
            np.where(judged, np.max(np.where(known, over, -np.inf), axis=1), np.nan),
            np.where(count >= COVERAGE_MIN * hours, warm, np.nan),
            why_not,
        )

    def _window(self, signal: str, hours: int, ago: int) -> Window:
        last = self.hour - ago
        span = np.arange(last - hours + 1, last + 1)
        heard = self.bins.heard(self.rows, span, signal)
        usual = self._known("usual", signal)[:, span % DAY_HOURS]
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
            (self.stuck(signal), STUCK),
            ((known_s < enough_s) | (expected <= 0), NO_BASELINE),
        ]
        judged, why_not = _reasons(reasons)
        ratio = np.where(judged, actual / np.where(judged, expected, 1.0), np.nan)
        whole = summed(level) * hours / np.maximum(summed(known.astype(np.int64)), 1)
        return Window(ratio, np.where(judged, whole, np.nan), why_not)


def _reasons(reasons: list[tuple[Mask, str]]) -> tuple[Mask, list[str | None]]:
    """(animals,): whom nothing is lacking, and of the others the first that is."""
    judged = np.ones(len(reasons[0][0]), np.bool_)
    why_not: list[str | None] = [None] * len(judged)
    for lacking, reason in reasons:
        for place in np.nonzero(lacking & judged)[0].tolist():
            why_not[place] = reason
        judged &= ~lacking
    return judged, why_not
