"""One animal's day, minute by minute: what she does, and what her rumen's temperature is. Pure.

Problem: detectors are only as good as the days they were tried on: behaviour must come in bouts,
be exclusive where a body is, hang together (she ruminates some hours after she ate, mostly lying,
mostly at night), and differ between animals, days and herds.
Approach: each behaviour has an urge, a line over the day's minutes made of the barn's timetable,
the hour and a smooth random wave; she does it in the minutes of her strongest urge, as many as
her day's level says. The waves' length makes the bouts, the level the sums. A day begins at the
morning milking: then the whole herd stands, so that no bout crosses the border of two days.
Conditions thin out or add to the bouts, and draw no number: the hours before one are the same
with and without it.
Rejected: a Markov chain minute by minute, whose sums spread too widely and which is slow here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.draws import Floats, drawn_from, wave
from firmware_sim.effects import DAY_MINUTES, Effects
from firmware_sim.habits import BarnDay, Habits

Mask = NDArray[np.bool_]

DAY_BEGINS_S = 4 * 3600  # the morning milking, 04:00 UTC
MILKINGS = (0, 690)  # minute of the day
MILKING_MINUTES = 45
QUEUE_MINUTES = 50  # the last in the queue comes so much later than the first
WALK_MINUTES = 6  # to the parlour, and back
FEEDS = ((60, 1.7), (330, 0.8), (750, 1.5), (990, 0.8))  # minute, how much it calls
UNREST_MINUTES = 240
NIGHT_MIDDLE = 1260  # 01:00 UTC
THIN_MINUTES = 8  # a bout that a condition spoils is interrupted for so long
DIP_MINUTES = 300  # after which a drink is forgotten
DIP_C_MAX = 9.0
MINUTES = np.arange(DAY_MINUTES)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What she does, (1440,): masks of minutes and counts a minute.

    cooling_c: (1440 + 300,), how far her drinks cool the bolus, reaching into the next day.
    """

    lying: Mask
    eating: Mask
    ruminating: Mask
    drinking: Floats
    steps: Floats
    activity: Floats
    cooling_c: Floats


