"""Predator panic: several animals of a farm race, by heart or by leg, within minutes.

One animal with a racing heart is ill, or in heat, or was just driven; three at once are hunted. A
heart is held against what it beat in her last readings, a way against what receivers jump; where
neither is measured, a burst of activity counts if more animals show it and it is far over what is
usual at that hour: a herd that walks to the milking parlour does so every day. One case of the
farm. Over when none of them raced for half an hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.detection import Condition, Phase
from contracts.ids import SubjectKind
from pipeline.detectors import successive
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.detectors.pace import of_usual
from pipeline.detectors.racing import MEMORY, racing
from pipeline.features import Signals
from pipeline.tables import NEVER, Column, Longs, Mask, Table

ACTIVITY = "activity"
SIGNAL = "racing_animals"
RACERS_KEPT = 6  # one more than are asked for
MINUTE_US = 60_000_000

SPEC = Spec(
    "predator_panic",
    1,
    Condition.PREDATOR_PANIC,
    (
        Limit("animals", 3.0, "1", "3 to 5 animals within 5 min (signatures.csv, recalled)"),
        Limit("animals_by_activity", 5.0, "1", "3 to 5 (signatures.csv): the most, by the least"),
        Limit("within_minutes", 5.0, "min", "3 to 5 animals within 5 min; or one interval"),
        Limit(
            "heart_factor",
            1.7,
            "1",
            "60-80 to 225 bpm in sheep (KORA 2012); +20 to 40 when walking, 1.4 at most",
        ),
        Limit("speed_m_s", 3.0, "m/s", "over 3 to 5 m/s (signatures.csv, recalled)"),
        Limit("way_m", 600.0, "m", "receivers jump 100 to 500 m (science.md 6); ours"),
        Limit(
            "activity_factor", 6.0, "1", "over +300 % (signatures.csv), and more for want of others"
        ),
        Limit("calm_minutes", 30.0, "min", "a chase lasts 0.1 to 1 h (signatures.csv); ours"),
    ),
    teaches=True,
    subject_kind=SubjectKind.FARM,
)


@dataclass(frozen=True, slots=True)
class _Race:
    """One reading of an animal that races. strong: by heart or way, not by activity alone."""

    place: int
    at_us: int
    row: int
    within_us: int
    strong: bool


class PredatorPanic:
    """The detector of predator_panic."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        **MEMORY,
        "farm_open": Column("bool"),
        "farm_raced_us": Column("int64", fill=NEVER),  # the newest race of the open case
        "farm_at_us": Column("int64", (RACERS_KEPT,), NEVER),  # of the newest races
        "farm_who": Column("int32", (RACERS_KEPT,), -1),
        "farm_strong": Column("bool", (RACERS_KEPT,)),
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends of farms, in log order; see ByReading."""
        if signals.farm_row is None or not len(signals.row):
            return []
        strong = racing(signals, self.spec, memory)
        weak = of_usual(signals, ACTIVITY) >= self.spec.value("activity_factor")
        raced = np.nonzero(strong | weak)[0]
        farms = np.unique(signals.farm_row)
        open_farms = farms[memory["farm_open"][farms]]
        changes: list[Change] = []
        for farm in np.union1d(open_farms, signals.farm_row[raced]).tolist():
            here = raced[signals.farm_row[raced] == farm]
            races = self._races(signals, here, strong)
            changes += self._follow(signals, farm, races, memory)
        return successive.in_log_order(changes)

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """Her newest readings are forgotten if one is of that time; see ByReading.

        ends: hers was the reading that told her farm's case, whose row it is.
        """
        if ends:
            memory["farm_open"][row] = False
        if at_us in memory["at_us"][row].tolist():
            memory["at_us"][row] = NEVER
            for name in set(MEMORY) - {"at_us"}:
                memory[name][row] = 0

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """How many raced when the newest of them did."""
        raced_us = int(memory["farm_raced_us"][row])
        if raced_us == NEVER:
            return ()
        near = np.abs(memory["farm_at_us"][row] - raced_us) <= self._us("within_minutes")
        return (self._counted(raced_us, int(near.sum()), strong=True),)

    def _races(self, signals: Signals, which: Longs, strong: Mask) -> list[_Race]:
        least_us = self._us("within_minutes")
        return [
            _Race(
                place,
                int(signals.occurred_us[place]),
                int(signals.row[place]),
                max(least_us, int(signals.interval_us[place])),
                bool(strong[place]),
            )
            for place in which.tolist()
        ]

    def _follow(
        self, signals: Signals, farm: int, races: list[_Race], memory: Table
    ) -> list[Change]:
        """Onsets and ends of one farm, race after race."""
        changes: list[Change] = []
        after = 0
        for race in races:
            changes += self._calms(signals, farm, after, race.place, memory)
            changes += self._joins(signals, farm, race, memory)
            after = race.place + 1
        return changes + self._calms(signals, farm, after, len(signals.row), memory)

    def _joins(self, signals: Signals, farm: int, race: _Race, memory: Table) -> list[Change]:
        """One more animal races: perhaps enough do."""
        at, who, strong = (memory[f"farm_{name}"][farm] for name in ("at_us", "who", "strong"))
        others = (who != race.row) & (who >= 0)
        kept = np.nonzero(others)[0][-(RACERS_KEPT - 1) :]
        for array, value in ((at, race.at_us), (who, race.row), (strong, race.strong)):
            packed = np.append(array[kept], value)
            array[:] = 0
            array[-len(packed) :] = packed
        who[: RACERS_KEPT - len(kept) - 1] = -1
        near = (who >= 0) & (np.abs(at - race.at_us) <= race.within_us)
        hunted = int((near & strong).sum())
        enough = hunted >= self.spec.value("animals")
        if memory["farm_open"][farm]:
            memory["farm_raced_us"][farm] = max(int(memory["farm_raced_us"][farm]), race.at_us)
            return []
        if not enough and near.sum() < self.spec.value("animals_by_activity"):
            return []
        memory["farm_open"][farm], memory["farm_raced_us"][farm] = True, race.at_us
        count = hunted if enough else int(near.sum())
        said = self._counted(race.at_us, count, strong=enough)
        reading = int(signals.reading[race.place])
        return [Change(Phase.ONSET, farm, reading, int(at[near].min()), (said,))]

    def _calms(
        self, signals: Signals, farm: int, first: int, last: int, memory: Table
    ) -> list[Change]:
        """The end of an open case, by a reading of first … last that is late enough."""
        if not memory["farm_open"][farm] or first >= last:
            return []
        calm_us = int(memory["farm_raced_us"][farm]) + self._us("calm_minutes")
        of_farm = (signals.farm_row[first:last] == farm) if signals.farm_row is not None else []
        late = np.nonzero(of_farm & (signals.occurred_us[first:last] >= calm_us))[0]
        if not len(late):
            return []
        evidence = self.evidence(memory, farm)
        memory["farm_open"][farm], memory["farm_raced_us"][farm] = False, NEVER
        reading = int(signals.reading[first + int(late[0])])
        return [Change(Phase.END, farm, reading, 0, evidence)]

    def _counted(self, at_us: int, count: int, *, strong: bool) -> Measured:
        limit = self.spec.value("animals" if strong else "animals_by_activity")
        return Measured(SIGNAL, "1", at_us, float(count), limit)

    def _us(self, name: str) -> int:
        return round(self.spec.value(name) * MINUTE_US)
