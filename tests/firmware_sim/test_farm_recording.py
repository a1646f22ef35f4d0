"""A simulated farm as a recording: whole, in order, the same for the same seed."""

import numpy as np

from firmware_sim.farm_recording import recording_of
from firmware_sim.recording import Composition

SMALL = Composition(seed="small", animals=6, days=5, interval_s=600)


def test_every_reading_comes_once_in_the_order_in_which_it_is_heard() -> None:
    """An engine's log time only ever goes on."""
    heard, keys = [], set()
    for one in recording_of(SMALL).slices():
        heard.append(one.heard_us)
        keys |= set(zip(one.animal.tolist(), one.seq.tolist(), strict=True))

    order = np.concatenate(heard)
    assert (np.diff(order) >= 0).all()
    assert 6 * 5 * 130 < len(keys) <= 6 * 5 * 144
    assert len(keys) <= len(order) < 1.02 * len(keys)  # a few are heard twice


def test_the_same_seed_gives_the_same_farm() -> None:
    """A figure must be seen again by whoever repeats it."""
    first, second = (
        list(recording_of(SMALL).slices())[3].columns["temperature_c"] for _ in range(2)
    )

    np.testing.assert_array_equal(first, second)
