"""Illnesses as they come: a signature each, a severity a case, and how often. Pure.

Sizes and times after signatures.csv's sources, hours relative to the clinical diagnosis: mastitis
Adams 2013, Fogsgaard 2012 (fever only where it is no gram-positive one, four of ten); metritis
Adams 2013 and Stangaferro 2016 (half of them show next to nothing); ketosis, displaced abomasum and
indigestion Stangaferro 2016, where a day's sums alerted 1.6 and 3.0 days before: what they saw had
begun before that; pneumonia skab337 and PMC6488335; lameness Beer 2016, over weeks.
"""

from datetime import datetime, timedelta

from numpy.random import Generator

from contracts.animal_event import AnimalDiagnosed, AnimalTreated
from contracts.detection import Condition
from firmware_sim.conditions_signs import Sign, Spell
from firmware_sim.course_plan import Plan, severity, whole

FEVERISH_MASTITIS = 0.60
SHOWING_METRITIS = 0.50
LOSS_MAX = 0.85  # even a very ill animal eats and ruminates a little
TOLD_SHARE = 0.9  # of the diagnoses, by an evening; the rest nobody writes down
HOUR = timedelta(hours=1)


def lay_illnesses(plan: Plan, *, young: bool) -> None:
    """Illnesses that come at any time. young: calves and beef have pneumonia, cows mastitis."""
    daily = {
        "brd" if young else "mastitis": draw_pneumonia if young else draw_mastitis,
        "indigestion": draw_indigestion,
        "no_appetite": draw_no_appetite,
        "lameness": draw_lameness,
    }
    for number in range(len(plan.animals)):
        for name, draw in daily.items():
            for turn, at in enumerate(plan.moments(name, number)):
                spell = draw(plan.rng(name, number, "case", turn), at)
                fall_ill(plan, number, spell)


def lay_fresh_illnesses(plan: Plan) -> None:
    """What calving brings: one does not keep the other away, so that they overlap as on farms."""
    for number in range(len(plan.animals)):
        for calved_at in plan.animals[number].calvings:
            for spell in _after_calving(plan, number, calved_at):
                one = plan.animals[number]
                one.conditions.append(spell)
                one.busy.append((spell.begins_at, spell.ends_at))
                _tell(plan, number, spell)


def fall_ill(plan: Plan, number: int, spell: Spell) -> bool:
    """Let her have it, if she has nothing else then; whether she has."""
    if not plan.lay(number, spell, spell.ends_at):
        return False
    _tell(plan, number, spell)
    return True


def _tell(plan: Plan, number: int, spell: Spell) -> None:
    """Mostly the register hears of it within a day."""
    rng = plan.rng("told", number, spell.at.isoformat())
    if spell.condition is not None and rng.random() < TOLD_SHARE:
        animal_id = plan.animals[number].enrolled.animal_id
        told_at = whole(spell.at + rng.uniform(0.5, 12) * HOUR)
        found = AnimalDiagnosed(
            animal_id=animal_id, diagnosed_at=spell.at, condition=spell.condition.value
        )
        plan.tell(told_at, found)
        plan.tell(told_at, AnimalTreated(animal_id=animal_id, treated_at=told_at, reason="illness"))


def _after_calving(plan: Plan, number: int, calved_at: datetime) -> list[Spell]:
    rng = plan.rng("fresh", number, calved_at.isoformat())
    day = timedelta(days=1)
    chances = rng.random(4)
    found = []
    if chances[0] < plan.rates["metritis"]:
        found.append(draw_metritis(rng, whole(calved_at + rng.uniform(3, 10) * day)))
    if chances[1] < plan.rates["ketosis"]:
        at = whole(calved_at + rng.uniform(5, 22) * day)
        found.append(draw_ketosis(rng, at))
        if chances[3] < plan.rates["displaced_after_ketosis"]:
            at = whole(at + rng.uniform(5, 12) * day)
            found.append(draw_displaced_abomasum(rng, at))
    elif chances[2] < plan.rates["displaced_abomasum"]:
        found.append(draw_displaced_abomasum(rng, whole(calved_at + rng.uniform(6, 25) * day)))
    return found


def draw_mastitis(rng: Generator, at: datetime) -> Spell:
    """Six of ten with fever and a day's loss of appetite; the others hardly show."""
    hard = severity(rng)
    before = float(rng.uniform(14, 48))
    after = float(rng.uniform(24, 60))
    if rng.random() < FEVERISH_MASTITIS:
        times = (-before, -0.35 * before, after * 0.6, after * 1.4)
        signs = _signs(times, hard, raised_c=1.35, rumination=-0.30, eating=-0.28, activity=-0.15)
        signs += (Sign("lying", -0.11, -6.0, 0.0, 12.0, 24.0),)
    else:
        times = (-0.5 * before, -4.0, after, after * 1.6)
        signs = _signs(times, hard, raised_c=0.2, rumination=-0.08, eating=-0.08, activity=-0.06)
    return _spell(Condition.MASTITIS, at, signs)


