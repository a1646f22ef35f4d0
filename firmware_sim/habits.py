"""What stays of an animal from day to day, and how far her days stray from it. Pure.

Dairy cow: Johnston & DeVries 2018 (rumination 516 ± 91 min, eating 230 ± 36 min), 159 recorded
cows (eating 221 min, between animals 34, within 39; 12 ± 5 drinks), Tucker 2021 (lying 10 to
12 h), implanted core 38.8 °C. Beef cow on range: 22 recorded cows (lying 8.98 h, between 1.1,
within 1.6; 5.8 ± 1.9 bouts; 4269 ± 1332 steps). Recalled: a beef cow's grazing, rumination and
drinks, all of the calf, heart rates, a rumen's 0.4 °C over the core. Ours: how the spread of the
others divides between and within animals, and how a stray day is made.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from firmware_sim.draws import Floats, drawn_from, lines
from firmware_sim.stage import Kind

HEIFERS_SHARE = 0.3  # of a herd is in her first lactation
PARITY_MAX = 6

# Days hang together a little: with a wander over weeks this share of a day's variance, two
# successive days correlate by about half of it. Real ones: at most 0.2.
WANDER_SHARE = 0.3
WANDER_DAYS = 6.0
POOR_SHARE = 0.07  # of the days: heavier tails than a normal draw has
POOR_FROM = 1.81  # of a normal's draws, by which they are so many
POOR_TIMES = 2.1
# Eating and rumination of a day go up and down together in part: two signals are less than two
APPETITE_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A kind's usual day: (mean, spread between animals, spread of a day as a share of the level).

    *_minutes and drinks a day. drink_c: how far the median drink cools the rumen. turns_minutes,
    meals_minutes: from one turn of her will to lie, to eat, to the next, which makes the number
    of bouts and meals. steps: times a dairy cow's. core_c; heart_bpm at rest.
    """

    eating_minutes: tuple[float, float, float]
    rumination_minutes: tuple[float, float, float]
    lying_minutes: tuple[float, float, float]
    drinks: tuple[float, float, float]
    drink_c: float
    steps: tuple[float, float, float]
    turns_minutes: tuple[float, float]
    meals_minutes: tuple[float, float]
    core_c: tuple[float, float]
    heart_bpm: tuple[float, float]


