"""Ketosis: fallen, fresh and cool."""

import pytest

from pipeline.detectors.ketosis import SPEC, Ketosis
from tests.pipeline.detectors.herds import says, told_of
from tests.pipeline.detectors.test_fusion import ILL, changed

FALLS = {"rumination_minutes": 0.7, "eating_minutes": 0.7, "activity": 0.8}
FRESH = told_of(ILL, days_in_milk=12.0)


def test_a_fresh_cow_that_falls_and_is_not_warm_may_have_ketosis() -> None:
    """Rumination, eating and activity less by a quarter, two weeks after the calving."""
    score, over, _ = says(Ketosis(), 48, changed(**FALLS), FRESH)

    assert over
    assert score > 60


@pytest.mark.parametrize("days", [1.0, 60.0, 200.0])
def test_outside_of_the_weeks_after_a_calving_it_is_something_else(days: float) -> None:
    """She is judged, and it is not this."""
    score, over, why_not = says(Ketosis(), 48, changed(**FALLS), told_of(ILL, days_in_milk=days))

    assert (over, why_not) == (False, None)
    assert score < 1


def test_who_is_warm_has_something_else() -> None:
    """Ketosis makes no fever; metritis does, in the same weeks."""
    assert not says(Ketosis(), 48, changed(warmer_c=1.0, **FALLS), FRESH)[1]


def test_who_all_but_stops_ruminating_has_something_else() -> None:
    """That is a displaced abomasum, which does not wait."""
    deep = FALLS | {"rumination_minutes": 0.4}

    assert not says(Ketosis(), 48, changed(**deep), FRESH)[1]


def test_a_farm_may_look_for_it_for_longer() -> None:
    """Its own limit is asked, not the one in this file."""
    later, longer = told_of(ILL, days_in_milk=60.0), SPEC.tuned({"days_in_milk_max": 80.0})
    fallen = changed(**(FALLS | {"rumination_minutes": 0.65}))

    assert not says(Ketosis(), 48, fallen, later)[1]
    assert says(Ketosis(longer), 48, fallen, later)[1]
