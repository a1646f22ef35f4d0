"""The feeds of the event store, `herd.alerts.v1` and `herd.animals.v1`, as slices of events."""

from collections.abc import Sequence
from datetime import UTC, datetime

from confluent_kafka import Message

from contracts.clock import Clock
from contracts.dead_letter import Reason, Rejected
from contracts.messages import BY_PAYLOAD
from contracts.serde import Serde, UnreadableRecordError
from contracts.topics import ALERTS, KafkaTopic
from read_models.adapters.kafka_log import KafkaLog, next_offset
from read_models.base import LogRecord, LogSlice, Place
from runtime.consume import Limits, bury, place_of
from runtime.kafka import Outbox


class KafkaEventLog(KafkaLog):
    """LogReader of read_models/base.py on Kafka. For one thread.

    letters: where records that cannot be read are sent, with `service`; None leaves them out, as
    a rebuild does, and whoever reads a topic whose letters another writes.
    """

    def __init__(  # noqa: PLR0913  the reader is wired from its parts
        self,
        bootstrap: str,
        serde: Serde,
        clock: Clock,
        letters: Outbox | None,
        *,
        model: str = "worklist",
        topics: Sequence[KafkaTopic] = (ALERTS,),
        limits: Limits | None = None,
    ) -> None:
        super().__init__(bootstrap, model, topics, clock, limits or Limits())
        self._serde = serde
        self._letters = letters

    def poll(self) -> list[LogSlice]:
        """The next records, by partition; waits a moment only while there is none."""
        pieces = [self._slice(place, found) for place, found in self.batch().items()]
        if self._letters is not None:
            self._letters.flush()  # before the offset moves past what they tell of
        return pieces

    def _slice(self, place: Place, messages: list[Message]) -> LogSlice:
        records: list[LogRecord] = []
        for message in messages:
            found = _record(message, place, self._serde)
            if isinstance(found, LogRecord):
                records.append(found)
            elif self._letters is not None:
                bury(message, found, self._serde, self._letters, self._clock, service="read-models")
        return LogSlice(place, next_offset(messages), tuple(records))


def _record(message: Message, place: Place, serde: Serde) -> LogRecord | Rejected:
    try:
        event = serde.decode(message.value() or b"")
    except UnreadableRecordError as error:
        return Rejected(error.reason, error.detail)
    if BY_PAYLOAD[type(event.payload)].kafka_topic.name != place.kafka_topic:
        return Rejected(Reason.WRONG_TYPE, f"{event.event_type} is no event of {place.kafka_topic}")
    if event.stored is None or event.farm_id is None:
        return Rejected(
            Reason.WRONG_TYPE, f"{event.event_type} without farm or place in the event store"
        )
    offset = place_of(message)[2]
    return LogRecord(event, event.stored, _appended_at(message), offset)


def _appended_at(message: Message) -> datetime:
    return datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
