"""Hour bins: integers, so the order of readings and the cuts of batches leave no trace."""

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.hours import HOUR_US, OPEN_HOURS, HourBins

in_the_ring = st.tuples(
    st.integers(0, 3), st.integers(0, OPEN_HOURS * HOUR_US - 1), st.integers(-5000, 4500)
)


def bins_of(readings: list[tuple[int, int, int]], batch: int) -> HourBins:
    """Bins of (row, time, temperature) in batches of so many."""
    bins = HourBins()
    bins.table.reach(4)
    for start in range(0, len(readings), batch):
        rows, times, values = zip(*readings[start : start + batch], strict=True)
        bins.add(np.array(rows, np.int64), np.array(times, np.int64), np.array(values, np.int64))
    return bins


@given(st.lists(in_the_ring, min_size=1, max_size=60), st.randoms(), st.integers(1, 20))
def test_order_and_batches_leave_no_trace(
    readings: list[tuple[int, int, int]], random: Random, batch: int
) -> None:
    """Sixty float temperatures gave nine sums over 2,000 shuffles; integers give one."""
    shuffled = list(readings)
    random.shuffle(shuffled)

    one, other = bins_of(readings, 1000).to_arrays(4), bins_of(shuffled, batch).to_arrays(4)

    assert all(np.array_equal(array, other[name]) for name, array in one.items())


def test_a_bin_holds_sum_count_and_both_ends() -> None:
    """What every hourly judgement will be made of."""
    bins = bins_of([(1, 5 * HOUR_US + 1, 3860), (1, 5 * HOUR_US + 9, 3900), (1, 0, 3700)], 10)

    found = {name: array[1][5].item() for name, array in bins.to_arrays(4).items()}

    assert found == {"hour": 5, "sum": 7760, "count": 2, "low": 3860, "high": 3900}


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.integers(1, 20))
def test_a_newer_hour_takes_the_place_of_the_one_that_left_the_ring(
    hours: list[int], batch: int
) -> None:
    """Each slot holds the newest hour that fell into it, with all its readings."""
    bins = bins_of([(0, hour * HOUR_US, 100 + hour) for hour in hours], batch)

    arrays = bins.to_arrays(1)

    for slot in {hour % OPEN_HOURS for hour in hours}:
        newest = max(hour for hour in hours if hour % OPEN_HOURS == slot)
        assert arrays["hour"][0][slot] == newest
        assert arrays["count"][0][slot] == hours.count(newest)
        assert arrays["sum"][0][slot] == hours.count(newest) * (100 + newest)
