"""The readings in Kafka as the mover needs them: scanned from a moment on, moved ones written."""

from collections.abc import Callable, Iterator, Sequence

from confluent_kafka import KafkaException, TopicPartition

from contracts.clock import SystemClock
from contracts.column_reader import ColumnReader
from contracts.columns import micros
from contracts.reading import CollarReading
from contracts.serde import SchemaIds, Serde
from contracts.topics import READINGS
from gateway.mover import SCANNED_MAX, Records
from gateway.moves import Move
from runtime.consume import Limits, place_of, poll_batch
from runtime.kafka import Outbox, new_consumer, new_producer
from runtime.retry import retried

GROUP = "herd-clock-mover"  # a name only: partitions are taken by hand, nothing is committed
COLLARS_GROUP = "herd-clock-collars"  # so is this, of the feed of lists
ASK_MAX_S = 10.0
ASK_TOTAL_S = 30.0  # a broker's restart; then the process ends and is started again
PIECE = Limits(records_max=5_000, wait_s=0.1)


class KafkaMoverLog:
    """The MoverLog over one consumer and one producer. For one thread.

    progress: told while Kafka keeps us waiting.
    """

    def __init__(
        self, bootstrap: str, schema_ids: SchemaIds, progress: Callable[[], None] = lambda: None
    ) -> None:
        self._consumer = new_consumer(bootstrap, GROUP)
        self._outbox = Outbox(new_producer(bootstrap), progress)
        self._reader, self._serde = ColumnReader(schema_ids), Serde(schema_ids)

    def records(
        self, partition: int, since_us: int, wanted: Callable[[bytes], bool]
    ) -> Iterator[Records]:
        """Those wanted, up to the partition's end as it is now; see MoverLog."""
        begin, end = retried(
            lambda: self._bounds(partition, since_us), on=KafkaException, total_max_s=ASK_TOTAL_S
        )
        if begin >= end:
            return
        place = TopicPartition(READINGS.name, partition, begin)
        self._consumer.assign([place])
        try:
            position = begin
            while position < end:
                yield self._piece(wanted, end)
                # positions, not records: the last offsets before the end may hold no record
                (reached,) = self._consumer.position([TopicPartition(READINGS.name, partition)])
                position = max(position, reached.offset)
        finally:
            self._consumer.unassign()  # or it would go on reading ahead

    def append(self, partition: int, moves: Sequence[Move]) -> None:
        """Write moved readings, in order; returns when Kafka has them."""
        for move in moves:
            event = self._serde.decode(move.value)
            if isinstance(event.payload, CollarReading):
                moved = move.applied_to(event)
                value = self._serde.encode(moved)
                self._outbox.send(READINGS, partition, moved.aggregate_id, value)
        self._outbox.flush()

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _bounds(self, partition: int, since_us: int) -> tuple[int, int]:
        # real time, since the topic's timestamps are Kafka's own; a farm's clock may be another
        oldest_us = micros(SystemClock().now() - SCANNED_MAX)
        asked = [TopicPartition(READINGS.name, partition, max(oldest_us, since_us) // 1000)]
        (found,) = self._consumer.offsets_for_times(asked, timeout=ASK_MAX_S)
        low, high = self._consumer.get_watermark_offsets(
            TopicPartition(READINGS.name, partition), timeout=ASK_MAX_S
        )
        return (high if found.offset < 0 else max(low, found.offset)), high

    def _piece(self, wanted: Callable[[bytes], bool], end: int) -> Records:
        offsets, values = [], []
        for message in poll_batch(self._consumer, PIECE):
            value, (_, _, offset) = message.value(), place_of(message)
            if value is not None and offset < end and wanted(value):
                offsets.append(offset)
                values.append(value)
        return Records(self._reader.read(values).readings, offsets, values)
