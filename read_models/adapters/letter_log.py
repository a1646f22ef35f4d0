"""`herd.dead-letters.v1` as slices of records; and one letter's bytes, read where they lie."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from contracts.clock import Clock
from contracts.dead_letter import (
    DeadLetter,
    LetterDiscarded,
    LetterExpired,
    LetterRetried,
    LetterRetryAsked,
)
from contracts.envelope import Event
from contracts.ids import is_id
from contracts.serde import Serde, UnreadableRecordError
from contracts.topics import DEAD_LETTERS
from read_models.adapters.kafka_log import KafkaLog, next_offset
from read_models.base import Place, Slice
from read_models.dead_letters import LetterRecord, LetterRow
from runtime.consume import Limits, place_of
from runtime.kafka import new_consumer
from runtime.registry import RegistrySchemaIds

log = structlog.get_logger()

# A letter holds up to 1 MiB: this bounds what one poll of a flood brings into memory.
BATCH_MAX = 32
FETCH_MAX_KB = 8 * 1024  # and this what is fetched ahead of it
READ_MAX_S = 20.0
GAP_MAX = 200  # records that are read over rather than sought past
ABOUT_LETTERS = (DeadLetter, LetterRetryAsked, LetterRetried, LetterDiscarded, LetterExpired)


class LetterSlice(Slice[LetterRecord]):
    """Records of one partition of the dead letters."""


class KafkaLetterLog(KafkaLog):
    """LogReader of read_models/base.py on the dead letters. For one thread.

    What cannot be read in here becomes a letter by the gateways, who read the topic too.
    """

    def __init__(self, bootstrap: str, serde: Serde, clock: Clock) -> None:
        limits = Limits(records_max=BATCH_MAX)
        super().__init__(
            bootstrap,
            "dead_letters",
            (DEAD_LETTERS,),
            clock,
            limits,
            **{"queued.max.messages.kbytes": FETCH_MAX_KB},
        )
        self._serde = serde

    def poll(self) -> list[LetterSlice]:
        """The next records, by partition; waits a moment only while there is none."""
        return [self._slice(place, found) for place, found in self.batch().items()]

    def _slice(self, place: Place, messages: list[Message]) -> LetterSlice:
        records = [self._record(message) for message in messages]
        kept = tuple(record for record in records if record is not None)
        return LetterSlice(place, next_offset(messages), kept)

    def _record(self, message: Message) -> LetterRecord | None:
        _, partition, offset = place_of(message)
        event = _event(message, self._serde)
        if event is None or not is_id(event.aggregate_id):
            log.warning("no_letter", partition=partition, offset=offset)
            return None
        appended_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
        return LetterRecord(event, partition, offset, appended_at)


class LetterBytes:
    """The letters themselves, by the places that their rows name. For one thread; close it."""

    def __init__(self, bootstrap: str, serde: Serde) -> None:
        self._consumer: Consumer = new_consumer(
            bootstrap,
            "herd-read-models-letters",  # partitions are taken by hand, nothing is committed
            **{"enable.partition.eof": True, "queued.max.messages.kbytes": FETCH_MAX_KB},
        )
        self._serde = serde
        self._partition, self._next = -1, 0  # what would be read next

    def of(self, rows: Sequence[LetterRow]) -> Iterator[tuple[LetterRow, DeadLetter | None]]:
        """Each row with its letter, by place; None where Kafka keeps it no longer.

        Raises KafkaException if Kafka does not answer.
        """
        for row in sorted(rows, key=lambda row: (row.partition, row.offset)):
            if row.partition != self._partition or not 0 <= row.offset - self._next <= GAP_MAX:
                place = TopicPartition(DEAD_LETTERS.name, row.partition, row.offset)
                self._consumer.assign([place])
                self._partition = row.partition
            yield row, self._at(row)

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _at(self, row: LetterRow) -> DeadLetter | None:
        while True:
            message = self._consumer.poll(READ_MAX_S)
            if message is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001  its name
            error = message.error()
            if error is not None:
                self._partition = -1
                if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its name
                    return None
                raise KafkaException(error)
            offset = place_of(message)[2]
            self._next = offset + 1
            if offset < row.offset:
                continue
            event = _event(message, self._serde)
            if offset > row.offset or event is None or event.aggregate_id != row.letter_id:
                return None
            return event.payload if isinstance(event.payload, DeadLetter) else None


def _event(message: Message, serde: Serde) -> Event[Any] | None:
    try:
        event = serde.decode(message.value() or b"")
    except UnreadableRecordError:
        return None
    return event if isinstance(event.payload, ABOUT_LETTERS) else None


def open_letter_bytes(kafka_bootstrap: str, registry_url: str) -> LetterBytes:
    """The letters in the Kafka at this address; close it."""
    return LetterBytes(kafka_bootstrap, Serde(RegistrySchemaIds(registry_url)))
