"""Faults change what is told of an animal, in their span alone, and never the animal."""

from datetime import timedelta

import numpy as np

from contracts.detection import Condition
from contracts.ids import AnimalId
from firmware_sim.draws import Floats
from firmware_sim.faults import Careless, DyingBattery, Fault, Slipped, Stuck
from tests.builders import MORNING

HOUR = timedelta(hours=1)
COW = AnimalId("nl-1")
TIMES_S = MORNING.timestamp() + 600.0 * np.arange(3 * 144, dtype=np.float64)


def readings() -> dict[str, Floats]:
    """Three days of the same."""
    values = {
        "temperature_c": 38.9,
        "activity": 20.0,
        "rumination_minutes": 4.0,
        "latitude": 50.0,
        "longitude": 8.0,
        "battery_v": 3.5,
    }
    return {name: np.full(len(TIMES_S), value) for name, value in values.items()}


def spoilt(fault: Fault) -> dict[str, Floats]:
    """What is told of them."""
    columns = readings()
    fault.spoil(TIMES_S, columns)
    return columns


def test_a_slipped_collar_hears_no_jaw_and_has_another_gain() -> None:
    """Her temperature comes from the rumen: it stays."""
    begins, ends = MORNING + 24 * HOUR, MORNING + 48 * HOUR
    fault = Slipped(begins, ends, (("activity", 0.5), ("rumination_minutes", 0.1)))

    found = spoilt(fault)

    np.testing.assert_allclose(found["activity"], [20.0] * 144 + [10.0] * 144 + [20.0] * 144)
    assert found["rumination_minutes"][150] == 0.4
    np.testing.assert_array_equal(found["temperature_c"], readings()["temperature_c"])
    assert [one.condition for one in fault.truths(COW)] == [Condition.COLLAR_FAULT]


def test_a_stuck_sensor_tells_the_same_again_and_again() -> None:
    """Two hours of it nobody could have gone to look at."""
    long = Stuck(MORNING + 24 * HOUR, MORNING + 48 * HOUR, "temperature_c", 38.4)
    short = Stuck(MORNING, MORNING + 2 * HOUR, "temperature_c", 38.4)

    assert set(spoilt(long)["temperature_c"][144:288]) == {38.4}
    assert len(long.truths(COW)) == 1
    assert short.truths(COW) == []


def test_a_dying_battery_has_a_knee_before_it_is_empty_and_a_new_one_after() -> None:
    """The alert has to come while there is time to change it."""
    empty_at = MORNING + 48 * HOUR
    fault = DyingBattery(COW, empty_at, MORNING + 60 * HOUR)

    volts = spoilt(fault)["battery_v"]

    assert volts[:144].max() < 3.5
    assert volts[287] < 2.95
    assert (volts[360:] == 3.5).all()
    truth = fault.truths(COW)[0]
    assert (truth.condition, truth.ends_at) == (Condition.BATTERY_LOW, empty_at)
    assert truth.begins_at < empty_at - 48 * HOUR


def test_a_receiver_without_a_fix_says_nought_and_one_in_a_storm_jumps() -> None:
    """(0, 0) lies in the Gulf of Guinea; jumps are 100 to 500 m."""
    storm = (TIMES_S[0], TIMES_S[-1])
    found = [spoilt(Careless(f"nl-{number}", (storm,))) for number in range(20)]
    latitude = np.concatenate([one["latitude"] for one in found])
    longitude = np.concatenate([one["longitude"] for one in found])

    nought = (latitude == 0) & (longitude == 0)
    moved = np.hypot((latitude - 50) * 111_320, (longitude - 8) * 111_320 * np.cos(0.8727))
    jumps = moved[(moved > 1) & ~nought]
    assert 0.01 < nought.mean() < 0.03
    assert 0.025 < len(jumps) / len(moved) < 0.055
    assert 99 < jumps.min() < jumps.max() < 501


def test_a_value_that_no_animal_has_is_rare_and_there() -> None:
    """85 °C is a sensor that did not wake up."""
    found = np.concatenate(
        [spoilt(Careless(f"nl-{number}"))["temperature_c"] for number in range(60)]
    )

    assert 0 < (found != 38.9).mean() < 0.001
    assert set(found) <= {38.9, -40.0, 0.0, 85.0}
