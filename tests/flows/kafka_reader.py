"""All records of a topic up to now, as a test wants to see them."""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.serde import Serde, UnreadableRecordError
from contracts.topics import KafkaTopic
from runtime.registry import RegistrySchemaIds

READ_MAX_S = 30.0


def events_of(
    bootstrap: str, registry_url: str, topic: KafkaTopic, farm_id: FarmId | None = None
) -> Iterator[Event[Any]]:
    """The readable committed events of a topic, of one farm if named, in partition order."""
    serde = Serde(RegistrySchemaIds(registry_url))
    for value in values_of(bootstrap, topic):
        try:
            event = serde.decode(value)
        except UnreadableRecordError:
            continue
        if farm_id is None or event.farm_id == farm_id:
            yield event


def values_of(bootstrap: str, topic: KafkaTopic) -> Iterator[bytes]:
    """The committed values of a topic from its beginning to its end as of now."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "tests-read",  # never joined: partitions are assigned by hand
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    try:
        known = consumer.list_topics(topic.name, timeout=READ_MAX_S).topics[topic.name]
        left = set(known.partitions)
        consumer.assign([TopicPartition(topic.name, partition, 0) for partition in left])
        while left:
            # one at a time: consume(n, t) waits the whole t unless there are n
            message = consumer.poll(READ_MAX_S)
            assert message is not None, f"{topic.name} could not be read to its end: {left} left"
            error = message.error()
            if error is None:
                yield message.value() or b""
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition())
    finally:
        consumer.close()
