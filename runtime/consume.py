"""The at-least-once loop: poll, decode, handle, commit last."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from contracts.clock import Clock
from contracts.dead_letter import Rejected
from contracts.envelope import Event
from contracts.serde import Serde, UnreadableRecordError
from contracts.topics import DEAD_LETTERS
from runtime.kafka import Outbox, dead_letter
from runtime.lifecycle import Running

log = structlog.get_logger()

# offsets that are gone, and a second holder of our place in the group: waiting heals neither
ENDS_THE_LOOP = {KafkaError._AUTO_OFFSET_RESET, KafkaError.FENCED_INSTANCE_ID}  # noqa: SLF001  its name

Handle = Callable[[list["Received"]], None]


@dataclass(frozen=True, slots=True)
class Received:
    """An event with its place in Kafka."""

    event: Event[Any]
    kafka_topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Limits:
    """records_max: the largest batch in flight; wait_s: how long an empty poll waits.

    gather_s: how long a batch that is not full waits for more; 0 where somebody waits for it.
    """

    records_max: int = 500
    wait_s: float = 0.1
    gather_s: float = 0.0


def poll_batch(
    consumer: Consumer, limits: Limits, *, at_end: Callable[[Message], None] = lambda _end: None
) -> list[Message]:
    """Records that are there now, at most records_max; waits wait_s only while there is none.

    at_end: told where a partition ends, by consumers that asked for it (enable.partition.eof).

    consume(n, t) waits the whole t for n records and would add t to every alert's delay; with
    gather_s that is wanted.
    """
    first = consumer.poll(limits.wait_s)
    if first is None:
        return []
    records: list[Message] = []
    for message in (first, *consumer.consume(limits.records_max - 1, limits.gather_s)):
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its name
            at_end(message)
        elif not _is_transient(error):
            records.append(message)
    return records


def _is_transient(error: KafkaError | None) -> bool:
    """Librdkafka reports lost brokers here and reconnects by itself; only fatal errors end us."""
    if error is None:
        return False
    if error.fatal() or error.code() in ENDS_THE_LOOP:
        raise KafkaException(error)
    log.warning("kafka_trouble", error=error.str())
    return True


def consume(  # noqa: PLR0913  the loop is wired from its six parts
    consumer: Consumer,
    handle: Handle,
    serde: Serde,
    letters: Outbox,
    clock: Clock,
    running: Running,
    *,
    service: str,
    limits: Limits | None = None,
) -> None:
    """Poll, decode, handle, commit: at least once, one bounded batch in flight, until stopped.

    A record that cannot be read goes to the dead letters and the rest moves on. Any other error
    ends the loop before the commit, and the batch is read again: `handle` must be idempotent.
    """
    limits = limits or Limits()
    try:
        while running.goes_on():
            batch = poll_batch(consumer, limits)
            if not batch:
                continue
            readable, unreadable = decode(batch, serde)
            if readable:
                handle(readable)
            for message, rejected in unreadable:
                bury(message, rejected, serde, letters, clock, service=service)
            letters.flush()
            # last: a crash above repeats work, it never loses any
            consumer.commit(offsets=next_offsets(batch), asynchronous=False)
            log.debug("batch_consumed", records=len(batch), rejected=len(unreadable))
    finally:
        consumer.close()


def decode(
    batch: list[Message], serde: Serde
) -> tuple[list[Received], list[tuple[Message, Rejected]]]:
    """The events of a batch in order, and the records that are none, each with its reason."""
    readable: list[Received] = []
    unreadable: list[tuple[Message, Rejected]] = []
    for message in batch:
        try:
            event = serde.decode(message.value() or b"")
        except UnreadableRecordError as error:
            unreadable.append((message, Rejected(error.reason, error.detail)))
        else:
            readable.append(Received(event, *place_of(message)))
    return readable, unreadable


def next_offsets(batch: list[Message]) -> list[TopicPartition]:
    """For each partition of a batch the offset after its last record: what to commit."""
    ends: dict[tuple[str, int], int] = {}
    for message in batch:
        topic, partition, offset = place_of(message)
        ends[topic, partition] = offset + 1
    return [TopicPartition(topic, partition, end) for (topic, partition), end in ends.items()]


def place_of(message: Message) -> tuple[str, int, int]:
    """Topic, partition and offset of a consumed record."""
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise ValueError("a consumed record always has a place")
    return topic, partition, offset


def bury(
    message: Message,
    rejected: Rejected,
    serde: Serde,
    letters: Outbox,
    clock: Clock,
    *,
    service: str,
) -> None:
    """Send a record that cannot be read to the dead letters, under the partition it came from."""
    topic, partition, offset = place_of(message)
    letter = dead_letter(
        rejected,
        message.value() or b"",
        origin=f"kafka:{topic}/{partition}/{offset}",
        service=service,
        farm_id=None,
        received_at=clock.now(),
    )
    letters.send(DEAD_LETTERS, partition, letter.aggregate_id, serde.encode(letter))
    log.warning("record_rejected", reason=rejected.reason, origin=letter.payload.origin)
