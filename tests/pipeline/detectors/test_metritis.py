"""Metritis: warm and unwell in the two weeks after a calving."""

import pytest

from pipeline.detectors.metritis import Metritis
from tests.pipeline.detectors.herds import says, told_of
from tests.pipeline.detectors.test_fusion import ILL, changed

FALLS = {"rumination_minutes": 0.8, "eating_minutes": 0.75}


def test_a_warm_cow_that_calved_lately_is_told() -> None:
    """Somewhat less rumination is enough beside a degree more."""
    warm = changed(warmer_c=0.9, **FALLS)

    assert says(Metritis(), 48, warm, told_of(ILL, days_in_milk=7.0))[1]


def test_without_warmth_it_is_not_said() -> None:
    """Half of all metritis has no fever: `illness` speaks for those that show anything."""
    assert not says(Metritis(), 48, changed(**FALLS), told_of(ILL, days_in_milk=7.0))[1]
    only = ("rumination_minutes", "eating_minutes")
    deep = changed(only, rumination_minutes=0.4, eating_minutes=0.4)
    assert not says(Metritis(), 48, deep, told_of(ILL, days_in_milk=7.0))[1]


@pytest.mark.parametrize("days", [20.0, 100.0])
def test_weeks_after_the_calving_a_warm_cow_has_something_else(days: float) -> None:
    """The womb has closed by then."""
    warm = changed(warmer_c=1.0, **FALLS)

    assert not says(Metritis(), 48, warm, told_of(ILL, days_in_milk=days))[1]
