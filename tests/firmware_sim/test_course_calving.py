"""Calvings as drawn, held against what boluses saw."""

from datetime import timedelta

import numpy as np

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.animal import Animal
from firmware_sim.conditions_signs import Spell
from firmware_sim.course_calving import draw_calving, draw_milk_fever
from firmware_sim.draws import drawn_from
from firmware_sim.stage import Stage
from tests.builders import MORNING

AT = MORNING + timedelta(days=4)


def drawn(count: int, extra_h: float = 0.0) -> list[Spell]:
    """Calvings."""
    rng = drawn_from("calvings")
    return [draw_calving(rng, AT, extra_h) for _ in range(count)]


def drops_c(spells: list[Spell]) -> np.ndarray:
    """(calvings,): how far temperature falls."""
    return np.array(
        [-next(one.size for one in spell.signs if one.signal == "raised_c") for spell in spells]
    )


def test_temperature_falls_by_half_a_degree_and_by_less_before_a_hard_birth() -> None:
    """Kim 2021: -0.5 °C from 24 to 3 hours before; Kovacs: -0.23 where it was hard."""
    eutocic, dystocic = drops_c(drawn(500)), drops_c(drawn(500, extra_h=8))

    assert 0.42 < eutocic.mean() < 0.55
    assert 0.18 < dystocic.mean() < 0.28
    assert 0.1 < (eutocic < 0.22).mean() < 0.3  # who shows little is missed on farms too


def test_the_fall_is_seen_in_a_bolus_against_the_same_hours_two_days_before() -> None:
    """It has to come through drinks, the day's curve and its noise."""
    changes = []
    for number, spell in enumerate(drawn(30)):
        stage = Stage(parity=3, calvings=(AT - timedelta(days=390), AT))
        cow = Animal(f"nl-{number}", conditions=[spell], stage=stage)
        hours_s = 3600.0 * np.arange(-18.0, -4.0, 0.25, dtype=np.float64)
        before = cow.columns(AT.timestamp() - 2 * 86400 + hours_s, 900, ["temperature_c"])
        now = cow.columns(AT.timestamp() + hours_s, 900, ["temperature_c"])
        changes.append(
            np.percentile(now["temperature_c"], 75) - np.percentile(before["temperature_c"], 75)
        )

    assert -0.65 < np.mean(changes) < -0.3


def test_she_lies_down_and_gets_up_in_the_last_hours() -> None:
    """Restlessness is what tells that it is hours, not days."""
    times_s = AT.timestamp() + 600.0 * np.arange(-36, 1, dtype=np.float64)
    usual, before = 0.0, 0.0
    for number, spell in enumerate(drawn(40)):
        stage = Stage(parity=3, calvings=(AT - timedelta(days=390), AT))
        body = Animal(f"nl-{number}", stage=stage)
        usual += body.columns(times_s, 600, ["lying_bouts"])["lying_bouts"].sum()
        calving = Animal(f"nl-{number}", conditions=[spell], stage=stage)
        before += calving.columns(times_s, 600, ["lying_bouts"])["lying_bouts"].sum()

    assert 1.4 < before / usual < 3.5


def test_milk_fever_is_told_as_down_and_as_cold_where_she_is() -> None:
    """One illness, two alarms that a farmer would get up for."""
    rng = drawn_from("milk fever")
    spells = [draw_milk_fever(rng, AT) for _ in range(100)]
    told = [{one.condition for one in spell.truths(AnimalId("nl-1"))} for spell in spells]

    assert all(Condition.DOWN in one for one in told)
    assert 0.2 < np.mean([Condition.HYPOTHERMIA in one for one in told]) < 0.8
