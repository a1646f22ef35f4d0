"""Bouts of lying, and what conditions do to them: more, fewer, or no rising at all. Pure."""

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.draws import Floats
from firmware_sim.effects import Effects

Mask = NDArray[np.bool_]

LONG_TURNS, LONG_SPREAD = 1.9, 0.25  # cows seldom lie longer without a pause; ours
LONG_MINUTES_MAX = 200.0
LONG_BOUTS_MAX = 40  # a day
SHORT_MINUTES = 7  # for less she does not lie down at all
LEFT_MINUTES = 20  # nor after a pause for less than this
BOUT_MINUTES = 55.0  # a usual bout of lying, which `bouts` makes shorter by rising within
LONGER_ROUNDS = 3  # then there is no more room
UP_MINUTES = 3  # a restless cow is up again so long


def with_pauses(lying: Mask, turns_minutes: float, rng: Generator) -> Mask:
    """(1440,): the same, without very short bouts, and with pauses in very long ones.

    turns_minutes: see habits.Levels; who lies down seldom lies long.
    """
    lasts = (
        min(LONG_TURNS * turns_minutes, LONG_MINUTES_MAX)
        * np.exp(LONG_SPREAD * rng.standard_normal(LONG_BOUTS_MAX))
    ).tolist()
    pauses = rng.integers(4, 16, LONG_BOUTS_MAX).tolist()
    turns = np.flatnonzero(np.diff(lying.astype(np.int8), prepend=0, append=0)).tolist()
    found = lying.copy()
    for begins, ends in zip(turns[::2], turns[1::2], strict=True):
        if ends - begins < SHORT_MINUTES:
            found[begins:ends] = False
        at = begins
        while lasts and ends - at > (longest := lasts.pop()) + LEFT_MINUTES:
            up = int(at + longest)
            at = up + pauses[len(lasts)]
            found[up:at] = False
    return found


def lying_under(usual: Mask, allowed: Mask, jerk: Floats, effects: Effects) -> Mask:
    """(1440,): the usual minutes of lying under the effects.

    More or less of it makes bouts longer or shorter, not more or fewer: that is `bouts`, whose
    lack the others make up for. allowed: when she may lie. jerk: exponential numbers, drawn with
    or without a condition.
    """
    rises = np.exp(-jerk)  # even in 0 … 1
    lying = usual
    touched = (effects.lying != 1) | (effects.bouts < 1)
    if touched.any():
        lying, owed = _shorter(usual, touched, rises, effects)
        lying = _longer(lying, allowed & touched, owed)
    restless = effects.bouts - 1
    if (restless > 0).any():
        up = lying & (rises < restless / BOUT_MINUTES)
        for minute in range(1, UP_MINUTES):
            up[minute:] |= up[minute - 1 : -1]
        lying = lying & ~up
    down: Mask = effects.recumbent > 0
    return lying | down


def _shorter(usual: Mask, touched: Mask, rises: Floats, effects: Effects) -> tuple[Mask, list[int]]:
    """Bouts shortened or left out, where touched; and by how much each begins to be owed more.

    Short bouts are left out first: who dislikes to lie down and rise spares herself those.
    """
    found = usual.copy()
    owed = []
    for begins, ends in _bouts(usual):
        lasts = ends - begins
        more = round(lasts * (float(effects.lying[begins:ends].mean()) - 1))
        spares = (1 - effects.bouts[begins]) * max(0.0, 2 - lasts / BOUT_MINUTES)
        if rises[begins] < spares:
            found[begins:ends] &= ~touched[begins:ends]
            more += lasts
        elif more < 0:
            found[ends + more : ends] &= ~touched[ends + more : ends]
            more = 0
        owed.append(more)
    return found, owed


def _longer(lying: Mask, may: Mask, owed: list[int]) -> Mask:
    """The bouts that are left, longer by what is owed in all, as evenly as there is room."""
    left = sum(owed)
    found = lying.copy()
    for _ in range(LONGER_ROUNDS if left > 0 else 0):
        bouts = _bouts(found)
        share = math.ceil(left / max(1, len(bouts)))
        for begins, ends in bouts:
            later = _room(may[ends : ends + min(share, left)])
            earlier = _room(may[max(0, begins - min(share, left) + later) : begins][::-1])
            longer = slice(begins - earlier, ends + later)
            left -= int((~found[longer]).sum())
            found[longer] = True
    return found


def _bouts(lying: Mask) -> list[tuple[int, int]]:
    turns = np.flatnonzero(np.diff(lying.astype(np.int8), prepend=0, append=0)).tolist()
    return list(zip(turns[::2], turns[1::2], strict=True))


def _room(may: Mask) -> int:
    """How many of these minutes there are before the first that is not free."""
    return len(may) if may.all() else int(may.argmin())
