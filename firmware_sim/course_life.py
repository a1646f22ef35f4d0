"""A cow's calendar: calvings, heats, inseminations, pregnancies, and what is told of it. Pure.

Heat every 21 ± 1.4 days from 25 to 55 days past calving on; inseminated some 12 hours after a heat
that somebody saw, from 55 days on; four of ten conceive; 281 ± 5 days later she calves; dry for the
last eight weeks. So a herd that calves all year is in all stages at once. Sources: science's
incidences and textbook figures (recalled); shares that are told: ours.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.random import Generator

from contracts.animal_event import (
    AnimalCalved,
    AnimalDriedOff,
    AnimalInseminated,
    AnimalPregnancyChecked,
)
from firmware_sim.conditions import Oestrus
from firmware_sim.course import CYCLE_DAYS, CYCLE_SPREAD_DAYS, SILENT_TIMES, draw_oestrus
from firmware_sim.course_plan import Plan, whole
from firmware_sim.stage import DRY_DAYS

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
INTERVAL_DAYS = 400  # between calvings: as long ago at most was her last
HEIFERS_SHARE = 0.10  # of the herd: due with their first calf in the first weeks
WAITING_DAYS = 55.0  # past calving nobody inseminates
GIVEN_UP_DAYS = 300.0
CONCEIVES = 0.40
GESTATION_DAYS, GESTATION_SPREAD_DAYS = 281.0, 5.0
CHECKED_DAYS = 36.0  # after the insemination
SEEN_AGAIN = 0.8  # an inseminated cow is watched when her next heat is due
PARITY_SHARES = (0.32, 0.26, 0.19, 0.13, 0.10)  # of parities 1, 2 …; recalled


@dataclass(slots=True)
class Life:
    """What a cow's calendar holds, past and to come. parity: when the recording begins.

    checks: when, whether pregnant, and for when she is said to be due.
    """

    parity: int
    calvings: list[datetime] = field(default_factory=list)
    heats: list[Oestrus] = field(default_factory=list)
    inseminations: list[datetime] = field(default_factory=list)
    checks: list[tuple[datetime, bool, datetime | None]] = field(default_factory=list)
    dried_off: list[datetime] = field(default_factory=list)


def draw_life(plan: Plan, number: int, *, block: bool, served_by_bull: bool = False) -> Life:
    """Her calendar up to the recording's end. block: she calves in its first ten weeks, mostly."""
    rng = plan.rng("life", number)
    heifer = rng.random() < HEIFERS_SHARE
    parity = 0 if heifer else 1 + int(rng.choice(len(PARITY_SHARES), p=PARITY_SHARES))
    life = Life(parity)
    if heifer or (block and rng.random() < 0.75):  # noqa: PLR2004  the rest is late, or empty
        in_days = rng.uniform(3, 50) if heifer else rng.uniform(5, min(70, _days(plan)))
        at = whole(plan.since + in_days * DAY)
        _will_calve(plan, life, rng, at)
    else:
        at = whole(plan.since - rng.uniform(1, INTERVAL_DAYS) * DAY)
    while at < plan.until:
        life.calvings.append(at)
        due = _conceives(plan, life, rng, at, served_by_bull=served_by_bull)
        if due is None:
            break
        at = whole(due + rng.normal(0, GESTATION_SPREAD_DAYS) * DAY)
        life.dried_off.append(whole(min(due, at) - DRY_DAYS * DAY))
    else:
        life.calvings.append(at)  # beyond the end: she is dry before it
    return life


