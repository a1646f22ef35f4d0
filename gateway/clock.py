"""Herd-clock: ticks and context copies into the readings, for the partitions its group gave it.

Problem: a detector's timers and the register's events must stand in the one log that detections
are computed from, and a wrong clock there is worse than none: log time never goes back.

Approach: whoever owns partition p of `herd.animals.v1` writes into partition p of the readings, at
least once. Doubles are harmless by contract: log time is the maximum of ticks, a context record not
above the last applied source offset is skipped, deaf spans are united. So before each round the
newest known tick is written again: its LogAppendTime is Kafka's own time now, and if ours is ahead
of that, no tick is written and the process ends itself. (Where no partition of ours has a tick yet,
the first one has to be that probe.) How long nobody was heard is told in Kafka's time too, so that
a demo's fast clock invents no silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import structlog

from contracts.clock import Clock
from contracts.context import Context
from contracts.envelope import Event
from contracts.ids import derived_id, new_id
from contracts.messages import event_type_of
from contracts.tick import DeafSpan, Tick

log = structlog.get_logger()

ACTOR = "herd-clock"


class ClockAheadError(RuntimeError):
    """Our clock is ahead of Kafka's; a tick of ours would push log time into the future."""


@dataclass(frozen=True, slots=True)
class RegisterEvent:
    """One event of the register with its place."""

    partition: int
    offset: int
    event: Event[Any]


@dataclass(frozen=True, slots=True)
class WrittenTick:
    """A partition's tick, and when Kafka appended it, by Kafka's clock."""

    event: Event[Tick]
    appended_at: datetime


class ClockLog(Protocol):
    """Kafka as herd-clock needs it."""

    def owned(self) -> frozenset[int]:
        """The partitions that the group has given us, as of the last `register_events`."""
        ...

    def register_events(self) -> list[RegisterEvent]:
        """New events of the register; waits a little for one. Joins the group, too."""
        ...

    def newest_tick(self, partition: int) -> WrittenTick | None:
        """The last tick of all farms in a partition of the readings; None if there is none."""
        ...

    def append(self, records: Sequence[tuple[int, Event[Any]]]) -> list[datetime]:
        """Write (partition, event) into the readings; when Kafka appended each, in order."""
        ...

    def commit(self) -> None:
        """What `register_events` returned is copied."""
        ...


class HerdClock:
    """One member of the group; `turn` is one round of its loop."""

    def __init__(
        self,
        kafka: ClockLog,
        clock: Clock,
        *,
        writer: str,
        tick_every_s: float,
        deaf_after_s: float,
        ahead_max_s: float,
    ) -> None:
        self._kafka = kafka
        self._clock = clock
        self._writer = writer
        self._tick_every_s = tick_every_s
        self._deaf_after = timedelta(seconds=deaf_after_s)
        self._ahead_max = timedelta(seconds=ahead_max_s)
        self._last: dict[int, WrittenTick | None] = {}
        self._tick_at_s = 0.0
        self.ticking = False

    def turn(self, monotonic_s: float) -> None:
        """Copy what the register said, then tick if it is time; raises ClockAheadError."""
        copied = self._kafka.register_events()
        if copied:
            self._kafka.append([(one.partition, context_of(one)) for one in copied])
            self._kafka.commit()
            log.info("context_copied", records=len(copied))
        owned = self._kafka.owned()
        if owned != self._last.keys():
            self._own(owned)
        if owned and monotonic_s >= self._tick_at_s:
            self._tick_at_s = monotonic_s + self._tick_every_s
            self._tick_all()
            self.ticking = True

    def _own(self, owned: frozenset[int]) -> None:
        log.info("partitions_owned", partitions=sorted(owned))
        self._last = {
            partition: self._last[partition]
            if partition in self._last
            else self._kafka.newest_tick(partition)
            for partition in owned
        }

    def _tick_all(self) -> None:
        partitions = sorted(self._last)
        known = next(((p, last) for p in partitions if (last := self._last[p]) is not None), None)
        if known is None:
            self._write(partitions[:1], None)
            self._write(partitions[1:], None)
            return
        partition, last = known
        now = self._clock.now()
        (kafka_now,) = self._kafka.append([(partition, last.event)])
        self._check(now, kafka_now)
        self._write(partitions, kafka_now)

    def _write(self, partitions: Sequence[int], kafka_now: datetime | None) -> None:
        now = self._clock.now()
        ticks = [(p, self._tick(p, now, self._deaf_span(p, now, kafka_now))) for p in partitions]
        for (partition, event), appended_at in zip(ticks, self._kafka.append(ticks), strict=True):
            self._last[partition] = WrittenTick(event, appended_at)
            self._check(now, appended_at)

    def _check(self, now: datetime, kafka_now: datetime) -> None:
        ahead = now - kafka_now
        if ahead > self._ahead_max:
            raise ClockAheadError(
                f"our clock is {ahead.total_seconds():.1f} s ahead of Kafka's "
                f"(at most {self._ahead_max.total_seconds():g} s): no tick is written. "
                "Set the clocks of both machines by NTP"
            )

    def _deaf_span(
        self, partition: int, now: datetime, kafka_now: datetime | None
    ) -> tuple[DeafSpan, ...]:
        last = self._last[partition]
        if last is None or kafka_now is None or now <= last.event.timestamp:
            return ()
        if kafka_now - last.appended_at <= self._deaf_after:
            return ()
        log.warning("nobody_was_heard", partition=partition, since=last.event.timestamp.isoformat())
        return (DeafSpan(began_at=last.event.timestamp, ended_at=now),)

    def _tick(self, partition: int, now: datetime, deaf: tuple[DeafSpan, ...]) -> Event[Tick]:
        return Event(
            event_id=new_id(),
            event_type=event_type_of(Tick),
            timestamp=now,
            aggregate_id=f"partition:{partition}",
            actor=ACTOR,
            farm_id=None,
            payload=Tick(writer=self._writer, deaf_spans=deaf),
        )


def context_of(copied: RegisterEvent) -> Event[Context]:
    """The copy of one event of the register; copied twice, it is the same event."""
    source = copied.event
    return Event(
        event_id=derived_id("context", source.event_id),
        event_type=event_type_of(Context),
        timestamp=source.timestamp,
        aggregate_id=source.aggregate_id,
        actor=ACTOR,
        farm_id=source.farm_id,
        causation_id=source.event_id,
        payload=Context(
            source_offset=copied.offset,
            source_event_id=source.event_id,
            source_event_type=source.event_type,
            details_json=msgspec.json.encode(source.payload).decode(),
        ),
    )
