"""All records of a topic up to now, as a test wants to see them.

The box's topics are shared by a whole run, and some tests put damaged bytes into them: whoever
reads a topic skips what is not readable, or fails for what another test did to its partition.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

from contracts.dead_letter import DeadLetter
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.serde import Serde, UnreadableRecordError
from contracts.topics import COLLARS, DEAD_LETTERS, PARTITIONS, KafkaTopic, partition_of_farm
from farmbox.box import Addresses
from runtime.kafka import new_consumer
from runtime.registry import RegistrySchemaIds

READ_MAX_S = 30.0


def events_of(box: Addresses, topic: KafkaTopic, farm_id: FarmId) -> list[Event[Any]]:
    """The readable committed events of a farm in a topic, in the order of its log."""
    partitions = None if topic is COLLARS else [partition_of_farm(farm_id)]
    found = events_in(box, topic, partitions)
    return [event for event in found if event.farm_id == farm_id]


def events_in(
    box: Addresses, topic: KafkaTopic, partitions: Iterable[int] | None = None
) -> Iterator[Event[Any]]:
    """The readable committed events of a topic, of some partitions if named, in partition order."""
    serde = Serde(RegistrySchemaIds(str(box.registry_url)))
    for value in values_in(box, topic, partitions):
        try:
            yield serde.decode(value)
        except UnreadableRecordError:
            continue


def letters_in(box: Addresses, partitions: Iterable[int] | None = None) -> list[DeadLetter]:
    """The dead letters themselves: what was decided about letters stands in their topic, too."""
    payloads = (event.payload for event in events_in(box, DEAD_LETTERS, partitions))
    return [payload for payload in payloads if isinstance(payload, DeadLetter)]


def values_in(
    box: Addresses, topic: KafkaTopic, partitions: Iterable[int] | None = None
) -> Iterator[bytes]:
    """The committed values of a topic from its beginning to its end as of now."""
    consumer: Consumer = new_consumer(
        box.kafka_bootstrap,
        "tests-read",  # never joined: partitions are assigned by hand
        **{"enable.partition.eof": True},
    )
    try:
        left = set(range(PARTITIONS) if partitions is None else partitions)
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
