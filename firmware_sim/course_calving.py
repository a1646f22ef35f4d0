"""Calvings: the day before, the hours before, the birth, and one that goes wrong. Pure.

Rumen temperature -0.5 °C from 24 to 3 hours before (Kim 2021), -0.23 °C where the birth is hard
(Kovacs); restless, lying down and getting up, in the last hours; eating and rumination fall off.
Sizes but the temperature's are recalled; that one in six shows little is ours. What calving takes
from the days after is the animal's own (stage.py).
"""

from datetime import datetime, timedelta

from numpy.random import Generator

from contracts.detection import Condition
from firmware_sim.conditions_signs import Sign, Spell
from firmware_sim.course_plan import Plan, severity, whole

DROP_C = 0.50
HARD_DROP_C = 0.23
WEAK_SHARE = 1 / 6
WEAK_TIMES = 0.35
USUAL_RESTLESS_H = 9.0
COLD_BLOOD_H = (5.0, 36.0)  # after a calving: when milk fever comes
HOUR = timedelta(hours=1)


def lay_calving(plan: Plan, number: int, calved_at: datetime) -> None:
    """The calving itself, prolonged or not, and milk fever after it."""
    one = plan.animals[number]
    rng = plan.rng("birth", number, calved_at.isoformat())
    hard = rng.random() < plan.rates["prolonged"]
    extra_h = float(rng.uniform(5, 12)) if hard else 0.0
    one.conditions.append(draw_calving(rng, calved_at, extra_h))
    one.busy.append((calved_at - 36 * HOUR, calved_at + 6 * HOUR))
    if hard:
        stuck_at = whole(calved_at - extra_h * HOUR)
        one.conditions.append(
            Spell(stuck_at, calved_at, condition=Condition.CALVING_PROLONGED, shows=False)
        )
    if rng.random() < plan.rates["milk_fever"]:
        spell = draw_milk_fever(rng, whole(calved_at + rng.uniform(*COLD_BLOOD_H) * HOUR))
        one.conditions.append(spell)
        one.busy.append((spell.begins_at, spell.ends_at))


def draw_calving(rng: Generator, at: datetime, extra_h: float) -> Spell:
    """extra_h: so many hours longer than usual she strains before the calf is out at `at`."""
    weak = WEAK_TIMES if rng.random() < WEAK_SHARE else 1.0
    drop_c = -min(1.3, (HARD_DROP_C if extra_h else DROP_C) * weak * severity(rng))
    first_h = -float(rng.uniform(20, 34))
    restless_h = -(USUAL_RESTLESS_H * severity(rng, 0.35)) - extra_h
    last_h = max(-3.0, restless_h / 2) - extra_h
    hard = weak * severity(rng)
    signs = (
        Sign("raised_c", drop_c, first_h, first_h + 8, -3.0, 8.0),
        Sign("bouts", min(4.0, 1.6 * hard), restless_h, last_h, 0.0, 2.0),
        Sign("activity", min(2.0, 0.55 * hard), restless_h, last_h, 0.0, 4.0),
        Sign("steps", min(2.0, 0.50 * hard), restless_h, last_h, 0.0, 4.0),
        Sign("rumination", max(-0.6, -0.16 * hard), first_h, -12.0, 0.0, 8.0),
        Sign("rumination", max(-0.85, -0.50 * hard), restless_h, last_h, 1.0, 6.0),
        Sign("eating", max(-0.85, -0.45 * hard), restless_h - 6, last_h, 0.5, 4.0),
    )
    return Spell(at, whole(at + HOUR), signs, Condition.CALVING, shows=False)


def draw_milk_fever(rng: Generator, at: datetime) -> Spell:
    """She cannot rise and grows cold (36 to 38 °C) until she gets calcium."""
    lasts_h = float(rng.uniform(6, 24))
    cold_c = -min(2.8, 1.7 * severity(rng, 0.4))
    return Spell(
        at,
        whole(at + lasts_h * HOUR),
        (
            Sign("recumbent", 1.0, 0.0, 0.0, lasts_h, lasts_h),
            Sign("raised_c", cold_c, -5.0, 3.0, lasts_h, lasts_h + 5),
            Sign("activity", -0.85, 0.0, 0.5, lasts_h, lasts_h + 2),
            Sign("eating", -0.5, -5.0, -1.0, lasts_h, lasts_h + 10),
            Sign("rumination", -0.5, -5.0, -1.0, lasts_h, lasts_h + 10),
        ),
        Condition.DOWN,
    )
