"""Two herd-clocks at once, or none for a minute: nothing changes but when something is known."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from contracts.clock import FakeClock
from contracts.envelope import Event
from contracts.tick import Tick
from gateway.clock import HerdClock
from pipeline.canonical import canonical
from pipeline.telling import Told
from tests.gateway.clock_in_memory import MemoryLog, a_clock
from tests.pipeline.weeks import LEARNT_DAYS, after_a_week, eventful, hour_of, when

HOURS = 30
TURN_S = 20
PARTITION = 3
STANDSTILL_S = 60.0
# at whatever second of a five-minute line and of an hour's grace it falls
STANDSTILLS_S = tuple(range(1_000, HOURS * 3600, 3_517))

Runs = Callable[[int, float], bool]  # whether a clock, by its number, is running at a second


def laid(clocks: int, runs: Runs) -> list[Event[Any]]:
    """The log of an eventful day after the week, with the ticks that so many clocks wrote."""
    time = FakeClock(when(0))
    log = MemoryLog(time, PARTITION)
    made: list[HerdClock] = [
        a_clock(log, time, tick_every_s=TURN_S, deaf_after_s=TURN_S) for _ in range(clocks)
    ]
    start = 24 * LEARNT_DAYS
    for second in range(0, HOURS * 3600, TURN_S):
        for number, clock in enumerate(made):
            if runs(number, second):
                clock.turn(float(second))
        if second % 3600 == TURN_S * 100:
            hour = start + second // 3600 - 1
            readings = hour_of(hour, lambda a, h, m: eventful(a, h - start, m))
            log.append([(PARTITION, reading) for reading in readings])
        time.advance(timedelta(seconds=TURN_S))
    return [event for event, _ in log.records[PARTITION]]


def always(_number: int, _second: float) -> bool:
    """No standstill."""
    return True


def standing_still(_number: int, second: float) -> bool:
    """All stand still for a minute, again and again."""
    return not any(0 <= second - begun < STANDSTILL_S for begun in STANDSTILLS_S)


def in_turns(number: int, second: float) -> bool:
    """Two clocks, of which each in its turn stands still for a minute while the other goes on."""
    still = [n for n, begun in enumerate(STANDSTILLS_S) if 0 <= second - begun < STANDSTILL_S]
    return not still or still[0] % 2 != number


def final(told: Told, *, timed: bool) -> bytes:
    """The canonical form, and each hour that was judged.

    timed: with the minutes for which somebody was silent. They are minutes in which he could have
    been heard, so a minute without any clock is missing in them, as it should be.
    """
    hours = sorted(repr(event.payload) for event in told.hours)
    found = canonical(told.detections) + "\n".join(hours).encode()
    if timed:
        return found
    return re.sub(rb'("silent_minutes", "unit": "min", "value": )[0-9.]+', rb"\1any", found)


@pytest.fixture(scope="module")
def expected() -> Told:
    """What one clock finds that never stops."""
    return after_a_week(laid(1, always))


@pytest.mark.parametrize(
    ("clocks", "runs"), [(2, always), (3, always), (1, standing_still), (2, in_turns)]
)
def test_two_clocks_or_none_for_a_minute_change_no_finding(
    expected: Told, clocks: int, runs: Runs
) -> None:
    """A member that was taken over and goes on writes beside its successor; none is a restart."""
    log = laid(clocks, runs)

    told = after_a_week(log)

    assert len({event.payload.condition for event in expected.detections}) > 2
    timed = runs is not standing_still
    assert final(told, timed=timed) == final(expected, timed=timed)
    deaf = [event for event in log if isinstance(event.payload, Tick) and event.payload.deaf_spans]
    assert bool(deaf) != timed, "one that goes on hears for both"
