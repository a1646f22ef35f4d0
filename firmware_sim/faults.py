"""What goes wrong with a collar while its animal is well: sensors, position, battery. Pure.

A fault changes what was measured, after the animal's day was made: she does not feel it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.battery import battery_v
from firmware_sim.conditions import Truth
from firmware_sim.draws import Floats, drawn_from

FAULT_TOLD = timedelta(hours=12)  # what is over sooner, nobody could have gone to look at
BATTERY_TOLD = timedelta(days=4)  # before it is empty, its knee stands out
METRES_A_DEGREE = 111_320.0
NO_FIX_SHARE = 0.002  # of positions: (0, 0), what a receiver without a fix tells; ours
JUMP_SHARE = 0.004  # of positions, 100 to 500 m off (science's recipe; the share is ours)
SPIKE_SHARE = 0.0002  # of readings: a value that no animal has


class Fault(Protocol):
    """Something wrong with a collar."""

    def spoil(self, times_s: Floats, columns: dict[str, Floats]) -> None:
        """Change what was measured; times_s: (readings,), seconds since 1970."""
        ...

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """What is true of her collar."""
        ...


@dataclass(frozen=True, slots=True)
class Slipped:
    """The collar hangs or is turned: what it hears of her jaw is wrong, movement has another gain.

    times: (signal, factor) for those that change.
    """

    begins_at: datetime
    ends_at: datetime
    times: tuple[tuple[str, float], ...]

    def spoil(self, times_s: Floats, columns: dict[str, Floats]) -> None:
        """See Fault."""
        during = _during(times_s, self.begins_at, self.ends_at)
        for signal, factor in self.times:
            if signal in columns:
                columns[signal][during] = np.round(columns[signal][during] * factor, 2)

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """Somebody has to put it right."""
        return _collar_fault(animal_id, self.begins_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A sensor that tells the same again and again. value: per reading, in the signal's unit."""

    begins_at: datetime
    ends_at: datetime
    signal: str
    value: float

    def spoil(self, times_s: Floats, columns: dict[str, Floats]) -> None:
        """See Fault."""
        if self.signal in columns:
            columns[self.signal][_during(times_s, self.begins_at, self.ends_at)] = self.value

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """Somebody has to change it."""
        return _collar_fault(animal_id, self.begins_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class DyingBattery:
    """A battery, empty at empty_at, changed at changed_at; between them the collar is dead."""

    seed: str
    empty_at: datetime
    changed_at: datetime

    def spoil(self, times_s: Floats, columns: dict[str, Floats]) -> None:
        """See Fault."""
        old = times_s < self.changed_at.timestamp()
        if "battery_v" in columns and old.any():
            empty_s = self.empty_at.timestamp()
            columns["battery_v"][old] = np.round(battery_v(self.seed, times_s[old], empty_s), 3)

    def truths(self, animal_id: AnimalId) -> list[Truth]:
        """From where it can be seen until it is empty."""
        begins = self.empty_at - BATTERY_TOLD
        return [Truth(animal_id, Condition.BATTERY_LOW, begins, self.empty_at)]


@dataclass(frozen=True, slots=True)
class Careless:
    """What any collar does now and then: positions without a fix or far off, a senseless value.

    storms: spans (seconds since 1970) in which positions are worse ten times as often.
    """

    seed: str
    storms: tuple[tuple[float, float], ...] = ()

    def spoil(self, times_s: Floats, columns: dict[str, Floats]) -> None:
        """See Fault."""
        if not len(times_s):
            return
        rng = drawn_from(self.seed, "careless", int(times_s[0]))
        chance = rng.random((3, len(times_s)))
        if "temperature_c" in columns:
            spikes = chance[0] < SPIKE_SHARE
            columns["temperature_c"][spikes] = rng.choice([-40.0, 0.0, 85.0], int(spikes.sum()))
        if "latitude" not in columns:
            return
        times = np.ones(len(times_s))
        for begins_s, ends_s in self.storms:
            times[(times_s >= begins_s) & (times_s < ends_s)] = 10.0
        jumps = np.nonzero(chance[1] < JUMP_SHARE * times)[0]
        metres = rng.uniform(100, 500, len(jumps))
        ways = rng.uniform(0, 2 * np.pi, len(jumps))
        shrinks = np.cos(np.radians(columns["latitude"][jumps]))
        columns["latitude"][jumps] += metres * np.sin(ways) / METRES_A_DEGREE
        columns["longitude"][jumps] += metres * np.cos(ways) / (METRES_A_DEGREE * shrinks)
        no_fix = chance[2] < NO_FIX_SHARE * times
        columns["latitude"][no_fix] = 0.0
        columns["longitude"][no_fix] = 0.0

    def truths(self, animal_id: AnimalId) -> list[Truth]:  # noqa: ARG002  as Fault wants it
        """Nobody's business."""
        return []


def _during(times_s: Floats, begins_at: datetime, ends_at: datetime) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (times_s >= begins_at.timestamp()) & (times_s < ends_at.timestamp())
    return found


def _collar_fault(animal_id: AnimalId, begins_at: datetime, ends_at: datetime) -> list[Truth]:
    if ends_at - begins_at < FAULT_TOLD:
        return []
    return [Truth(animal_id, Condition.COLLAR_FAULT, begins_at, ends_at)]
