"""Sums and medians: whose bits hang on no neighbour."""

import numpy as np
import pytest

from pipeline.sums import FEW_ANIMALS, herd_median, medians, summed


def test_a_sum_does_not_hang_on_how_many_are_summed_beside_it() -> None:
    """Vectorised sums add in an order that hangs on the shape; these do not."""
    values = np.random.default_rng(1).random((FEW_ANIMALS + 1, 24)) * 1e3

    for herd in (values, values[1:]):
        alone = np.concatenate([summed(herd[row : row + 1]) for row in range(len(herd))])
        assert summed(herd).tobytes() == alone.tobytes()


def test_the_median_is_of_those_who_are_judged_and_of_ten_at_least() -> None:
    """The median of two follows each of them."""
    ratios = np.array([0.9, 0.5, 1.2, 0.7, 1.4, 1.3, 0.8, 1.1, 0.6, 1.0, np.nan])

    assert herd_median(ratios) == pytest.approx(0.95)
    assert herd_median(ratios[::-1]) == herd_median(ratios)
    assert herd_median(ratios[1:]) is None
    assert herd_median(ratios[::-1][:8]) is None


def test_medians_of_columns_are_of_what_is_known_in_each() -> None:
    """One hour may be known of more animals than the next."""
    values = np.arange(22.0).reshape(11, 2)
    known = np.ones((11, 2), np.bool_)
    known[:2, 1] = False

    assert np.array_equal(medians(values, known), [10.0, np.nan], equal_nan=True)
