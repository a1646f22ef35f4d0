"""What must not alert: moves, trimming, vaccination, late feed, storms. Pure.

None of these is a truth. Whether the register hears of them is as on farms: mostly, and later. The
herd-wide odd days of a barn (late feed of all, unrest, weather) belong to the barn (barn.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from numpy.random import Generator

from contracts.animal_event import AnimalMoved, AnimalTreated
from firmware_sim.conditions_signs import Sign, Spell
from firmware_sim.course_plan import Plan, severity, whole

HOUR = timedelta(hours=1)
MOVE_TOLD, TREATMENT_TOLD = 0.8, 0.9  # shares
FEVER_AFTER_H = 6.0  # a vaccination; +0.5 to +1.0 °C for 24 hours (recalled)


def lay_confounders(plan: Plan) -> None:
    """All of them."""
    for number in range(len(plan.animals)):
        for turn, at in enumerate(plan.moments("pen_move", number)):
            move(plan, number, at, plan.rng("pen_move", number, "case", turn))
    for turn, at in enumerate(plan.moments("trimming")):
        _trim(plan, at, plan.rng("trimming", "case", turn))
    for turn, at in enumerate(plan.moments("vaccination")):
        _vaccinate(plan, at, plan.rng("vaccination", "case", turn))
    for turn, at in enumerate(plan.moments("late_feed")):
        _feed_late(plan, at, plan.rng("late_feed", "case", turn))
    for turn, at in enumerate(plan.moments("storm")):
        _storm(plan, at, plan.rng("storm", "case", turn))


def move(plan: Plan, number: int, at: datetime, rng: Generator, pen: str | None = None) -> None:
    """Into another pen: a day or two of fights, less rest and feed, more steps."""
    one = plan.animals[number]
    others = [other for other in plan.pens() if other != plan.pen_at(number, at)]
    if pen is None and not others:
        return
    to = pen or str(rng.choice(others))
    hard = severity(rng)
    lasts_h = float(rng.uniform(18, 44))
    one.conditions.append(
        _odd(
            at,
            (0.0, 0.5, lasts_h / 2, lasts_h),
            activity=0.30 * hard,
            steps=0.35 * hard,
            eating=-0.14 * hard,
            lying=-0.12 * hard,
            rumination=-0.10 * hard,
        )
    )
    one.moves.append((at, to))
    if rng.random() < MOVE_TOLD:
        told_at = at + rng.uniform(0.2, 12) * HOUR
        animal_id = one.enrolled.animal_id
        plan.tell(told_at, AnimalMoved(animal_id=animal_id, group=to, moved_at=at))


def _trim(plan: Plan, at: datetime, rng: Generator) -> None:
    """A pen's hooves on one working day: each stands waiting, in the crush, and is stiff after."""
    day = at.replace(hour=7, minute=0, second=0)
    for number in plan.in_pen(str(rng.choice(plan.pens())), day):
        begins = whole(day + rng.uniform(0, 5) * HOUR)
        lasts_h = float(rng.uniform(1.5, 4))
        plan.animals[number].conditions += [
            _odd(
                begins,
                (0.0, 0.2, lasts_h, lasts_h + 0.5),
                lying=-0.9,
                eating=-0.7,
                rumination=-0.6,
                activity=0.5,
            ),
            _odd(begins, (lasts_h, lasts_h + 2, 20.0, 44.0), activity=-0.10, lying=0.06),
        ]
        _tell_treated(plan, rng, number, begins, "hoof trimming")


def _vaccinate(plan: Plan, at: datetime, rng: Generator) -> None:
    """A pen is vaccinated: half a degree to a degree for a day, a little less appetite."""
    day = at.replace(hour=8, minute=0, second=0)
    for number in plan.in_pen(str(rng.choice(plan.pens())), day):
        begins = whole(day + rng.uniform(0, 2) * HOUR)
        plan.animals[number].conditions.append(
            _odd(
                begins,
                (FEVER_AFTER_H, FEVER_AFTER_H + 5, 22.0, 32.0),
                raised_c=float(rng.uniform(0.5, 1.0)),
                eating=-0.10,
                rumination=-0.10,
                activity=-0.10,
            )
        )
        _tell_treated(plan, rng, number, begins, "vaccination")


def _feed_late(plan: Plan, at: datetime, rng: Generator) -> None:
    """One pen's feed comes hours late; they eat it then."""
    morning = at.replace(hour=5, minute=0, second=0)
    late_h = float(rng.uniform(2, 6))
    for number in plan.in_pen(str(rng.choice(plan.pens())), morning):
        plan.animals[number].conditions += [
            _odd(morning, (0.0, 0.1, late_h, late_h), eating=-0.8, activity=0.25, lying=-0.1),
            _odd(morning, (late_h, late_h + 0.1, late_h + 2, late_h + 3), eating=0.7, lying=-0.4),
            _odd(morning, (2.0, 4.0, late_h + 3, late_h + 5), rumination=-0.35),
        ]


def _storm(plan: Plan, at: datetime, rng: Generator) -> None:
    """Unrest in all animals while radio and positions are bad."""
    lasts_h = float(rng.uniform(1.5, 6))
    plan.storms.append((at, whole(at + lasts_h * HOUR)))
    for one in plan.animals:
        uneasy = float(rng.uniform(0.1, 0.6))
        one.conditions.append(
            _odd(
                at,
                (0.0, 0.5, lasts_h, lasts_h + 1),
                activity=uneasy,
                steps=uneasy,
                lying=-0.3 * uneasy,
                rumination=-0.3 * uneasy,
                heart=0.15 * uneasy,
            )
        )


def _tell_treated(plan: Plan, rng: Generator, number: int, at: datetime, reason: str) -> None:
    if rng.random() < TREATMENT_TOLD:
        animal_id = plan.animals[number].enrolled.animal_id
        told = AnimalTreated(animal_id=animal_id, treated_at=at, reason=reason)
        plan.tell(at + rng.uniform(0.2, 10) * HOUR, told)


def _odd(at: datetime, times: Sequence[float], **sizes: float) -> Spell:
    signs = tuple(
        Sign(signal, max(-0.9, size), times[0], times[1], times[2], times[3])
        for signal, size in sizes.items()
    )
    return Spell(at, at, signs)
