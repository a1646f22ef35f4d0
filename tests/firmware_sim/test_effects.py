"""Shapes in time of what conditions do."""

import numpy as np

from firmware_sim.effects import rising_and_falling


def test_it_rises_stays_and_falls_and_is_nothing_outside() -> None:
    """What lies before a condition must not feel it at all."""
    at_s = np.array([-1.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 99.0])

    found = rising_and_falling(at_s, 0.0, 10.0, 20.0, 30.0)

    np.testing.assert_allclose(found, [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0])
