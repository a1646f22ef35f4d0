"""Two simple rules of a condition to hold its detector against: the same hours and truth.

*fixed*: a threshold that a textbook or a milking robot's setting would say. *own mean*: the last
day against her own ten-day mean, 30 % below it for rumination and eating (Eckelkamp 2018's rule),
and for each other signal the figure that was published for a rule of that kind. Pure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from contracts.hour import HOUR_SIGNALS
from contracts.hour_columns import HourColumns
from contracts.ids import SubjectKind
from pipeline.evaluate_run import Finding
from pipeline.tables import HOUR_US

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
C = Condition

DAY_HOURS = 24
MEAN_HOURS = 240  # ten days
KEPT_HOURS = MEAN_HOURS + DAY_HOURS
# of a window's hours: a collar that speaks every two hours has a temperature in every second hour
COVERAGE_MIN = 0.45
NEVER_HOUR = -(2**31)
HERD_MIN = 10
LONG_LYING = 35.0  # minutes of an hour: 14 hours a day, of 10 to 12 as usual (Tucker 2021)
ALL_HOUR = 58.0  # minutes: all of it but a collar's doubt
REST_HOURS = 24  # so long a rule must not hold before it may tell again: one alert a spell
SIGNALS = tuple(HOUR_SIGNALS)
FIXED, OWN_MEAN = "fixed threshold", "own ten-day mean"


class Seen:
    """The hours of some animals (places) that end with the one just told."""

    def __init__(self, hours: "LastHours", places: Places, hour: int) -> None:
        self.rumen = hours.rumen
        self._hours, self._places, self._hour = hours, places, hour
        self._means: dict[tuple[str, int, int], Floats] = {}

    def __len__(self) -> int:
        return len(self._places)

    def mean(self, signal: str, hours: int, ago: int = 0) -> Floats:
        """(animals,): the mean hour of the last so many (that ended `ago` before); NaN = too few.

        NaN is in no comparison true: of whom too little is known no rule holds.
        """
        key = signal, hours, ago
        if key not in self._means:
            values = self._hours.values(self._places, self._hour - ago, hours, signal)
            self._means[key] = _mean(values)
        return self._means[key]

    def against_own(self, signal: str) -> tuple[Floats, Floats]:
        """(animals,): the mean hour of the last day, and of the ten days before it."""
        return self.mean(signal, DAY_HOURS), self.mean(signal, MEAN_HOURS, DAY_HOURS)

    def of_herd(self, signal: str, hours: int) -> Floats:
        """(animals of the herd,): as `mean`."""
        return _mean(self._hours.values(None, self._hour, hours, signal))

    def least(self, signal: str, hours: int) -> Floats:
        """(animals,): the lowest of the last hours; NaN if one is missing."""
        found: Floats = self._hours.values(self._places, self._hour, hours, signal).min(axis=1)
        return found

    def moves(self) -> str:
        """Activity, or the steps of collars that count steps."""
        heard = np.isfinite(self.mean("activity", DAY_HOURS)).any()
        return "activity" if heard else "steps"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: for whom it holds in the hour just told. words: what a report says of it."""

    condition: Condition
    words: str
    holds: Callable[[Seen], Mask]


def _core(seen: Seen, core_c: float) -> float:
    return core_c + (0.5 if seen.rumen else 0.0)  # the rumen is 0.4 to 0.5 °C warmer


def _warm(seen: Seen) -> Mask:
    found: Mask = seen.mean("temperature_c", 1) >= _core(seen, 39.5)
    return found


def _restless(seen: Seen) -> Mask:
    signal = seen.moves()
    herd = seen.of_herd(signal, 12)
    heard = herd[np.isfinite(herd)]
    if len(heard) < HERD_MIN:
        return np.zeros(len(seen), np.bool_)
    found: Mask = seen.mean(signal, 12) >= 2 * np.median(heard)
    return found


def _share_below(signal: str, share: float) -> Callable[[Seen], Mask]:
    def holds(seen: Seen) -> Mask:
        day, mean = seen.against_own(signal)
        found: Mask = day <= (1 - share) * mean
        return found

    return holds


def _more(signal: str, share: float) -> Callable[[Seen], Mask]:
    def holds(seen: Seen) -> Mask:
        day, mean = seen.against_own(seen.moves() if signal == "activity" else signal)
        found: Mask = (day >= (1 + share) * mean) & (mean > 0)
        return found

    return holds


def _degrees(over_c: float) -> Callable[[Seen], Mask]:
    def holds(seen: Seen) -> Mask:
        day, mean = seen.against_own("temperature_c")
        found: Mask = day - mean >= over_c if over_c > 0 else day - mean <= over_c
        return found

    return holds


def _day_under(signal: str, minutes: float) -> Callable[[Seen], Mask]:
    def holds(seen: Seen) -> Mask:
        found: Mask = seen.mean(signal, DAY_HOURS) * DAY_HOURS < minutes
        return found

    return holds


