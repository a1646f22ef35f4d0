"""Signs weighed together: several small changes speak, one alone does not, none is asked for."""

import numpy as np
import pytest

from pipeline.detectors.fusion import MEDIANS, Fused, evidence_of, fuse, score_of
from pipeline.detectors.illness import SPEC
from pipeline.life import Life
from tests.pipeline.detectors.herds import herd_after, told_of
from tests.pipeline.weeks import HERD, Change, Measures

ILL = HERD[3]
PLACE = HERD.index(ILL)
ALL_SIGNALS = ("rumination_minutes", "eating_minutes", "activity", "lying_minutes")


def changed(
    only: tuple[str, ...] | None = None, /, warmer_c: float = 0.0, **factors: float
) -> Change:
    """One animal's signals times these factors; only: what the herd's collars measure."""

    def change(animal: str, _hour: int, measures: Measures) -> Measures:
        kept = {name: v for name, v in measures.items() if only is None or name in only}
        if animal != ILL:
            return kept
        kept |= {name: kept[name] * factors[name] for name in factors if name in kept}
        return kept | {"temperature_c": kept["temperature_c"] + warmer_c} if warmer_c else kept

    return change


def fused(change: Change, hours: int = 48, life: Life | None = None) -> Fused:
    """The evidence of a herd after so many changed hours."""
    return fuse(herd_after(hours, change, MEDIANS, life), SPEC)


def logit(change: Change, hours: int = 48, life: Life | None = None) -> float:
    """The log odds that she is ill."""
    return float(fused(change, hours, life).logit[PLACE])


def test_what_falls_together_speaks_where_each_alone_does_not() -> None:
    """A quarter less of one thing is an ordinary day; of three things at once it is not."""
    alone = [
        logit(changed(rumination_minutes=0.75)),
        logit(changed(eating_minutes=0.7)),
        logit(changed(activity=0.8)),
    ]
    together = logit(changed(rumination_minutes=0.75, eating_minutes=0.7, activity=0.8))

    assert max(alone) < 0 < together


def test_a_signal_that_is_not_measured_adds_nothing() -> None:
    """Most herds measure two or three things: their animals are judged by those."""
    two = ("rumination_minutes", "eating_minutes")
    falls = {"rumination_minutes": 0.5, "eating_minutes": 0.5}
    found = fused(changed(two, **falls))

    silent = {one.signal for one in found.spoken if one.weight[PLACE] == 0.0}
    assert silent == {"activity", "steps", "lying_minutes", "drinking_minutes", "temperature_c"}
    assert score_of(found.logit)[PLACE] > 90


def test_one_signal_alone_has_to_be_far_off() -> None:
    """Where eating is all there is, a third less is no illness, hardly anything eaten is."""
    only = ("eating_minutes",)

    assert logit(changed(only, eating_minutes=0.67)) < 0
    assert logit(changed(only, eating_minutes=0.1), life=told_of(ILL, days_in_milk=10.0)) > 0


def test_a_small_fall_that_stays_speaks_after_two_days() -> None:
    """Ketosis creeps in: what a day cannot tell from an ordinary one, two days can."""
    slow = changed(rumination_minutes=0.78, eating_minutes=0.78, activity=0.85)

    by_day, by_two = fused(slow, hours=24), fused(slow, hours=48)
    assert by_day.logit[PLACE] < by_two.logit[PLACE]
    assert {one.hours[PLACE] for one in by_two.spoken if one.weight[PLACE] > 0} == {48}


def test_an_animal_in_milk_for_days_is_ill_sooner_than_one_in_milk_for_months() -> None:
    """Two of three illnesses fall into the weeks after a calving: the same signs weigh more."""
    change = changed(rumination_minutes=0.75, eating_minutes=0.75)
    fresh, unknown, later = (
        logit(change, life=life)
        for life in (told_of(ILL, days_in_milk=10.0), None, told_of(ILL, days_in_milk=150.0))
    )

    assert fresh > unknown > later


def test_who_is_restless_is_in_heat_and_not_ill() -> None:
    """Oestrus costs rumination and appetite too: activity says that it is not an illness."""
    falls = {"rumination_minutes": 0.7, "eating_minutes": 0.7}

    assert logit(changed(**falls)) > 0
    assert logit(changed(activity=2.0, **falls)) < 0


def test_warmth_after_a_treatment_is_not_counted() -> None:
    """A vaccination makes her warm for a day, and nobody ill."""
    warm = changed(warmer_c=1.0)
    treated = told_of(ILL, hours_since_treatment=20.0)

    assert fused(warm).warm_c[PLACE] == pytest.approx(1.0, abs=0.1)
    assert np.isnan(fused(warm, life=treated).warm_c[PLACE])
    assert logit(warm, life=treated) < logit(warm) - 3


def test_the_evidence_names_the_strongest_sign_first_beside_usual_and_limit() -> None:
    """The farmer reads what changed most, by how much, and from where on it counts."""
    found = fused(changed(rumination_minutes=0.4, eating_minutes=0.7))

    first, second = evidence_of(found, PLACE, 7)
    assert (first.signal, first.unit, first.at_us) == ("rumination_minutes", "min", 7)
    assert (second.signal, second.unit) == ("eating_minutes", "min")
    for one in (first, second):
        assert one.limit is not None
        assert one.usual is not None
        assert one.value < one.limit < one.usual
    assert 450 < (first.usual or 0) < 650  # minutes a day, whatever the window


def test_of_whom_nothing_is_known_nothing_is_said() -> None:
    """No sensor, no score, and the reason."""
    found = fused(changed(("heart_rate_bpm",)))

    assert np.isnan(found.logit).all()
    assert set(found.why_not) == {"not_measured"}
