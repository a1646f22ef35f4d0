"""A simulated animal: what her collar reads at any time, as a pure function of seed and time.

Her days are made minute by minute (days.py); a reading sums the minutes that its interval covers,
so that readings of any cadence tell the same day. What nobody asks for is not made.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.reading import MEASUREMENTS
from firmware_sim.barn import DAY_BEGINS_S
from firmware_sim.battery import battery_v
from firmware_sim.days import SUMMED, Days, Whose
from firmware_sim.draws import Floats
from firmware_sim.effects import HasEffects
from firmware_sim.habits import habits_of
from firmware_sim.places import place_of
from firmware_sim.stage import Stage
from firmware_sim.weather import DAY_S

INTERVAL_MAX_S = DAY_S  # a reading reaches into the day before, never further
SITES = ("rumen", "core", "ear")
# as a collar rounds; a degree's sixth place is a decimetre
_DECIMALS = {
    "lying_bouts": 0,
    "steps": 0,
    "heart_rate_bpm": 0,
    "latitude": 6,
    "longitude": 6,
    "ambient_c": 1,
    "humidity_pct": 0,
    "battery_v": 3,
}


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


class Animal:
    """One animal: the same seed, herd and conditions give the same measures at the same time.

    herd: the seed of what a whole herd has in common: weather, feed, unrest.
    conditions: what is laid over her days; nothing before a condition depends on it.
    stage: her kind, and where in her life she stands.
    shifts: (from, seconds): from that second on the farm does everything so much earlier.
    """

    def __init__(
        self,
        seed: str,
        herd: str = "herd",
        conditions: Sequence[HasEffects] = (),
        stage: Stage | None = None,
        shifts: Sequence[tuple[float, float]] = (),
    ) -> None:
        self.seed = seed
        self.herd = herd
        self.conditions = tuple(conditions)
        self.stage = stage or Stage()
        self.shifts = tuple(shifts)
        self.habits = habits_of(seed, self.stage.kind, self.stage.parity)
        self._days = Days(
            Whose(
                seed=seed,
                herd=herd,
                stage=self.stage,
                habits=self.habits,
                conditions=self.conditions,
                shifts=self.shifts,
            )
        )

    def with_condition(self, condition: HasEffects) -> "Animal":
        """The same animal with one more condition."""
        return self._with((*self.conditions, condition))

    def without(self, condition: HasEffects) -> "Animal":
        """The same animal without that condition."""
        return self._with(tuple(one for one in self.conditions if one is not condition))

    def measures(self, at: datetime, interval_s: int) -> Measures:
        """What a collar with a rumen bolus reads at `at` (aware UTC) over the last seconds."""
        return self.measures_at(np.array([at.timestamp()]), interval_s)[0]

    def measures_at(self, times_s: Floats, interval_s: int) -> list[Measures]:
        """What her collar reads at these times (seconds since 1970), each over `interval_s`."""
        names = Measures.__struct_fields__
        return [
            Measures(**dict(zip(names, row, strict=True)))
            for row in self.table(times_s, interval_s).T.tolist()
        ]

    def table(self, times_s: Floats, interval_s: int) -> Floats:
        """(8, times): the columns of Measures in their order."""
        names = Measures.__struct_fields__
        columns = self.columns(times_s, interval_s, names)
        return np.stack([columns[name] for name in names])

    def columns(
        self, times_s: Floats, interval_s: int, names: Collection[str], site: str = "rumen"
    ) -> dict[str, Floats]:
        """(times,) by name: any of contracts.reading.MEASUREMENTS, rounded as a collar rounds.

        site: where temperature_c is measured, one of SITES. Raises ValueError at an interval of
        more than a day, and at a site or a measurement that there is not.
        """
        if not 0 < interval_s <= INTERVAL_MAX_S:
            raise ValueError(f"interval_s {interval_s} is outside 1 … {INTERVAL_MAX_S}")
        if site not in SITES or not set(names) <= set(MEASUREMENTS):
            raise ValueError(f"site {site} or one of {sorted(names)} is not measured")
        found = self._of_her_days(times_s, interval_s, names, site)
        if "latitude" in names or "longitude" in names:
            place = place_of(self.herd, self.stage.kind)
            found["latitude"], found["longitude"] = place.degrees(found["north_m"], found["east_m"])
        if "battery_v" in names:
            found["battery_v"] = battery_v(self.seed, times_s)
        return {name: np.round(found[name], _DECIMALS.get(name, 2)) for name in names}

    def _of_her_days(
        self, times_s: Floats, interval_s: int, names: Collection[str], site: str
    ) -> dict[str, Floats]:
        """What is read off her days: sums by their name, lines by that or as metres."""
        lines = {"temperature_c": site} if "temperature_c" in names else {}
        if "heart_rate_bpm" in names:
            lines["heart_rate_bpm"] = "heart"
        if "latitude" in names or "longitude" in names:
            lines |= {"north_m": "north_m", "east_m": "east_m"}
        summed = not set(SUMMED).isdisjoint(names)
        air = {"ambient_c", "humidity_pct"} & set(names)
        made = (*lines, *air, *(SUMMED if summed else ()))
        found = {name: np.empty(len(times_s)) for name in made}
        for number, of_day, minutes in self._by_day(times_s):
            if summed:
                sums = self._days.sums(number, minutes, interval_s / 60)
                for name, values in zip(SUMMED, sums, strict=True):
                    found[name][of_day] = values
            whole = minutes.astype(np.int64)
            for name, what in lines.items():
                found[name][of_day] = self._days.line(number, what)[whole]
            for name in air:
                found[name][of_day] = self._days.air(number)[name][whole]
        return found

    def _by_day(self, times_s: Floats) -> Iterator[tuple[int, NDArray[np.bool_], Floats]]:
        """Each day's number, which times are its, and their minutes of the day."""
        own_s = times_s.copy()
        for from_s, seconds in self.shifts:
            own_s += np.where(times_s >= from_s, seconds, 0.0)
        numbers = ((own_s - DAY_BEGINS_S) // DAY_S).astype(np.int64)
        for number in np.unique(numbers).tolist():
            of_day = numbers == number
            yield number, of_day, (own_s[of_day] - DAY_BEGINS_S - number * DAY_S) / 60

    def _with(self, conditions: Sequence[HasEffects]) -> "Animal":
        return Animal(self.seed, self.herd, conditions, self.stage, self.shifts)
