"""A battery's voltage: slow for years, then a knee."""

import numpy as np

from firmware_sim.battery import battery_v

DAYS_S = 1_772_000_000 + 86_400 * np.arange(60.0)


def test_it_declines_slowly_and_falls_in_its_last_fortnight() -> None:
    """An alert that comes with the knee still leaves a week to change it."""
    empty_at_s = float(DAYS_S[50])

    found = battery_v("nl-2", DAYS_S, empty_at_s)

    np.testing.assert_array_equal(found[:36], battery_v("nl-2", DAYS_S)[:36])
    assert np.ptp(found[:36]) < 0.08
    assert 3.0 < found[47] < 3.4
    assert found[43] > found[47] > found[50]
    assert np.allclose(found[50:], 2.8)


def test_batteries_of_a_herd_are_of_all_ages() -> None:
    """Limits on volts must stand for old and new ones."""
    found = [battery_v(f"nl-{number}", DAYS_S[:1])[0] for number in range(50)]

    assert 3.45 < min(found) < max(found) < 3.7
    assert np.std(found) > 0.02
