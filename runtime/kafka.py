"""Kafka clients as every service of ours sets them up, topics, and dead letters.

Callbacks of librdkafka only note what happened and never raise: an exception there surfaces as a
SystemError somewhere else.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts import topics
from contracts.dead_letter import DeadLetter, Rejected
from contracts.envelope import Event
from contracts.ids import FarmId, derived_id, new_id
from contracts.messages import event_type_of
from contracts.serde import Serde
from contracts.topics import KafkaTopic
from runtime import metrics, security

DELIVERY_MAX_MS = 120_000  # librdkafka retries this long; then the loop fails and is started again
FLUSH_TURN_S = 1.0
# of what a letter keeps: with its envelope it must stay under librdkafka's limit of a message, or
# a record that is too large could not even be buried
LETTER_RAW_BYTES_MAX = 768 * 1024
SESSION_MAX_MS = 10_000  # a killed member's partitions move after this


class DeliveryFailedError(RuntimeError):
    """Kafka did not confirm a record within DELIVERY_MAX_MS."""


def new_producer(bootstrap: str, *, linger_ms: float = 2.0, **more: Any) -> Producer:  # noqa: ANN401
    """An idempotent producer: acks from all in-sync replicas, no reordering, no doubles of its own.

    linger_ms: how long a record waits for company; a farm's alert waits at most this.
    """
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": linger_ms,
            "delivery.timeout.ms": DELIVERY_MAX_MS,
            "queue.buffering.max.messages": 100_000,
            "queue.buffering.max.kbytes": 64 * 1024,
            "socket.nagle.disable": True,
            "reconnect.backoff.max.ms": 1000,
            **security.kafka(),
            **more,
        }
    )


def new_consumer(bootstrap: str, group: str, **more: Any) -> Consumer:  # noqa: ANN401
    """A consumer that reads committed records only and commits nothing by itself.

    A group without commits starts at the beginning: nothing of a log may be skipped.
    """
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            # the default of 1 s makes every consumer idle while its own queue is full
            "fetch.queue.backoff.ms": 5,
            "fetch.wait.max.ms": 100,
            "queued.max.messages.kbytes": 32 * 1024,
            "session.timeout.ms": SESSION_MAX_MS,
            "heartbeat.interval.ms": 2000,
            "socket.nagle.disable": True,
            "reconnect.backoff.max.ms": 1000,
            # cooperative-sticky left partitions with nobody when a static member came back
            # between its two rounds
            "partition.assignment.strategy": "range",
            **security.kafka(),
            **metrics.consumer_lag(group),
            **more,
        }
    )


def ensure_topics(
    bootstrap: str,
    *,
    replication: int = 1,
    within_s: float = 30.0,
    identity: Mapping[str, str] | None = None,
) -> None:
    """Create the topics that are missing; those that exist keep what they are.

    identity: who does it, in librdkafka's words; None = as the rest of this process.
    """
    who = security.kafka() if identity is None else identity
    admin = AdminClient({"bootstrap.servers": bootstrap, **who})
    known = admin.list_topics(timeout=within_s).topics
    missing = [topic for topic in topics.ALL if topic.name not in known]
    if not missing:
        return
    made = admin.create_topics([_new_topic(topic, replication) for topic in missing])
    for future in made.values():
        try:
            future.result(timeout=within_s)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    _wait_until_led(admin, [topic.name for topic in missing], within_s)


def _wait_until_led(admin: AdminClient, names: list[str], within_s: float) -> None:
    """A topic just made has no leaders yet: whoever asks for offsets now would be refused."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        known = admin.list_topics(timeout=within_s).topics
        partitions = [p for name in names if name in known for p in known[name].partitions.values()]
        if len({name for name in names if name in known}) == len(names) and all(
            partition.leader >= 0 for partition in partitions
        ):
            return
        time.sleep(0.05)
    raise DeliveryFailedError(f"no leader for the new topics {names} within {within_s} s")


def _new_topic(topic: KafkaTopic, replication: int) -> NewTopic:
    day_ms = 24 * 3600 * 1000
    config = {
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(topic.retention_days * day_ms if topic.retention_days else -1),
        "min.insync.replicas": "2" if replication >= 3 else "1",  # noqa: PLR2004  one may be away
    }
    if topic.compacted:
        # the segment being written is never compacted: keep it small
        config |= {
            "cleanup.policy": "compact",
            "min.cleanable.dirty.ratio": "0.1",
            "segment.bytes": str(16 * 1024 * 1024),
            "segment.ms": str(10 * 60 * 1000),
        }
    return NewTopic(topic.name, topics.PARTITIONS, replication, config=config)


class Delivered:
    """Counts records that belong together; what runs when the last of them is confirmed.

    One for an upload instead of a function for each record: a gateway makes them by the thousand.
    """

    __slots__ = ("_left", "_outbox", "_then")

    def __init__(self, outbox: "Outbox", records: int, then: Callable[[], None]) -> None:
        self._outbox = outbox
        self._left = records
        self._then = then

    def __call__(self, error: KafkaError | None, _message: Message) -> None:
        """The report of one record; a failed one is never the last of its company."""
        if error is not None:
            self._outbox.reported(error)
            return
        self._outbox.in_flight -= 1
        self._left -= 1
        if self._left == 0:
            self._then()


