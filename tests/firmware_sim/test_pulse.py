"""How fast her heart beats."""

import numpy as np

from firmware_sim.animal import Animal
from firmware_sim.draws import Floats
from firmware_sim.effects import Effects
from tests.builders import MORNING

MINUTES_S = MORNING.timestamp() + 60 * np.arange(1, 1440 * 3 + 1, dtype=np.float64)
ASKED = ["heart_rate_bpm", "lying_minutes", "steps"]


class Chased:
    """A pulse three times the usual for five minutes."""

    def lay(self, effects: Effects, at_s: Floats) -> None:
        """See effects.HasEffects."""
        during = (at_s >= MINUTES_S[2000]) & (at_s < MINUTES_S[2005])
        effects.heart[during] *= 3.0


def test_it_is_slow_at_rest_and_up_by_tens_when_she_walks() -> None:
    """At rest 60 to 80, 20 to 40 more walking: or panic and a walk would be told apart for free."""
    found = Animal("nl-1").columns(MINUTES_S, 60, ASKED)

    bpm, lying = found["heart_rate_bpm"], found["lying_minutes"] > 0.9
    walking = np.convolve(found["steps"] > 15, np.ones(5), "same") >= 4
    assert 55 < bpm[lying].mean() < 80
    assert 12 < bpm[walking].mean() - bpm[lying].mean() < 45


def test_what_chases_her_multiplies_it_for_as_long() -> None:
    """Sheep before a wolf: from 60 … 80 to 225 a minute."""
    calm = Animal("nl-1").columns(MINUTES_S, 60, ASKED)["heart_rate_bpm"]
    chased = Animal("nl-1", conditions=[Chased()]).columns(MINUTES_S, 60, ASKED)["heart_rate_bpm"]

    assert (chased != calm).sum() == 5
    assert chased.max() > 2.5 * calm.mean()
