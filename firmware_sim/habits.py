"""What stays of an animal from day to day, and what a day brings to the whole herd. Pure.

Levels and spreads after Johnston & DeVries 2018 (rumination 516 ± 91 min, eating 230 ± 36 min),
159 recorded cows (eating 221 min, between animals 34, within 39; 12 ± 5 drinks), Tucker 2021
(lying 10 to 12 h), Kim 2021 (rumen 38.86 ± 0.17 °C over a day, drinks included). Ours: how an
animal's own and a herd's common share of the spread divide, and what an odd day is.
"""

from dataclasses import dataclass
from functools import lru_cache

from firmware_sim.draws import drawn_from

EATING_MINUTES = 230.0
RUMINATION_MINUTES = 505.0
LYING_MINUTES = 665.0
DRINKS = 9.0
# of the rumen between drinks; a day's mean, drinks included, is 0.3 °C lower
UNDISTURBED_C = 39.03
HEIFERS_SHARE = 0.3  # of a herd is in her first lactation
PARITY_MAX = 6

LATE_FEED_SHARE = 0.05  # of the days: a mixer wagon that broke down
UNREST_SHARE = 0.03  # pen moved, hooves trimmed, vet in the barn
HOT_SHARE = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Her own levels of a day, and the hours she keeps.

    *_minutes and drinks: a usual day's. steps, activity: times what is usual. undisturbed_c: of
    her rumen between drinks. day_c, half_day_c, fast_c: amplitudes of her temperature's waves;
    *_phase: in radians. place: 0 … 1, her turn in the queue for the parlour.
    """

    parity: int
    eating_minutes: float
    rumination_minutes: float
    lying_minutes: float
    drinks: float
    steps: float
    activity: float
    undisturbed_c: float
    day_c: float
    half_day_c: float
    fast_c: float
    day_phase: float
    half_day_phase: float
    place: float
    night: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarnDay:
    """What a day brings to all: factors on minutes, drinks and movement.

    warmer_c: of all day. hot_c: of the afternoon. feed_late_minutes: the first feed comes later.
    unrest_from: minute of the day from which the herd is disturbed for UNREST_MINUTES, or None.
    """

    eating: float
    rumination: float
    lying: float
    drinks: float
    movement: float
    warmer_c: float
    hot_c: float = 0.0
    feed_late_minutes: int = 0
    unrest_from: int | None = None


@lru_cache(maxsize=4096)
def habits_of(seed: str) -> Habits:
    """The habits of the animal with that seed."""
    rng = drawn_from(seed, "habits")
    own = rng.standard_normal(12)
    first_lactation = bool(rng.random() < HEIFERS_SHARE)
    one_peak = rng.random() < 0.25  # noqa: PLR2004  Wrenn 1961: 23 % of curves have one peak
    return Habits(
        parity=1 if first_lactation else int(rng.integers(2, PARITY_MAX + 1)),
        # heifers eat longer and smaller meals, and walk more
        eating_minutes=EATING_MINUTES + 25 * own[0] + (8 if first_lactation else -3),
        rumination_minutes=RUMINATION_MINUTES + 55 * own[1] - (15 if first_lactation else -6),
        lying_minutes=LYING_MINUTES + 45 * own[2],
        drinks=max(5.0, DRINKS + 1.8 * own[3]),
        steps=max(0.5, 1 + 0.18 * own[4] + (0.06 if first_lactation else -0.02)),
        activity=max(0.5, 1 + 0.15 * own[5]),
        undisturbed_c=UNDISTURBED_C + 0.14 * own[6],
        day_c=max(0.05, 0.19 + 0.04 * own[7]),
        half_day_c=0.03 if one_peak else max(0.08, 0.18 + 0.03 * own[8]),
        fast_c=max(0.04, 0.10 + 0.025 * own[9]),
        day_phase=0.4 * own[10],
        half_day_phase=0.4 * own[11],
        place=float(rng.random()),
        night=float(rng.uniform(0.7, 1.3)),
    )


@lru_cache(maxsize=1024)
def barn_day(herd: str, number: int) -> BarnDay:
    """The day with that number in the herd with that seed: most are ordinary, some are odd."""
    rng = drawn_from(herd, "barn", number)
    own = rng.standard_normal(5)
    odd = rng.random()
    late = odd < LATE_FEED_SHARE
    unrest = LATE_FEED_SHARE <= odd < LATE_FEED_SHARE + UNREST_SHARE
    hot = 1 - odd < HOT_SHARE
    return BarnDay(
        eating=1 + 0.04 * own[0],
        rumination=(1 + 0.03 * own[1]) * (0.93 if hot else 1.0),
        lying=(1 + 0.02 * own[2]) * (0.82 if hot else 1.0),
        drinks=1.4 if hot else 1.0,
        movement=1 + 0.06 * own[3],
        warmer_c=0.04 * own[4],
        hot_c=float(rng.uniform(0.15, 0.35)) if hot else 0.0,
        feed_late_minutes=int(rng.integers(60, 180)) if late else 0,
        unrest_from=int(rng.integers(120, 600)) if unrest else None,
    )