Record = tuple[int, bytes, bytes, Delivered]  # partition, key, value, whom to report to


class Outbox:
    """Records on their way to Kafka, counted until each is confirmed. For one thread.

    What is acknowledged elsewhere is acknowledged after `flush`, or in a record's `then`.
    progress: told every second of a long flush, and while its queue is full, so that waiting for
    Kafka is not taken for a stall.
    """

    def __init__(self, producer: Producer, progress: Callable[[], None] | None = None) -> None:
        self._producer = producer
        self._progress = progress or (lambda: None)
        self._failed: KafkaError | None = None
        self.in_flight = 0

    def send(
        self,
        topic: KafkaTopic,
        partition: int,
        key: str,
        value: bytes | None,
        then: Callable[[Message], None] | None = None,
    ) -> None:
        """Hand a record over; `then(message)` runs in `poll` once it is confirmed."""

        def delivered(error: KafkaError | None, message: Message) -> None:
            self.reported(error)
            if error is None and then is not None:
                then(message)

        self._produce(topic.name, value, key, partition, delivered)

    def together(self, records: int, then: Callable[[], None]) -> Delivered:
        """For `send_all`: runs `then` in `poll` once so many records are confirmed."""
        return Delivered(self, records, then)

    def send_all(self, topic: KafkaTopic, records: Sequence[Record]) -> None:
        """Hand many records over, in their order."""
        name = topic.name
        for partition, key, value, delivered in records:
            self._produce(name, value, key, partition, delivered)

    def reported(self, error: KafkaError | None) -> None:
        """One record less is under way; the first error is kept for `poll` to raise."""
        self.in_flight -= 1
        if error is not None:
            self._failed = self._failed or error

    def _produce(
        self,
        name: str,
        value: bytes | None,
        key: str | bytes,
        partition: int,
        delivered: Callable[[KafkaError | None, Message], None],
    ) -> None:
        while True:
            try:
                self._producer.produce(name, value, key, partition, delivered)
            except BufferError:
                self.poll(0.05)  # the queue is full: wait for confirmations, drop nothing
                self._progress()
            else:
                self.in_flight += 1
                return

    def poll(self, seconds: float = 0.0) -> None:
        """Serve confirmations; raises DeliveryFailedError if a record was given up."""
        self._producer.poll(seconds)
        if self._failed is not None:
            raise DeliveryFailedError(f"Kafka did not take a record: {self._failed.str()}")

    def flush(self, within_s: float = DELIVERY_MAX_MS / 1000) -> None:
        """Wait until everything handed over is confirmed; raises DeliveryFailedError."""
        until_s = time.monotonic() + within_s
        left = self._producer.flush(min(within_s, FLUSH_TURN_S))
        while left and self._failed is None and time.monotonic() < until_s:
            self._progress()
            left = self._producer.flush(FLUSH_TURN_S)
        self.poll()
        if left:
            raise DeliveryFailedError(f"{left} records not confirmed within {within_s} s")


def dead_letter(  # noqa: PLR0913  a letter tells that much
    rejected: Rejected,
    raw: bytes,
    *,
    origin: str,
    service: str,
    farm_id: FarmId | None,
    received_at: datetime,
    tries: int = 1,
    collar_id: str | None = None,
) -> Event[DeadLetter]:
    """The letter for one bad message, ready to be sent; collar_id: whose it was, None = not known.

    What came from Kafka is buried again after a crash before the commit: it is the same letter.
    It keeps the first LETTER_RAW_BYTES_MAX of the bytes, and says so.
    """
    cut = len(raw) - LETTER_RAW_BYTES_MAX
    note = f" (the last {cut} of {len(raw)} bytes are not kept)" if cut > 0 else ""
    payload = DeadLetter(
        reason=rejected.reason,
        detail=rejected.detail[:1000] + note,
        origin=origin,
        service=service,
        received_at=received_at,
        tries=tries,
        raw=raw[:LETTER_RAW_BYTES_MAX],
        collar_id=collar_id,
    )
    again = (service, origin, rejected.reason)
    letter_id = derived_id("letter", *again) if origin.startswith("kafka:") else new_id()
    return Event(
        event_id=letter_id,
        event_type=event_type_of(DeadLetter),
        timestamp=received_at,
        aggregate_id=letter_id,
        actor=service,
        farm_id=farm_id,
        payload=payload,
    )


def send_event(
    outbox: Outbox,
    serde: Serde,
    topic: KafkaTopic,
    event: Event[Any],
    then: Callable[[Message], None] | None = None,
) -> None:
    """Send an event under its subject's key into its farm's partition (0 where it has no farm)."""
    partition = topics.partition_of_farm(event.farm_id) if event.farm_id else 0
    outbox.send(topic, partition, event.aggregate_id, serde.encode(event), then)
