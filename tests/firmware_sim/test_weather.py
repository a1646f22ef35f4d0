"""The farm's air: by the calendar, the same at every asking, with summers that strain cattle."""

from datetime import UTC, datetime

import numpy as np
import pytest

from firmware_sim.weather import air_at, thi_of

NEW_YEAR_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
YEAR_S = NEW_YEAR_S + 3600 * np.arange(24 * 365.0)


@pytest.mark.parametrize("herd", ["a", "b", "c"])
def test_a_year_has_seasons_days_and_hot_spells(herd: str) -> None:
    """A herd that is never hot would prove nothing about heat, one that always is as little."""
    air = air_at(herd, YEAR_S)
    by_day = air.ambient_c.reshape(365, 24)
    thi = thi_of(air.ambient_c, air.humidity_pct).reshape(365, 24)

    assert -4 < by_day[:30].mean() < 5
    assert 16 < by_day[182:212].mean() < 24
    assert 4 < (by_day.max(axis=1) - by_day.min(axis=1)).mean() < 12
    assert by_day.mean(axis=0).argmax() in {13, 14, 15}
    assert 20 < (thi.max(axis=1) > 68).sum() < 130
    assert 74 < thi.max() < 88
    assert not (thi[:90] > 68).any()


def test_humidity_falls_as_the_day_warms() -> None:
    """The same water in warmer air."""
    air = air_at("a", YEAR_S)
    warm, damp = air.ambient_c.reshape(365, 24), air.humidity_pct.reshape(365, 24)

    assert 15 <= damp.min() <= damp.max() <= 100
    assert 60 < damp.mean() < 90
    assert damp[np.arange(365), warm.argmax(axis=1)].mean() < damp.mean() - 8


def test_any_asking_tells_the_same_air() -> None:
    """A collar asks for a minute, an evaluation for months."""
    whole = air_at("a", YEAR_S).ambient_c

    np.testing.assert_allclose(air_at("a", YEAR_S[4000:4010]).ambient_c, whole[4000:4010])
    assert not np.allclose(air_at("b", YEAR_S).ambient_c, whole)


def test_the_index_is_that_of_the_nrc() -> None:
    """NRC 1971: 30 °C at half humidity is 78."""
    thi = thi_of(np.array([20.0, 30.0]), np.array([50.0, 50.0]))

    np.testing.assert_allclose(thi, [65.25, 78.3], atol=0.05)
