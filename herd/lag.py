"""How far each consumer group is behind the end of what it reads."""

from confluent_kafka import (
    OFFSET_END,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from contracts.topics import DETECTIONS

ASK_MAX_S = 5.0
# a transaction ends with a mark that has an offset and is no record: nobody will ever commit it
MARKERS = {DETECTIONS.name: 1}


def group_lags(bootstrap: str, groups: list[str]) -> dict[str, int | None]:
    """Records not yet committed by each group, over its partitions; None = it has no commits."""
    client: dict[str, str | int | float | bool] = {"bootstrap.servers": bootstrap, "log_level": 0}
    admin = AdminClient(client)
    # of no group anybody uses: it only asks for ends
    reader = Consumer({**client, "group.id": "herd-status", "enable.auto.commit": False})
    try:
        return {group: _lag(admin, reader, group) for group in groups}
    finally:
        reader.close()


def _lag(admin: AdminClient, reader: Consumer, group: str) -> int | None:
    try:
        asked = admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=ASK_MAX_S
        )
        places = asked[group].result(ASK_MAX_S).topic_partitions or []
        committed = [place for place in places if place.offset >= 0]
        ends = [reader.get_watermark_offsets(place, timeout=ASK_MAX_S)[1] for place in committed]
    except (KafkaException, TimeoutError):
        return None
    if not committed:
        return None
    behind: list[int] = [
        max(0, end - place.offset - MARKERS.get(place.topic, 0))
        for end, place in zip(ends, committed, strict=True)
    ]
    return sum(behind)


class Tail:
    """Counts the committed records that a topic gets from now on; belongs to no group."""

    def __init__(self, bootstrap: str, kafka_topic: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "herd-tail",  # never joined: partitions are assigned by hand
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )
        known = self._consumer.list_topics(kafka_topic, timeout=ASK_MAX_S).topics[kafka_topic]
        self._consumer.assign(
            [TopicPartition(kafka_topic, partition, OFFSET_END) for partition in known.partitions]
        )
        self.count = 0

    def look(self) -> int:
        """How many came since the beginning; returns at once."""
        batch = self._consumer.consume(1000, 0.0)
        self.count += sum(message.error() is None for message in batch)
        return self.count

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()
