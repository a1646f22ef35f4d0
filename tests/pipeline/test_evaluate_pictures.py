"""What is shown of single events is hers, of those hours, and says why nothing was found."""

import numpy as np
import pytest

from contracts.detection import Condition
from contracts.hour_columns import ScoreCard, ScoreColumn
from contracts.ids import FarmId, SubjectKind
from pipeline.evaluate import Row, Truth, judged
from pipeline.evaluate_input import EvaluatedFarm
from pipeline.evaluate_pictures import (
    FALSE,
    HIT,
    LATE,
    MISSED,
    HourKeeper,
    Picture,
    Trace,
    picked,
    pictures,
    running_mean,
)
from pipeline.evaluate_run import Finding
from pipeline.tables import HOUR_US
from tests.pipeline.told_hours import ANIMALS, FIRST, a_told_hour, values_of

HOURS = 24 * 12
C = Condition


def kept(score: float = 0.7, why_not: str | None = None) -> HourKeeper:
    """Twelve days of a herd; rumination is the hour's number, the score of illness as given."""
    farm = EvaluatedFarm(
        farm_id=FarmId("home"),
        animals=ANIMALS,
        since_us=FIRST * HOUR_US,
        until_us=(FIRST + HOURS) * HOUR_US,
    )
    keeper = HourKeeper(farm, [])
    card = ScoreCard("illness", C.ILLNESS, "1", 50.0)
    count = len(ANIMALS)
    column = ScoreColumn(
        card,
        np.full(count, np.nan if why_not else 50 * score),
        [why_not] * count,
        np.zeros(count, np.bool_),
    )
    for hour in range(HOURS):
        values = values_of(rumination_minutes=float(hour), activity=100.0)
        keeper.see(a_told_hour(FIRST + hour, values, values * 1.1, (column,)))
    return keeper


def a_finding(condition: Condition, at_h: float) -> Finding:
    """Of cow-1, known so many hours after the first."""
    at_us = round((FIRST + at_h) * HOUR_US)
    return Finding(
        condition=condition,
        subject_kind=SubjectKind.ANIMAL,
        subject_id="cow-1",
        detection_id=f"{condition}{at_h}",
        known_us=at_us,
        onset_us=at_us,
        evidence="rumination 9 min",
    )


def a_row(condition: Condition, from_h: float, to_h: float) -> Row:
    """Of cow-1."""
    return Row(
        animal_id="cow-1",
        condition=condition,
        start_us=round((FIRST + from_h) * HOUR_US),
        end_us=round((FIRST + to_h) * HOUR_US),
    )


def shown(rows: list[Row], findings: list[Finding], keeper: HourKeeper) -> list[Picture]:
    """Pictures of a farm."""
    truth = Truth("home", rows)
    return pictures(truth, judged(truth, findings), keeper, FIRST * HOUR_US)


@pytest.mark.parametrize(
    ("known_h", "kind"), [(150.0, HIT), (210.0, LATE), (None, MISSED), (20.0, FALSE)]
)
def test_an_event_is_found_found_late_missed_or_a_false_alert(
    known_h: float | None, kind: str
) -> None:
    """The four kinds that a vet asks for."""
    rows = [] if kind == FALSE else [a_row(C.KETOSIS, 160, 200)]
    findings = [] if known_h is None else [a_finding(C.KETOSIS, known_h)]

    found = shown(rows, findings, kept())

    assert [(one.condition, one.kind) for one in found] == [(C.KETOSIS, kind)]


def test_a_picture_shows_her_own_measured_signals_of_those_hours() -> None:
    """An hour to the left or right would show a fever before it began."""
    (picture,) = shown([a_row(C.OESTRUS, 160, 175)], [a_finding(C.OESTRUS, 165)], kept())

    names = [one.signal for one in picture.traces]
    assert names == ["rumination_minutes", "activity"]
    since_h = picture.since_us // HOUR_US - FIRST
    assert since_h == 160 - 72
    rumination = picture.traces[0]
    assert rumination.value[:3].tolist() == [since_h, since_h + 1, since_h + 2]
    assert rumination.usual[0] == pytest.approx(1.1 * since_h, rel=1e-2)
    assert picture.lead_h == -5
    assert picture.why == "rumination 9 min"


def test_of_what_was_missed_it_says_how_near_the_detector_came() -> None:
    """The reason, not the shrug."""
    rows = [a_row(C.KETOSIS, 160, 200)]

    (near,) = shown(rows, [], kept(score=0.7))
    (unjudged,) = shown(rows, [], kept(why_not="no_baseline"))

    assert near.why == "illness came to 70% of its limit"
    assert unjudged.why == "illness judged none of the hours (no_baseline)"


def test_a_few_of_each_kind_are_picked_farm_by_farm() -> None:
    """A report of two hundred pictures is none."""
    many = [
        Picture(
            condition=C.OESTRUS,
            kind=HIT,
            farm_id=f"farm-{n % 3}",
            subject_id=str(n),
            since_us=n,
            traces=(),
            rows=(),
            findings=(),
        )
        for n in range(9)
    ]

    found = picked(many, {HIT: 2})

    assert [one.farm_id for one in found] == ["farm-0", "farm-1"]


def test_a_mean_of_a_day_needs_half_of_it() -> None:
    """A line through a gap would be drawn from nothing."""
    values = np.concatenate([np.ones(24), np.full(24, np.nan), np.full(24, 3.0)])
    trace = Trace(signal="activity", value=values, usual=values, spread=values)

    means = running_mean(trace, 24)

    assert np.isnan(means.value[[5, 40]]).all()
    assert means.value[[23, 71]].tolist() == [1.0, 3.0]
    assert means.spread[23] == pytest.approx(1 / np.sqrt(24))
