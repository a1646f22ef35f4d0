"""What happens on a range: a predator among the herd, an animal through the fence, a thief. Pure.

Heart rate 60-80 to 225 under a simulated wolf attack (sheep, KORA 2012), speed over 3 to 5 m/s in
several animals within five minutes; a thief drives over 5 m/s for minutes, at night, and the
device is silent after it (all recalled). Who is stolen is found days later, or a herd would shrink.
"""

from datetime import timedelta

import numpy as np
from numpy.random import Generator

from contracts.animal_event import Corner, FenceDrawn
from contracts.detection import Condition
from firmware_sim.conditions import Silence
from firmware_sim.conditions_signs import Sign, Spell
from firmware_sim.course_plan import Plan, whole
from firmware_sim.places import Place, place_of
from firmware_sim.stage import Kind

HOUR = timedelta(hours=1)
FENCE_MARGIN_M = 60.0
ATTACKED = (4, 10)  # animals at once
SPEED_M_S = (10.0, 19.0)  # of a lorry on a farm's roads
NIGHT_UTC = (21, 26)


def lay_range(plan: Plan) -> None:
    """Fence, predators, escapes, thefts."""
    place = place_of(plan.farm_id, Kind.BEEF)
    corners = tuple(Corner(latitude=n, longitude=e) for n, e in place.corners(FENCE_MARGIN_M))
    plan.tell(plan.since, FenceDrawn(fence_id="range", name="Range", corners=corners))
    for turn in range(len(plan.moments("predator"))):
        _attack(plan, turn)
    for number in range(len(plan.animals)):
        for turn in range(len(plan.moments("theft", number))):
            _theft(plan, number, turn)
        for turn in range(len(plan.moments("escape", number))):
            _escape(plan, number, turn, place)


def _attack(plan: Plan, turn: int) -> None:
    """Some run with racing hearts, the others are uneasy; an hour later they have calmed down."""
    at = plan.moments("predator")[turn]
    rng = plan.rng("predator", "case", turn)
    count = min(len(plan.animals), int(rng.integers(*ATTACKED)))
    hunted = set(rng.choice(len(plan.animals), count, replace=False).tolist())
    lasts_h = float(rng.uniform(6, 25)) / 60
    for number, one in enumerate(plan.animals):
        flees = number in hunted
        one.conditions.append(Spell(at, at, _fear(rng, lasts_h, flees=flees)))
    plan.happened(Condition.PREDATOR_PANIC, at, whole(at + (lasts_h + 0.5) * HOUR))


def _fear(rng: Generator, lasts_h: float, *, flees: bool) -> tuple[Sign, ...]:
    calm_h = lasts_h + float(rng.uniform(0.7, 1.5))
    heart = float(rng.uniform(1.0, 2.0)) if flees else float(rng.uniform(0.1, 0.5))
    restless = float(rng.uniform(2.5, 6.0)) if flees else float(rng.uniform(0.2, 1.2))
    signs = [
        Sign("heart", heart, 0.0, 0.03, lasts_h, calm_h),
        Sign("activity", restless, 0.0, 0.03, lasts_h, calm_h),
        Sign("steps", 2 * restless, 0.0, 0.03, lasts_h, calm_h),
        Sign("lying", -1.0, 0.0, 0.02, calm_h, calm_h + 0.5),
    ]
    if flees:
        metres = float(rng.uniform(80, 260))
        way = float(rng.uniform(0, 2 * np.pi))
        reach = (0.0, 0.05, lasts_h, calm_h + 1.0)
        signs += [
            Sign("north_m", metres * np.sin(way), *reach),
            Sign("east_m", metres * np.cos(way), *reach),
        ]
    return tuple(signs)


def _escape(plan: Plan, number: int, turn: int, place: Place) -> None:
    """She walks out and grazes outside until somebody brings her back."""
    at = plan.moments("escape", number)[turn]
    rng = plan.rng("escape", number, "case", turn)
    lasts_h = float(rng.uniform(2, 14))
    beyond_m = FENCE_MARGIN_M + float(rng.uniform(60, 500))
    sides = (("north_m", place.north_m), ("east_m", place.east_m))
    signal, half_m = sides[int(rng.integers(0, 2))]
    # from wherever she is inside, she is outside after the whole width
    metres = float(rng.choice([-1.0, 1.0])) * (2 * half_m + beyond_m)
    walks_h = float(rng.uniform(0.4, 1.2))
    signs = (
        Sign(signal, metres, 0.0, walks_h, lasts_h - 0.5, lasts_h),
        Sign("steps", 0.6, 0.0, 0.1, walks_h, walks_h + 0.2),
    )
    spell = Spell(at, whole(at + lasts_h * HOUR), signs, Condition.GEOFENCE_ESCAPE)
    plan.lay(number, spell, spell.ends_at, apart_days=0.5)


def _theft(plan: Plan, number: int, turn: int) -> None:
    """Loaded at night, driven off, the collar thrown away or smashed; found after days."""
    rng = plan.rng("theft", number, "case", turn)
    day = plan.moments("theft", number)[turn].replace(hour=0, minute=0, second=0)
    at = whole(day + rng.uniform(*NIGHT_UTC) * HOUR)
    drives_h = float(rng.uniform(12, 50)) / 60
    metres = float(rng.uniform(*SPEED_M_S)) * drives_h * 3600
    way = float(rng.uniform(0, 2 * np.pi))
    found_h = drives_h + float(rng.uniform(60, 140))
    reach = (0.0, drives_h, found_h, found_h + 0.1)
    signs = (
        Sign("north_m", metres * np.sin(way), *reach),
        Sign("east_m", metres * np.cos(way), *reach),
        Sign("steps", -0.8, 0.0, 0.05, drives_h, drives_h + 0.1),
        Sign("heart", 0.4, -0.3, 0.0, drives_h, drives_h + 1.0),
    )
    spell = Spell(at, whole(at + (drives_h + 1) * HOUR), signs, Condition.THEFT)
    silent = Silence(
        begins_at=whole(at + drives_h * HOUR), ends_at=whole(at + found_h * HOUR), buffered=False
    )
    if plan.lay(number, spell, silent.ends_at, apart_days=0.5):
        plan.animals[number].silences.append(silent)