def draw_metritis(rng: Generator, at: datetime) -> Spell:
    """Fever and 20 to 60 minutes of rumination a day lost, in half; three to ten days in milk."""
    shows = rng.random() < SHOWING_METRITIS
    hard = severity(rng) * (1.0 if shows else 0.2)
    times = (-float(rng.uniform(36, 60)), -10.0, float(rng.uniform(36, 72)), 120.0)
    signs = _signs(times, hard, raised_c=0.95, rumination=-0.20, eating=-0.18, activity=-0.12)
    return _spell(Condition.METRITIS, at, signs)


def draw_ketosis(rng: Generator, at: datetime) -> Spell:
    """Comes over days, without fever."""
    times = (-float(rng.uniform(72, 110)), -26.0, float(rng.uniform(30, 72)), 132.0)
    signs = _signs(times, severity(rng, 0.40), rumination=-0.27, eating=-0.27, activity=-0.16)
    return _spell(Condition.KETOSIS, at, signs)


def draw_displaced_abomasum(rng: Generator, at: datetime) -> Spell:
    """Deeper than ketosis; she is operated within a day of the diagnosis and mends slowly."""
    times = (-float(rng.uniform(84, 120)), -30.0, float(rng.uniform(12, 30)), 108.0)
    signs = _signs(times, severity(rng, 0.40), rumination=-0.52, eating=-0.45, activity=-0.24)
    return _spell(Condition.DISPLACED_ABOMASUM, at, signs)


def draw_indigestion(rng: Generator, at: datetime) -> Spell:
    """Rumination nearly stands still for a day or two; a fever in one of five."""
    fever_c = 1.2 if rng.random() < 0.2 else 0.1  # noqa: PLR2004
    times = (-float(rng.uniform(16, 32)), -5.0, float(rng.uniform(12, 40)), 64.0)
    signs = _signs(
        times, severity(rng), raised_c=fever_c, rumination=-0.43, eating=-0.38, activity=-0.15
    )
    return _spell(Condition.ILLNESS, at, signs)


def draw_pneumonia(rng: Generator, at: datetime) -> Spell:
    """Fever days before anybody sees it; she eats less when it is seen."""
    hard = severity(rng)
    before = float(rng.uniform(48, 100))
    fever = _signs((-before, -0.4 * before, 30.0, 60.0), hard, raised_c=1.3)
    losses = _signs(
        (-48.0, -4.0, 54.0, 130.0),
        hard,
        eating=-0.24,
        rumination=-0.22,
        activity=-0.20,
        drinking=-0.15,
    )
    return _spell(Condition.ILLNESS, at, fever + losses)


def draw_no_appetite(rng: Generator, at: datetime) -> Spell:
    """She eats far less for a day or three and nothing else is seen: a mouth, a bully, a feed."""
    ends_h = float(rng.uniform(30, 72))
    size = -min(LOSS_MAX, 0.45 * severity(rng, 0.3))
    signs = (
        Sign("eating", size, 0.0, 4.0, ends_h - 6, ends_h),
        Sign("rumination", size / 3, 4.0, 12.0, ends_h, ends_h + 6),
    )
    return _spell(Condition.FEEDING_DROP, at, signs)


def draw_lameness(rng: Generator, at: datetime) -> Spell:
    """Drifts over two weeks until it is seen, stays until she is trimmed, mends over ten days."""
    hard = severity(rng)
    before = -24.0 * float(rng.uniform(12, 22))
    until = 24.0 * float(rng.uniform(3, 16))
    times = (before, -48.0, until, until + 240.0)
    signs = _signs(
        times,
        hard,
        lying=0.10,
        bouts=-0.16,
        steps=-0.20,
        activity=-0.13,
        eating=-0.15,
        rumination=-0.05,
    )
    return _spell(Condition.LAMENESS, at, signs, shows=False)


def _signs(
    times: tuple[float, float, float, float], hard: float, **sizes: float
) -> tuple[Sign, ...]:
    """Signs that come and go together, each so many times its size; what is lost has a limit."""
    return tuple(
        Sign(signal, _limited(signal, size * hard), *times) for signal, size in sizes.items()
    )


def _limited(signal: str, size: float) -> float:
    return min(2.7, size) if signal == "raised_c" else min(0.35, max(-LOSS_MAX, size))


def _spell(
    condition: Condition, at: datetime, signs: tuple[Sign, ...], *, shows: bool = True
) -> Spell:
    ends_at = whole(at + max(one.ends_h for one in signs) * HOUR)
    return Spell(at, ends_at, signs, condition, shows)
