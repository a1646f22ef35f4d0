"""Habits: animals differ as much as cattle do, and most days of a barn are ordinary."""

import numpy as np

from firmware_sim.habits import day_shares, habits_of
from firmware_sim.stage import Kind


def test_animals_differ_and_keep_their_habits() -> None:
    """A herd in which all are alike needs no baseline of each."""
    herd = [habits_of(f"nl-{number}") for number in range(300)]

    assert habits_of("nl-7") == herd[7]
    assert 40 < np.std([one.rumination_minutes for one in herd]) < 75
    assert 0.1 < np.std([one.core_c for one in herd]) < 0.2
    assert 0.2 < np.mean([one.parity == 1 for one in herd]) < 0.4
    assert {one.parity for one in herd} == {1, 2, 3, 4, 5, 6}


def test_a_parity_that_is_known_is_hers_and_changes_nothing_else_of_note() -> None:
    """A register's parity and the simulated one must not differ; a calf has calved never."""
    drawn, known = habits_of("nl-7"), habits_of("nl-7", Kind.DAIRY, 5)

    assert known.parity == 5
    assert known.core_c == drawn.core_c
    assert habits_of("nl-7", Kind.CALF).parity == 0


def test_days_stray_with_tails_and_hang_together_only_a_little() -> None:
    """Were days independent and normal, a smoothed baseline would look wiser than it is."""
    rng = np.random.default_rng(1)
    strays = (
        np.array(
            [
                [
                    day_shares(f"nl-{animal}", number, Kind.DAIRY, rng.standard_normal(8)).eating
                    for number in range(60)
                ]
                for animal in range(40)
            ]
        )
        - 1
    )

    after = np.mean(strays[:, 1:] * strays[:, :-1]) / np.mean(strays**2)
    kurtosis = np.mean(strays**4) / np.mean(strays**2) ** 2
    assert 0.05 < after < 0.3
    assert 3.3 < kurtosis < 6
