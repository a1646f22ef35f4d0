"""How far each consumer group is behind the end of what it reads."""

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka.admin import AdminClient

ASK_MAX_S = 5.0


def group_lags(bootstrap: str, groups: list[str]) -> dict[str, int | None]:
    """Records not yet committed by each group, over its partitions; None = it has no commits."""
    client = {"bootstrap.servers": bootstrap, "log_level": 0}
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
    return sum(max(0, end - place.offset) for end, place in zip(ends, committed, strict=True))
