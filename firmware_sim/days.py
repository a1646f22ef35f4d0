"""One animal's days: made once, two of them kept, and of each only what is asked for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_sim.barn import DAY_BEGINS_S, BarnDay, barn_day
from firmware_sim.day import Behaviour, Doing, behaviour_of
from firmware_sim.draws import Floats, drawn_from
from firmware_sim.drinks import DIP_MINUTES
from firmware_sim.effects import DAY_MINUTES, NEUTRAL, Effects, HasEffects, same
from firmware_sim.habits import Habits
from firmware_sim.places import whereabouts
from firmware_sim.pulse import pulse_of
from firmware_sim.stage import Stage, shares_of
from firmware_sim.warmth import (
    between_days_c,
    ear_of,
    exertion_c,
    resting_core_of,
    rumen_of,
    worn_core_of,
)
from firmware_sim.weather import DAY_S

Singles = NDArray[np.float32]

# rows of a day's sums
SUMMED = (
    "rumination_minutes",
    "eating_minutes",
    "lying_minutes",
    "lying_bouts",
    "steps",
    "activity",
    "drinking_minutes",
)


class _Day:
    """sums: (7, 1441), counted from the day's first minute on; lines: (1440,) each, when asked.

    Single precision: a simulator of thousands of animals keeps two days of each.
    """

    __slots__ = ("cooling_c", "does", "lines", "sums")

    def __init__(self, behaviour: Behaviour, effects: Effects) -> None:
        lying = behaviour.lying
        # all stand when a day begins, but those who cannot: they lay down before
        lay_before = np.concatenate([effects.recumbent[:1] > 0, lying[:-1]])
        rows = (
            behaviour.ruminating,
            behaviour.eating,
            lying,
            lying & ~lay_before,
            behaviour.steps,
            behaviour.activity,
            behaviour.drinking,
        )
        self.sums = np.zeros((len(rows), DAY_MINUTES + 1), np.float32)
        self.sums[:, 1:] = np.cumsum(np.stack(rows), axis=1, dtype=np.float64)
        self.cooling_c = behaviour.cooling_c.astype(np.float32)
        self.does = Doing(lying, behaviour.eating, behaviour.ruminating, behaviour.walking)
        self.lines: dict[str, Singles] = {}

    def until(self, minute: Floats) -> Floats:
        """(7, times): the sums up to these minutes of the day, fractions of a minute included."""
        whole = np.minimum(minute.astype(np.int64), DAY_MINUTES - 1)
        before = self.sums[:, whole]
        found: Floats = before + (self.sums[:, whole + 1] - before) * (minute - whole)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose days they are; see animal.Animal."""

    seed: str
    herd: str
    stage: Stage
    habits: Habits
    conditions: Sequence[HasEffects]
    shifts: Sequence[tuple[float, float]]


class Days:
    """Days by their number (days since 1970, each beginning at 04:00 of the farm's clock).

    Two are kept: the last one made, and a neighbour, mostly the one before: its last hours reach
    into it.
    """

    def __init__(self, whose: Whose) -> None:
        self._whose = whose
        self._days: dict[int, _Day] = {}
        self._laid: tuple[int, Effects] = (-1, NEUTRAL)

    def sums(self, number: int, minutes: Floats, interval_minutes: float) -> Floats:
        """(7, times): SUMMED over the interval before each of these minutes of the day."""
        day = self._day(number)
        starts = minutes - interval_minutes
        sums = day.until(minutes) - day.until(np.maximum(starts, 0.0))
        reaching = starts < 0
        if reaching.any():
            before = self._day(number - 1)
            rest = before.until(DAY_MINUTES + starts[reaching])
            sums[:, reaching] += before.sums[:, -1:] - rest
        return sums

    def air(self, number: int) -> dict[str, Floats]:
        """(1440,) each: ambient_c and humidity_pct around her."""
        barn = self._barn(number)
        return {"ambient_c": barn.ambient_c, "humidity_pct": barn.humidity_pct}

    def line(self, number: int, what: str) -> Singles:
        """(1440,): minute by minute rumen, core or ear (°C), heart (bpm), north_m or east_m."""
        day = self._day(number)
        if what not in day.lines:
            made = self._warm(number, what) if what in _WARM else self._moved(number, what)
            day.lines |= {name: one.astype(np.float32) for name, one in made.items()}
        return day.lines[what]

    def _warm(self, number: int, what: str) -> dict[str, Floats]:
        whose, day = self._whose, self._day(number)
        barn, effects = self._barn(number), self._effects(number)
        rng = drawn_from(whose.seed, "warmth", number)
        core_c = resting_core_of(whose.habits, barn, rng) + between_days_c(whose.seed, number)
        core_c += exertion_c(day.does.walking) + effects.raised_c
        match what:
            case "rumen":
                cooling_c = day.cooling_c[:DAY_MINUTES].astype(np.float64)
                cooling_c[:DIP_MINUTES] += self._day(number - 1).cooling_c[DAY_MINUTES:]
                cooling_c *= effects.dips
                found = rumen_of(whose.habits, core_c, cooling_c, rng)
            case "ear":
                found = ear_of(barn, core_c, rng)
            case _:
                found = worn_core_of(core_c, rng)
        return {what: found}

    def _moved(self, number: int, what: str) -> dict[str, Floats]:
        whose, does = self._whose, self._day(number).does
        effects = self._effects(number)
        if what == "heart":
            barn = self._barn(number)
            return {what: pulse_of(whose.seed, number, whose.habits, barn, effects, does)}
        north_m, east_m = whereabouts(whose.seed, whose.herd, number, whose.stage.kind, does)
        return {"north_m": north_m + effects.north_m, "east_m": east_m + effects.east_m}

    def _day(self, number: int) -> _Day:
        found = self._days.get(number)
        if found is None:
            whose, effects = self._whose, self._effects(number)
            noon_s = DAY_BEGINS_S + (number + 0.5) * DAY_S
            shares = shares_of(whose.stage, noon_s)
            barn = self._barn(number)
            made = behaviour_of(whose.seed, number, whose.habits, shares, barn, effects)
            beside = number - 1 if number - 1 in self._days else number + 1
            self._days = {at: day for at, day in self._days.items() if at == beside}
            found = self._days[number] = _Day(made, effects)
        return found

    def _barn(self, number: int) -> BarnDay:
        begins_s = DAY_BEGINS_S + number * DAY_S
        ahead_s = sum(seconds for from_s, seconds in self._whose.shifts if from_s <= begins_s)
        return barn_day(self._whose.herd, number, self._whose.stage.kind, ahead_s)

    def _effects(self, number: int) -> Effects:
        if not self._whose.conditions:
            return NEUTRAL
        if self._laid[0] != number:
            effects, at_s = Effects(), self._minutes_s(number)
            for condition in self._whose.conditions:
                condition.lay(effects, at_s)
            self._laid = (number, NEUTRAL if same(effects, NEUTRAL) else effects)
        return self._laid[1]

    def _minutes_s(self, number: int) -> Floats:
        """(1440,): the minutes of a day of hers in true seconds since 1970."""
        first_s = DAY_BEGINS_S + number * DAY_S
        at_s = np.arange(first_s, first_s + DAY_S, 60, dtype=np.float64)
        true_s = at_s.copy()
        for from_s, seconds in self._whose.shifts:
            true_s -= np.where(at_s >= from_s + max(seconds, 0.0), seconds, 0.0)
        return true_s


_WARM = ("rumen", "core", "ear")