LEVELS = {
    Kind.DAIRY: Levels(
        eating_minutes=(233.0, 35.0, 0.14),
        rumination_minutes=(512.0, 66.0, 0.095),
        lying_minutes=(700.0, 62.0, 0.09),
        drinks=(12.0, 3.0, 0.26),
        drink_c=1.55,
        steps=(1.0, 0.20, 0.12),
        turns_minutes=(62.0, 9.0),
        meals_minutes=(24.0, 4.0),
        core_c=(38.75, 0.16),
        heart_bpm=(68.0, 5.0),
    ),
    Kind.BEEF: Levels(
        eating_minutes=(540.0, 45.0, 0.10),
        rumination_minutes=(430.0, 50.0, 0.11),
        lying_minutes=(565.0, 60.0, 0.165),
        drinks=(4.0, 1.0, 0.30),
        drink_c=2.4,
        steps=(0.87, 0.13, 0.12),
        turns_minutes=(185.0, 32.0),
        meals_minutes=(45.0, 7.0),
        core_c=(38.6, 0.16),
        heart_bpm=(66.0, 5.0),
    ),
    Kind.CALF: Levels(
        eating_minutes=(140.0, 22.0, 0.14),
        rumination_minutes=(330.0, 50.0, 0.12),
        lying_minutes=(1080.0, 45.0, 0.06),
        drinks=(5.0, 1.2, 0.30),
        drink_c=1.0,
        steps=(0.8, 0.16, 0.12),
        turns_minutes=(37.0, 4.0),
        meals_minutes=(20.0, 3.0),
        core_c=(38.9, 0.15),
        heart_bpm=(100.0, 8.0),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Her own levels of a day, and the hours she keeps.

    *_minutes and drinks: a usual day's. steps, activity: times what is usual. core_c: her mean;
    rumen_over_c: her rumen over it between drinks. day_c, half_day_c, fast_c: amplitudes of her
    temperature's waves; *_phase: in radians. place: 0 … 1, her turn in the queue for the parlour.
    heat: how much warm air does to her, times the usual. turns_minutes: see Levels.
    """

    kind: Kind
    parity: int
    eating_minutes: float
    rumination_minutes: float
    lying_minutes: float
    drinks: float
    steps: float
    activity: float
    turns_minutes: int
    meals_minutes: int
    core_c: float
    rumen_over_c: float
    day_c: float
    half_day_c: float
    fast_c: float
    day_phase: float
    half_day_phase: float
    heart_bpm: float
    heat: float
    place: float
    night: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShares:
    """How a day of hers strays from her usual one, as factors."""

    eating: float
    rumination: float
    lying: float
    drinks: float
    steps: float
    activity: float


@lru_cache(maxsize=4096)
def habits_of(seed: str, kind: Kind = Kind.DAIRY, parity: int | None = None) -> Habits:
    """The habits of the animal with that seed; parity None: drawn too."""
    levels = LEVELS[kind]
    rng = drawn_from(seed, "habits")
    own = rng.standard_normal(17).clip(-2.6, 2.6).tolist()
    drawn = 1 if rng.random() < HEIFERS_SHARE else int(rng.integers(2, PARITY_MAX + 1))
    calved = 0 if kind is Kind.CALF else drawn if parity is None else parity
    young = 1.0 if calved <= 1 and kind is not Kind.CALF else 0.0
    one_peak = rng.random() < 0.25  # noqa: PLR2004  Wrenn 1961: 23 % of curves have one peak

    def level(of: tuple[float, ...], number: int, least: float = 0.45) -> float:
        return float(max(least * of[0], of[0] + of[1] * own[number]))

    return Habits(
        kind=kind,
        parity=calved,
        # first-calvers eat longer and smaller meals, and walk more
        eating_minutes=level(levels.eating_minutes, 0) + 11 * young - 3,
        rumination_minutes=level(levels.rumination_minutes, 1) - 21 * young + 6,
        lying_minutes=level(levels.lying_minutes, 2),
        drinks=level(levels.drinks, 3),
        steps=level(levels.steps, 4) + 0.08 * young - 0.02,
        activity=max(0.5, 1 + 0.15 * own[16]),
        turns_minutes=round(level(levels.turns_minutes, 12)),
        meals_minutes=round(level(levels.meals_minutes, 5)),
        core_c=level(levels.core_c, 6),
        rumen_over_c=(0.2 if kind is Kind.CALF else 0.42) + 0.05 * own[13],
        day_c=max(0.06, 0.20 + 0.05 * own[7]),
        half_day_c=0.04 if one_peak else max(0.08, 0.19 + 0.04 * own[8]),
        fast_c=max(0.08, 0.20 + 0.04 * own[9]),
        day_phase=0.4 * own[10],
        half_day_phase=0.4 * own[11],
        heart_bpm=level(levels.heart_bpm, 14),
        heat=float(np.exp(0.25 * own[15])),
        place=float(rng.random()),
        night=float(rng.uniform(0.7, 1.3)),
    )


def day_shares(seed: str, number: int, kind: Kind, own: Floats) -> DayShares:
    """How her day with that number strays. own: (8,), of unit spread, drawn for that day alone."""
    levels = LEVELS[kind]
    wander = lines(seed, "wander", number / WANDER_DAYS, 5)
    times = POOR_TIMES if abs(own[7]) > POOR_FROM else 1.0
    # a straight line between two draws has two thirds of their variance
    strays = times * np.sqrt(1 - WANDER_SHARE) * own[:5] + np.sqrt(1.5 * WANDER_SHARE) * wander
    appetite = times * own[6]
    shared, alone = np.sqrt(APPETITE_SHARE), np.sqrt(1 - APPETITE_SHARE)
    eating, rumination, lying, drinks, steps = strays.tolist()
    return DayShares(
        eating=_factor(levels.eating_minutes, alone * eating + shared * appetite),
        rumination=_factor(levels.rumination_minutes, alone * rumination + shared * appetite),
        lying=_factor(levels.lying_minutes, lying),
        drinks=_factor(levels.drinks, drinks),
        steps=_factor(levels.steps, steps),
        activity=_factor((0.0, 0.0, 0.6 * levels.steps[2]), 0.7 * steps + 0.7 * float(own[5])),
    )


def _factor(level: tuple[float, float, float], stray: float) -> float:
    return float(min(1.9, max(0.25, 1 + level[2] * stray)))
