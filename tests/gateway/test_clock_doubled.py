"""Two herd-clocks at once, or none for a minute: nothing changes but when something is known."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.clock import FakeClock
from contracts.envelope import Event
from contracts.ids import FarmId, new_id
from contracts.tick import Tick
from contracts.topics import READINGS, partition_of_farm
from farmbox.box import Addresses
from gateway.adapters.clock_log import KafkaClockLog
from gateway.clock import HerdClock
from pipeline.canonical import canonical
from pipeline.telling import Told
from runtime.kafka import Outbox, new_producer, send_event
from tests.builders import a_reading
from tests.conftest import FULL_SIZE
from tests.gateway.clock_in_memory import MemoryLog, a_clock
from tests.gateway.surroundings import Process, serde_of
from tests.kafka_reader import events_in
from tests.pipeline.logs import told_by
from tests.pipeline.weeks import LEARNT_DAYS, after_a_week, eventful, hour_of, when
from tests.waiting import eventually

HOURS = 30
TURN_S = 20
PARTITION = 3
STANDSTILL_S = 60.0
STOPPED_S = 60.0 if FULL_SIZE else 3.0  # real processes: longer than DEAF_AFTER_S
# at whatever second of a five-minute line and of an hour's grace it falls
STANDSTILLS_S = tuple(range(1_000, HOURS * 3600, 3_517))

Runs = Callable[[int, float], bool]  # whether a clock, by its number, is running at a second


def laid(clocks: int, runs: Runs) -> list[Event[Any]]:
    """The log of an eventful day after the week, with the ticks that so many clocks wrote."""
    clock_of_all = FakeClock(when(0))
    log = MemoryLog(clock_of_all, PARTITION)
    made: list[HerdClock] = [
        a_clock(log, clock_of_all, tick_every_s=TURN_S, deaf_after_s=TURN_S) for _ in range(clocks)
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
        clock_of_all.advance(timedelta(seconds=TURN_S))
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
    hours = sorted(repr(event.payload) for event in told.hour_events())
    found = canonical(told.detections) + "\n".join(hours).encode()
    if timed:
        return found
    return re.sub(rb'("silent_minutes", "unit": "min", "value": )[0-9.]+', rb"\1any", found)


@pytest.fixture(scope="module")
def expected() -> Told:
    """What one clock finds that never stops."""
    return after_a_week(laid(1, always))


@pytest.mark.parametrize(("clocks", "runs"), [(2, always), (1, standing_still), (2, in_turns)])
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


class RealClocks:
    """A gateway and two herd-clocks, each in a group of its own: both own every partition."""

    def __init__(self, box: Addresses, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.box = box
        self.farm = FarmId(f"farm-{new_id()[:8]}")
        self.partition = partition_of_farm(self.farm)
        self.began_at = datetime.now(UTC)
        self._serde = serde_of(box)
        self._outbox = Outbox(new_producer(box.kafka_bootstrap))
        self._log = KafkaClockLog(
            box.kafka_bootstrap, self._serde, instance="test", group=f"none-{self.farm}"
        )
        gateway = Process(box, directory, "HERD_GATEWAY_", "gateway")
        settings = {"DEAF_AFTER_S": "2", "TICK_EVERY_S": "0.5", "PROBE_EVERY_S": "0.5"}
        for name, value in settings.items():
            monkeypatch.setenv(f"HERD_CLOCK_{name}", value)
        self.clocks: dict[str, Process] = {}
        for name in ("one", "two"):
            monkeypatch.setenv("HERD_CLOCK_INSTANCE", name)
            (directory / name).mkdir()
            group = f"{name}-{self.farm}"
            self.clocks[name] = Process(
                box, directory / name, "HERD_CLOCK_", "tests.gateway.second_clock", group
            )
        self.processes = [gateway, *self.clocks.values()]
        with ThreadPoolExecutor(len(self.processes)) as pool:
            list(pool.map(Process.start, self.processes))
        # until the gateway answers them they are deaf, as on any farm that is started
        eventually(self.hears, why="the way in is not open")
        self.heard_at = datetime.now(UTC)

    def hears(self) -> bool:
        """Whether the newest tick tells of nothing."""
        tick = self._log.newest_tick(self.partition)
        return tick is not None and not tick.event.payload.deaf_spans

    def read(self, seq: int, temperature_c: float) -> None:
        """A reading of the farm's one animal, taken a while before the test."""
        when = self.began_at - timedelta(minutes=30 - seq)
        reading = a_reading(
            farm=self.farm,
            seq=seq,
            time=when,
            temperature_c=temperature_c,
            temperature_site="rumen",
        )
        send_event(self._outbox, self._serde, READINGS, reading)
        self._outbox.flush()

    def wait_for_a_tick(self, *names: str, later_s: float = 0.0) -> None:
        """Until each of these has ticked so many seconds from now."""
        after = datetime.now(UTC) + timedelta(seconds=later_s)

        def ticked(writer: str) -> bool:
            tick = self._log.newest_tick(self.partition)
            found = tick is not None and tick.event.timestamp > after
            return found and tick is not None and tick.event.payload.writer == writer

        for name in names:
            eventually(partial(ticked, f"herd-clock-{name}"), why=f"{name} does not tick")

    def events(self) -> list[Event[Any]]:
        """The farm's readings and the two clocks' ticks, as they lie in the log."""
        found = events_in(self.box, READINGS, [self.partition])
        since = self.began_at
        return [
            event
            for event in found
            if event.farm_id == self.farm
            or (is_tick(event) and event.farm_id is None and event.timestamp > since)
        ]

    def close(self) -> None:
        """Kill all."""
        for process in self.processes:
            process.kill()
        self._log.close()


