"""The registry's log: one compacted Kafka topic of one partition, written by one registry alone.

Problem: two registries that both believe to be the only one would give one id to two schemas; so
would one whose last write reaches Kafka after its successor has read the log. Approach: each write
is a transaction under one transactional id. Opening takes that id over, which ends whatever the
one before left and refuses its later writes; only then is the log read. Rejected: a lock file,
which does not hold back a record already on its way.
"""

import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, if not in its types
    AdminClient,
    ConfigResource,
)
from confluent_kafka.cimpl import NewTopic

from farmbox.schema_registry_core import Record
from farmbox.schema_registry_errors import CorruptLogError, LogLostError

KAFKA_WAIT_MAX_S = 60.0  # Kafka is started beside us
PAUSE_S = 0.2
REQUEST_MAX_S = 5.0
WRITE_MAX_S = 20.0  # long enough for a broker that is started again
TRANSACTION_MAX_MS = 30_000


class KafkaLog:
    """The topic as a list of records that only we append to."""

    def __init__(self, bootstrap: str, topic: str, replication: int) -> None:
        self._topic = topic
        self._replication = replication
        shared: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "socket.nagle.disable": True,
            "reconnect.backoff.ms": 250,
            "reconnect.backoff.max.ms": 1000,
        }
        self._admin = AdminClient(shared)
        self._producer = Producer(
            {
                **shared,
                "transactional.id": f"schema-registry:{topic}",
                "transaction.timeout.ms": TRANSACTION_MAX_MS,
                "delivery.timeout.ms": TRANSACTION_MAX_MS,
                "linger.ms": 0,
            }
        )
        self._consumer = Consumer(
            {
                **shared,
                "group.id": f"schema-registry:{topic}",  # required by the client; never joined
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 20,
            }
        )

    def open(self) -> list[Record]:
        """Wait for Kafka, make the topic, take over, and return the whole log.

        Raises LogLostError, or CorruptLogError for a topic that would lose or reorder ids.
        """
        deadline = time.monotonic() + KAFKA_WAIT_MAX_S
        for step in (self._need_brokers, self._ensure_topic, self._check_topic, self._take_over):
            self._until_done(step, deadline)
        self._consumer.assign([TopicPartition(self._topic, 0, 0)])
        return self._read(None, KAFKA_WAIT_MAX_S)

    def append(self, record: Record) -> list[Record]:
        """Write a record and return all that came back up to it, it as the last.

        Raises LogLostError: whether it was written is then unknown, and only reading the log anew
        in a new process tells.
        """
        offsets: list[int] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:  # else asking for the offset raises, within librdkafka's callback
                offsets.append(message.offset() or 0)

        try:
            self._producer.begin_transaction()
            self._producer.produce(
                self._topic, record.value, record.key, partition=0, on_delivery=delivered
            )
            self._producer.flush(WRITE_MAX_S)  # committing alone does not serve `delivered`
            self._producer.commit_transaction(WRITE_MAX_S)
        except KafkaException as error:
            raise LogLostError(
                f"Kafka did not confirm the write to {self._topic}: {error}. The registry starts "
                "anew; try again."
            ) from error
        if not offsets:
            raise LogLostError(f"Kafka confirmed a write to {self._topic} without its place.")
        return self._read(offsets[-1], WRITE_MAX_S)

    def _until_done(self, step: Callable[[], None], deadline_s: float) -> None:
        """Kafka may be starting, or know a new topic on one connection and not yet on another."""
        while True:
            try:
                return step()
            except KafkaException as error:
                if time.monotonic() > deadline_s:
                    raise LogLostError(
                        f"Kafka did not let us open {self._topic} within {KAFKA_WAIT_MAX_S:.0f} s: "
                        f"{error}. See its log."
                    ) from error
                time.sleep(PAUSE_S)

    def _need_brokers(self) -> None:
        """All of them, or the topic could not have its copies."""
        known = len(self._admin.list_topics(timeout=REQUEST_MAX_S).brokers)
        if known < self._replication:
            raise KafkaException(KafkaError(KafkaError.BROKER_NOT_AVAILABLE))

    def _ensure_topic(self) -> None:
        copies = self._replication
        settings = {"cleanup.policy": "compact", "min.insync.replicas": str(max(1, copies - 1))}
        new = NewTopic(self._topic, num_partitions=1, replication_factor=copies, config=settings)
        try:
            self._admin.create_topics([new])[self._topic].result(REQUEST_MAX_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise

    def _check_topic(self) -> None:
        resource = ConfigResource(ConfigResource.Type.TOPIC, self._topic)
        described = self._admin.describe_configs([resource])[resource].result(REQUEST_MAX_S)
        policy = described["cleanup.policy"].value
        known = self._admin.list_topics(self._topic, REQUEST_MAX_S).topics[self._topic]
        if known.error is not None:
            raise KafkaException(known.error)
        if policy != "compact" or len(known.partitions) != 1:
            raise CorruptLogError(
                f"Topic {self._topic} has cleanup.policy={policy} and {len(known.partitions)} "
                "partitions; with anything but `compact` and 1, schema ids would be lost. It is "
                "not our topic: name another one with --topic."
            )

    def _take_over(self) -> None:
        self._producer.init_transactions(REQUEST_MAX_S)

    def _read(self, until_offset: int | None, within_s: float) -> list[Record]:
        """Records from where we are up to an offset; None = up to the present end."""
        found: list[Record] = []
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            message = self._consumer.poll(PAUSE_S)
            if message is None:
                continue
            error = message.error()
            if error is None:
                found.append(_record_of(message))
                if until_offset is not None and (message.offset() or 0) >= until_offset:
                    return found
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (the client's name)
                if until_offset is None:
                    return found
            elif not error.retriable() and error.code() != KafkaError._TRANSPORT:  # noqa: SLF001
                raise LogLostError(f"Kafka did not let us read {self._topic}: {error.str()}")
        raise LogLostError(f"{self._topic} was not read to its end within {within_s:.0f} s.")


def _record_of(message: Message) -> Record:
    key, value = message.key(), message.value()
    if key is None:
        raise CorruptLogError(f"the record at offset {message.offset()} has no key")
    return Record(_text(key), None if value is None else _text(value))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", errors="replace")
