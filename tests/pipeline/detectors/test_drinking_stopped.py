"""Drinking stopped: nothing drunk in hours in which she always drinks."""

import pytest

from pipeline.detectors.drinking_stopped import DrinkingStopped
from tests.pipeline.detectors.herds import herd_after, says, told_of
from tests.pipeline.detectors.test_fusion import ILL, PLACE, changed
from tests.pipeline.weeks import Measures

DRY = changed(("drinking_minutes",), drinking_minutes=0.0)


def test_who_drinks_nothing_for_half_a_day_is_told() -> None:
    """She drinks every hour here: twelve hours without are no chance."""
    score, over, _ = says(DrinkingStopped(), 13, DRY)

    assert over
    assert score >= 90


def test_a_few_dry_hours_are_ordinary() -> None:
    """A cow at rest does not drink."""
    assert not says(DrinkingStopped(), 5, DRY)[1]


def test_who_drinks_seldom_is_waited_for_longer() -> None:
    """Where her hours vary widely, half a day without says little."""
    herd = herd_after(13, DRY, DrinkingStopped.medians)
    herd.baselines.table["variance"][:] = 25.0  # five minutes of an hour in which one is usual

    assert not DrinkingStopped().judge_hour(herd).over[PLACE]
    assert says(DrinkingStopped(), 13, DRY)[1]  # whose own days are even


def test_a_herd_without_water_is_not_each_animals_case() -> None:
    """Three hundred cases for a frozen pipe help nobody: `no_water` tells it once."""

    def all_dry(_animal: str, _hour: int, measures: Measures) -> Measures:
        return {"drinking_minutes": measures["drinking_minutes"] * 0.05}

    assert not says(DrinkingStopped(), 24, all_dry)[1]


def test_who_was_just_moved_is_given_time_to_find_the_trough() -> None:
    """A new pen has it elsewhere."""
    assert not says(DrinkingStopped(), 13, DRY, told_of(ILL, hours_since_move=14.0))[1]


def test_it_tells_minutes_usual_and_limit() -> None:
    """The farmer reads: 2 of her usual 24 minutes."""
    detector = DrinkingStopped()

    (said,) = detector.evidence(herd_after(24, DRY, detector.medians), PLACE)
    assert (said.signal, said.unit, said.value) == ("drinking_minutes", "min", 0.0)
    assert said.usual == pytest.approx(24.0, abs=0.5)
    assert said.limit == pytest.approx(2.4, abs=0.1)
