"""Bouts of lying, and what conditions do to them: more, fewer, or no rising at all. Pure."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.draws import Floats
from firmware_sim.effects import DAY_MINUTES, Effects

Mask = NDArray[np.bool_]

LONG_TURNS, LONG_SPREAD = 1.9, 0.3  # cows seldom lie longer without a pause; ours
LONG_BOUTS_MAX = 16  # a day
SHORT_MINUTES = 7  # for less she does not lie down at all
LEFT_MINUTES = 20  # nor after a pause for less than this
BOUT_MINUTES = 55.0  # a usual bout of lying, which `bouts` makes shorter by rising within
UP_MINUTES = 3  # a restless cow is up again so long
PAUSE_MINUTES_MAX = 45  # a longer pause is no longer one between two bouts that could be one


def with_pauses(lying: Mask, turns_minutes: float, rng: Generator) -> Mask:
    """(1440,): the same, without very short bouts, and with pauses in very long ones.

    turns_minutes: see habits.Levels; who lies down seldom lies long.
    """
    lasts = (
        LONG_TURNS * turns_minutes * np.exp(LONG_SPREAD * rng.standard_normal(LONG_BOUTS_MAX))
    ).tolist()
    pauses = rng.integers(4, 16, LONG_BOUTS_MAX).tolist()
    turns = np.flatnonzero(np.diff(lying.astype(np.int8), prepend=0, append=0)).tolist()
    found = lying.copy()
    for begins, ends in zip(turns[::2], turns[1::2], strict=True):
        if ends - begins < SHORT_MINUTES:
            found[begins:ends] = False
        at = begins
        while lasts and ends - at > lasts[-1] + LEFT_MINUTES:
            up = int(at + lasts.pop())
            at = up + pauses.pop()
            found[up:at] = False
    return found


def lying_under(usual: Mask, allowed: Mask, thin: Floats, jerk: Floats, effects: Effects) -> Mask:
    """(1440,): the usual minutes of lying under the effects.

    allowed: when she may lie. thin: numbers in 0 … 1, and jerk: exponential ones, drawn with or
    without a condition.
    """
    lying = (usual & (thin <= effects.lying)) | (allowed & (thin > 2 - effects.lying))
    restless = effects.bouts - 1
    if restless.any():
        rises = np.exp(-jerk)  # even in 0 … 1
        up = lying & (rises < restless.clip(0, None) / BOUT_MINUTES)
        for minute in range(1, UP_MINUTES):
            up[minute:] |= up[minute - 1 : -1]
        lying = _without_pauses(lying, allowed, rises, effects.bouts) & ~up
    down: Mask = effects.recumbent > 0
    return lying | down


def _without_pauses(lying: Mask, allowed: Mask, rises: Floats, bouts: Floats) -> Mask:
    """As `lying`, without that share of the pauses by which there are fewer bouts."""
    if (bouts >= 1).all():
        return lying
    turns = np.flatnonzero(np.diff(lying.astype(np.int8), prepend=0, append=0))
    filled = lying.copy()
    for ended, begins in zip(turns[1:-1:2], turns[2::2], strict=True):
        pause = slice(int(ended), int(begins))
        short = begins - ended <= PAUSE_MINUTES_MAX
        if short and begins < DAY_MINUTES and rises[ended] > bouts[ended] and allowed[pause].all():
            filled[pause] = True
    return filled
