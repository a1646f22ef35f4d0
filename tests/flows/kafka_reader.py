"""All records of a topic up to now, as a test wants to see them."""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, TopicPartition

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
            batch = consumer.consume(5000, READ_MAX_S if len(left) == len(known.partitions) else 5)
            assert batch, f"{topic.name} could not be read to its end: {left} left"
            for message in batch:
                if message.error() is not None:
                    left.discard(message.partition() or 0)
                else:
                    yield message.value() or b""
    finally:
        consumer.close()
