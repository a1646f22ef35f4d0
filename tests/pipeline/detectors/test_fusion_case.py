"""Ill, and of what: context and warmth beside the signs, and what excuses them."""

import numpy as np
import pytest

from pipeline.detectors.fusion import Fused, fuse
from pipeline.detectors.fusion_case import (
    CERTAIN,
    IMPOSSIBLE,
    excuse,
    excused,
    not_warm,
    warmer_than,
    within_days,
)
from pipeline.detectors.illness import SPEC, Illness
from pipeline.detectors.ketosis import Ketosis
from pipeline.herd_hour import HerdHour
from tests.pipeline.detectors.herds import herd_after, says, told_of
from tests.pipeline.detectors.test_fusion import ILL, PLACE, changed
from tests.pipeline.weeks import Measures

FALLEN = changed(rumination_minutes=0.6, eating_minutes=0.6, activity=0.75)


def seen(warmer_c: float = 0.0, **said: float) -> tuple[HerdHour, Fused]:
    """A herd of which one is so much warmer than usual, and its evidence."""
    detector = Illness()
    herd = herd_after(24, changed(warmer_c=warmer_c), detector.medians, told_of(ILL, **said))
    return herd, fuse(herd, SPEC)


@pytest.mark.parametrize(
    "said", [{"days_in_milk": 1.0}, {"hours_since_move": 10.0}], ids=["calved", "moved"]
)
def test_a_calving_or_a_move_explains_the_signs(said: dict[str, float]) -> None:
    """Both unsettle a healthy animal for a day or two: nobody gets up for that."""
    ordinary = told_of(ILL, days_in_milk=60.0, hours_since_move=500.0)
    _, over, _ = says(Illness(), 48, FALLEN, ordinary)
    score, over_then, why_not = says(Illness(), 48, FALLEN, told_of(ILL, **said))

    assert over
    assert not over_then
    assert score > 50
    assert why_not is None  # she was judged, and the page shows how far she is off


def test_nobody_is_excused_about_whom_the_register_knows_nothing() -> None:
    """Most herds tell no calvings and no moves: their animals are judged all the same."""
    herd, _ = seen()

    assert not excused(herd).any()


def test_a_cause_that_needs_a_calving_says_that_none_is_known() -> None:
    """The page tells the farmer what to enter; `illness` speaks for her meanwhile."""
    score, over, why_not = says(Ketosis(), 48, FALLEN)

    assert np.isnan(score)
    assert not over
    assert why_not == "no_calving_known"


def test_days_in_milk_decide_where_a_cause_is_looked_for() -> None:
    """Inside its days as the rest of the signature says, outside of them never."""
    herd, _ = seen(days_in_milk=10.0)

    assert within_days(herd, 3, 40, np.full(12, 2.0)).logit[PLACE] == pytest.approx(2.0)
    assert within_days(herd, 11, 40, np.full(12, 2.0)).logit[PLACE] == IMPOSSIBLE
    assert np.isnan(within_days(herd, 3, 40, np.full(12, 2.0)).logit[0])


def test_a_tenth_of_a_degree_beyond_the_limit_is_clear_and_none_is_a_guess() -> None:
    """A limit that is sharp would make a case of the sensor's last digit."""
    herd, fused = seen(warmer_c=0.6, days_in_milk=20.0)

    assert warmer_than(fused, 0.5)[PLACE] == pytest.approx(2.0, abs=0.8)
    assert not_warm(herd, fused, 0.5, 14.0)[PLACE] == pytest.approx(-2.0, abs=0.8)


def test_without_a_temperature_she_counts_as_cool_once_metritis_is_past() -> None:
    """Before, nobody can tell it from ketosis; then it is the likelier one."""
    only = changed(("rumination_minutes", "eating_minutes"))
    for days, found in ((8.0, IMPOSSIBLE), (20.0, CERTAIN)):
        herd = herd_after(24, only, Illness().medians, told_of(ILL, days_in_milk=days))
        assert not_warm(herd, fuse(herd, SPEC), 0.4, 14.0)[PLACE] == found


def test_the_evidence_ends_with_days_in_milk_and_score() -> None:
    """What was measured stands first: a score says nothing to who stands before the cow."""
    detector = Ketosis()
    herd = herd_after(48, FALLEN, detector.medians, told_of(ILL, days_in_milk=12.0))

    *signs, days, score = detector.evidence(herd, PLACE)
    assert {one.signal for one in signs} >= {"rumination_minutes", "eating_minutes", "activity"}
    assert (days.signal, days.unit, days.value) == ("days_in_milk", "d", 12.0)
    assert (score.signal, score.limit) == ("illness_score", 60.0)
    assert score.value > 60


def test_a_herd_that_does_more_than_usual_makes_nobody_ill() -> None:
    """Growing calves ruminate more each week: who does not yet is as well as before."""

    def grown(animal: str, _hour: int, measures: Measures) -> Measures:
        factor = 1.0 if animal == ILL else 1.4
        return measures | {"rumination_minutes": measures["rumination_minutes"] * factor}

    herd = herd_after(48, grown, Illness().medians)

    assert herd.pen_ratio("rumination_minutes", 48)[PLACE] > 1.3
    assert excuse(herd, "rumination_minutes", 48)[PLACE] == pytest.approx(1.1)
    assert fuse(herd, SPEC).logit[PLACE] < 0
