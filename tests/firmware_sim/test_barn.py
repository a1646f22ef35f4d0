"""A herd's days: most are ordinary, and what is odd is odd for all."""

from datetime import UTC, datetime

import numpy as np
import pytest

from firmware_sim.barn import barn_day
from firmware_sim.stage import Kind

NEW_YEAR = (datetime(2026, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
YEAR = [barn_day("home", NEW_YEAR + number) for number in range(365)]


def test_some_days_of_a_barn_are_odd_and_most_are_not() -> None:
    """Late feed and unrest are what must not raise an alert for each animal."""
    late = sum(one.feed_late_minutes > 0 for one in YEAR)
    unrest = sum(one.unrest_from is not None for one in YEAR)

    assert 5 < late < 35
    assert 2 < unrest < 25
    assert np.mean([one.movement for one in YEAR]) == pytest.approx(1.0, abs=0.03)


def test_warm_air_makes_all_of_them_lie_less_and_drink_more_and_only_in_summer() -> None:
    """Cook 2007: from a THI of 56 to one of 74 lying goes from 10.9 to 7.9 hours."""
    strain = np.array([one.strain.mean() for one in YEAR])
    lying = np.array([one.lying for one in YEAR])
    drinks = np.array([one.drinks for one in YEAR])
    hot, cool = np.argsort(strain)[-8:], strain == 0

    assert not strain[:100].any()
    assert not strain[310:].any()
    assert 0.6 < lying[hot].mean() / lying[cool].mean() < 0.85
    assert 1.3 < drinks[hot].mean() / drinks[cool].mean() < 2.0


def test_the_body_feels_warm_air_hours_later() -> None:
    """It is warmest outside at 14:00 UTC; a fever watch must expect the herd's warmth after it."""
    hottest = max(YEAR, key=lambda one: float(one.strain.max()))

    assert 60 < hottest.strain.argmax() - hottest.ambient_c.argmax() < 300


def test_feed_calls_when_it_is_fresh_and_grass_at_dawn_and_dusk() -> None:
    """The hour of the day is what a baseline learns."""
    barn, grass = barn_day("home", 0), barn_day("home", 0, Kind.BEEF)

    assert barn.feed[750:780].mean() > barn.feed[640:740].mean() + 1
    assert grass.feed[60:130].mean() > grass.feed[250:300].mean() + 1
    assert grass.unrest_from is None
