"""A calving that lasts too long: the signs of labour stay, and no calf is told of."""

import pytest

from pipeline.detectors.calving_prolonged import CalvingProlonged
from pipeline.life import Life
from tests.pipeline.detectors.made_hours import hour_after, life_of
from tests.pipeline.weeks import HERD, Change, Measures

SHE = HERD[4]
PLACE = HERD.index(SHE)
DUE = life_of(SHE, days_to_due=-1.0)
BEGINS = 10


def in_labour(hours: int) -> Change:
    """So many hours restless and off her feed."""

    def change(animal: str, hour: int, measures: Measures) -> Measures:
        if animal != SHE or not BEGINS <= hour < BEGINS + hours:
            return measures
        low = {name: 0.3 * measures[name] for name in ("rumination_minutes", "eating_minutes")}
        return measures | low | {"activity": 1.6 * measures["activity"]}

    return change


def longest_run(change: Change, life: Life | None) -> int:
    """Hours in a row that speak for it, of the day and a half around the labour."""
    detector, run, longest = CalvingProlonged(), 0, 0
    for hours in range(BEGINS, BEGINS + 30):
        herd = hour_after(hours, change, detector, life)
        run = run + 1 if detector.judge_hour(herd).over[PLACE] else 0
        longest = max(longest, run)
    return longest


def test_labour_of_three_hours_is_a_birth_and_of_eighteen_a_case_for_the_vet() -> None:
    """A false one sends a vet out at night; a missed one costs calf and cow."""
    onset_hours = CalvingProlonged().hold.onset_hours

    assert longest_run(in_labour(3), DUE) < onset_hours
    assert longest_run(in_labour(18), DUE) >= onset_hours


@pytest.mark.parametrize(
    "told", [{"days_in_milk": 0.2}, {"days_to_due": 60.0}, {"open_cow": 1.0}], ids=str
)
def test_with_the_calf_told_or_none_to_come_there_is_no_case(told: dict[str, float]) -> None:
    """Whoever tells of the calf has been with her."""
    detector = CalvingProlonged()
    herd = hour_after(BEGINS + 16, in_labour(18), detector, life_of(SHE, **told))
    verdict = detector.judge_hour(herd)

    assert not verdict.over[PLACE]
    assert verdict.under[PLACE]
    assert verdict.why_not[PLACE] is not None
