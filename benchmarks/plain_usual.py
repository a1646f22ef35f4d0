"""What the plain loop holds for usual: one number at a time, in single precision as the engine.

Her own level at each hour of the day, leaning on the shape of her herd's day while she is young.
"""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.baselines import (
    CLIP_FROM_DAYS,
    CLIP_SPREADS,
    DAYS_MAX,
    DAYS_MIN,
    MEMORY_DAYS,
)
from pipeline.priors import HOURS_MIN, SHAPE_DAYS_MIN, YOUNG_DAYS
from pipeline.signals import SIGNALS, TEMPERATURE
from pipeline.sums import HERD_MIN

DAY_HOURS = 24
_single = struct.Struct("<f")


@dataclass(slots=True)
class Usual:
    """Level, variance and days learnt of one signal at one hour of the day."""

    level: float = 0.0
    variance: float = 0.0
    days: int = 0

    def learn(self, value: float) -> None:
        """See Baselines.learn."""
        spread = math.sqrt(self.variance)
        off = value - self.level
        if self.days >= CLIP_FROM_DAYS and spread > 0:
            off = min(max(off, -CLIP_SPREADS * spread), CLIP_SPREADS * spread)
        weight = max(1.0 / (self.days + 1.0), 1.0 / MEMORY_DAYS)
        self.level = as_single(self.level + weight * off)
        self.variance = as_single((1.0 - weight) * (self.variance + weight * off * off))
        self.days = min(self.days, DAYS_MAX - 1) + 1


@dataclass(slots=True)
class Shape:
    """By what each hour differs from the day's mean in a herd: see Priors."""

    of: dict[tuple[str, int], float] = field(default_factory=dict)

    def settle(self, herd: list["HerUsual"]) -> None:
        """Fix it anew from what is learnt of a herd, and each one's level by it."""
        if len(herd) < HERD_MIN:
            return
        for signal in SIGNALS:
            found: dict[int, list[float]] = {hour: [] for hour in range(DAY_HOURS)}
            for one in herd:
                for hour, by in one.by_day(signal).items():
                    found[hour].append(by)
            for hour, all_of in found.items():
                self.of.pop((signal, hour), None)
                if len(all_of) >= HERD_MIN:
                    all_of.sort()
                    middle = all_of[(len(all_of) - 1) // 2] + all_of[len(all_of) // 2]
                    self.of[signal, hour] = as_single(middle / 2)
            for one in herd:
                one.shape = self
                one.scales[signal] = one.scale(signal)


class HerUsual:
    """What is usual for one cow."""

    __slots__ = ("_own", "scales", "shape")

    def __init__(self) -> None:
        self._own: dict[tuple[str, int], Usual] = {}
        self.shape: Shape | None = None
        self.scales: dict[str, float | None] = {}

    def learn(self, signal: str, hour: int, value: float) -> None:
        """Take in an hour that can change no more."""
        self._own.setdefault((signal, hour % DAY_HOURS), Usual()).learn(value)

    def level(self, signal: str, hour: int) -> float | None:
        """At that hour; None until it is known."""
        key = signal, hour % DAY_HOURS
        found = self._own.get(key)
        if found is None or found.days < DAYS_MIN:
            return None
        scale = self.scales.get(signal)
        by = None if self.shape is None else self.shape.of.get(key)
        if by is None or scale is None:
            return found.level
        herds = by + scale if signal == TEMPERATURE else by * scale
        weight = found.days / (found.days + YOUNG_DAYS)
        return weight * found.level + (1.0 - weight) * herds

    def by_day(self, signal: str) -> dict[int, float]:
        """Each known hour by the mean of all that are; {} while they are few."""
        known = self._known(signal, SHAPE_DAYS_MIN)
        own = _added(known.values()) / max(len(known), 1)
        if len(known) < HOURS_MIN or (signal != TEMPERATURE and own <= 0):
            return {}
        if signal == TEMPERATURE:
            return {hour: level - own for hour, level in known.items()}
        return {hour: level / own for hour, level in known.items()}

    def scale(self, signal: str) -> float | None:
        """Her level by the herd's shape; None while too few hours are known."""
        of = self.shape.of if self.shape is not None else {}
        known = {
            hour: level for hour, level in self._known(signal, 1).items() if (signal, hour) in of
        }
        whole, by = _added(known.values()), _added(of[signal, hour] for hour in known)
        if len(known) < HOURS_MIN or (signal != TEMPERATURE and by <= 0):
            return None
        return as_single((whole - by) / len(known) if signal == TEMPERATURE else whole / by)

    def _known(self, signal: str, days_min: int) -> dict[int, float]:
        """Hour of the day → level, in order."""
        hours = ((hour, self._own.get((signal, hour))) for hour in range(DAY_HOURS))
        return {hour: one.level for hour, one in hours if one is not None and one.days >= days_min}


def _added(values: Iterable[float]) -> float:
    """One after the other: `sum` may mend its rounding, which no array does."""
    total = 0.0
    for value in values:
        total += value
    return total


def as_single(value: float) -> float:
    """The nearest number of single precision."""
    found: float = _single.unpack(_single.pack(value))[0]
    return found
