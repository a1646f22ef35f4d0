"""Kafka as herd-clock needs it: the register's events in, ticks and context out."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from confluent_kafka import Consumer, Message, TopicPartition

from contracts.clock import SystemClock
from contracts.envelope import Event
from contracts.serde import Serde
from contracts.tick import Tick
from contracts.topics import ANIMALS, READINGS
from gateway.clock import WrittenTick
from gateway.copies import RegisterEvent
from runtime.consume import Limits, bury, decode, next_offsets, place_of, poll_batch
from runtime.kafka import Outbox, new_consumer, new_producer

log = structlog.get_logger()

GROUP = "herd-clock"
SERVICE = "herd-clock"
POLL_WAIT_S = 0.2
BATCH_MAX = 500
ASK_MAX_S = 10.0
# A tick stands among as many readings as a partition gets in 5 s; further back only after an
# outage of ours. Each look reads what the one before has not.
LOOK_BACK_RECORDS = (500, 5_000, 50_000, 200_000)
LOOK_BACK_MAX_S = 20.0


class KafkaClockLog:
    """The ClockLog over one consumer and one producer. For one thread.

    progress: told while Kafka keeps us waiting, and while the log is looked back into.
    """

    def __init__(
        self,
        bootstrap: str,
        serde: Serde,
        *,
        instance: str,
        group: str = GROUP,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._bootstrap = bootstrap
        self._serde = serde
        self._progress = progress
        self._outbox = Outbox(new_producer(bootstrap), progress)
        self._owned: frozenset[int] = frozenset()
        self._batch: list[Message] = []
        # a fixed member: killed and started again it has its partitions back at once
        self._consumer = new_consumer(bootstrap, group, **{"group.instance.id": instance})
        self._consumer.subscribe(
            [ANIMALS.name], on_assign=self._gained, on_revoke=self._lost, on_lost=self._lost
        )

    def owned(self) -> frozenset[int]:
        """The partitions that the group has given us."""
        return self._owned

    def register_events(self) -> list[RegisterEvent]:
        """New events of the register; what cannot be read goes to the dead letters."""
        limits = Limits(records_max=BATCH_MAX, wait_s=POLL_WAIT_S)
        self._batch = poll_batch(self._consumer, limits)
        readable, unreadable = decode(self._batch, self._serde)
        for message, rejected in unreadable:
            bury(message, rejected, self._serde, self._outbox, SystemClock(), service=SERVICE)
        if self._batch and not readable:
            self._outbox.flush()
            self.commit()
        return [RegisterEvent(one.partition, one.offset, one.event) for one in readable]

    def append(self, records: Sequence[tuple[int, Event[Any]]]) -> list[datetime]:
        """Write into the readings and wait; when Kafka appended each, in order."""
        appended: dict[int, datetime] = {}

        def note(number: int) -> Callable[[Message], None]:
            def noted(message: Message) -> None:
                appended[number] = _appended_at(message)

            return noted

        for number, (partition, event) in enumerate(records):
            value = self._serde.encode(event)
            self._outbox.send(READINGS, partition, event.aggregate_id, value, note(number))
        self._outbox.flush()
        return [appended[number] for number in range(len(records))]

    def commit(self) -> None:
        """The last batch is copied."""
        self._consumer.commit(offsets=next_offsets(self._batch), asynchronous=False)

    def newest_tick(self, partition: int) -> WrittenTick | None:
        """The last tick of all farms in a partition of the readings, looked for from its end."""
        reader = new_consumer(self._bootstrap, f"{GROUP}-look-back")
        try:
            place = TopicPartition(READINGS.name, partition)
            low, high = reader.get_watermark_offsets(place, timeout=ASK_MAX_S)
            end = high
            for records in LOOK_BACK_RECORDS:
                begin = max(low, high - records)
                found = self._last_tick(reader, partition, begin, end)
                if found is not None or begin == low:
                    return found
                end = begin
            log.warning("no_tick_found", partition=partition, looked_back=LOOK_BACK_RECORDS[-1])
            return None
        finally:
            reader.close()

    def close(self) -> None:
        """Leave the group and Kafka."""
        # A static member with callbacks that was not polled since it began to join never returns
        # from close(), and holds the interpreter's lock meanwhile (confluent-kafka 2.16: 3 of 3
        # runs of 10 closes; with this 0 of 3). So the join is ended first, and told to us.
        self._consumer.unsubscribe()
        self._consumer.poll(POLL_WAIT_S)
        self._consumer.close()

    def _last_tick(
        self, reader: Consumer, partition: int, begin: int, end: int
    ) -> WrittenTick | None:
        found: WrittenTick | None = None
        if begin >= end:
            return None
        reader.assign([TopicPartition(READINGS.name, partition, begin)])
        deadline = time.monotonic() + LOOK_BACK_MAX_S
        while time.monotonic() < deadline:
            self._progress()
            for message in poll_batch(reader, Limits(wait_s=0.1)):
                tick = self._tick_in(message) if place_of(message)[2] < end else None
                # each writer repeats its own last tick to learn Kafka's time: not a newer one
                if tick and (found is None or tick.event.timestamp >= found.event.timestamp):
                    found = tick
            (position,) = reader.position([TopicPartition(READINGS.name, partition)])
            if position.offset >= end:
                break
        return found

    def _tick_in(self, message: Message) -> WrittenTick | None:
        key: Any = message.key()
        if not (key or b"").startswith(b"partition:"):
            return None  # readings are by far the most: told by their key, undecoded
        readable, _ = decode([message], self._serde)
        # a farm that imports its past has ticks of its own, which say nothing of the others
        ticks = [
            one.event
            for one in readable
            if isinstance(one.event.payload, Tick) and one.event.farm_id is None
        ]
        return WrittenTick(ticks[0], _appended_at(message)) if ticks else None

    def _gained(self, _consumer: Consumer, places: list[TopicPartition]) -> None:
        self._owned |= {place.partition for place in places}

    def _lost(self, _consumer: Consumer, places: list[TopicPartition]) -> None:
        self._owned -= {place.partition for place in places}


def _appended_at(message: Message) -> datetime:
    """Kafka's own time of a record: the topic's timestamps are LogAppendTime."""
    _, milliseconds = message.timestamp()
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
