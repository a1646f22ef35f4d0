"""When she drinks, and what it does to the bolus."""

import numpy as np
import pytest

from firmware_sim.draws import drawn_from
from firmware_sim.drinks import DIP_C_MAX, Drink, cooling_of, drinks_of, drunk
from firmware_sim.habits import LEVELS
from firmware_sim.stage import Kind

NEVER = np.zeros(1440, np.bool_)
COW = LEVELS[Kind.DAIRY]


def test_natural_drinks_cool_by_two_degrees_and_differ_widely() -> None:
    """Cantor 2018: -2.29 ± 1.82 °C, of drinks large enough to be seen."""
    drinks = [
        one for day in range(40) for one in drinks_of(NEVER, NEVER, 12, COW, drawn_from("nl", day))
    ]

    cools_c = np.array([one.cools_c for one in drinks])
    assert len(drinks) == 40 * 12
    assert 1.6 < cools_c.mean() < 2.4
    assert 1.1 < cools_c.std() < 1.9


def test_one_drink_cools_within_minutes_and_is_half_forgotten_after_half_an_hour() -> None:
    """A filter that rejects drinks has to bridge an hour, not a reading."""
    cooling = cooling_of([Drink(minute=600, lasts=2, cools_c=3.0, tau_minutes=32.0)])

    assert not cooling[:600].any()
    assert cooling[600:620].max() == pytest.approx(3.0, rel=0.1)
    assert 1.0 < cooling[636] < 2.0
    assert cooling[780] < 0.1


def test_who_drinks_seldom_drinks_deep_and_nothing_cools_beyond_water() -> None:
    """A cow's water of a day is the same; a bolus never gets as cold as a trough."""
    few = drinks_of(NEVER, NEVER, 4, COW, drawn_from("nl"))
    many = drinks_of(NEVER, NEVER, 16, COW, drawn_from("nl"))

    assert np.mean([one.cools_c for one in few]) > 1.5 * np.mean([one.cools_c for one in many])
    assert cooling_of([Drink(600, 5, 8.0, 40.0), Drink(605, 5, 8.0, 40.0)]).max() == DIP_C_MAX


def test_she_does_not_drink_lying() -> None:
    """And as long as a drink lasts, she does nothing else."""
    lying = np.arange(1440) < 720

    drinks = drinks_of(lying, NEVER, 12, COW, drawn_from("nl"))

    assert min(one.minute for one in drinks) >= 720
    assert drunk(drinks).sum() == sum(one.lasts for one in drinks)
