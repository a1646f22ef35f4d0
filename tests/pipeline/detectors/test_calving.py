"""Calving: cooler, restless and off her feed, of a cow who may be calving by the register."""

import numpy as np
import pytest

from pipeline.detectors.calving import SPEC, Calving
from pipeline.life import Life
from tests.pipeline.detectors.made_hours import hour_after, life_of
from tests.pipeline.weeks import HERD, Change, Measures

SHE = HERD[4]
PLACE = HERD.index(SHE)
HOURS = 30  # of which the last eight are restless, the last 24 cool
DUE = life_of(SHE, days_to_due=3.0)
SIGNALS = ("temperature_c", "activity", "steps", "rumination_minutes", "eating_minutes")


def near_birth(
    *, celsius: float = -0.5, herd: tuple[str, ...] = (SHE,), strong: float = 1.0
) -> Change:
    """The day before a birth; strong: times the signs of the last eight hours."""

    def change(animal: str, hour: int, measures: Measures) -> Measures:
        if animal not in herd:
            return measures
        found = dict(measures)
        if hour >= HOURS - 24:
            found["temperature_c"] += celsius
        if hour >= HOURS - 8:
            for name, size in (("activity", 0.2), ("steps", 0.2)):
                found[name] *= 1 + size * strong
            for name, size in (("rumination_minutes", -0.5), ("eating_minutes", -0.5)):
                found[name] *= max(0.0, 1 + size * strong)
        return found

    return change


def only(change: Change, *names: str) -> Change:
    """The same days through a collar that measures these alone."""

    def some(animal: str, hour: int, measures: Measures) -> Measures:
        changed = change(animal, hour, measures) or {}
        return {name: value for name, value in changed.items() if name in names}

    return some


def is_told(change: Change, life: Life | None) -> bool:
    """Whether the last hour speaks for a calving of hers."""
    detector = Calving()
    return bool(detector.judge_hour(hour_after(HOURS, change, detector, life)).over[PLACE])


def test_a_cow_that_is_due_is_told_of_and_nobody_else() -> None:
    """Somebody gets up for it: it must be the right cow."""
    detector = Calving()
    verdict = detector.judge_hour(hour_after(HOURS, near_birth(), detector, DUE))

    assert np.nonzero(verdict.over)[0].tolist() == [PLACE]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"days_to_due": 40.0}, "not_due"),
        ({"days_to_due": -25.0}, "not_due"),
        ({"open_cow": 1.0}, "not_pregnant"),
        ({"days_in_milk": 30.0}, "calved_lately"),
        ({"days_in_milk": 0.1}, "calved_lately"),
    ],
    ids=["weeks too early", "weeks over", "empty", "in milk", "has just calved"],
)
def test_who_cannot_be_calving_is_never_told_of_and_it_says_why(
    told: dict[str, float], reason: str
) -> None:
    """The register knows better than her legs; and an open case ends with the calf."""
    detector = Calving()
    herd = hour_after(HOURS, near_birth(strong=1.3), detector, life_of(SHE, **told))
    verdict = detector.judge_hour(herd)

    assert not verdict.over[PLACE]
    assert verdict.under[PLACE]
    assert verdict.why_not[PLACE] == reason


def test_without_a_due_date_it_needs_stronger_signs() -> None:
    """Who knows nothing of her may still be woken, but seldomer for nothing."""
    detector = Calving()
    due, unknown = (
        detector.judge_hour(hour_after(HOURS, near_birth(), detector, life)).score[PLACE]
        for life in (DUE, None)
    )

    assert due > unknown
    assert is_told(near_birth(strong=1.3), None)


def test_activity_eating_and_lying_are_enough_without_a_due_date() -> None:
    """Many collars measure no temperature, and many farms tell no dates."""

    def restless(animal: str, hour: int, measures: Measures) -> Measures:
        found = near_birth(strong=1.3)(animal, hour, measures) or {}
        lying = 18.0 if animal == SHE and hour >= HOURS - 8 else 30.0
        return found | {"lying_minutes": lying}

    assert is_told(only(restless, "activity", "eating_minutes", "lying_minutes"), None)


def test_restlessness_with_an_appetite_is_not_calving_without_a_due_date() -> None:
    """A cow in oestrus walks as much, and no herdsman needs a calving jack for her."""

    def heat(animal: str, hour: int, measures: Measures) -> Measures:
        if animal != SHE or hour < HOURS - 8:
            return measures
        return measures | {"activity": measures["activity"] * 4, "steps": measures["steps"] * 4}

    assert not is_told(only(heat, "activity", "steps", "eating_minutes"), None)


@pytest.mark.parametrize("life", [DUE, None], ids=["due", "nobody knows"])
@pytest.mark.parametrize("name", ["activity", "eating_minutes"])
def test_one_sign_alone_is_no_birth(name: str, life: Life | None) -> None:
    """Whoever measures an index alone would be woken for every quarrel."""
    assert not is_told(only(near_birth(strong=1.3), name), life)


@pytest.mark.parametrize("name", SIGNALS)
def test_no_single_sensor_is_needed(name: str) -> None:
    """Whatever is not measured is missing, and the rest speaks."""
    others = [one for one in SIGNALS if one != name]

    assert is_told(only(near_birth(), *others), DUE)


def test_a_herd_that_is_restless_together_is_not_calving_together() -> None:
    """A storm, a late feed: the whole pen shifts, and nobody calves."""
    assert not is_told(near_birth(herd=HERD, strong=1.3), DUE)


def test_it_tells_each_sign_beside_what_is_usual() -> None:
    """The vet asks how cold, and how much she ate."""
    detector = Calving()
    herd = hour_after(HOURS, near_birth(), detector, DUE)
    said = {(one.signal, one.value < (one.usual or 0)) for one in detector.evidence(herd, PLACE)}

    assert {
        ("temperature_c", True),
        ("eating_minutes", True),
        ("rumination_minutes", True),
        ("activity", False),
    } <= said


def test_a_farm_may_ask_for_more() -> None:
    """Who has been woken too often raises the limit, and sleeps."""
    patient = Calving(SPEC.tuned({"due_spreads": 30.0}))
    herd = hour_after(HOURS, near_birth(), patient, DUE)

    assert not patient.judge_hour(herd).over.any()