def behaviour_of(seed: str, number: int, own: Habits, barn: BarnDay, effects: Effects) -> Behaviour:
    """Her day with that number; the same arguments give the same day."""
    rng = drawn_from(seed, "day", number)
    of_day = 1 + 0.5 * rng.standard_normal(6).clip(-2.5, 2.5) * (0.3, 0.16, 0.1, 0.4, 0.2, 0.2)
    thin = np.repeat(rng.random((4, DAY_MINUTES // THIN_MINUTES)), THIN_MINUTES, axis=1)
    parlour, walking = _milked(own.place, rng)

    may_eat = ~parlour
    urge = _calls_of_feed(barn) + 0.8 * wave(rng, DAY_MINUTES, 26)
    usual_eating = _strongest(urge, may_eat, own.eating_minutes * barn.eating * of_day[0])
    eating = usual_eating & (thin[0] <= effects.eating)

    night = np.cos((MINUTES - NIGHT_MIDDLE) * (2 * np.pi / DAY_MINUTES))
    may_rest = may_eat & ~usual_eating
    urge = 0.55 * own.night * night + wave(rng, DAY_MINUTES, 38)
    usual_lying = _strongest(urge, may_rest, own.lying_minutes * barn.lying * of_day[1])
    lying = _more_or_less(usual_lying, may_rest, thin[1], effects.lying)

    urge = 0.45 * night + 0.7 * usual_lying + _eaten_before(usual_eating)
    urge += 0.9 * wave(rng, DAY_MINUTES, 24)
    level = own.rumination_minutes * barn.rumination * of_day[2] * _unrest_share(barn)
    usual_rumination = _strongest(urge, may_rest, level)
    ruminating = usual_rumination & (thin[2] <= effects.rumination)

    drinks = _drinks(usual_lying, usual_eating, own.drinks * barn.drinks * of_day[3], rng)
    drinks = [one for one in drinks if thin[3, one.minute] <= effects.drinking[one.minute]]
    drinking = _drunk(drinks)
    dry = drinking == 0
    lying, eating, ruminating = lying & dry, eating & dry, ruminating & dry

    walking |= (wave(rng, DAY_MINUTES, 12) > 1.0) & ~(lying | eating | ruminating | parlour)
    jerk = rng.standard_exponential(DAY_MINUTES)
    moves = barn.movement * _unrest(barn)
    return Behaviour(
        lying=lying,
        eating=eating,
        ruminating=ruminating,
        drinking=drinking,
        steps=np.where(lying, 0.0, np.where(walking, 27.0, 2.3) * jerk)
        * (own.steps * of_day[4] * moves * effects.steps),
        activity=_liveliness(lying, eating, ruminating, walking)
        * (0.4 + 0.6 * jerk)
        * (own.activity * of_day[5] * moves * effects.activity),
        cooling_c=_cooling(drinks),
    )


def temperature_of(
    seed: str, number: int, own: Habits, barn: BarnDay, effects: Effects, cooling_c: Floats
) -> Floats:
    """(1440,): what her rumen bolus shows at each minute, noise included.

    cooling_c: (1440,), of this day's drinks and of the last ones of the day before.
    Two peaks a day in most animals (Wrenn 1961), a wave of about 90 minutes over them.
    """
    rng = drawn_from(seed, "warmth", number)
    at = MINUTES * (2 * np.pi / DAY_MINUTES)
    day = own.day_c * np.cos(at - 3.7 + own.day_phase)  # highest at 18:00 UTC
    half_day = own.half_day_c * np.cos(2 * at - 1.0 + own.half_day_phase)
    fast = own.fast_c * np.sin(MINUTES * (2 * np.pi / rng.uniform(80, 100)) + rng.uniform(0, 6.28))
    drift = 0.05 * wave(rng, DAY_MINUTES, 45)
    of_day = 0.09 * rng.standard_normal()
    hot = barn.hot_c * np.exp(-(((MINUTES - 690) / 240) ** 2))
    noise = 0.05 * rng.standard_normal(DAY_MINUTES)
    warmth: Floats = own.undisturbed_c + of_day + barn.warmer_c + hot + day + half_day + fast
    warmth += drift + noise + effects.raised_c - cooling_c * effects.dips
    return warmth


def _milked(place: float, rng: Generator) -> tuple[Mask, Mask]:
    """The minutes in the parlour and its queue, and those on the way there and back."""
    parlour, walking = np.zeros((2, DAY_MINUTES), np.bool_)
    for milking in MILKINGS:
        back = milking + MILKING_MINUTES + int(QUEUE_MINUTES * place) + int(rng.integers(0, 15))
        parlour[milking:back] = True
        walking[milking : milking + WALK_MINUTES] = True
        walking[back - WALK_MINUTES : back] = True
    return parlour, walking


def _calls_of_feed(barn: BarnDay) -> Floats:
    """How much feed calls: most when it is fresh, least in the second half of the night."""
    urge: Floats = -0.5 * np.cos((MINUTES - NIGHT_MIDDLE - 60) * (2 * np.pi / DAY_MINUTES))
    for minute, call in FEEDS:
        since = MINUTES - minute - (barn.feed_late_minutes if minute == FEEDS[0][0] else 0)
        urge = urge + np.where(since >= 0, call * np.exp(-np.maximum(since, 0) / 55), 0.0)
    return urge


def _eaten_before(eating: Mask) -> Floats:
    """0 … about 1: how much she ate between 5 and 1 hours ago (Schirmann 2012)."""
    total = np.concatenate([np.zeros(301), np.cumsum(eating)])
    late, early = total[241 : 241 + DAY_MINUTES], total[1 : 1 + DAY_MINUTES]
    found: Floats = (late - early) / 60
    return found


def _strongest(urge: Floats, allowed: Mask, minutes: float) -> Mask:
    """The `minutes` allowed minutes of the strongest urge."""
    count = int(min(max(0.0, minutes), 0.97 * allowed.sum()))
    wish = np.where(allowed, urge, -np.inf)
    limit = np.partition(wish, DAY_MINUTES - count - 1)[DAY_MINUTES - count - 1]
    found: Mask = wish > limit
    return found


def _more_or_less(usual: Mask, allowed: Mask, thin: Floats, factor: Floats) -> Mask:
    """The usual minutes times a factor that may be above 1."""
    return (usual & (thin <= factor)) | (allowed & (thin > 2 - factor))


@dataclass(frozen=True, slots=True)
class _Drink:
    minute: int
    lasts: int
    cools_c: float
    tau_minutes: float


def _drinks(lying: Mask, eating: Mask, count: float, rng: Generator) -> list[_Drink]:
    """Mostly after meals and milkings, never while she lies, at least 20 minutes apart."""
    slots = DAY_MINUTES // 20
    wish = rng.gumbel(size=slots) + 0.9 * eating.reshape(slots, 20).any(axis=1)
    minutes = np.arange(slots) * 20 + rng.integers(0, 14, slots)
    wish[lying[minutes]] = -np.inf
    chosen = np.sort(np.argsort(wish)[-max(2, round(count)) :])
    # natural drinks: -2.29 ± 1.82 °C (Cantor 2018), those too small to be seen included
    cools_c = (1.95 * np.exp(0.55 * rng.standard_normal(slots) - 0.15)).clip(0.2, 8.0)
    lasts = np.rint(0.7 + cools_c * 0.65).clip(1, 5).astype(int)
    taus = rng.uniform(22, 38, slots)
    return [
        _Drink(int(minutes[i]), int(lasts[i]), float(cools_c[i]), float(taus[i]))
        for i in chosen
        if np.isfinite(wish[i])
    ]


def _drunk(drinks: list[_Drink]) -> Floats:
    drinking = np.zeros(DAY_MINUTES)
    for one in drinks:
        drinking[one.minute : one.minute + one.lasts] = 1.0
    return drinking


def _cooling(drinks: list[_Drink]) -> Floats:
    """(1740,): how far they cool the bolus: within minutes, and gone after hours."""
    cooling = np.zeros(DAY_MINUTES + DIP_MINUTES)
    since = np.arange(DIP_MINUTES)
    for one in drinks:
        shape = (1 - np.exp(-(since + 1) / 2.5)) * np.exp(-since / one.tau_minutes)
        cooling[one.minute : one.minute + DIP_MINUTES] += one.cools_c * 1.2 * shape
    return cooling.clip(0, DIP_C_MAX)


def _liveliness(lying: Mask, eating: Mask, ruminating: Mask, walking: Mask) -> Floats:
    """Counts a minute of her collar's accelerometer: most where her head or her legs move."""
    lively = np.where(lying, 0.7, 2.6) + 1.5 * ruminating + 5.5 * eating
    return np.where(walking, 13.0, lively)


def _unrest(barn: BarnDay) -> Floats:
    moves = np.ones(DAY_MINUTES)
    if barn.unrest_from is not None:
        moves[barn.unrest_from : barn.unrest_from + UNREST_MINUTES] = 1.9
    return moves


def _unrest_share(barn: BarnDay) -> float:
    return 1.0 if barn.unrest_from is None else 0.9
