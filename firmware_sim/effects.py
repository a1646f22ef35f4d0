"""What conditions do to an animal's day, minute by minute. Pure."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from firmware_sim.draws import Floats

DAY_MINUTES = 1440


def _ones() -> Floats:
    return np.ones(DAY_MINUTES)


def _zeros() -> Floats:
    return np.zeros(DAY_MINUTES)


@dataclass(frozen=True, slots=True)
class Effects:
    """(1440,) each, over one day's minutes: factors on what is usual.

    raised_c: degrees above the usual. dips: factor on how far a drink cools her bolus. bouts:
    factor on how often she lies down and gets up. recumbent: over 0 = she lies and cannot rise.
    heart: factor on her heart rate. north_m, east_m: she is so far from where she would be.
    """

    raised_c: Floats = field(default_factory=_zeros)
    rumination: Floats = field(default_factory=_ones)
    eating: Floats = field(default_factory=_ones)
    lying: Floats = field(default_factory=_ones)
    drinking: Floats = field(default_factory=_ones)
    dips: Floats = field(default_factory=_ones)
    steps: Floats = field(default_factory=_ones)
    activity: Floats = field(default_factory=_ones)
    bouts: Floats = field(default_factory=_ones)
    recumbent: Floats = field(default_factory=_zeros)
    heart: Floats = field(default_factory=_ones)
    north_m: Floats = field(default_factory=_zeros)
    east_m: Floats = field(default_factory=_zeros)


def neutral() -> Effects:
    """Effects of nothing, which nobody may change."""
    found = Effects()
    for name in Effects.__slots__:
        getattr(found, name).flags.writeable = False
    return found


NEUTRAL = neutral()  # most days of most animals: held once


def same(one: Effects, other: Effects) -> bool:
    """Whether both do the same to a day."""
    return all(
        bool((getattr(one, name) == getattr(other, name)).all()) for name in Effects.__slots__
    )


class HasEffects(Protocol):
    """Something that is laid over an animal's days."""

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """Put its share into the effects; at_s: (1440,), each minute in seconds since 1970."""
        ...


def rising_and_falling(
    at_s: Floats, begins_s: float, full_s: float, falls_s: float, ends_s: float
) -> Floats:
    """0 outside, 1 between `full_s` and `falls_s`, straight lines between; may jump."""
    line = np.interp(at_s, [begins_s, full_s, falls_s, ends_s], [0.0, 1.0, 1.0, 0.0])
    found: Floats = np.where((at_s >= begins_s) & (at_s < ends_s), line, 0.0)
    return found
