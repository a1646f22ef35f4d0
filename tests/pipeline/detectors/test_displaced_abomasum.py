"""Displaced abomasum: fresh, cool, and rumination all but gone."""

from pipeline.detectors.displaced_abomasum import DisplacedAbomasum
from tests.pipeline.detectors.herds import says, told_of
from tests.pipeline.detectors.test_fusion import ILL, changed

DEEP = {"rumination_minutes": 0.4, "eating_minutes": 0.5, "activity": 0.75}
FRESH = told_of(ILL, days_in_milk=15.0)


def test_a_fresh_cow_that_all_but_stops_ruminating_is_told() -> None:
    """Three days before anybody would see it: a vet can still roll or operate in time."""
    score, over, _ = says(DisplacedAbomasum(), 48, changed(**DEEP), FRESH)

    assert over
    assert score > 90


def test_a_quarter_less_is_no_displaced_abomasum() -> None:
    """That is what ketosis looks like."""
    mild = changed(rumination_minutes=0.7, eating_minutes=0.6, activity=0.75)

    assert not says(DisplacedAbomasum(), 48, mild, FRESH)[1]


def test_where_rumination_is_not_measured_eating_is_looked_at() -> None:
    """She stops eating as well."""
    only = ("eating_minutes", "activity", "temperature_c")

    assert says(DisplacedAbomasum(), 48, changed(only, eating_minutes=0.4, activity=0.7), FRESH)[1]


def test_late_in_milk_it_is_something_else() -> None:
    """The stomach moves where a calf has left room."""
    late = told_of(ILL, days_in_milk=150.0)

    assert not says(DisplacedAbomasum(), 48, changed(**DEEP), late)[1]
