"""One animal's day, minute by minute: what she does. Pure.

Problem: detectors are only as good as the days they were tried on: behaviour must come in bouts,
be exclusive where a body is, hang together (she ruminates some hours after she ate, mostly lying,
mostly at night), and differ between animals, days and herds.
Approach: each behaviour has an urge, a line over the day's minutes made of the barn's timetable,
the hour and a smooth random wave; she does it in the minutes of her strongest urge, as many as
her day's level says. The waves' length makes the bouts, the level the sums. A day begins at the
morning milking: then the whole herd stands, so that no bout crosses the border of two days.
Conditions thin out or add to the bouts, and draw no number: the hours before one are the same
with and without it.
Rejected: drawing one bout after the other from distributions of their lengths (a semi-Markov
chain). Its sums have to be forced upon it afterwards, and it is slow here; what it is wanted for
holds here too, and is tested: bouts are seldom very short, have a long tail, and the length of
one says next to nothing about the next.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.barn import NIGHT, UNREST_MINUTES, BarnDay
from firmware_sim.draws import Floats, drawn_from, wave
from firmware_sim.drinks import cooling_of, drinks_of, drunk
from firmware_sim.effects import DAY_MINUTES, Effects
from firmware_sim.habits import LEVELS, Habits, day_shares
from firmware_sim.posture import lying_under, with_pauses
from firmware_sim.stage import Kind, Shares

Mask = NDArray[np.bool_]

MILKINGS = (0, 690)  # minute of the day
MILKING_MINUTES = 45
QUEUE_MINUTES = 50  # the last in the queue comes so much later than the first
WALK_MINUTES = 6  # to the parlour, and back
UP_SPREAD_MINUTES = 15
UP_MINUTES = 10  # who is not milked is up for so long when the day begins
THIN_MINUTES = 8  # a bout that a condition spoils is interrupted for so long
STAND_STEPS, WALK_STEPS = 2.3, 27.0  # a minute
RECUMBENT_RUMINATION = 0.15  # of the usual: a cow that cannot rise hardly chews


@dataclass(frozen=True, slots=True)
class Doing:
    """What she does in each minute, (1440,); she ruminates lying or standing."""

    lying: Mask
    eating: Mask
    ruminating: Mask
    walking: Mask


@dataclass(frozen=True, slots=True)
class Behaviour(Doing):
    """What she does, and how much of it a minute, (1440,).

    cooling_c: (1440 + 300,), how far her drinks cool the bolus, reaching into the next day.
    """

    drinking: Floats
    steps: Floats
    activity: Floats
    cooling_c: Floats


def behaviour_of(
    seed: str, number: int, own: Habits, shares: Shares, barn: BarnDay, effects: Effects
) -> Behaviour:
    """Her day with that number; the same arguments give the same day."""
    rng = drawn_from(seed, "day", number)
    day = day_shares(seed, number, own.kind, rng.standard_normal(8).clip(-2.6, 2.6))
    thin = np.repeat(rng.random((3, DAY_MINUTES // THIN_MINUTES)), THIN_MINUTES, axis=1)
    jerk = rng.standard_exponential(DAY_MINUTES)
    down = effects.recumbent > 0
    parlour, walking = _milked(own.place, rng) if shares.milked else _up(rng)

    level = own.eating_minutes * shares.eating * barn.eating * day.eating
    urge = barn.feed + 0.8 * wave(rng, DAY_MINUTES, own.meals_minutes)
    usual_eating = _strongest(urge, ~parlour, level)
    eating = usual_eating & (thin[0] <= effects.eating) & ~down

    may_rest = ~(parlour | usual_eating)
    urge = 0.42 * own.night * NIGHT + wave(rng, DAY_MINUTES, own.turns_minutes, 0.8)
    urge -= 0.05 * barn.strain
    level = own.lying_minutes * shares.lying * barn.lying * day.lying
    usual_lying = with_pauses(_strongest(urge, may_rest, level), own.turns_minutes, rng)
    lying = lying_under(usual_lying, may_rest, jerk, effects)

    urge = 0.05 * NIGHT + 0.5 * usual_lying + 0.5 * wave(rng, DAY_MINUTES, 24)
    urge += 0.65 * _eaten(usual_eating, 320, 110) - 1.8 * _eaten(usual_eating, 60, 0)
    level = own.rumination_minutes * shares.rumination * barn.rumination * day.rumination
    usual_rumination = _strongest(urge, may_rest, level * _unrest_share(barn))
    chews = np.where(down, RECUMBENT_RUMINATION * effects.rumination, effects.rumination)
    ruminating = usual_rumination & (thin[1] <= chews)

    count = own.drinks * shares.drinks * barn.drinks * day.drinks
    drinks = drinks_of(usual_lying, usual_eating, count, LEVELS[own.kind], rng)
    wanted = np.where(down, 0.0, effects.drinking)
    drinks = [one for one in drinks if thin[2, one.minute] <= wanted[one.minute]]
    drinking = drunk(drinks) * ~down
    dry = drinking == 0
    lying, eating, ruminating = lying & dry, eating & dry, ruminating & dry

    strolling = wave(rng, DAY_MINUTES, 12) > (0.75 if own.kind is Kind.BEEF else 1.0)
    walking |= strolling & ~(lying | eating | ruminating | parlour)
    walking &= ~down
    moves = barn.movement * _unrest(barn)
    return Behaviour(
        lying=lying,
        eating=eating,
        ruminating=ruminating,
        walking=walking,
        drinking=drinking,
        steps=np.where(lying, 0.0, _pace(own.kind, eating, walking) * jerk)
        * (own.steps * shares.steps * day.steps * moves * effects.steps),
        activity=_liveliness(lying, eating, ruminating, walking)
        * (0.4 + 0.6 * jerk)
        * (own.activity * day.activity * moves * effects.activity),
        cooling_c=cooling_of(drinks),
    )


def _milked(place: float, rng: Generator) -> tuple[Mask, Mask]:
    """The minutes in the parlour and its queue, and those on the way there and back."""
    parlour, walking = np.zeros((2, DAY_MINUTES), np.bool_)
    for milking in MILKINGS:
        late = int(rng.integers(0, UP_SPREAD_MINUTES))
        back = milking + MILKING_MINUTES + int(QUEUE_MINUTES * place) + late
        parlour[milking:back] = True
        walking[milking : milking + WALK_MINUTES] = True
        walking[back - WALK_MINUTES : back] = True
    return parlour, walking


def _up(rng: Generator) -> tuple[Mask, Mask]:
    """The same of who is not milked: she rises when the day's work begins, and walks nowhere."""
    parlour, walking = np.zeros((2, DAY_MINUTES), np.bool_)
    parlour[: UP_MINUTES + int(rng.integers(0, UP_SPREAD_MINUTES, len(MILKINGS))[0])] = True
    return parlour, walking


