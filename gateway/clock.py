"""Herd-clock: ticks and context copies into the readings, for the partitions its group gave it.

Problem: a detector's timers and the register's events must stand in the one log that detections
are computed from, and a wrong clock there is worse than none: log time never goes back.

Approach: whoever owns partition p of `herd.animals.v1` writes into partition p of the readings, at
least once. Doubles are harmless by contract: log time is the maximum of ticks, a context record not
above the last applied source offset is skipped, deaf spans are united. So before each round the
newest known tick is written again: its LogAppendTime is Kafka's own time now, and if ours is ahead
of that, no tick is written and the process ends itself. (Where no partition of ours has a tick yet,
the first one has to be that look.) Deaf spans have two sources: that no tick came for long, by
Kafka's time, so that a demo's fast clock invents no silence; and that the way in is not open while
ticks go on (hearing.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from prometheus_client import Gauge

from contracts.clock import Clock
from contracts.envelope import Event
from contracts.ids import new_id
from contracts.messages import event_type_of
from contracts.tick import DeafSpan, Tick
from gateway.copies import ACTOR, RegisterEvent, copies_of
from gateway.hearing import Hearing, reaches
from gateway.standstill import Standstill

log = structlog.get_logger()

DEAF = Gauge("herd_clock_deaf", "1 while no probe of the way in is answered.")


class ClockAheadError(RuntimeError):
    """Our clock is ahead of Kafka's; a tick of ours would push log time into the future."""


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

    def __init__(  # noqa: PLR0913  its log, its clock, what it knows of itself, its limits
        self,
        kafka: ClockLog,
        clock: Clock,
        hearing: Hearing,
        standstill: Standstill,
        *,
        writer: str,
        tick_every_s: float,
        deaf_after_s: float,
        ahead_max_s: float,
    ) -> None:
        self._kafka = kafka
        self._clock = clock
        self._hearing = hearing
        self._standstill = standstill
        self._writer = writer
        self._tick_every_s = tick_every_s
        self._deaf_after = timedelta(seconds=deaf_after_s)
        self._ahead_max = timedelta(seconds=ahead_max_s)
        self._last: dict[int, WrittenTick | None] = {}
        self._tick_at_s = 0.0
        self._deaf = False
        self.ticking = False

    def turn(self, monotonic_s: float) -> None:
        """Copy what the register said, then tick if it is time; raises ClockAheadError."""
        copied = self._kafka.register_events()
        if copied:
            self._kafka.append(copies_of(copied, writer=self._writer))
            self._kafka.commit()
            log.info("context_copied", records=len(copied))
        owned = self._kafka.owned()
        self._stood_still(monotonic_s)
        if owned != self._last.keys():
            self._own(owned)
        if owned and monotonic_s >= self._tick_at_s:
            self._tick_at_s = monotonic_s + self._tick_every_s
            self._note_hearing(monotonic_s)
            self._tick_all(monotonic_s)
            self.ticking = True

    def _stood_still(self, monotonic_s: float) -> bool:
        """Whoever was stopped for a while heard nothing because of that: another may have.

        What it remembers would be told as an outage of the farm. So it looks into the log again,
        as a new owner does: where nobody else has ticked, the time without a tick is told there.
        A long turn is no standstill: while Kafka keeps us waiting the prober goes on, and what it
        knows then is of the farm's way in.
        """
        longest_s = self._standstill.longest_s(monotonic_s)
        if longest_s <= self._deaf_after.total_seconds():
            return False
        log.warning("stood_still", seconds=round(longest_s, 1))
        self._hearing.begin_anew(monotonic_s, self._clock.now())
        self._last = {}
        return True

    def _own(self, owned: frozenset[int]) -> None:
        log.info("partitions_owned", partitions=sorted(owned))
        self._last = {
            partition: self._last[partition]
            if partition in self._last
            else self._kafka.newest_tick(partition)
            for partition in owned
        }
        for last in self._last.values():
            if last and reaches(last.event.payload.deaf_spans, last.event.timestamp):
                self._hearing.inherit(last.event.timestamp)

    def _note_hearing(self, monotonic_s: float) -> None:
        deaf = self._hearing.is_deaf(monotonic_s)
        DEAF.set(deaf)
        if deaf != self._deaf:
            self._deaf = deaf
            log.warning("way_in_closed" if deaf else "way_in_open")

    def _tick_all(self, monotonic_s: float) -> None:
        partitions = sorted(self._last)
        known = next(((p, last) for p in partitions if (last := self._last[p]) is not None), None)
        if known is None:
            self._write(partitions[:1], None, monotonic_s)
            self._write(partitions[1:], None, monotonic_s)
            return
        partition, last = known
        now = self._clock.now()
        (kafka_now,) = self._kafka.append([(partition, last.event)])
        self._check(now, kafka_now)
        if self._stood_still(monotonic_s):  # within this turn: the next one looks first
            self._tick_at_s = monotonic_s
            return
        self._write(partitions, kafka_now, monotonic_s)

    def _write(
        self, partitions: Sequence[int], kafka_now: datetime | None, monotonic_s: float
    ) -> None:
        now = self._clock.now()
        deaf = {p: self._deaf_spans(p, now, kafka_now, monotonic_s) for p in partitions}
        ticks = [(p, self._tick(p, now, deaf[p])) for p in partitions]
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

    def _deaf_spans(
        self, partition: int, now: datetime, kafka_now: datetime | None, monotonic_s: float
    ) -> tuple[DeafSpan, ...]:
        last = self._last[partition]
        if last is None or kafka_now is None or now <= last.event.timestamp:
            return ()
        told_to = last.event.timestamp
        unheard = self._hearing.deaf_spans(told_to, monotonic_s, now)
        if kafka_now - last.appended_at <= self._deaf_after:
            return unheard
        log.warning("no_tick_for_long", partition=partition, since=told_to.isoformat())
        return (DeafSpan(began_at=told_to, ended_at=now), *unheard)

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
