"""Lameness: a slow drift of her days, by whatever is measured, when nothing else explains it."""

import numpy as np
import pytest

from pipeline.detectors.lameness import SIGNS, Lameness
from pipeline.drift import SIGNALS
from pipeline.herd_hour import HerdHour
from pipeline.life import Life
from tests.pipeline.detectors.made_hours import hour_after, life_of
from tests.pipeline.weeks import HERD, unchanged

SHE = HERD[2]
PLACE = HERD.index(SHE)
LAME = {
    "steps": 0.8,
    "activity": 0.88,
    "lying_minutes": 1.1,
    "lying_bouts": 0.85,
    "eating_minutes": 0.85,
}


def drifted(shares: dict[str, float], life: Life | None = None) -> HerdHour:
    """An ordinary hour of a herd whose settled days are as they were, hers aside.

    shares: of hers, last days by the weeks before; what is not among them is not known.
    """
    herd = hour_after(2, unchanged, Lameness(), life)
    drift = herd.baselines.table["drift"]
    drift[: len(HERD)] = 1.0
    drift[PLACE] = np.nan
    for name, share in shares.items():
        drift[PLACE, SIGNALS.index(name)] = share
    return herd


def test_days_that_drift_apart_in_all_signs_are_lameness_of_that_cow() -> None:
    """No day is odd; the sum of all is."""
    verdict = Lameness().judge_hour(drifted(LAME))

    assert np.nonzero(verdict.over)[0].tolist() == [PLACE]


@pytest.mark.parametrize(
    "shares",
    [
        {name: 1 + (share - 1) / 4 for name, share in LAME.items()},
        {name: 2 - share for name, share in LAME.items()},
        LAME | {"steps": 1.3, "activity": 1.3, "lying_minutes": 0.8},
        {"eating_minutes": 0.85},
    ],
    ids=["a little", "the other way", "off her feed and lively", "one mild sign alone"],
)
def test_other_drift_is_not_lameness(shares: dict[str, float]) -> None:
    """A trimmer is called for each one told."""
    assert not Lameness().judge_hour(drifted(shares)).over[PLACE]


@pytest.mark.parametrize("name", sorted(LAME))
def test_no_single_sensor_is_needed(name: str) -> None:
    """What is not measured is missing, and the rest speaks."""
    rest = {one: share for one, share in LAME.items() if one != name}

    assert Lameness().judge_hour(drifted(rest)).over[PLACE]


@pytest.mark.parametrize(
    "told",
    [{"days_in_milk": 10.0}, {"days_to_due": 5.0}, {"days_dry": 4.0}, {"hours_since_move": 30.0}],
    ids=lambda told: next(iter(told)),
)
def test_a_new_stage_of_life_explains_it_and_it_says_so(told: dict[str, float]) -> None:
    """Calving, drying off and another pen change all her days."""
    verdict = Lameness().judge_hour(drifted(LAME, life_of(SHE, **told)))

    assert not verdict.over[PLACE]
    assert verdict.why_not[PLACE] == "stage_changed"


def test_before_weeks_are_known_it_says_that_and_nothing_else() -> None:
    """Nobody can know in the first week whether she always lay so long."""
    herd = hour_after(2, unchanged, Lameness())
    verdict = Lameness().judge_hour(herd)

    assert not verdict.over.any()
    assert set(verdict.why_not) == {"no_baseline"}


def test_it_tells_each_sign_in_percent_of_the_weeks_before() -> None:
    """The herdsman reads: steps 80 %, lying 110 %."""
    said = {one.signal: one for one in Lameness().evidence(drifted(LAME), PLACE)}

    assert set(said) == set(LAME) <= {one.signal for one in SIGNS}
    assert (said["steps"].value, said["steps"].usual, said["steps"].unit) == (80.0, 100.0, "%")
