"""Readings and judged hours from Kafka: readings as columns, many partitions in one batch."""

from collections.abc import Sequence

from confluent_kafka import Message

from contracts.clock import Clock
from contracts.column_reader import ColumnReader
from contracts.columns import ReadingColumns
from contracts.dead_letter import Reason, Rejected
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.serde import SchemaIds, Serde, UnreadableRecordError
from contracts.topics import HOURS, READINGS, KafkaTopic
from read_models.adapters.kafka_log import KafkaLog, next_offset
from read_models.base import Measured
from runtime.consume import Limits, bury
from runtime.kafka import Outbox

BATCH_MAX = 20_000  # readings of some 200 bytes: 4 MB, and one insert of as many rows
GATHER_S = 1.0  # each insert makes a file or two: one a second is gentle, and charts can wait


class KafkaMeasuredLog(KafkaLog):
    """LogReader of read_models/base.py whose poll gives at most one piece. For one thread.

    letters: where hours that cannot be read are sent; None leaves them out, as a rebuild does. The
    letters of readings are the pipeline's, which reads the same topic.
    """

    def __init__(  # noqa: PLR0913  the reader is wired from its parts
        self,
        bootstrap: str,
        schema_ids: SchemaIds,
        clock: Clock,
        letters: Outbox | None,
        *,
        model: str = "latest",
        topics: Sequence[KafkaTopic] = (READINGS,),
        limits: Limits | None = None,
    ) -> None:
        super().__init__(bootstrap, model, topics, clock, limits or Limits(records_max=BATCH_MAX))
        self._columns = ColumnReader(schema_ids)
        self._serde = Serde(schema_ids)
        self._letters = letters

    def poll(self) -> list[Measured]:
        """All that is there now as one piece; waits a moment only while there is nothing."""
        by_place = self.batch()
        if not by_place:
            return []
        readings: list[Message] = []
        hours: list[Message] = []
        for place, messages in by_place.items():
            (hours if place.kafka_topic == HOURS.name else readings).extend(messages)
        piece = Measured(
            ends={place: next_offset(messages) for place, messages in by_place.items()},
            readings=self._readings(readings),
            hours=self._hours(hours),
        )
        if self._letters is not None:
            self._letters.flush()  # before the offset moves past what they tell of
        return [piece]

    def _readings(self, messages: list[Message]) -> ReadingColumns:
        return self._columns.read([message.value() for message in messages]).readings

    def _hours(self, messages: list[Message]) -> tuple[Event[AnimalHour], ...]:
        hours: list[Event[AnimalHour]] = []
        for message in messages:
            found = self._hour(message)
            if isinstance(found, Event):
                hours.append(found)
            elif self._letters is not None:
                bury(message, found, self._serde, self._letters, self._clock, service="read-models")
        return tuple(hours)

    def _hour(self, message: Message) -> Event[AnimalHour] | Rejected:
        try:
            event = self._serde.decode(message.value() or b"")
        except UnreadableRecordError as error:
            return Rejected(error.reason, error.detail)
        if not isinstance(event.payload, AnimalHour) or event.farm_id is None:
            return Rejected(Reason.WRONG_TYPE, f"{event.event_type} is no hour of a farm's animal")
        return event
