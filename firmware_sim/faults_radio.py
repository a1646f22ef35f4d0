"""From a collar's measurement to its being heard: when, how often, or never. Pure.

Two kinds of radio. One that is answered (native collars): what is not heard is sent again with the
next reading, so that loss is delay. One that is not (LoRaWAN): what is lost is lost. Loss by
distance as measured on ear tags: 0.982 of packets at 50 m, 0.939 at 200, 0.831 at 250.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.draws import Floats

Longs = NDArray[np.int64]

SECOND_US = 1_000_000
ON_ITS_WAY_US = 2 * SECOND_US  # from the collar to the gateway
NEVER_US = -1  # nobody ever hears it
RETRIES_MAX = 12
REPEATED_SHARE = 0.003  # of readings: an answer that was lost, so that it is sent again; ours
REPEATED_LATER_S = (5.0, 7200.0)
STORM_TIMES = 6.0  # so much more is lost in a storm
_DISTANCES_M = (0.0, 50.0, 200.0, 250.0, 400.0)
_HEARD = (0.99, 0.982, 0.939, 0.831, 0.45)


def heard_share(distance_m: float) -> float:
    """Share of packets that arrive from so far."""
    return float(np.interp(distance_m, _DISTANCES_M, _HEARD))


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody hears her in [begins_us, ends_us). kept: her collar tells it afterwards."""

    begins_us: int
    ends_us: int
    kept: bool


@dataclass(slots=True)
class Radio:
    """One collar's way to the station. lost_share: of packets. answered: see the module.

    skew_s: by which its clock is wrong. gaps: by their beginning. storms: spans, microseconds.
    """

    lost_share: float
    answered: bool
    skew_s: float = 0.0
    gaps: Sequence[Gap] = ()
    storms: Sequence[tuple[int, int]] = ()
    _last_us: int = field(default=0)

    def heard_us(self, time_us: Longs, interval_s: int, rng: Generator) -> Longs:
        """(readings,): when each is heard, NEVER_US = never. Call it forward in time.

        time_us: when each was measured, truly. A collar sends in the order of measuring.
        """
        lost = np.full(len(time_us), self.lost_share)
        for begins_us, ends_us in self.storms:
            lost[(time_us >= begins_us) & (time_us < ends_us)] *= STORM_TIMES
        lost = lost.clip(0.0, 0.9)
        chance = rng.random(len(time_us))
        heard = time_us + ON_ITS_WAY_US
        if self.answered:
            tries = np.floor(np.log(chance) / np.log(lost)).clip(0, RETRIES_MAX).astype(np.int64)
            heard += tries * interval_s * SECOND_US
        never = np.zeros(len(time_us), np.bool_) if self.answered else chance < lost
        for gap in self.gaps:
            within = (heard >= gap.begins_us) & (heard < gap.ends_us)
            if gap.kept:
                heard[within] = gap.ends_us + ON_ITS_WAY_US
            else:
                never |= within
        if self.answered and len(heard):
            heard = np.maximum(np.maximum.accumulate(heard), self._last_us)
            self._last_us = int(heard[-1])
        return np.where(never, NEVER_US, heard)


def repeated(heard_us: Longs, rng: Generator) -> tuple[Longs, Longs]:
    """Which readings are heard a second time (indices), and when."""
    which = np.nonzero((heard_us != NEVER_US) & (rng.random(len(heard_us)) < REPEATED_SHARE))[0]
    later_s: Floats = rng.uniform(*REPEATED_LATER_S, len(which))
    return which, heard_us[which] + (later_s * SECOND_US).astype(np.int64)
