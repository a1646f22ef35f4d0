"""Readings as parts of hours: whose hour they are, and what they bring into it."""

import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from contracts.columns import columns_of, micros
from pipeline.baselines import Baselines
from pipeline.features import HourParts, hour_parts, signals
from pipeline.signals import COUNTED
from tests.builders import MORNING, a_reading

RUMINATION = COUNTED.index("rumination_minutes")


def parts_of(*readings: Any) -> HourParts:  # noqa: ANN401  events of readings
    """The parts of these readings."""
    columns = columns_of(list(enumerate(readings)))
    everyone = np.arange(len(readings))
    return hour_parts(columns, everyone, everyone)


def test_a_reading_counts_in_the_hour_of_its_spans_middle() -> None:
    """The reading of 4:00 covers the last minutes of the hour before."""
    parts = parts_of(a_reading(time=MORNING), a_reading(time=MORNING + timedelta(minutes=4)))

    middles = [(us - micros(MORNING)) / 60e6 for us in parts.middle_us.tolist()]
    assert middles == [-2.5, 1.5]
    assert parts.seconds.tolist() == [300, 300]


def test_a_reading_of_more_than_an_hour_is_cut_evenly() -> None:
    """Collars that speak every two hours are judged too."""
    parts = parts_of(
        a_reading(
            time=MORNING,
            interval_s=7200,
            rumination_minutes=50.0,
            temperature_c=38.6,
            temperature_site="rumen",
        )
    )

    middles = [(us - micros(MORNING)) / 60e6 for us in parts.middle_us.tolist()]
    assert middles == [-90, -30]
    assert parts.centi[:, RUMINATION].tolist() == [2500, 2500]
    assert parts.last.tolist() == [False, True]
    assert parts.warm.tolist() == [True, True]  # a bolus that speaks every two hours


def test_what_was_not_measured_is_told_from_nothing() -> None:
    """No minute of rumination is news; no rumination sensor is none."""
    parts = parts_of(a_reading(rumination_minutes=0.0), a_reading())

    assert parts.measured[:, RUMINATION].tolist() == [True, False]
    assert parts.centi[:, RUMINATION].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("measured", "centi"),
    [(2.2, 220), (5.8, 500), (900.0, None), (-3.0, None)],
    ids=["honest", "rounded up", "longer than its span", "negative"],
)
def test_minutes_fit_into_their_span(measured: float, centi: int | None) -> None:
    """A broken sensor must not bend what is usual for its animal."""
    parts = parts_of(a_reading(interval_s=300, rumination_minutes=measured, steps=3.0))

    assert parts.measured[0, RUMINATION] == (centi is not None)
    assert parts.centi[0, RUMINATION] == (centi or 0)
    assert parts.measured[0, COUNTED.index("steps")]  # the other sensor may be sound
    assert parts.odd.tolist() == [centi is None]


@pytest.mark.parametrize("celsius", [85.0, 43.1, 29.9, -127.0])
def test_a_body_that_no_animal_has_is_not_measured(celsius: float) -> None:
    """85 °C is what a sensor says that was just switched on, -127 °C one that hangs on no wire."""
    reading = a_reading(temperature_c=celsius, temperature_site="rumen")
    columns, one = columns_of([(0, reading)]), np.array([0])
    baselines = Baselines()
    baselines.table.reach(1)

    parts = parts_of(reading)

    assert (parts.warm.tolist(), parts.odd.tolist()) == ([False], [True])
    assert not len(signals(columns, one, one, baselines).body_temperature.row)


def test_a_count_may_be_of_any_makers_scale() -> None:
    """An index of activity may run to tens of thousands: cut off, all animals would be alike."""
    parts = parts_of(a_reading(interval_s=3600, activity=40_000.0))

    assert parts.centi[0, COUNTED.index("activity")] == 4_000_000


def test_an_index_of_activity_under_zero_is_rest() -> None:
    """Its zero may be the mean of all: left out, an animal would be heard only while she moves."""
    parts = parts_of(a_reading(interval_s=3600, activity=-0.4, steps=-4.0))

    assert parts.measured[0, COUNTED.index("activity")]
    assert parts.centi[0, COUNTED.index("activity")] == 0
    assert not parts.measured[0, COUNTED.index("steps")]


def test_an_ear_tag_measures_no_body_temperature() -> None:
    """It follows the air: r = 0.75 with the air, 0.29 with the core."""
    readings = [
        a_reading(temperature_c=38.6, temperature_site=site) for site in ("ear", "core", "rumen")
    ]
    columns = columns_of(list(enumerate(readings)))
    baselines = Baselines()
    baselines.table.reach(3)

    found = signals(columns, np.arange(3), np.arange(3), baselines).body_temperature

    assert found.reading.tolist() == [1, 2]
    assert found.rumen.tolist() == [False, True]
    assert parts_of(*readings).warm.tolist() == [False, True, True]
    assert not math.isnan(float(parts_of(*readings).warmth_centi_c[0]))
