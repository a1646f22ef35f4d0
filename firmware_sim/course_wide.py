"""What befalls a pen or a farm at once, and hard single cases that every farm has. Pure.

Outbreaks spread from a pen to the others within days (rates of spread ours); heat stress is where
the farm's air stays at or over THI 72 for hours (NRC 1971, classic threshold); an animal that is
down, cold or cut off from water is rare on farms and urgent.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.random import Generator

from contracts.detection import Condition
from firmware_sim.conditions_signs import Sign, Spell
from firmware_sim.course_illness import draw_pneumonia, fall_ill
from firmware_sim.course_plan import Plan, severity, whole
from firmware_sim.weather import air_at, thi_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
THI_STRESS = 72.0
HOT_HOURS_MIN = 5  # of a day, or it was a warm afternoon
HOT_AFTER_H = 3  # body temperature lags
CATCHES_OWN_PEN, CATCHES_OTHER_PEN = 0.50, 0.25  # share of a pen that falls ill
OUTBREAK_CASES_MIN = 4
OUTBREAK_APART = timedelta(days=7)


def lay_hard_cases(plan: Plan) -> None:
    """Down, cold, without water: each animal's own."""
    draws = {"down": draw_down, "hypothermia": draw_hypothermia, "no_water": draw_no_water}
    for number in range(len(plan.animals)):
        for name, draw in draws.items():
            for turn, at in enumerate(plan.moments(name, number)):
                spell = draw(plan.rng(name, number, "case", turn), at)
                plan.lay(number, spell, spell.ends_at)


def draw_down(rng: Generator, at: datetime) -> Spell:
    """She lies and cannot rise: a slip, a nerve, exhaustion."""
    lasts_h = float(np.clip(np.exp(rng.normal(2.9, 0.6)), 7, 72))
    signs = (
        Sign("recumbent", 1.0, 0.0, 0.0, lasts_h, lasts_h),
        Sign("activity", -float(rng.uniform(0.75, 0.95)), 0.0, 0.5, lasts_h, lasts_h + 1),
        Sign("raised_c", float(rng.normal(0.0, 0.3)), 2.0, 8.0, lasts_h, lasts_h + 6),
    )
    return Spell(at, whole(at + lasts_h * HOUR), signs, Condition.DOWN, shows=False)


def draw_hypothermia(rng: Generator, at: datetime) -> Spell:
    """Her core falls under 37.5 °C within hours, and she moves little."""
    lasts_h = float(rng.uniform(5, 24))
    cold_c = -min(3.2, 1.9 * severity(rng, 0.3))
    signs = (
        Sign("raised_c", cold_c, -4.0, 2.0, lasts_h, lasts_h + 6),
        Sign("activity", -0.45, -4.0, 0.0, lasts_h, lasts_h + 6),
        Sign("eating", -0.55, -4.0, 0.0, lasts_h, lasts_h + 6),
        Sign("rumination", -0.45, -4.0, 0.0, lasts_h, lasts_h + 6),
    )
    return Spell(at, whole(at + lasts_h * HOUR), signs, Condition.HYPOTHERMIA)


def draw_no_water(rng: Generator, at: datetime) -> Spell:
    """She is cut off from the trough, or it is broken; after half a day she eats less too."""
    return _thirst(rng, at, float(rng.uniform(14, 44)))


def lay_water_failures(plan: Plan) -> None:
    """A pen's trough is dry until somebody sees it."""
    for turn, at in enumerate(plan.moments("water_failure")):
        rng = plan.rng("water_failure", "case", turn)
        pen = str(rng.choice(plan.pens()))
        lasts_h = float(rng.uniform(10, 22))
        for number in plan.in_pen(pen, at):
            plan.lay(number, _thirst(rng, at, lasts_h), at + lasts_h * HOUR, apart_days=0.0)


def lay_outbreaks(plan: Plan) -> None:
    """A contagious illness: an index case, her pen, the other pens."""
    free_from = plan.since
    for turn, at in enumerate(plan.moments("outbreak")):
        if at < free_from:
            continue
        rng = plan.rng("outbreak", "case", turn)
        first_pen = str(rng.choice(plan.pens()))
        spells = [
            spell
            for pen in plan.pens()
            for spell in _spread(plan, rng, pen, at, first=pen == first_pen)
        ]
        if len(spells) >= OUTBREAK_CASES_MIN:
            seen_at = sorted(spell.at for spell in spells)
            ends_at = sorted(spell.ends_at for spell in spells)[len(spells) // 2]
            plan.happened(Condition.HERD_OUTBREAK, seen_at[0], ends_at)
            free_from = ends_at + OUTBREAK_APART


def tell_heat(plan: Plan) -> None:
    """Days of heat stress, those that follow each other as one; the animals feel it anyway."""
    first = plan.since.replace(hour=0, minute=0, second=0)
    days = int((plan.until - first) / DAY)
    times_s = first.timestamp() + 3600.0 * np.arange(24 * days, dtype=np.float64)
    air = air_at(plan.farm_id, times_s)
    hot = (thi_of(air.ambient_c, air.humidity_pct) >= THI_STRESS).reshape(days, 24)
    begun: float | None = None
    for day in range(days + 1):
        is_hot = day < days and hot[day].sum() >= HOT_HOURS_MIN
        if is_hot:
            hours = times_s[24 * day : 24 * day + 24][hot[day]]
            begun = float(hours[0]) if begun is None else begun
            last = float(hours[-1]) + 3600.0 * (1 + HOT_AFTER_H)
        elif begun is not None:
            plan.happened(Condition.HEAT_STRESS, _at(begun), _at(last))
            begun = None


def _spread(plan: Plan, rng: Generator, pen: str, at: datetime, *, first: bool) -> list[Spell]:
    share = CATCHES_OWN_PEN if first else CATCHES_OTHER_PEN * float(rng.integers(0, 2))
    reaches_h = 0.0 if first else float(rng.uniform(24, 72))
    found = []
    for number in plan.in_pen(pen, at):
        if rng.random() < share:
            later_h = reaches_h + float(rng.exponential(30.0))
            spell = draw_pneumonia(rng, whole(at + later_h * HOUR))
            if fall_ill(plan, number, spell):
                found.append(spell)
    return found


def _thirst(rng: Generator, at: datetime, lasts_h: float) -> Spell:
    signs = (
        Sign("drinking", -1.0, 0.0, 0.0, lasts_h, lasts_h),
        Sign("drinking", 0.8, lasts_h, lasts_h, lasts_h + 4, lasts_h + 8),
        Sign("eating", -float(rng.uniform(0.1, 0.35)), 6.0, 16.0, lasts_h, lasts_h + 6),
        Sign("activity", float(rng.uniform(0.0, 0.25)), 4.0, 10.0, lasts_h, lasts_h + 1),
    )
    ends_at = whole(at + lasts_h * HOUR)
    return Spell(at, ends_at, signs, Condition.DRINKING_STOPPED, shows=False)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(round(seconds), UTC)
