"""Mastitis: a cow in milk is warm and unwell."""

import pytest

from pipeline.detectors.mastitis import Mastitis
from pipeline.life import Life
from tests.pipeline.detectors.herds import says, told_of
from tests.pipeline.detectors.test_fusion import ILL, changed

WARM = changed(warmer_c=1.2, rumination_minutes=0.7, eating_minutes=0.75)


def test_a_warm_cow_in_milk_that_eats_less_is_told() -> None:
    """The udder is looked at at the next milking."""
    assert says(Mastitis(), 24, WARM, told_of(ILL, days_in_milk=120.0))[1]


def test_who_eats_less_and_is_not_warm_is_not_told_of_this() -> None:
    """Without milk or fever nobody can tell: `illness` speaks for her."""
    cool = changed(rumination_minutes=0.5, eating_minutes=0.5)

    assert not says(Mastitis(), 24, cool, told_of(ILL, days_in_milk=120.0))[1]


@pytest.mark.parametrize(
    "life",
    [
        told_of(ILL, days_in_milk=7.0),
        told_of(ILL, days_in_milk=320.0, days_to_due=30.0),
        told_of(ILL, days_in_milk=700.0),
    ],
    ids=["fresh", "dry", "long dry"],
)
def test_who_is_fresh_or_dry_has_something_else(life: Life) -> None:
    """After a calving a warm cow has metritis more often; a dry one gives no milk."""
    assert not says(Mastitis(), 24, WARM, life)[1]


def test_a_heifer_that_never_calved_is_not_judged() -> None:
    """Nobody told a calving: it is said that one is missing."""
    assert says(Mastitis(), 24, WARM)[2] == "no_calving_known"
