"""The feed `herd.alerts.v1`, read from the offsets that the read model itself keeps.

Partitions are assigned by hand and nothing is committed to Kafka: its group offsets would
outlive the data they speak of (read_models/base.py).
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from contracts.clock import Clock
from contracts.dead_letter import Reason, Rejected
from contracts.messages import BY_PAYLOAD
from contracts.serde import Serde, UnreadableRecordError
from contracts.topics import ALERTS
from read_models.base import LogRecord, LogSlice
from runtime.consume import Limits, bury, place_of, poll_batch
from runtime.kafka import Outbox, new_consumer
from runtime.retry import retried

log = structlog.get_logger()

GROUP = "herd-read-models"  # for the broker's quotas and logs; nothing is committed under it
ASK_MAX_S = 5.0
RETRY_MAX_S = 20.0  # a broker that restarts is back by then, and we are not taken for stuck
HEARD_MAX_S = 0.5  # a broker that takes longer is not there


class KafkaAlertLog:
    """LogReader of read_models/base.py on Kafka. For one thread.

    letters: where records that cannot be read are sent, with `service`; None leaves them out, as
    a rebuild does: their letters were written when they were first met.
    """

    def __init__(
        self,
        bootstrap: str,
        serde: Serde,
        clock: Clock,
        letters: Outbox | None,
        *,
        limits: Limits | None = None,
    ) -> None:
        self._consumer: Consumer = new_consumer(bootstrap, GROUP)
        self._serde = serde
        self._clock = clock
        self._letters = letters
        self._limits = limits or Limits()

    def read_from(self, offsets: Mapping[int, int]) -> None:
        """Go on at these offsets; a partition that is not named starts at its beginning."""
        self._consumer.assign(
            [TopicPartition(ALERTS.name, p, offsets.get(p, 0)) for p in self._partitions()]
        )

    def poll(self) -> list[LogSlice]:
        """The next records, by partition; waits a moment only while there is none."""
        by_partition: dict[int, list[Message]] = {}
        for message in poll_batch(self._consumer, self._limits):
            by_partition.setdefault(place_of(message)[1], []).append(message)
        pieces = [self._slice(partition, found) for partition, found in by_partition.items()]
        if self._letters is not None:
            self._letters.flush()  # before the offset moves past what they tell of
        return pieces

    def ends(self) -> Mapping[int, int]:
        """For each partition the offset after its newest record; raises KafkaException."""
        return {p: self._end(p) for p in self._partitions()}

    def heard_at(self) -> datetime | None:
        """Now, if Kafka answers; None if it does not. Asked only when a poll gave nothing."""
        asked_at = self._clock.now()
        try:
            self._consumer.list_topics(ALERTS.name, timeout=HEARD_MAX_S)
        except KafkaException:
            return None
        return asked_at

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _end(self, partition: int) -> int:
        place = TopicPartition(ALERTS.name, partition)
        offsets = retried(
            lambda: self._consumer.get_watermark_offsets(place, timeout=ASK_MAX_S),
            on=KafkaException,
            total_max_s=RETRY_MAX_S,
        )
        return int(offsets[1])

    def _partitions(self) -> list[int]:
        return retried(self._known_partitions, on=KafkaException, total_max_s=RETRY_MAX_S)

    def _known_partitions(self) -> list[int]:
        known = self._consumer.list_topics(ALERTS.name, timeout=ASK_MAX_S).topics[ALERTS.name]
        if known.error is not None:
            raise KafkaException(known.error)
        return sorted(known.partitions)

    def _slice(self, partition: int, messages: list[Message]) -> LogSlice:
        records: list[LogRecord] = []
        for message in messages:
            found = _record(message, self._serde)
            if isinstance(found, LogRecord):
                records.append(found)
            elif self._letters is not None:
                bury(message, found, self._serde, self._letters, self._clock, service="read-models")
        return LogSlice(partition, place_of(messages[-1])[2] + 1, tuple(records))


def _record(message: Message, serde: Serde) -> LogRecord | Rejected:
    try:
        event = serde.decode(message.value() or b"")
    except UnreadableRecordError as error:
        return Rejected(error.reason, error.detail)
    if BY_PAYLOAD[type(event.payload)].kafka_topic != ALERTS:
        return Rejected(Reason.WRONG_TYPE, f"{event.event_type} is no event of {ALERTS.name}")
    if event.stored is None or event.farm_id is None:
        return Rejected(
            Reason.WRONG_TYPE, f"{event.event_type} without farm or place in the event store"
        )
    return LogRecord(event, event.stored, _appended_at(message))


def _appended_at(message: Message) -> datetime:
    return datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
