"""The at-least-once loop: poll, decode, handle, commit last."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from contracts.clock import Clock
from contracts.dead_letter import Reason, Rejected
from contracts.serde import HEADER, Serde, UnreadableRecordError
from contracts.topics import DEAD_LETTERS
from runtime.kafka import Outbox, dead_letter
from runtime.lifecycle import Running
from runtime.retry import pause_s
from runtime.tries import TRIES_MAX, Received, StoppedError, Tries

log = structlog.get_logger()

# offsets that are gone, and a second holder of our place in the group, of which the client says no
# more than that it is fatal: waiting heals neither
ENDS_THE_LOOP = {
    KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001  their names
    KafkaError._FATAL,  # noqa: SLF001
    KafkaError.FENCED_INSTANCE_ID,
}

Handle = Callable[[list[Received]], None]
COMMIT_AGAIN = {
    KafkaError._TRANSPORT,  # noqa: SLF001  their names
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError._WAIT_COORD,  # noqa: SLF001
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.REBALANCE_IN_PROGRESS,
}
# the partitions are another's by now, who handles the batch again
COMMIT_TOO_LATE = {
    KafkaError._ASSIGNMENT_LOST,  # noqa: SLF001  its name; a coordinator that was away for long
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
}
REST_TURN_S = 0.2  # how late a stop is noticed, and how long the watchdog hears nothing
# a batch is ten thousand objects that all live until it is done: Python's own 700 looks through
# them again and again for cycles that are not there, a third of what fetching costs
COLLECT_AFTER_OBJECTS = 200_000
STRANGERS_MAX = 1_000  # schema ids that the registry did not know; remembered, so waited for once


@dataclass(frozen=True, slots=True)
class Limits:
    """records_max: the largest batch in flight; wait_s: how long an empty poll waits.

    gather_s: how long a batch that is not full waits for more; 0 where somebody waits for it.
    tries_max: how often a record is handled before it becomes a dead letter.
    """

    records_max: int = 500
    wait_s: float = 0.1
    gather_s: float = 0.0
    tries_max: int = TRIES_MAX


def collect_seldom() -> None:
    """For a process that reads large batches, once it is wired: look for cycles seldom."""
    gc.freeze()  # what is there now stays
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 10, 10)


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
    found = [first, *consumer.consume(limits.records_max - 1, limits.gather_s)]
    # nearly never is there an error, and a loop would cost more than fetching the records does
    if not any([message.error() is not None for message in found]):  # noqa: C419  twice as fast
        return found
    records: list[Message] = []
    for message in found:
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

    A record that cannot be read goes to the dead letters at once, one that cannot be handled after
    `tries_max` tries, and the rest moves on; what is away is waited for (runtime/tries.py). Only an
    error of our own ends the loop before the commit, and the batch is read again. So `handle` must
    be idempotent, and may be given any part of a batch.
    """
    limits = limits or Limits()
    bury_one = _Burying(serde, letters, clock, service)
    tries = Tries(
        handle,
        bury_one.unhandled,
        lambda seconds: rest(consumer, running, seconds),
        tries_max=limits.tries_max,
        beat=running.beat,
    )
    strangers: dict[int, None] = {}  # oldest first
    try:
        while running.goes_on():
            batch = poll_batch(consumer, limits)
            if not batch:
                continue
            readable, unreadable = _decode_known(batch, serde, tries, strangers, limits)
            if readable:
                tries.take(readable)
            for message, rejected in unreadable:
                bury_one.unreadable(message, rejected)
            flush(letters, running)
            # last: a crash above repeats work, it never loses any
            _commit(consumer, batch, tries)
            log.debug("batch_consumed", records=len(batch), rejected=len(unreadable))
    except StoppedError:
        log.info("stopped_while_waiting", service=service)
    finally:
        consumer.close()


def rest(consumer: Consumer, running: Running, seconds: float) -> None:
    """Wait without leaving the group: its partitions are paused, and polled for its sake.

    Raises StoppedError if the process is to stop.
    """
    until_s = time.monotonic() + seconds
    while True:
        if not running.goes_on():
            raise StoppedError
        consumer.pause(consumer.assignment())
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            break
        message = consumer.poll(min(left_s, REST_TURN_S))
        if message is not None and not _is_transient(message.error()):
            # of a partition that came to us while we rest: it is read again afterwards
            consumer.seek(TopicPartition(*place_of(message)))
    consumer.resume(consumer.assignment())


def flush(outbox: Outbox, running: Running) -> None:
    """Wait until Kafka has confirmed everything, and tell the watchdog that this is progress.

    Raises DeliveryFailedError if Kafka gave a record up, which it does within two minutes.
    """
    while outbox.in_flight:
        outbox.poll(REST_TURN_S)
        running.beat()


def _decode_known(
    batch: list[Message], serde: Serde, tries: Tries, strangers: dict[int, None], limits: Limits
) -> tuple[list[Received], list[tuple[Message, Rejected]]]:
    """The batch decoded; a schema that is new to us is waited for, it may be on its way."""
    for failed in range(1, limits.tries_max + 1):
        readable, unreadable = tries.awaited(lambda: decode(batch, serde))
        new = {
            HEADER.unpack_from(message.value() or b"")[1]
            for message, rejected in unreadable
            if rejected.reason is Reason.UNKNOWN_SCHEMA
        } - strangers.keys()
        if not new or failed == limits.tries_max:
            break
        log.warning("unknown_schema", schema_ids=sorted(new), tries=failed)
        tries.rest(pause_s(failed))
    strangers.update(dict.fromkeys(sorted(new)))
    for oldest in list(strangers)[: max(0, len(strangers) - STRANGERS_MAX)]:
        del strangers[oldest]
    return readable, unreadable


def _commit(consumer: Consumer, batch: list[Message], tries: Tries) -> None:
    """Say that the batch is done, as soon as the group can be told; of what is still ours."""
    failed = 0
    while True:
        ours = {(place.topic, place.partition) for place in consumer.assignment()}
        done = [end for end in next_offsets(batch) if (end.topic, end.partition) in ours]
        try:
            if done:
                consumer.commit(offsets=done, asynchronous=False)
        except KafkaException as error:
            code = error.args[0].code()
            if code in COMMIT_TOO_LATE:
                log.warning("commit_came_too_late", error=str(error))
                return
            if code not in COMMIT_AGAIN:
                raise
            failed += 1
            log.warning("commit_waits", failed=failed, error=str(error))
            tries.rest(pause_s(failed))
        else:
            return


class _Burying:
    """The dead letters of one consumer."""

    def __init__(self, serde: Serde, letters: Outbox, clock: Clock, service: str) -> None:
        self._serde = serde
        self._letters = letters
        self._clock = clock
        self._service = service

    def unreadable(self, message: Message, rejected: Rejected) -> None:
        """At once: no second try can make it readable."""
        bury(message, rejected, self._serde, self._letters, self._clock, service=self._service)

    def unhandled(self, received: Received, rejected: Rejected, tries: int) -> None:
        """After its last try."""
        payload = received.event.payload
        letter = dead_letter(
            rejected,
            self._serde.encode(received.event),
            origin=f"kafka:{received.kafka_topic}/{received.partition}/{received.offset}",
            service=self._service,
            farm_id=received.event.farm_id,
            received_at=self._clock.now(),
            tries=tries,
            collar_id=getattr(payload, "collar_id", None),
        )
        value = self._serde.encode(letter)
        self._letters.send(DEAD_LETTERS, received.partition, letter.aggregate_id, value)
        log.error("record_given_up", tries=tries, origin=letter.payload.origin)


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
