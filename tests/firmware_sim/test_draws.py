"""Numbers that a text decides."""

import numpy as np

from firmware_sim.draws import drawn_from, line, lines, wave


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


def test_a_line_goes_on_without_a_jump_and_is_the_same_at_every_asking() -> None:
    """Days hang together through it, and a day may be asked alone."""
    whole = line("nl-1", "warmth", np.arange(100.0, 200.0, 0.25))

    assert np.abs(np.diff(whole)).max() < 1.5
    assert 0.5 < whole.std() < 1.2
    np.testing.assert_allclose(
        line("nl-1", "warmth", np.arange(163.5, 164.5, 0.25)), whole[254:258]
    )
    assert not np.allclose(line("nl-1", "else", np.arange(100.0, 200.0, 0.25)), whole)


def test_several_lines_at_one_number_are_lines_too() -> None:
    """Straight between whole numbers, each by itself."""
    before, between, after = (lines("nl-1", "wander", at, 3) for at in (31.0, 31.5, 32.0))

    np.testing.assert_allclose(between, (before + after) / 2)
    assert len(set(before.tolist())) == 3


def test_a_wave_that_turns_is_more_even() -> None:
    """Bouts of a body are more alike than those of pure chance."""

    def spread(turns: float) -> float:
        rng = drawn_from("nl-1")
        over = np.concatenate([wave(rng, 1440, 30, turns) > 0 for _ in range(40)])
        lengths = np.diff(np.flatnonzero(np.diff(over)))
        return float(lengths.std() / lengths.mean())

    assert spread(0.8) < 0.9 * spread(0.0)
