"""What the plain loop remembers of one cow: her hours in dictionaries, what is usual for her.

The engine's arithmetic, one number at a time: hundredths as integers, floats only in what is read
from a closed hour, what is usual kept in single precision.
"""

from dataclasses import dataclass, field

from benchmarks.plain_usual import HerUsual
from pipeline.baselines import TEACHES_SECONDS_MIN
from pipeline.features import (
    ACTIVITY,
    CENTI_MAX,
    COUNT_MAX,
    HIGHEST_CENTI_C,
    LOWEST_CENTI_C,
    MINUTES_MORE,
    MINUTES_SHARE_MAX,
    PART_S,
    PARTS_MAX,
    SCALE,
    WARM_PARTS_MAX,
)
from pipeline.herd_hour import COVERAGE_MIN
from pipeline.hours import HEARD_SECONDS_MIN, HOUR_S, QUARTER_US, QUARTERS
from pipeline.medians import RATIO_MIN
from pipeline.signals import COUNTED, MINUTES, SIGNALS, TEMPERATURE
from pipeline.sums import HERD_MIN
from pipeline.tables import HOUR_US


@dataclass(slots=True)
class Bin:
    """One hour of one cow: see HourBins."""

    centi: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    seconds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    heard: int = 0
    readings: int = 0
    warmth: list[int] = field(default_factory=lambda: [0] * QUARTERS)
    warmths: list[int] = field(default_factory=lambda: [0] * QUARTERS)
    unusual: bool = False
    revision: int = 0

    def value(self, signal: str) -> float | None:
        """As an hour is told: sums scaled to the whole hour, temperature of the warmer quarters."""
        if signal == TEMPERATURE:
            quarters = zip(self.warmth, self.warmths, strict=True)
            means = sorted(s / n / SCALE for s, n in quarters if n)
            if not means:
                return None
            return (means[-1] + means[-2]) / 2 if len(means) > QUARTERS // 2 else means[-1]
        seconds = self.seconds[signal]
        if seconds < HEARD_SECONDS_MIN:
            return None
        return self.centi[signal] * HOUR_S / seconds / SCALE


@dataclass(slots=True)
class Held:
    """Judged hours in a row that speak for a change, and whether an episode is open."""

    run: int = 0
    first_hour: int = 0
    open: bool = False
    ended_hour: int = -(2**31)


@dataclass(slots=True)
class Window:
    """One signal over some hours: ratio None where why_not says why; see herd_hour.Window."""

    ratio: float | None
    usual: float
    why_not: str | None

    @property
    def value(self) -> float:
        """What was measured, scaled to the whole window."""
        return (self.ratio or 0.0) * self.usual


