"""Metres on a farm: near enough to be trusted, and the same bits everywhere."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.geo import is_place, metres_between, metres_outside, narrowing

SQUARE = np.array([(52.0, 5.0), (52.01, 5.0), (52.01, 5.02), (52.0, 5.02)])


def of(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A column of them."""
    return np.array(values, np.float64)


@given(st.floats(-70, 70))
def test_a_degree_is_as_narrow_as_the_globe_has_it(latitude: float) -> None:
    """Beyond 70 degrees nobody keeps cattle; up to there it is the cosine to a thousandth."""
    assert narrowing(of(latitude))[0] == pytest.approx(math.cos(math.radians(latitude)), abs=2e-4)


def test_a_kilometre_is_a_kilometre() -> None:
    """Held against the haversine of two places near Utrecht."""
    found = metres_between(of(52.09), of(5.12), of(52.095), of(5.13))

    assert found[0] == pytest.approx(880.5, rel=0.01)


@pytest.mark.parametrize(
    ("latitude", "longitude", "metres"),
    [
        (52.005, 5.01, -556.0),
        (52.005, 5.0, 0.0),
        (52.005, 5.021, 68.5),
        (51.999, 5.01, 111.2),
        (51.999, 4.999, 130.6),
    ],
    ids=["middle", "on the fence", "east of it", "south of it", "off a corner"],
)
def test_metres_outside_are_those_to_the_nearest_piece_of_fence(
    latitude: float, longitude: float, metres: float
) -> None:
    """Inside they count down from it, so that a limit on either side is one comparison."""
    found = metres_outside(of(latitude), of(longitude), SQUARE)

    assert found[0] == pytest.approx(metres, rel=0.01, abs=0.1)


def test_a_fence_may_turn_inwards_and_be_drawn_either_way_round() -> None:
    """Pastures follow brooks: what lies in the bay of one is outside."""
    bay = np.array([(0.0, 9.0), (0.0, 9.03), (0.03, 9.03), (0.01, 9.015), (0.03, 9.0)])

    found = metres_outside(of(0.02, 0.005), of(9.015, 9.015), bay)
    turned = metres_outside(of(0.02, 0.005), of(9.015, 9.015), bay[::-1])

    assert found[0] > 0 > found[1]
    assert np.allclose(found, turned)


def test_a_receiver_without_a_fix_is_nowhere() -> None:
    """(0, 0) lies in the Gulf of Guinea; NaN and 91 degrees lie nowhere at all."""
    latitude, longitude = of(0.0, np.nan, 91.0, 52.0, 0.0), of(0.0, 5.0, 5.0, 5.0, 5.0)

    assert is_place(latitude, longitude).tolist() == [False, False, False, True, True]
