"""Snapshots in `herd.snapshots.v1`: written in transactions of the worker, read from the end.

Compaction comes late (a segment must close first), so a partition may hold many old snapshots:
the newest is looked for in a window at the end, widened until a complete one is in it.
"""

from collections.abc import Callable
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from contracts.topics import SNAPSHOTS
from pipeline.adapters.transactions import Transactions
from pipeline.ports import Found, Record
from pipeline.snapshots import (
    Manifest,
    manifests,
    pack,
    snapshot_keys,
    unpack,
    usable,
)
from pipeline.state import PartitionState
from runtime.kafka import new_consumer

log = structlog.get_logger()

GROUP = "herd-pipeline-snapshots"  # never joined: partitions are assigned by hand
WINDOW_RECORDS = 64  # the first look from the end; then eight times as far, and so on
READ_MAX_S = 30.0  # without a single record for so long, Kafka is gone
TRANSACTION_BYTES_MAX = 16 << 20  # of chunks; a large state takes several transactions


class SnapshotStore:
    """Writes a partition's snapshots and finds the newest usable one."""

    def __init__(
        self, bootstrap: str, transactions: Transactions, beat: Callable[[], None]
    ) -> None:
        self._bootstrap, self._transactions, self._beat = bootstrap, transactions, beat
        self._consumer: Consumer | None = None

    def write(
        self,
        state: PartitionState,
        partition: int,
        input_offset: int,
        owner_epoch: int,
        previous: Manifest | None,
    ) -> Manifest:
        """Write a snapshot, chunks first, then manifest and deletions in one transaction.

        Each transaction commits input_offset again, so that one who lost the partition is refused.
        """
        manifest, records = pack(state, partition, input_offset, owner_epoch, previous)
        *chunks, last = [Record(SNAPSHOTS, partition, key, value) for key, value in records]
        offsets = {partition: input_offset}
        group: list[Record] = []
        for chunk in chunks:
            group.append(chunk)
            if sum(len(record.value or b"") for record in group) >= TRANSACTION_BYTES_MAX:
                self._transactions.commit(group, offsets)
                self._beat()
                group = []
        outdated = previous.previous if previous else None
        keys = snapshot_keys(partition, outdated) if outdated else []
        deleted = [Record(SNAPSHOTS, partition, key, None) for key in keys]
        self._transactions.commit([*group, last, *deleted], offsets)
        return manifest

    def newest(self, partition: int, committed: int | None) -> Found | None:
        """The newest complete snapshot at or below the committed offset (None = any)."""
        if self._consumer is None:
            self._consumer = _reader(self._bootstrap)
        return _newest(self._consumer, partition, committed, self._beat)

    def close(self) -> None:
        """Let go of Kafka."""
        if self._consumer is not None:
            self._consumer.close()


def newest_state(bootstrap: str, partition: int) -> tuple[PartitionState, int] | None:
    """The newest state of a partition and the first input offset that is not in it."""
    consumer = _reader(bootstrap)
    try:
        found = _newest(consumer, partition, None, lambda: None)
    finally:
        consumer.close()
    return (found.state, found.manifest.input_offset) if found else None


def _reader(bootstrap: str) -> Consumer:
    settings: dict[str, Any] = {
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 5,  # the end is told only after this wait, twelve times at a start
    }
    return new_consumer(bootstrap, GROUP, **settings)


def _newest(
    consumer: Consumer, partition: int, committed: int | None, beat: Callable[[], None]
) -> Found | None:
    low, high = consumer.get_watermark_offsets(
        TopicPartition(SNAPSHOTS.name, partition), timeout=READ_MAX_S
    )
    window = WINDOW_RECORDS
    start = high
    while start > low:
        start = max(low, high - window)
        records = _read(consumer, partition, start, beat)
        for manifest in usable(manifests(records), committed):
            state = unpack(manifest, records)
            if state is not None:
                return Found(manifest, state)
            log.info("snapshot_incomplete", partition=partition, looked_from=start)
        window *= 8
    return None


def _read(
    consumer: Consumer, partition: int, start: int, beat: Callable[[], None]
) -> dict[str, bytes]:
    """Key → newest value of the partition from `start` to its end; deleted keys are left out."""
    records: dict[str, bytes] = {}
    consumer.assign([TopicPartition(SNAPSHOTS.name, partition, start)])
    while True:
        beat()
        message = consumer.poll(READ_MAX_S)
        if message is None:
            raise TimeoutError(f"no snapshot record of partition {partition} in {READ_MAX_S} s")
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its name
                return records
            raise KafkaException(error)
        key, value = message.key(), message.value()
        text = key.decode() if isinstance(key, bytes) else str(key)
        if value is None:
            records.pop(text, None)
        else:
            records[text] = value
