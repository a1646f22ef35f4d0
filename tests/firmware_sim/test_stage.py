"""Where in her life she stands: fresh, dry, a calf."""

from datetime import datetime, timedelta

import pytest

from firmware_sim.stage import Kind, Stage, shares_of
from tests.builders import MORNING

CALVED = Stage(calvings=(MORNING,))


def on(days: float) -> float:
    """Seconds since 1970, so many days after she calved."""
    return (MORNING + timedelta(days=days)).timestamp()


def test_a_fresh_cow_eats_and_ruminates_less_and_recovers_within_three_weeks() -> None:
    """A detector that takes her first days for her usual would miss her illness."""
    fresh, later = shares_of(CALVED, on(1)), shares_of(CALVED, on(21))

    assert 0.75 < fresh.rumination < 0.85
    assert 0.75 < fresh.eating < 0.85
    assert later.rumination > 0.99
    assert fresh.milked


def test_before_she_calves_she_is_dry() -> None:
    """Not milked, she lies more and walks less; a model of lameness must know it."""
    dry, lactating = shares_of(CALVED, on(-30)), shares_of(CALVED, on(-80))

    assert not dry.milked
    assert lactating.milked
    assert dry.lying > lactating.lying
    assert dry.steps < lactating.steps


@pytest.mark.parametrize("kind", [Kind.BEEF, Kind.CALF])
def test_only_dairy_cows_are_milked(kind: Kind) -> None:
    """A beef herd's day has no parlour in it."""
    assert not shares_of(Stage(kind=kind, calvings=(MORNING,)), on(100)).milked


def test_a_calf_learns_to_ruminate_within_weeks() -> None:
    """Swanson & Harris 1958: hardly any at two weeks, most of it at eight."""
    born: datetime = MORNING
    calf = Stage(kind=Kind.CALF, born_at=born)

    assert shares_of(calf, on(10)).rumination < 0.25
    assert shares_of(calf, on(56)).rumination > 0.85
