"""A plan keeps what happens apart, tells what the recording lasts for, and draws by name."""

from datetime import timedelta

import numpy as np

from contracts.animal_event import AnimalDriedOff
from contracts.detection import Condition
from contracts.ids import AnimalId, FarmId
from firmware_sim.conditions_signs import Spell
from firmware_sim.course_plan import Plan, Planned, severity
from firmware_sim.course_rates import rates_with
from firmware_sim.draws import drawn_from
from firmware_sim.recording import Enrolled
from firmware_sim.stage import Stage
from tests.builders import MORNING

COW = AnimalId("nl-1")
DAY = timedelta(days=1)


def a_plan() -> Plan:
    """Of one cow over sixty days."""
    plan = Plan("seed", FarmId("nl"), MORNING, MORNING + 60 * DAY, rates_with({}))
    plan.animals.append(Planned(Enrolled(animal_id=COW), Stage(), "pen-1"))
    return plan


def a_spell(day: float) -> Spell:
    """Two days of lameness."""
    return Spell(MORNING + day * DAY, MORNING + (day + 2) * DAY, (), Condition.LAMENESS)


def test_what_is_laid_apart_keeps_its_days() -> None:
    """Two truths of one fever would count one detection as two."""
    plan = a_plan()

    laid = [plan.lay(0, a_spell(day), a_spell(day).ends_at) for day in (10, 11, 14, 20)]

    assert laid == [True, False, False, True]
    assert len(plan.truths()) == 2


def test_nothing_is_true_or_told_beyond_the_recording() -> None:
    """Nobody can detect what no reading was made of."""
    plan = a_plan()
    plan.lay(0, a_spell(70), a_spell(70).ends_at)
    for day in (-3, 5, 65):
        at = MORNING + day * DAY
        plan.tell(at, AnimalDriedOff(animal_id=COW, dried_off_at=at))

    assert plan.truths() == []
    assert [one.told_at for one in plan.told] == [MORNING, MORNING + 5 * DAY]


def test_she_lives_where_she_was_moved_last() -> None:
    """What befalls a pen befalls who is in it then."""
    plan = a_plan()
    plan.animals[0].moves += [(MORNING + 9 * DAY, "dry"), (MORNING + 3 * DAY, "pen-2")]

    places = [plan.pen_at(0, MORNING + day * DAY) for day in (1, 4, 10)]

    assert places == ["pen-1", "pen-2", "dry"]
    assert plan.in_pen("dry", MORNING + 10 * DAY) == [0]


def test_severity_is_log_normal_around_one() -> None:
    """Science's recipe: cv 0.4 to 0.5."""
    rng = drawn_from("severity")
    found = np.array([severity(rng) for _ in range(4000)])

    assert 0.96 < np.median(found) < 1.04
    assert 0.40 < found.std() / found.mean() < 0.50


def test_moments_of_one_thing_move_no_other() -> None:
    """A rate that is changed for one farm's lameness must not reshuffle its mastitis."""
    plan, other = a_plan(), a_plan()
    plan.rates["out_of_reach"] = other.rates["out_of_reach"] = 0.2
    other.rates["slipped"] = 0.5

    other.moments("slipped", 0)

    assert plan.moments("out_of_reach", 0) == other.moments("out_of_reach", 0) != []
