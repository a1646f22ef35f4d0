"""Numbers that a text decides."""

import numpy as np

from firmware_sim.draws import drawn_from, wave


def test_the_same_text_draws_the_same_numbers() -> None:
    """These very ones, on every machine: histories are compared across them."""
    first = drawn_from("nl-1", "day", 7).integers(0, 1000, 4)

    assert first.tolist() == drawn_from("nl-1", "day", 7).integers(0, 1000, 4).tolist()
    assert first.tolist() == [661, 757, 629, 702]
    assert first.tolist() != drawn_from("nl-1", "day", 8).integers(0, 1000, 4).tolist()


def test_a_wave_is_smooth_and_around_nothing() -> None:
    """Its knots make the length of bouts."""
    line = wave(drawn_from("nl-1"), 14_400, 30)

    assert abs(line.mean()) < 0.2
    assert 0.6 < line.std() < 1.0
    assert np.abs(np.diff(line)).max() < 0.25
