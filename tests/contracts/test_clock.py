"""The farm's clock: a pure function, the same in every process, that never passes the wall."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clock import FakeClock, FarmClock, SystemClock, iso
from tests.builders import MORNING

DEMO = FarmClock(real_start=MORNING, lead=timedelta(hours=2), speed=61.0)


@pytest.mark.parametrize(
    ("real_s", "behind_s"), [(-5, 7200 - 5), (0, 7200), (1, 7140), (60, 3600), (120, 0), (999, 0)]
)
def test_the_demos_clock_catches_up_in_two_minutes_and_then_is_the_wall_clock(
    real_s: int, behind_s: int
) -> None:
    """Two hours before now at 60 times the pace: what is shown afterwards is real time."""
    wall = MORNING + timedelta(seconds=real_s)

    assert wall - DEMO.at(wall) == timedelta(seconds=behind_s)


@given(
    st.integers(-100_000, 100_000), st.integers(0, 1000), st.floats(1.0, 1000.0), st.integers(0, 10)
)
def test_it_never_passes_the_wall_clock_and_never_goes_back(
    real_s: int, lead_minutes: int, speed: float, step_s: int
) -> None:
    """A reading from the future would be refused, a step back would repeat an hour."""
    clock = FarmClock(MORNING, timedelta(minutes=lead_minutes), speed)
    wall = MORNING + timedelta(seconds=real_s)
    later = wall + timedelta(seconds=step_s)

    assert clock.at(wall) <= wall
    assert clock.at(wall) <= clock.at(later)


def test_a_fake_clock_stands_still_until_told() -> None:
    """A test must decide when time passes."""
    clock = FakeClock(MORNING)

    before = clock.now()
    clock.advance(timedelta(minutes=5))

    assert (before, clock.now()) == (MORNING, MORNING + timedelta(minutes=5))


def test_the_systems_clock_is_aware_utc() -> None:
    """A naive time is nobody's time."""
    assert SystemClock().now().tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 1, 4, tzinfo=UTC), "2026-03-01T04:00:00Z"),
        (datetime(2026, 3, 1, 5, tzinfo=timezone(timedelta(hours=1))), "2026-03-01T04:00:00Z"),
        (datetime(2026, 3, 1, 4, 0, 0, 5, tzinfo=UTC), "2026-03-01T04:00:00.000005Z"),
    ],
)
def test_times_leave_as_iso_8601_with_z(moment: datetime, text: str) -> None:
    """Every JSON of ours writes a time the same way."""
    assert iso(moment) == text
