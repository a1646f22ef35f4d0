"""Hour bins: integers, so the order of readings and the cuts of batches leave no trace."""

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.hour import HOUR_SIGNALS
from pipeline.features import HourParts
from pipeline.hours import OPEN_HOURS, HourBins
from pipeline.signals import COUNTED
from pipeline.tables import HOUR_US

Part = tuple[int, int, int, int, bool]  # row, middle, seconds, hundredths of everything, warm

in_the_ring = st.tuples(
    st.integers(0, 3),
    st.integers(0, OPEN_HOURS * HOUR_US - 1),
    st.integers(1, 3600),
    st.integers(-5000, 4500),
    st.booleans(),
)


def parts_of(parts: list[Part]) -> HourParts:
    """Parts that measured every signal, all hundredths alike."""
    row, middle, seconds, centi, warm = (np.array(column) for column in zip(*parts, strict=True))
    return HourParts(
        row=row,
        middle_us=middle,
        seconds=seconds,
        centi=np.repeat(np.abs(centi)[:, None], len(COUNTED), axis=1),
        measured=np.ones((len(parts), len(COUNTED)), np.bool_),
        warmth_centi_c=centi,
        warm=warm,
        last=np.ones(len(parts), np.bool_),
        odd=np.array(seconds) % 7 == 0,
    )


def bins_of(parts: list[Part], batch: int = 1000) -> HourBins:
    """Bins of parts taken in in batches of so many."""
    bins = HourBins()
    bins.table.reach(4)
    for start in range(0, len(parts), batch):
        bins.add(parts_of(parts[start : start + batch]))
    return bins


def value_of(bins: HourBins, signal: str, hour: int = 0) -> float:
    """One signal of the first animal's hour."""
    values: Any = bins.values(np.array([0]), hour)[0]
    return float(values[list(HOUR_SIGNALS).index(signal)])


@given(st.lists(in_the_ring, min_size=1, max_size=60), st.randoms(), st.integers(1, 20))
def test_order_and_batches_leave_no_trace(parts: list[Part], random: Random, batch: int) -> None:
    """Sixty float temperatures gave nine sums over 2,000 shuffles; integers give one."""
    shuffled = list(parts)
    random.shuffle(shuffled)

    one, other = bins_of(parts).to_arrays(4), bins_of(shuffled, batch).to_arrays(4)

    assert all(np.array_equal(array, other[name]) for name, array in one.items())


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.integers(1, 20))
def test_a_newer_hour_takes_the_place_of_the_one_that_left_the_ring(
    hours: list[int], batch: int
) -> None:
    """Each slot holds the newest hour that fell into it, with all its readings."""
    bins = bins_of([(0, hour * HOUR_US, 60, 100 + hour, True) for hour in hours], batch)

    arrays = bins.to_arrays(1)

    for slot in {hour % OPEN_HOURS for hour in hours}:
        newest = max(hour for hour in hours if hour % OPEN_HOURS == slot)
        count = hours.count(newest)
        assert arrays["hour"][0][slot] == newest
        assert arrays["readings"][0][slot] == count
        assert arrays["heard"][0][slot] == 60 * count
        assert arrays["sum"][0][slot].tolist() == [count * (100 + newest)] * len(COUNTED)
        assert arrays["warmth"][0][slot][0] == count * (100 + newest)


def test_a_part_of_an_hour_is_scaled_to_the_whole() -> None:
    """Half an hour heard, ten minutes ruminated: twenty an hour, not half of her usual."""
    bins = bins_of([(0, n * 300_000_000 + 1, 300, 200, True) for n in range(6)])

    assert value_of(bins, "rumination_minutes") == pytest.approx(24.0)


def test_of_less_than_a_quarter_of_an_hour_nothing_is_said() -> None:
    """One reading of five minutes, scaled up, would chart noise."""
    bins = bins_of([(0, 1, 300, 200, True)])

    assert np.isnan(value_of(bins, "rumination_minutes"))
    assert value_of(bins, "temperature_c") == 2.0


def test_a_drink_does_not_cool_the_hour() -> None:
    """Cold water takes the rumen down by 2 to 8 °C while the animal is as warm as before."""
    quarter = HOUR_US // 4
    celsius = [3860, 3880, 3300, 3500]

    bins = bins_of([(0, n * quarter + 1, 900, c, True) for n, c in enumerate(celsius)])

    assert value_of(bins, "temperature_c") == pytest.approx(38.7)


def test_an_hour_that_is_not_held_has_no_values() -> None:
    """The slot of an hour may hold another one."""
    bins = bins_of([(0, HOUR_US * OPEN_HOURS, 3600, 200, True)])

    assert np.isnan(bins.values(np.array([0]), 0)).all()
    assert bins.holds(np.array([0, 1]), OPEN_HOURS, OPEN_HOURS).tolist() == [True, False]


def test_only_hours_that_are_held_are_marked_unusual() -> None:
    """A mark for an hour that left the ring must not fall on the one that took its place."""
    bins = bins_of([(0, HOUR_US * n, 60, 200, True) for n in (OPEN_HOURS, 1, 2)])

    bins.mark_unusual(0, 0, 1)

    assert bins.table["unusual"][0][:3].tolist() == [False, True, False]
