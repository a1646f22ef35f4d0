"""Kafka topics read from the offsets that a read model itself keeps.

Partitions are assigned by hand and nothing is committed to Kafka: its group offsets would
outlive the data they speak of (read_models/base.py).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from contracts.clock import Clock
from contracts.topics import KafkaTopic
from read_models.base import Offsets, Place
from runtime.consume import Limits, place_of, poll_batch
from runtime.kafka import new_consumer
from runtime.retry import retried

# for the broker's quotas and logs, and each model's lag; nothing is committed under it
GROUP = "herd-read-models"
ASK_MAX_S = 5.0
RETRY_MAX_S = 20.0  # a broker that restarts is back by then, and we are not taken for stuck
HEARD_MAX_S = 0.5  # a broker that takes longer is not there


class KafkaLog:
    """The part of LogReader (read_models/base.py) that asks nothing of the records. One thread.

    model: whose log it is. clock: real time, as Kafka's own times of the records are.
    """

    def __init__(
        self,
        bootstrap: str,
        model: str,
        topics: Sequence[KafkaTopic],
        clock: Clock,
        limits: Limits,
        **more: Any,  # noqa: ANN401  librdkafka's settings
    ) -> None:
        self._consumer: Consumer = new_consumer(
            bootstrap, f"{GROUP}-{model}", **{"enable.partition.eof": True, **more}
        )
        self._read_to: dict[Place, int] = {}  # where a place was read to its end, and found none
        self._topics = topics
        self._clock = clock
        self._limits = limits

    def read_from(self, offsets: Offsets) -> None:
        """Go on at these offsets; a place that is not named starts at its beginning."""
        self._read_to.clear()
        self._consumer.assign(
            [TopicPartition(*place, offsets.get(place, 0)) for place in self._places()]
        )

    def batch(self) -> dict[Place, list[Message]]:
        """The next records by place; waits a moment only while there is none."""
        by_place: dict[Place, list[Message]] = {}
        for message in poll_batch(self._consumer, self._limits, at_end=self._note_end):
            kafka_topic, partition, _ = place_of(message)
            by_place.setdefault(Place(kafka_topic, partition), []).append(message)
        return by_place

    def ends(self) -> Offsets:
        """For each place the offset after its newest record; raises KafkaException."""
        return {place: self._end(place) for place in self._places()}

    def reached(self, offsets: Offsets, ends: Offsets) -> bool:
        """Whether nothing readable lies between `offsets` and `ends`.

        A transaction ends with a mark that has an offset and is no record, and one that was given
        up leaves nothing but such offsets: behind the last record there may be no other for hours.
        """
        return all(
            offsets.get(place, 0) >= end or self._read_to.get(place, 0) >= end
            for place, end in ends.items()
        )

    def heard_at(self) -> datetime | None:
        """Now, if Kafka answers; None if it does not. Asked only when a poll gave nothing."""
        asked_at = self._clock.now()
        try:
            self._consumer.list_topics(self._topics[0].name, timeout=HEARD_MAX_S)
        except KafkaException:
            return None
        return asked_at

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _note_end(self, message: Message) -> None:
        kafka_topic, partition, offset = place_of(message)
        self._read_to[Place(kafka_topic, partition)] = offset

    def _end(self, place: Place) -> int:
        offsets = retried(
            lambda: self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=ASK_MAX_S),
            on=KafkaException,
            total_max_s=RETRY_MAX_S,
        )
        return int(offsets[1])

    def _places(self) -> list[Place]:
        return retried(self._known_places, on=KafkaException, total_max_s=RETRY_MAX_S)

    def _known_places(self) -> list[Place]:
        places: list[Place] = []
        for topic in self._topics:
            known = self._consumer.list_topics(topic.name, timeout=ASK_MAX_S).topics[topic.name]
            if known.error is not None:
                raise KafkaException(known.error)
            places += [Place(topic.name, partition) for partition in sorted(known.partitions)]
        return places


def next_offset(messages: Sequence[Message]) -> int:
    """Where their place goes on after them."""
    return place_of(messages[-1])[2] + 1