def tell_life(plan: Plan, number: int, life: Life) -> None:
    """What the register hears of it, each somewhat later; what is past stands at enrolment."""
    rng = plan.rng("told life", number)
    animal_id = plan.animals[number].enrolled.animal_id
    for count, at in enumerate(life.calvings, start=1):
        if at >= plan.since:
            parity = life.parity + count - sum(one < plan.since for one in life.calvings)
            event = AnimalCalved(animal_id=animal_id, calved_at=at, parity=parity)
            plan.tell(at + rng.uniform(1, 14) * HOUR, event)
    for at in life.inseminations:
        if at >= plan.since:
            event_ai = AnimalInseminated(animal_id=animal_id, inseminated_at=at)
            plan.tell(at + rng.uniform(0.1, 8) * HOUR, event_ai)
    for at, pregnant, due in life.checks:
        if at >= plan.since:
            check = AnimalPregnancyChecked(
                animal_id=animal_id, checked_at=at, pregnant=pregnant, due_at=due
            )
            plan.tell(at + rng.uniform(0.1, 8) * HOUR, check)
    for at in life.dried_off:
        if at >= plan.since:
            dry = AnimalDriedOff(animal_id=animal_id, dried_off_at=at)
            plan.tell(at + rng.uniform(0.1, 8) * HOUR, dry)


def due_at(life: Life, at: datetime) -> datetime | None:
    """For when she is said to be due, as known at `at`."""
    known = [(when, due) for when, pregnant, due in life.checks if when < at and pregnant and due]
    past = [one for one in life.calvings if one < at]
    if not known or (past and known[-1][0] < past[-1]):
        return None
    return known[-1][1]


def _will_calve(plan: Plan, life: Life, rng: Generator, at: datetime) -> None:
    """The pregnancy of a calving that the recording begins before."""
    conceived_at = whole(at - (GESTATION_DAYS + rng.normal(0, GESTATION_SPREAD_DAYS)) * DAY)
    life.inseminations.append(conceived_at)
    due = whole(conceived_at + GESTATION_DAYS * DAY) if _is_due_known(plan, rng) else None
    life.checks.append((whole(conceived_at + CHECKED_DAYS * DAY), True, due))
    life.dried_off.append(whole(at - DRY_DAYS * DAY))


def _conceives(
    plan: Plan, life: Life, rng: Generator, calved_at: datetime, *, served_by_bull: bool
) -> datetime | None:
    """Her heats until she conceives; when she is really due, None = not before the end."""
    at = calved_at + rng.uniform(25, 55) * DAY
    watched = False
    while at < plan.until:
        heat = draw_oestrus(rng, whole(at))
        life.heats.append(heat)
        days = (at - calved_at) / DAY
        seen = served_by_bull or (
            heat.activity_times >= SILENT_TIMES
            and rng.random() < (SEEN_AGAIN if watched else plan.rates["heat_seen"])
        )
        if seen and WAITING_DAYS < days < GIVEN_UP_DAYS:
            served_at = whole(at + 12 * HOUR)
            conceives = rng.random() < CONCEIVES
            watched = True
            if not served_by_bull:
                _inseminate(life, served_at, conceives=conceives)
            if conceives:
                return _pregnant(plan, life, rng, served_at, told=not served_by_bull)
        at += float(np.clip(rng.normal(CYCLE_DAYS, CYCLE_SPREAD_DAYS), 18, 24)) * DAY
    return None


def _inseminate(life: Life, served_at: datetime, *, conceives: bool) -> None:
    """A cow that comes into heat again is not looked at: she is inseminated again."""
    if life.checks and not life.checks[-1][1] and life.checks[-1][0] > served_at:
        life.checks.pop()
    life.inseminations.append(served_at)
    if not conceives:
        life.checks.append((whole(served_at + CHECKED_DAYS * DAY), False, None))


def _pregnant(
    plan: Plan, life: Life, rng: Generator, served_at: datetime, *, told: bool
) -> datetime:
    due = whole(served_at + GESTATION_DAYS * DAY)
    known = due if told and _is_due_known(plan, rng) else None
    if told:
        life.checks.append((whole(served_at + CHECKED_DAYS * DAY), True, known))
    return due


def _is_due_known(plan: Plan, rng: Generator) -> bool:
    return bool(rng.random() < plan.rates["due_known"])


def _days(plan: Plan) -> float:
    return (plan.until - plan.since) / DAY
