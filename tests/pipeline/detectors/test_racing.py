"""Hearts and legs that race, each beside her own last readings."""

import pytest

from pipeline.detectors.predator_panic import SPEC, PredatorPanic
from pipeline.detectors.racing import racing
from tests.pipeline.detectors.seen import Seen, Watch

BEATS = (70.0, 74.0, 90.0, 71.0, 69.0, 72.0)  # one walk among them


@pytest.mark.parametrize(("bpm", "races"), [(120.0, False), (125.0, True)])
def test_a_heart_is_held_against_the_middle_of_six_readings(bpm: float, *, races: bool) -> None:
    """A walk among them moves no middle."""
    watch = Watch(PredatorPanic())
    day = [Seen(10.0 * n, {"heart_rate_bpm": one}) for n, one in enumerate((*BEATS, bpm))]

    found = racing(watch.signals(day), SPEC, watch.memory)

    assert found.tolist() == [False] * len(BEATS) + [races]


def test_a_late_reading_races_not_and_is_held_against_nothing() -> None:
    """It stands in no row with those before it."""
    watch = Watch(PredatorPanic())
    day = [Seen(10.0 * n, {"heart_rate_bpm": one}) for n, one in enumerate(BEATS)]

    found = racing(watch.signals([*day, Seen(15, {"heart_rate_bpm": 200.0})]), SPEC, watch.memory)

    assert not found.any()
    assert 20_000 not in watch.memory["beats"][0].tolist()


@pytest.mark.parametrize("minutes", [5, 60])
def test_a_way_after_a_long_silence_says_nothing_of_speed(minutes: float) -> None:
    """Out of reach for an hour she may have walked or been driven."""
    watch = Watch(PredatorPanic())
    ways = [(0.0, 52.0), (minutes, 52.2)]
    day = [Seen(at, {"latitude": north, "longitude": 5.0}) for at, north in ways]

    assert racing(watch.signals(day), SPEC, watch.memory)[1] == (minutes == 5)
