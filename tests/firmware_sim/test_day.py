"""A day in minutes: bouts as cattle have them, exclusive where a body is."""

from itertools import groupby

import numpy as np
import pytest

from firmware_sim.barn import barn_day
from firmware_sim.day import Behaviour, Mask, behaviour_of
from firmware_sim.effects import Effects
from firmware_sim.habits import habits_of
from firmware_sim.stage import Shares

DAYS = [
    behaviour_of(
        seed, number, habits_of(seed), Shares(milked=True), barn_day("home", number), Effects()
    )
    for seed in (f"nl-{animal}" for animal in range(12))
    for number in range(20_500, 20_505)
]


def bouts(mask: Mask) -> list[int]:
    """The lengths of its runs, in minutes."""
    return [len(list(run)) for found, run in groupby(mask.tolist()) if found]


def meals(day: Behaviour) -> int:
    """Bouts of eating with pauses under nine minutes left out."""
    return len(bouts(np.convolve(day.eating, np.ones(9), "same") > 0))


@pytest.mark.parametrize(
    ("what", "counted", "low", "high"),
    [
        # Johnston & DeVries 2018: 9.0 ± 2.0 meals
        ("meals", [meals(day) for day in DAYS], 7.5, 10.5),
        ("lying bouts", [len(bouts(day.lying)) for day in DAYS], 9, 13),
        ("rumination bouts", [len(bouts(day.ruminating)) for day in DAYS], 12, 18),
        # 159 recorded cows: 12 ± 5 visits
        ("drinks", [len(bouts(day.drinking > 0)) for day in DAYS], 10, 14),
    ],
)
def test_behaviour_comes_in_bouts(what: str, counted: list[int], low: float, high: float) -> None:
    """Noise on each reading would let every smoothing look wise."""
    assert low < np.mean(counted) < high, what


def test_a_body_is_in_one_place() -> None:
    """She stands to eat and drink, and chews nothing while she eats."""
    for day in DAYS:
        assert not (day.lying & day.eating).any()
        assert not (day.ruminating & day.eating).any()
        assert not ((day.drinking > 0) & (day.lying | day.eating | day.ruminating)).any()
        assert not day.steps[day.lying].any()


def test_she_ruminates_mostly_lying_and_after_she_has_eaten() -> None:
    """Schirmann 2012: feeding and rumination of the same two hours: r = -0.71."""
    lying = np.mean([day.lying[day.ruminating].mean() for day in DAYS])
    two_hours = [
        np.corrcoef(
            day.eating.reshape(12, 120).sum(axis=1), day.ruminating.reshape(12, 120).sum(axis=1)
        )[0, 1]
        for day in DAYS
    ]

    assert lying > 0.6
    assert np.mean(two_hours) < -0.45


def test_a_drink_cools_by_degrees_for_an_hour_or_more() -> None:
    """Cantor 2018: -2.29 ± 1.82 °C; a mean over it would hide a fever."""
    deepest = [day.cooling_c.max() for day in DAYS]
    share = np.mean([(day.cooling_c[:1440] > 0.5).mean() for day in DAYS])

    assert 2.0 < np.mean(deepest) < 6.5
    assert max(deepest) <= 9.0
    assert 0.25 < share < 0.6
