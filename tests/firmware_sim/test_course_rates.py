"""Rates: each says where it comes from, and a composition cannot misspell one."""

import pytest

from firmware_sim.course_rates import RATES, UnknownRateError, rates_with


def test_every_rate_has_a_source() -> None:
    """What is recalled or ours says so."""
    assert all(rate.source and rate.unit and rate.value > 0 for rate in RATES.values())


def test_a_farm_may_have_its_own_rate_of_what_there_is() -> None:
    """A misspelt one would be a farm on which the rare thing never happens."""
    assert rates_with({"mastitis": 0.01})["mastitis"] == 0.01
    assert rates_with({})["metritis"] == RATES["metritis"].value
    with pytest.raises(UnknownRateError, match="mastits"):
        rates_with({"mastits": 0.01})
