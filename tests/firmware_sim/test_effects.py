"""Shapes in time of what conditions do."""

import numpy as np
import pytest

from firmware_sim.effects import NEUTRAL, Effects, rising_and_falling, same


def test_it_rises_stays_and_falls_and_is_nothing_outside() -> None:
    """What lies before a condition must not feel it at all."""
    at_s = np.array([-1.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 99.0])

    found = rising_and_falling(at_s, 0.0, 10.0, 20.0, 30.0)

    np.testing.assert_allclose(found, [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0])


def test_the_effects_of_nothing_are_recognised_and_cannot_be_changed() -> None:
    """They are held once for all animals: a condition that wrote into them would make all ill."""
    assert same(Effects(), NEUTRAL)
    for name in Effects.__slots__:
        changed = Effects()
        getattr(changed, name)[700] += 0.1
        assert not same(changed, NEUTRAL)
        with pytest.raises(ValueError, match="read-only"):
            getattr(NEUTRAL, name)[0] = 2.0
