"""A simulated animal: what her collar reads at any time, as a pure function of seed and time.

Her days are made minute by minute (day.py) and kept while they are asked for; a reading sums the
minutes that its interval covers, so that readings of any cadence tell the same day.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from firmware_sim.day import (
    DAY_BEGINS_S,
    DIP_MINUTES,
    Behaviour,
    behaviour_of,
    temperature_of,
)
from firmware_sim.draws import Floats
from firmware_sim.effects import DAY_MINUTES, Effects, HasEffects
from firmware_sim.habits import barn_day, habits_of

Singles = NDArray[np.float32]

DAY_S = 86_400
DAYS_KEPT = 2  # the asked one, and the one before, into whose last hours it reaches
INTERVAL_MAX_S = DAY_S  # a reading reaches into the day before, never further


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What her collar reads over the last `interval_s`; minutes and counts cover it."""

    temperature_c: float
    rumination_minutes: float
    eating_minutes: float
    lying_minutes: float
    lying_bouts: float
    steps: float
    activity: float
    drinking_minutes: float


class _Day:
    """sums: (7, 1441), counted from the day's first minute on; temperature_c: (1440,).

    Single precision: a simulator of thousands of animals keeps two days of each.
    """

    __slots__ = ("cooling_c", "sums", "temperature_c")

    def __init__(self, behaviour: Behaviour) -> None:
        lying = behaviour.lying
        rows = (
            behaviour.ruminating,
            behaviour.eating,
            lying,
            lying & ~np.concatenate([[False], lying[:-1]]),
            behaviour.steps,
            behaviour.activity,
            behaviour.drinking,
        )
        self.sums = np.zeros((len(rows), DAY_MINUTES + 1), np.float32)
        self.sums[:, 1:] = np.cumsum(np.stack(rows), axis=1, dtype=np.float64)
        self.cooling_c = behaviour.cooling_c.astype(np.float32)
        self.temperature_c: Singles | None = None

    def until(self, minute: Floats) -> Floats:
        """(7, times): the sums up to these minutes of the day, fractions of a minute included."""
        whole = np.minimum(minute.astype(np.int64), DAY_MINUTES - 1)
        before = self.sums[:, whole]
        found: Floats = before + (self.sums[:, whole + 1] - before) * (minute - whole)
        return found


class Animal:
    """One animal: the same seed, herd and conditions give the same measures at the same time.

    herd: the seed of what a whole herd has in common: weather, feed, unrest.
    conditions: what is laid over her days; nothing before a condition depends on it.
    """

    def __init__(
        self, seed: str, herd: str = "herd", conditions: Sequence[HasEffects] = ()
    ) -> None:
        self.seed = seed
        self.herd = herd
        self.conditions = tuple(conditions)
        self.habits = habits_of(seed)
        self._days: dict[int, _Day] = {}

    def with_condition(self, condition: HasEffects) -> "Animal":
        """The same animal with one more condition."""
        return Animal(self.seed, self.herd, (*self.conditions, condition))

    def without(self, condition: HasEffects) -> "Animal":
        """The same animal without that condition."""
        kept = tuple(one for one in self.conditions if one is not condition)
        return Animal(self.seed, self.herd, kept)

    def measures(self, at: datetime, interval_s: int) -> Measures:
        """What a collar with a rumen bolus reads at `at` (aware UTC) over the last seconds."""
        return self.measures_at(np.array([at.timestamp()]), interval_s)[0]

    def measures_at(self, times_s: Floats, interval_s: int) -> list[Measures]:
        """What her collar reads at these times (seconds since 1970), each over `interval_s`."""
        return [
            Measures(
                temperature_c=temperature_c,
                rumination_minutes=rumination,
                eating_minutes=eating,
                lying_minutes=lying,
                lying_bouts=bouts,
                steps=steps,
                activity=activity,
                drinking_minutes=drinking,
            )
            for (
                temperature_c,
                rumination,
                eating,
                lying,
                bouts,
                steps,
                activity,
                drinking,
            ) in self.table(times_s, interval_s).T.tolist()
        ]

    def table(self, times_s: Floats, interval_s: int) -> Floats:
        """(8, times): the columns of Measures in their order; rounded as a collar rounds."""
        if not 0 < interval_s <= INTERVAL_MAX_S:
            raise ValueError(f"interval_s {interval_s} is outside 1 … {INTERVAL_MAX_S}")
        numbers = ((times_s - DAY_BEGINS_S) // DAY_S).astype(np.int64)
        table = np.empty((8, len(times_s)))
        for number in np.unique(numbers).tolist():
            of_day = numbers == number
            minutes = (times_s[of_day] - DAY_BEGINS_S - number * DAY_S) / 60
            table[0, of_day] = self._temperature_c(number)[minutes.astype(np.int64)]
            table[1:, of_day] = self._sums(number, minutes, interval_s / 60)
        table[:4] = np.round(table[:4], 2)
        table[4:6] = np.rint(table[4:6])
        table[6:] = np.round(table[6:], 2)
        return table

    def _sums(self, number: int, minutes: Floats, interval_minutes: float) -> Floats:
        starts = minutes - interval_minutes
        sums = self._day(number).until(minutes) - self._day(number).until(np.maximum(starts, 0.0))
        reaching = starts < 0
        if reaching.any():
            before = self._day(number - 1)
            rest = before.until(DAY_MINUTES + starts[reaching])
            sums[:, reaching] += before.sums[:, -1:] - rest
        return sums

    def _temperature_c(self, number: int) -> Singles:
        day = self._day(number)
        if day.temperature_c is None:
            cooling_c = day.cooling_c[:DAY_MINUTES].astype(np.float64)
            cooling_c[:DIP_MINUTES] += self._day(number - 1).cooling_c[DAY_MINUTES:]
            day.temperature_c = temperature_of(
                self.seed,
                number,
                self.habits,
                barn_day(self.herd, number),
                self._effects(number),
                cooling_c,
            ).astype(np.float32)
        return day.temperature_c

    def _day(self, number: int) -> _Day:
        found = self._days.get(number)
        if found is None:
            barn, effects = barn_day(self.herd, number), self._effects(number)
            found = _Day(behaviour_of(self.seed, number, self.habits, barn, effects))
            self._days[number] = found
            while len(self._days) > DAYS_KEPT:
                del self._days[min(self._days)]
        return found

    def _effects(self, number: int) -> Effects:
        effects = Effects()
        if self.conditions:
            at_s = _minutes_s(number)
            for condition in self.conditions:
                condition.lay(effects, at_s)
        return effects


def _minutes_s(number: int) -> Floats:
    """(1440,): the minutes of a day in seconds since 1970."""
    first_s = DAY_BEGINS_S + number * DAY_S
    return np.arange(first_s, first_s + DAY_S, 60, dtype=np.float64)
