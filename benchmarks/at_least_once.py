"""The worker without transactions: answers are flushed, then offsets are committed.

All else is the worker's own. What a crash between both costs is a batch that is told twice.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from unittest.mock import patch

from confluent_kafka import Consumer, TopicPartition

from contracts.topics import READINGS
from pipeline import app
from pipeline.adapters.input_log import InputLog
from pipeline.ports import Record
from runtime.kafka import Outbox, new_producer


class CommittingInput(InputLog):
    """Hands itself to who commits: offsets go through the consumer, not through a transaction."""

    def group(self) -> Any:  # noqa: ANN401  what Output is given as the group
        """The consumer."""
        return self._consumer


class AtLeastOnce:
    """Answers first, offsets after them; for the same calls as Transactions."""

    def __init__(self, bootstrap: str, _slot: str, group: Callable[[], Any]) -> None:
        self._outbox = Outbox(new_producer(bootstrap))
        self._group = group

    def open(self) -> None:
        """There is nothing to take over."""

    def commit(self, records: Iterable[Record], offsets: Mapping[int, int]) -> None:
        """Write the records, wait for Kafka, then say how far was read."""
        for record in records:
            self._outbox.send(record.kafka_topic, record.partition, record.key, record.value)
        if self._outbox.in_flight:
            self._outbox.flush()
        places = [TopicPartition(READINGS.name, p, offset) for p, offset in offsets.items()]
        consumer: Consumer = self._group()
        if places:
            consumer.commit(offsets=places, asynchronous=False)


def main() -> int:
    """Run one such worker; returns the exit status."""
    with patch.multiple(app, InputLog=CommittingInput, Transactions=AtLeastOnce):
        return app.main()


if __name__ == "__main__":
    sys.exit(main())
