"""What conditions do to lying."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pytest

from firmware_sim.animal import Animal
from firmware_sim.draws import Floats, drawn_from
from firmware_sim.effects import Effects
from firmware_sim.posture import Mask, lying_under, with_pauses
from tests.builders import MORNING

DAYS_S = MORNING.timestamp() + 300 * np.arange(1, 288 * 5 + 1, dtype=np.float64)
ALLOWED = np.ones(1440, np.bool_)
JERK = drawn_from("nl-3").standard_exponential(1440)


def forty_minutes_of_each_hour() -> Mask:
    """Twenty-four bouts."""
    usual: Mask = np.arange(1440) % 60 >= 20
    return usual


def bouts(mask: Mask) -> int:
    """How often she lies down."""
    return sum(found for found, _ in groupby(mask.tolist()))


@dataclass(frozen=True)
class Bouts:
    """So many times the usual bouts of lying, always."""

    times: float

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """See effects.HasEffects."""
        effects.bouts[: len(at_s)] *= self.times


def herd_sums(*conditions: Bouts) -> Floats:
    """Bouts and minutes of lying of some animals over five days, (2,)."""
    herd = [Animal(f"nl-{number}", conditions=conditions) for number in range(12)]
    names = ["lying_bouts", "lying_minutes"]
    found = [list(one.columns(DAYS_S, 300, names).values()) for one in herd]
    summed: Floats = np.array(found).sum(axis=(0, 2))
    return summed


@pytest.mark.parametrize("times", [0.6, 0.8, 1.5, 2.5])
def test_bouts_change_by_their_factor_and_lying_by_little(times: float) -> None:
    """Lameness is fewer and longer bouts, the hours before calving are more of them."""
    bouts, minutes = herd_sums(Bouts(times)) / herd_sums()

    assert bouts == pytest.approx(times, rel=0.15)
    assert minutes == pytest.approx(1.0, abs=0.1)


def test_who_cannot_rise_lies_whatever_the_hour() -> None:
    """Milking included: nobody can drive her there."""
    effects = Effects()
    effects.recumbent[300:900] = 1.0

    found = lying_under(forty_minutes_of_each_hour(), ~ALLOWED, JERK, effects)

    assert found[300:900].all()
    assert (found[:300] == forty_minutes_of_each_hour()[:300]).all()


def test_nobody_lies_half_a_day_without_a_pause() -> None:
    """A detector of animals that are down must not be tried on healthy ones that look like it."""
    found = with_pauses(ALLOWED.copy(), 62.0, drawn_from("nl-1"))

    longest = max(len(list(run)) for lies, run in groupby(found.tolist()) if lies)
    assert longest < 300
    assert found.mean() > 0.85


@pytest.mark.parametrize("times", [0.5, 0.8, 1.15])
def test_less_lying_is_shorter_bouts_and_more_is_longer_ones(times: float) -> None:
    """A mastitis takes an hour of lying; it must not make her jump up every few minutes."""
    usual = forty_minutes_of_each_hour()

    found = lying_under(usual, ALLOWED, JERK, Effects(lying=np.full(1440, times)))

    assert abs(bouts(found) - bouts(usual)) <= 1
    assert found.sum() == pytest.approx(times * usual.sum(), rel=0.02)


def test_what_a_condition_does_to_lying_begins_with_it() -> None:
    """Not a minute earlier, though it began within a bout."""
    effects = Effects()
    effects.lying[700:] = 1.3
    effects.bouts[700:] = 0.3
    usual = forty_minutes_of_each_hour()

    found = lying_under(usual, ALLOWED, JERK, effects)

    assert (found[:700] == usual[:700]).all()
    assert (found[700:] != usual[700:]).any()