class Cow:
    """Everything of one animal."""

    __slots__ = (
        "animal_id",
        "farm_id",
        "fever_open",
        "fever_run",
        "heard_us",
        "held",
        "hours",
        "interval_us",
        "newest",
        "silent",
        "usual",
    )

    def __init__(self, farm_id: str, animal_id: str) -> None:
        self.farm_id, self.animal_id = farm_id, animal_id
        self.hours: dict[int, Bin] = {}
        self.usual = HerUsual()
        self.fever_run, self.fever_open = 0, False
        self.newest: list[tuple[int, int, int]] = []  # of fever: time, centi °C, limit
        self.heard_us: int | None = None
        self.interval_us, self.silent = 0, False
        self.held: dict[str, Held] = {}

    def level(self, signal: str, hour: int) -> float | None:
        """What is usual for her at that hour; None until it is known."""
        return self.usual.level(signal, hour)

    def fold(self, occurred_us: int, fields: dict[str, object]) -> None:
        """Count a reading in its hours; see hour_parts."""
        interval_s = min(max(int(str(fields["interval_s"])), 1), PART_S * PARTS_MAX)
        parts = -(-interval_s // PART_S)
        length_us = interval_s * 1_000_000 // parts
        seconds = length_us // 1_000_000
        for back in range(parts):
            middle_us = occurred_us - back * length_us - length_us // 2
            found = self.hours.setdefault(middle_us // HOUR_US, Bin())
            found.heard += seconds
            for signal in COUNTED:
                each = share_of(signal, fields[signal], parts, length_us)
                if each is not None:
                    found.centi[signal] += round(each * SCALE)
                    found.seconds[signal] += seconds
            if back == 0:
                found.readings += 1
            centi = body_centi_c(fields)
            if centi is not None and back < WARM_PARTS_MAX:
                quarter = middle_us % HOUR_US // QUARTER_US
                found.warmth[quarter] += centi
                found.warmths[quarter] += 1

    def learn(self, hour: int) -> None:
        """Take what is usual from an hour that can change no more."""
        found = self.hours.get(hour)
        if found is None or found.unusual:
            return
        for signal in SIGNALS:
            heard = found.heard if signal == TEMPERATURE else found.seconds[signal]
            value = found.value(signal)
            if heard >= TEACHES_SECONDS_MIN and value is not None:
                self.usual.learn(signal, hour, value)

    def window(self, signal: str, last: int, hours: int) -> Window:
        """The hours up to `last`; see HerdHour.window."""
        actual = expected = whole = 0.0
        covered_s = known_s = known = 0
        for hour in range(last - hours + 1, last + 1):
            level = self.level(signal, hour)
            found = self.hours.get(hour)
            heard_s = found.seconds[signal] if found is not None else 0
            seconds = min(heard_s, HOUR_S)
            covered_s += seconds
            if level is None:
                continue
            known, known_s, whole = known + 1, known_s + seconds, whole + level
            if found is not None and seconds:
                actual += found.centi[signal] * seconds / heard_s
                expected += level * seconds / HOUR_S
        enough_s = COVERAGE_MIN * hours * HOUR_S
        why_not = None
        if covered_s == 0:
            why_not = "not_measured"
        elif covered_s < enough_s:
            why_not = "too_few_hours"
        elif known_s < enough_s or expected <= 0:
            why_not = "no_baseline"
        if why_not is not None:
            return Window(None, 0.0, why_not)
        return Window(actual / SCALE / expected, whole * hours / max(known, 1), None)

    def heard_in(self, first: int, last: int) -> bool:
        """Whether she was heard in any of these hours."""
        return any((b := self.hours.get(h)) and b.heard > 0 for h in range(first, last + 1))

    def was_unusual(self, first: int, last: int) -> bool:
        """Whether one of these hours is not to teach."""
        return any((b := self.hours.get(h)) and b.unusual for h in range(first, last + 1))

    def mark_unusual(self, first: int, last: int) -> None:
        """These hours are not to teach what is usual."""
        for hour in range(first, last + 1):
            if hour in self.hours:
                self.hours[hour].unusual = True

    def forget_before(self, hour: int) -> None:
        """Hours that nobody will ask for again."""
        for old in [one for one in self.hours if one < hour]:
            del self.hours[old]


def share_of(signal: str, measured: object, parts: int, length_us: int) -> float | None:
    """What one part of a reading brings of a signal; None if nothing that an animal does."""
    if not isinstance(measured, float):
        return None
    minutes = length_us / 60_000_000
    is_minutes = signal in MINUTES
    most = minutes if is_minutes else COUNT_MAX * minutes / 60
    highest = MINUTES_SHARE_MAX * most + MINUTES_MORE if is_minutes else most
    each = measured / parts
    if each > highest or (each < 0 and signal != ACTIVITY):
        return None
    return min(max(each, 0.0), most)


def body_centi_c(fields: dict[str, object]) -> int | None:
    """Hundredths of °C; None if it is no body temperature."""
    celsius = fields["temperature_c"]
    if not isinstance(celsius, float) or fields["temperature_site"] not in ("rumen", "core"):
        return None
    if not LOWEST_CENTI_C <= celsius * SCALE <= HIGHEST_CENTI_C:
        return None
    return min(max(round(celsius * SCALE), -CENTI_MAX), CENTI_MAX)


def herd_ratio(windows: list[Window]) -> float:
    """What the herd as a whole does by what is usual; 1 where it is too small to say."""
    ratios = sorted(one.ratio for one in windows if one.ratio is not None)
    if len(ratios) < HERD_MIN:
        return 1.0
    return max((ratios[(len(ratios) - 1) // 2] + ratios[len(ratios) // 2]) / 2, RATIO_MIN)