RULES: dict[str, tuple[Rule, ...]] = {
    FIXED: (
        Rule(C.FEVER, "an hour at 39.5 °C (rumen 40.0)", _warm),
        Rule(
            C.HYPOTHERMIA,
            "three hours under 37.5 °C (rumen 38.0)",
            lambda seen: seen.mean("temperature_c", 3) < _core(seen, 37.5),
        ),
        Rule(C.ILLNESS, "under 300 min ruminated in a day", _day_under("rumination_minutes", 300)),
        Rule(
            C.RUMINATION_DROP,
            "under 300 min ruminated in a day",
            _day_under("rumination_minutes", 300),
        ),
        Rule(C.FEEDING_DROP, "under 120 min eaten in a day", _day_under("eating_minutes", 120)),
        Rule(
            C.DRINKING_STOPPED, "under a minute drunk in a day", _day_under("drinking_minutes", 1)
        ),
        Rule(C.OESTRUS, "12 h of twice the herd's activity", _restless),
        Rule(
            C.CALVING,
            "12 h under 38.2 °C (rumen 38.7)",
            lambda seen: seen.mean("temperature_c", 12) < _core(seen, 38.2),
        ),
        Rule(
            C.LAMENESS,
            "three days of 14 h lying",
            lambda seen: seen.mean("lying_minutes", 72) >= LONG_LYING,
        ),
        Rule(C.DOWN, "six hours of lying", lambda seen: seen.least("lying_minutes", 6) >= ALL_HOUR),
    ),
    OWN_MEAN: (
        Rule(C.FEVER, "a day 0.8 °C over it (Adams 2013)", _degrees(0.8)),
        Rule(C.ILLNESS, "a day of 30 % less rumination", _share_below("rumination_minutes", 0.3)),
        Rule(
            C.RUMINATION_DROP,
            "a day of 30 % less rumination (Eckelkamp 2018)",
            _share_below("rumination_minutes", 0.3),
        ),
        Rule(C.FEEDING_DROP, "a day of 30 % less eating", _share_below("eating_minutes", 0.3)),
        Rule(
            C.DRINKING_STOPPED,
            "a day of 70 % less drinking",
            _share_below("drinking_minutes", 0.7),
        ),
        Rule(C.OESTRUS, "a day of 30 % more activity", _more("activity", 0.3)),
        Rule(C.CALVING, "a day 0.3 °C under it (Burfeind 2011)", _degrees(-0.3)),
        Rule(C.LAMENESS, "a day of 30 % more lying", _more("lying_minutes", 0.3)),
    ),
}


class Yardsticks:
    """Both kinds over a farm's told hours; a `evaluate_run.Watcher`. rumen: the temperature's."""

    def __init__(self, animals: Sequence[str], *, rumen: bool) -> None:
        self._hours = LastHours(animals, rumen=rumen)
        self._rules = [(kind, rule) for kind, rules in RULES.items() for rule in rules]
        # (rules, animals): the hour since 1970 in which each rule held last
        self._held = np.full((len(self._rules), len(animals)), NEVER_HOUR, np.int64)
        self.findings: dict[str, list[Finding]] = {kind: [] for kind in RULES}

    def see(self, hours: HourColumns) -> None:
        """Take in one told hour, and judge it if it is the newest: late ones change sums only."""
        places = self._hours.take(hours)
        hour = hours.hour_us // HOUR_US
        if hour != self._hours.newest:
            return
        seen = Seen(self._hours, places, hour)
        for number, (kind, rule) in enumerate(self._rules):
            held = self._held[number]
            now = places[np.nonzero(rule.holds(seen))[0]]
            fresh = now[hour - held[now] > REST_HOURS]
            held[now] = hour
            for place in fresh.tolist():
                animal_id = self._hours.animals[place]
                self.findings[kind].append(_finding(kind, rule, animal_id, hours))


def _finding(kind: str, rule: Rule, animal_id: str, hours: HourColumns) -> Finding:
    return Finding(
        condition=rule.condition,
        subject_kind=SubjectKind.ANIMAL,
        subject_id=animal_id,
        detection_id=f"{kind} {rule.condition} {animal_id} {hours.hour_us}",
        known_us=hours.known_us,
        onset_us=hours.hour_us,
        ended_us=hours.known_us,
    )


class LastHours:
    """The last eleven days of a farm's told hours. rumen: where body temperature is measured."""

    def __init__(self, animals: Sequence[str], *, rumen: bool) -> None:
        self.animals, self.rumen = animals, rumen
        self.newest = NEVER_HOUR
        self._place = {animal_id: place for place, animal_id in enumerate(animals)}
        self._ring = np.full((len(SIGNALS), len(animals), KEPT_HOURS), np.nan)

    def take(self, hours: HourColumns) -> Places:
        """Take in one told hour; the places of its animals. One older than what is kept is not."""
        hour = hours.hour_us // HOUR_US
        for fresh in range(max(self.newest + 1, hour - KEPT_HOURS + 1), hour + 1):
            self._ring[:, :, fresh % KEPT_HOURS] = np.nan
        self.newest = max(self.newest, hour)
        places = np.array([self._place[one] for one in hours.animal_ids], np.int64)
        if hour > self.newest - KEPT_HOURS:
            self._ring[:, places, hour % KEPT_HOURS] = hours.values.T
        return places

    def values(self, places: Places | None, last: int, hours: int, signal: str) -> Floats:
        """(animals, hours): of one signal up to the hour `last`; places None = all animals."""
        slots = np.arange(last - hours + 1, last + 1) % KEPT_HOURS
        of_signal = self._ring[SIGNALS.index(signal)]
        found: Floats = of_signal[:, slots] if places is None else of_signal[places[:, None], slots]
        return found


def _mean(values: Floats) -> Floats:
    heard = np.isfinite(values)
    count = heard.sum(axis=1)
    total = np.where(heard, values, 0.0).sum(axis=1)
    enough = count >= COVERAGE_MIN * values.shape[1]
    return np.where(enough, total / np.maximum(count, 1), np.nan)