def is_tick(event: Event[Any]) -> bool:
    """Whether it moves log time on."""
    return isinstance(event.payload, Tick)


@pytest.fixture
def real(box: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealClocks]:
    """Started, and both are ticking."""
    one = RealClocks(box, tmp_path, monkeypatch)
    yield one
    one.close()


def test_on_a_real_log_two_clocks_that_stand_still_in_turns_find_what_one_does(
    real: RealClocks,
) -> None:
    """First one is stopped, then the other, then both: the farm's fever is the same."""
    real.read(1, 38.6)
    for seq, stopped in enumerate((("one",), ("two",), ("one", "two")), 2):
        going_on = real.clocks.keys() - set(stopped)
        for name in stopped:
            real.clocks[name].stand_still()
        real.read(seq, 40.4)
        until_s = time.monotonic() + STOPPED_S
        real.wait_for_a_tick(*going_on, later_s=STOPPED_S)
        eventually(partial(is_past, until_s), within_s=2 * STOPPED_S)
        for name in stopped:
            real.clocks[name].go_on()
        real.wait_for_a_tick("one", "two")
    real.read(5, 40.4)
    for seq in range(6, 10):
        real.read(seq, 38.6)
    real.wait_for_a_tick("one", "two")

    log = real.events()

    def judged(*writers: str) -> bytes:
        """By the ticks of these clocks alone."""
        names = {f"herd-clock-{writer}" for writer in writers}
        return canonical(
            told_by(one for one in log if not is_tick(one) or one.payload.writer in names)
        )

    assert b'"fever"' in judged("one", "two")
    assert judged("one") == judged("two") == judged("one", "two")
    spans = [span for one in log if is_tick(one) for span in one.payload.deaf_spans]
    told_s = [
        (span.ended_at - span.began_at).total_seconds()
        for span in spans
        if span.began_at > real.heard_at
    ]
    assert told_s, "while both stood still nobody could say whether the way in was open"
    assert max(told_s) < STOPPED_S + 3, "and while one went on it was"


def is_past(moment_s: float) -> bool:
    """Whether the monotonic clock is beyond it."""
    return time.monotonic() > moment_s
