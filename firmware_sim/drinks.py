"""A day's drinks: when she drinks, and how far each cools the bolus in her rumen. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.draws import Floats
from firmware_sim.effects import DAY_MINUTES
from firmware_sim.habits import Levels

Mask = NDArray[np.bool_]

SLOT_MINUTES = 20  # two drinks are so far apart
DIP_MINUTES = 300  # after which a drink is forgotten
DIP_C_MAX = 9.0


@dataclass(frozen=True, slots=True)
class Drink:
    """One drink: its minute of the day, the minutes it lasts, how far and how long it cools."""

    minute: int
    lasts: int
    cools_c: float
    tau_minutes: float


def drinks_of(
    lying: Mask, eating: Mask, count: float, levels: Levels, rng: Generator
) -> list[Drink]:
    """Mostly after meals and milkings, never while she lies."""
    slots = DAY_MINUTES // SLOT_MINUTES
    wish = rng.gumbel(size=slots) + 0.9 * eating.reshape(slots, SLOT_MINUTES).any(axis=1)
    minutes = np.arange(slots) * SLOT_MINUTES + rng.integers(0, 14, slots)
    wish[lying[minutes]] = -np.inf
    chosen = np.sort(np.argsort(wish)[-max(2, round(count)) :])
    # natural drinks: -2.29 ± 1.82 °C (Cantor 2018), those too small to be seen included
    # and of fewer drinks each is larger
    deep_c = levels.drink_c * (levels.drinks[0] / max(2.0, count)) ** 0.7
    cools_c = (deep_c * np.exp(0.70 * rng.standard_normal(slots))).clip(0.1, 8.0)
    lasts = np.rint(0.6 + cools_c * 0.5).clip(1, 5).astype(int)
    taus = rng.uniform(25, 40, slots)
    return [
        Drink(int(minutes[i]), int(lasts[i]), float(cools_c[i]), float(taus[i]))
        for i in chosen
        if np.isfinite(wish[i])
    ]


def drunk(drinks: list[Drink]) -> Floats:
    """(1440,): 1 in the minutes in which she drinks."""
    drinking = np.zeros(DAY_MINUTES)
    for one in drinks:
        drinking[one.minute : one.minute + one.lasts] = 1.0
    return drinking


def cooling_of(drinks: list[Drink]) -> Floats:
    """(1740,): how far they cool the bolus: within minutes, and gone after hours."""
    cooling = np.zeros(DAY_MINUTES + DIP_MINUTES)
    since = np.arange(DIP_MINUTES)
    rises = 1.2 * (1 - np.exp(-(since + 1) / 2.5))
    for one in drinks:
        cooling[one.minute : one.minute + DIP_MINUTES] += rises * (
            one.cools_c * np.exp(-since / one.tau_minutes)
        )
    return cooling.clip(0, DIP_C_MAX)
