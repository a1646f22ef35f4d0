"""The dead letters' topic as the command line needs it: say something, hear what came of it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import TopicPartition

from contracts.dead_letter import DeadLetter, LetterRetried
from contracts.envelope import Event
from contracts.serde import Serde, UnreadableRecordError
from contracts.topics import DEAD_LETTERS, PARTITIONS
from read_models import LetterBytes, LetterRow
from runtime.consume import Limits, poll_batch
from runtime.kafka import Outbox, new_consumer, new_producer
from runtime.registry import RegistrySchemaIds

ASK_MAX_S = 10.0
FETCH_MAX_KB = 8 * 1024


class LetterPost:
    """One producer, one reader of bytes, and one of answers. For one thread; close it."""

    def __init__(self, kafka_bootstrap: str, registry_url: str) -> None:
        self._serde = Serde(RegistrySchemaIds(registry_url))
        self._outbox = Outbox(new_producer(kafka_bootstrap))
        self._bytes = LetterBytes(kafka_bootstrap, self._serde)
        self._answers = new_consumer(
            kafka_bootstrap,
            "herd-command-line",  # partitions are taken by hand, nothing is committed
            **{"queued.max.messages.kbytes": FETCH_MAX_KB},
        )

    def bytes_of(self, rows: Sequence[LetterRow]) -> Iterator[tuple[LetterRow, DeadLetter | None]]:
        """Each row with its letter; None where Kafka keeps it no longer."""
        return self._bytes.of(rows)

    def listen(self) -> None:
        """Hear every answer that is given from now on."""
        places = [TopicPartition(DEAD_LETTERS.name, partition) for partition in range(PARTITIONS)]
        for place in places:
            _, place.offset = self._answers.get_watermark_offsets(place, timeout=ASK_MAX_S)
        self._answers.assign(places)

    def send(self, partition: int, event: Event[Any]) -> None:
        """Say something about a letter, beside the letter."""
        value = self._serde.encode(event)
        self._outbox.send(DEAD_LETTERS, partition, event.aggregate_id, value)

    def flush(self) -> None:
        """Return once Kafka has all that was said."""
        self._outbox.flush()

    def answers(
        self, asked: Mapping[str, LetterRow], *, within_s: float
    ) -> Iterator[tuple[str, LetterRetried]]:
        """What came of each retry, by the asking event's id; ends within_s after the last answer.

        asked: the events whose answers are waited for; whoever iterates takes each out of it.
        """
        self.flush()
        until_s = time.monotonic() + within_s
        while asked and time.monotonic() < until_s:
            for message in poll_batch(self._answers, Limits(wait_s=0.2)):
                try:
                    event = self._serde.decode(message.value() or b"")
                except UnreadableRecordError:
                    continue
                cause = event.causation_id
                if (
                    isinstance(event.payload, LetterRetried)
                    and cause is not None
                    and cause in asked
                ):
                    yield cause, event.payload
                    until_s = time.monotonic() + within_s

    def close(self) -> None:
        """Leave Kafka."""
        self._bytes.close()
        self._answers.close()
