"""What must not alert: it happens, it is told or not, and it is no truth."""

from contracts.animal_event import AnimalMoved, AnimalTreated
from firmware_sim.conditions_signs import Spell
from firmware_sim.course_farm import plan_of
from firmware_sim.course_plan import Plan
from firmware_sim.course_rates import RATES
from firmware_sim.recording import Composition

CALM = dict.fromkeys(RATES, 0.0)


def a_farm(name: str, rate: float) -> Plan:
    """Calves to whom only this happens."""
    rates = {**CALM, name: rate}
    return plan_of(Composition(seed="odd", kind="calves", animals=24, days=30, per_day=rates))


def test_none_of_it_is_true() -> None:
    """A detector that alerts on it is wrong."""
    rates = {"pen_move": 0.05, "trimming": 0.1, "vaccination": 0.1, "late_feed": 0.1, "storm": 0.1}
    for name, rate in rates.items():
        plan = a_farm(name, rate)

        assert sum(len(one.conditions) for one in plan.animals) > 0, name
        assert [one for one in plan.truths() if str(one.animal_id) != plan.farm_id] == [], name


def test_a_vaccinated_pen_is_half_a_degree_to_a_degree_warmer_for_a_day() -> None:
    """And the register mostly hears why."""
    plan = a_farm("vaccination", 0.1)
    spells = [each for one in plan.animals for each in one.conditions if isinstance(each, Spell)]
    warm = [one for each in spells for one in each.signs if one.signal == "raised_c"]
    told = [one for one in plan.told if isinstance(one.payload, AnimalTreated)]

    assert all(0.5 <= one.size <= 1.0 and one.falls_h - one.full_h < 24 for one in warm)
    assert len(warm) >= 8
    assert 0.75 < len(told) / len(warm) <= 1.0


def test_four_of_five_moves_are_told_and_all_of_them_change_her_pen() -> None:
    """The fifth is the one that a detector must not take for an illness either."""
    plan = a_farm("pen_move", 0.2)
    moves = sum(len(one.moves) for one in plan.animals)
    told = [one.payload for one in plan.told if isinstance(one.payload, AnimalMoved)]

    assert moves > 60
    assert 0.68 < len(told) / moves < 0.92
    last = {one.animal_id: one.group for one in sorted(told, key=lambda one: one.moved_at)}
    assert set(last.values()) == set(plan.pens())


def test_a_storm_is_a_storm_for_all() -> None:
    """Unrest, radio and positions: the same hours."""
    plan = a_farm("storm", 0.2)

    assert len(plan.storms) > 2
    assert all(len(one.conditions) == len(plan.storms) for one in plan.animals)
