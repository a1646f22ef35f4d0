"""Herd-clock's log in memory, for tests that set Kafka's clock themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.clock import FakeClock
from contracts.envelope import Event
from contracts.tick import Tick
from gateway.clock import HerdClock, WrittenTick
from gateway.copies import RegisterEvent
from gateway.hearing import Hearing
from gateway.standstill import Standstill


class MemoryLog:
    """A ClockLog in memory, with a clock of its own: Kafka's."""

    def __init__(self, kafka_clock: FakeClock, *owned: int) -> None:
        self.kafka_clock = kafka_clock
        self.partitions = frozenset(owned)
        self.records: dict[int, list[tuple[Event[Any], datetime]]] = {}
        self.to_copy: list[RegisterEvent] = []
        self.commits = 0

    def owned(self) -> frozenset[int]:
        """What the test gave us."""
        return self.partitions

    def register_events(self) -> list[RegisterEvent]:
        """What was laid down to be copied."""
        found, self.to_copy = self.to_copy, []
        return found

    def newest_tick(self, partition: int) -> WrittenTick | None:
        """The tick of all farms with the highest time, where it was appended last."""
        ticks = [
            WrittenTick(event, appended_at)
            for event, appended_at in self.records.get(partition, [])
            if isinstance(event.payload, Tick) and event.farm_id is None
        ]
        return max(reversed(ticks), key=lambda tick: tick.event.timestamp, default=None)

    def append(self, records: Sequence[tuple[int, Event[Any]]]) -> list[datetime]:
        """Append at the time that Kafka's clock shows."""
        for partition, event in records:
            self.records.setdefault(partition, []).append((event, self.kafka_clock.now()))
        return [self.kafka_clock.now() for _ in records]

    def commit(self) -> None:
        """Count it."""
        self.commits += 1

    def ticks(self, partition: int) -> list[Event[Tick]]:
        """The different ticks of a partition, oldest first: repeats are harmless by contract."""
        seen = {event.event_id: event for event, _ in self.records.get(partition, [])}
        return [event for event in seen.values() if isinstance(event.payload, Tick)]


def always_heard(clock: FakeClock) -> Hearing:
    """The way in is open, whatever the test's clock says."""
    return Hearing(deaf_after_s=1e9, now=clock.now(), monotonic_s=0.0)


def a_clock(
    log: MemoryLog,
    clock: FakeClock,
    hearing: Hearing | None = None,
    standstill: Standstill | None = None,
    *,
    tick_every_s: float = 5.0,
    deaf_after_s: float = 60.0,
) -> HerdClock:
    """A member as production sets it up; without a standstill only its turns are signs of life."""
    return HerdClock(
        log,
        clock,
        hearing or always_heard(clock),
        standstill or Standstill(),
        writer="one",
        tick_every_s=tick_every_s,
        deaf_after_s=deaf_after_s,
        ahead_max_s=2.0,
    )
