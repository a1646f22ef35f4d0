"""A simulated farm as a recording: in order, bounded, the same for the same seed."""

import resource
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from firmware_sim.course_rates import RATES
from firmware_sim.farm_recording import FarmRecording, recording_of
from firmware_sim.farm_recording_wearer import us_of
from firmware_sim.recording import Composition, Slice
from firmware_sim.recording_sets import compositions
from tests.conftest import FULL_SIZE

QUICK = compositions("quick")[0]


@pytest.fixture(scope="module")
def slices() -> list[Slice]:
    """Of a small crowded barn."""
    return list(recording_of(QUICK).slices())


def test_readings_come_in_the_order_in_which_they_are_heard(slices: list[Slice]) -> None:
    """An engine's log time only ever goes on; each reading is in the slice that it is heard in."""
    order = np.concatenate([one.heard_us for one in slices])
    keys = [
        key for one in slices for key in zip(one.animal.tolist(), one.seq.tolist(), strict=True)
    ]

    assert (np.diff(order) >= 0).all()
    assert QUICK.animals * QUICK.days * 144 * 0.9 < len(set(keys)) < len(keys)  # some twice
    for one in slices:
        assert (one.heard_us <= us_of(one.until)).all()
        assert one.until - one.since <= timedelta(days=1)
    for first, second in pairwise(slices):
        assert first.until == second.since
        assert len(second.heard_us) == 0 or second.heard_us[0] > us_of(first.until)


def test_a_repeat_is_the_same_reading_again(slices: list[Slice]) -> None:
    """Same animal, seq and time, or who folds the log would count it twice."""
    times: dict[tuple[int, int], set[int]] = {}
    for one in slices:
        rows = zip(one.animal.tolist(), one.seq.tolist(), one.time_us.tolist(), strict=True)
        for animal, seq, time_us in rows:
            times.setdefault((animal, seq), set()).add(time_us)

    assert {len(one) for one in times.values()} == {1}


def test_what_is_late_comes_on_a_later_day() -> None:
    """Collars that are answered lose nothing to an outage, over midnight either."""
    calm = dict.fromkeys(RATES, 0.0)
    herd = Composition(seed="late", kind="calves", animals=5, days=8, interval_s=600, per_day=calm)
    recording = FarmRecording(herd)
    midnight = recording.since + timedelta(days=2)
    recording.plan.deaf.append((midnight - timedelta(hours=3), midnight + timedelta(hours=2)))
    seqs: dict[int, set[int]] = {number: set() for number in range(5)}
    for one in recording.slices():
        for animal, seq in zip(one.animal.tolist(), one.seq.tolist(), strict=True):
            seqs[animal].add(seq)

    for found in seqs.values():
        assert len(found) == max(found) - min(found) + 1 > 7 * 144


def test_the_same_seed_gives_the_same_farm(slices: list[Slice]) -> None:
    """A figure must be seen again by whoever repeats it."""
    again = recording_of(QUICK).slices()

    for one, _ in zip(slices, range(3), strict=False):
        other = next(again)
        np.testing.assert_array_equal(one.heard_us, other.heard_us)
        for name, values in one.columns.items():
            np.testing.assert_array_equal(values, other.columns[name])


def test_a_closed_way_in_is_told_tick_by_tick_and_nothing_is_heard_in_it() -> None:
    """Hearing time stands still meanwhile; what the collars kept comes after."""
    composition = Composition(
        seed="deaf", kind="calves", animals=4, days=6, interval_s=600, per_day={"outage": 0.5}
    )
    recording = FarmRecording(composition)
    slices = list(recording.slices())

    told = sum(last - first for one in slices for first, last in one.deaf)
    lasted = sum(
        us_of(min(ends, recording.until)) - us_of(begins) for begins, ends in recording.plan.deaf
    )
    assert recording.plan.deaf
    assert told == lasted
    heard = np.concatenate([one.heard_us for one in slices])
    for begins, ends in recording.plan.deaf:
        assert not ((heard >= us_of(begins)) & (heard < us_of(ends))).any()
    minutes = [(last - first) / 60e6 for one in slices for first, last in one.deaf]
    assert max(minutes) <= 5


def test_a_farm_of_few_sensors_tells_no_others() -> None:
    """Most recordings of real herds hold two or three signals."""
    few = Composition(seed="few", animals=2, days=2, interval_s=3600, columns=("activity",))

    assert all(set(one.columns) == {"activity"} for one in recording_of(few).slices())


def test_memory_does_not_grow_with_the_days() -> None:
    """300 animals over 120 days at 10 minutes are five million readings."""
    days = 30 if FULL_SIZE else 6
    herd = Composition(seed="long", kind="calves", animals=40, days=days, interval_s=600)
    walk = recording_of(herd).slices()
    for _ in range(2):
        next(walk)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in walk:
        pass

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 20_000
