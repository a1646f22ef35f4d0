"""What conditions do to lying."""

from itertools import groupby

import numpy as np
import pytest

from firmware_sim.draws import drawn_from
from firmware_sim.effects import Effects
from firmware_sim.posture import Mask, lying_under, with_pauses

ALLOWED = np.ones(1440, np.bool_)
THIN, JERK = np.full(1440, 0.5), drawn_from("nl-1").standard_exponential(1440)


def two_hours_with_a_pause() -> Mask:
    """Twelve bouts of ninety minutes."""
    usual: Mask = np.arange(1440) % 120 >= 30
    return usual


def bouts(mask: Mask) -> int:
    """How often she lies down."""
    return sum(found for found, _ in groupby(mask.tolist()))


def under(bouts: float) -> Mask:
    """Her day with so many times the usual bouts."""
    return lying_under(
        two_hours_with_a_pause(), ALLOWED, THIN, JERK, Effects(bouts=np.full(1440, bouts))
    )


@pytest.mark.parametrize(("factor", "low", "high"), [(0.5, 4, 8), (1.0, 12, 12), (2.0, 20, 40)])
def test_bouts_change_by_their_factor_and_lying_by_little(
    factor: float, low: int, high: int
) -> None:
    """Lameness is fewer and longer bouts, the hours before calving are more of them."""
    found = under(factor)

    assert low <= bouts(found) <= high
    assert 900 < found.sum() < 1320


def test_who_cannot_rise_lies_whatever_the_hour() -> None:
    """Milking included: nobody can drive her there."""
    effects = Effects()
    effects.recumbent[300:900] = 1.0

    found = lying_under(two_hours_with_a_pause(), ~ALLOWED, THIN, JERK, effects)

    assert found[300:900].all()
    assert (found[:300] == two_hours_with_a_pause()[:300]).all()


def test_nobody_lies_half_a_day_without_a_pause() -> None:
    """A detector of animals that are down must not be tried on healthy ones that look like it."""
    found = with_pauses(ALLOWED.copy(), 62.0, drawn_from("nl-1"))

    longest = max(len(list(run)) for lies, run in groupby(found.tolist()) if lies)
    assert longest < 300
    assert found.mean() > 0.85
