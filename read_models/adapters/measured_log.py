"""What was measured, judged by the hour, and worn, from Kafka: readings as columns.

`herd.collars.v1` is compacted: of an older list no record need be there, and offsets have gaps.
"""

from collections.abc import Sequence

from confluent_kafka import Message

from contracts.animal_event import CollarAssignments
from contracts.clock import Clock
from contracts.column_reader import ColumnReader
from contracts.dead_letter import Reason, Rejected
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.reading import StationReading
from contracts.serde import SchemaIds, Serde, UnreadableRecordError
from contracts.topics import COLLARS, HOURS, READINGS, KafkaTopic
from read_models.adapters.kafka_log import KafkaLog, next_offset
from read_models.base import Measured
from read_models.wearing import CollarList, spans_of
from runtime.consume import Limits, bury, place_of
from runtime.kafka import Outbox

BATCH_MAX = 20_000  # readings of some 200 bytes: 4 MB, and one insert of as many rows
GATHER_S = 1.0  # each insert makes a file or two: one a second is gentle, and charts can wait


class KafkaMeasuredLog(KafkaLog):
    """LogReader of read_models/base.py whose poll gives at most one piece. For one thread.

    letters: where hours and lists that cannot be read are sent; None leaves them out, as a rebuild
    does. The letters of readings are the pipeline's, which reads the same topic.
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
        others: list[Message] = []
        for place, messages in by_place.items():
            (readings if place.kafka_topic == READINGS.name else others).extend(messages)
        batch = self._columns.read([message.value() for message in readings])
        hours, lists = self._singly(others)
        piece = Measured(
            ends={place: next_offset(messages) for place, messages in by_place.items()},
            readings=batch.readings,
            hours=hours,
            # their letters are the pipeline's, as those of collars' readings are
            stations=tuple(e for _, e in batch.events if isinstance(e.payload, StationReading)),
            lists=lists,
        )
        if self._letters is not None:
            self._letters.flush()  # before the offset moves past what they tell of
        return [piece]

    def _singly(
        self, messages: list[Message]
    ) -> tuple[tuple[Event[AnimalHour], ...], tuple[CollarList, ...]]:
        hours: list[Event[AnimalHour]] = []
        lists: list[CollarList] = []
        for message in messages:
            match self._told(message):
                case CollarList() as told:
                    lists.append(told)
                case Rejected() as why:
                    self._bury(message, why)
                case hour:
                    hours.append(hour)
        return tuple(hours), tuple(lists)

    def _told(self, message: Message) -> Event[AnimalHour] | CollarList | Rejected:
        kafka_topic, _, offset = place_of(message)
        value = message.value()
        if kafka_topic == COLLARS.name and value is None:  # forgotten: worn by nobody, ever
            return CollarList(_text(message.key()), offset, ())
        try:
            event = self._serde.decode(value or b"")
        except UnreadableRecordError as error:
            return Rejected(error.reason, error.detail)
        match event.payload:
            case AnimalHour() if kafka_topic == HOURS.name and event.farm_id is not None:
                return event
            case CollarAssignments(collar_id=collar, assignments=told) if (
                kafka_topic == COLLARS.name
            ):
                return CollarList(collar, offset, spans_of(told))
            case _:
                return Rejected(
                    Reason.WRONG_TYPE,
                    f"{event.event_type} is no hour of a farm's animal and no collar's list",
                )

    def _bury(self, message: Message, why: Rejected) -> None:
        if self._letters is not None:
            bury(message, why, self._serde, self._letters, self._clock, service="read-models")


def _text(key: str | bytes | None) -> str:
    return key.decode(errors="replace") if isinstance(key, bytes) else key or ""