def _eaten(eating: Mask, since: int, until: int) -> Floats:
    """(1440,): hours that she ate between so many minutes ago, of this day (Schirmann 2012)."""
    total = np.concatenate([np.zeros(since + 1), np.cumsum(eating)])
    late, early = total[since - until + 1 :], total[1:]
    found: Floats = (late[:DAY_MINUTES] - early[:DAY_MINUTES]) / 60
    return found


def _strongest(urge: Floats, allowed: Mask, minutes: float) -> Mask:
    """The `minutes` allowed minutes of the strongest urge."""
    count = int(min(max(0.0, minutes), 0.97 * allowed.sum()))
    wish = np.where(allowed, urge, -np.inf)
    limit = np.partition(wish, DAY_MINUTES - count - 1)[DAY_MINUTES - count - 1]
    found: Mask = wish > limit
    return found


def _pace(kind: Kind, eating: Mask, walking: Mask) -> Floats:
    """Steps a minute: a cow that grazes walks as she eats."""
    stand = np.where(eating, 5.5, STAND_STEPS) if kind is Kind.BEEF else STAND_STEPS
    return np.where(walking, WALK_STEPS, stand)


def _liveliness(lying: Mask, eating: Mask, ruminating: Mask, walking: Mask) -> Floats:
    """Counts a minute of her collar's accelerometer: most where her head or her legs move."""
    lively = np.where(lying, 0.7, 2.6) + 1.5 * ruminating + 5.5 * eating
    return np.where(walking, 13.0, lively)


def _unrest(barn: BarnDay) -> Floats | float:
    if barn.unrest_from is None:
        return 1.0
    moves = np.ones(DAY_MINUTES)
    moves[barn.unrest_from : barn.unrest_from + UNREST_MINUTES] = 1.9
    return moves


def _unrest_share(barn: BarnDay) -> float:
    return 1.0 if barn.unrest_from is None else 0.9
