"""Snapshots in `herd.snapshots.v1`, read back from its end; what was told since, in its topics.

Compaction comes late (a segment must close first), so a partition may hold many old snapshots:
manifests are looked for in a window at the end, widened until one is usable. A manifest tells where
its chunks begin; from there they are read once, each straight into its place.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from confluent_kafka import Consumer, Message, TopicPartition

from contracts.topics import DETECTIONS, HOURS, SNAPSHOTS
from pipeline.snapshots import Assembly, Ends, Found, Kept, Manifest, Seen
from pipeline.state import PartitionState
from runtime.consume import Limits, place_of, poll_batch
from runtime.kafka import new_consumer

log = structlog.get_logger()

GROUP = "herd-pipeline-snapshots"  # never joined: partitions are assigned by hand
WINDOW_RECORDS = 16  # the first look from the end; then eight times as far, and so on
READ_MAX_S = 30.0  # without a single record for so long, Kafka is gone
ASK_MAX_S = 20.0
READ_LIMITS = Limits(records_max=64, wait_s=1.0)  # 32 MB of chunks
TOLD_LIMITS = Limits(records_max=2_000, wait_s=0.0)  # between two turns: it waits for nothing


class SnapshotStore:
    """Finds a partition's newest usable snapshot, and what was told after it."""

    def __init__(self, bootstrap: str, beat: Callable[[], None]) -> None:
        self._bootstrap, self._beat = bootstrap, beat
        self._consumer: Consumer | None = None

    def newest(self, partition: int, committed: int | None) -> Kept:
        """The newest complete snapshot at or below the committed offset (None = any)."""
        return _newest(self._reader(), partition, committed, self._beat)

    def ends(self, partition: int) -> Ends:
        """Where the partition ends in the topics of snapshots, detections and hours."""
        snapshots, detections, hours = (
            _bounds(self._reader(), topic.name, partition)[1]
            for topic in (SNAPSHOTS, DETECTIONS, HOURS)
        )
        return Ends(snapshots, detections, hours)

    def told(self, partition: int, since: Ends, until: Ends) -> Iterator[list[bytes]]:
        """Detections and hours between those ends, some at a time; never waits for them."""
        stretches = (
            (DETECTIONS.name, since.detections, until.detections),
            (HOURS.name, since.hours, until.hours),
        )
        consumer = _reader(self._bootstrap)
        try:
            for topic, start, end in stretches:
                # what retention or an operator took away cannot be held against anything
                if start < end and start >= _bounds(consumer, topic, partition)[0]:
                    yield from _values(consumer, TopicPartition(topic, partition, start), end)
        finally:
            consumer.close()

    def close(self) -> None:
        """Let go of Kafka."""
        if self._consumer is not None:
            self._consumer.close()

    def _reader(self) -> Consumer:
        if self._consumer is None:
            self._consumer = _reader(self._bootstrap)
        return self._consumer


def newest_state(bootstrap: str, partition: int) -> tuple[PartitionState, int] | None:
    """The newest state of a partition and the first input offset that is not in it."""
    consumer = _reader(bootstrap)
    try:
        found = _newest(consumer, partition, None, lambda: None).found
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


def _bounds(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ASK_MAX_S)
    return low, high


def _newest(
    consumer: Consumer, partition: int, committed: int | None, beat: Callable[[], None]
) -> Kept:
    low, high = _bounds(consumer, SNAPSHOTS.name, partition)
    window, start, seen = WINDOW_RECORDS, high, Seen()
    refused: set[tuple[int, int, int]] = set()
    while start > low:
        start = max(low, high - window)
        seen = Seen()
        for key, value in _read(consumer, partition, start, beat):
            seen.take(key, value)
        for manifest in seen.usable(committed):
            if manifest.name not in refused:
                kept = _assembled(consumer, manifest, max(low, manifest.ends.snapshots), beat)
                if kept is not None:
                    return kept
                refused.add(manifest.name)
                log.warning("snapshot_incomplete", partition=partition, name=manifest.name)
        window *= 8
    return Kept(None, seen.garbage(None))


def _assembled(
    consumer: Consumer, manifest: Manifest, start: int, beat: Callable[[], None]
) -> Kept | None:
    """The snapshot with its state, read from where its chunks begin; None if it is not whole."""
    assembly, seen = Assembly(manifest), Seen()
    for key, value in _read(consumer, manifest.partition, start, beat):
        seen.take(key, value)
        if value is not None:
            assembly.take(key, value)
    state = assembly.state()
    if state is None:
        return None
    return Kept(Found(manifest, state), seen.garbage(manifest))


def _read(
    consumer: Consumer, partition: int, start: int, beat: Callable[[], None]
) -> Iterator[tuple[str, bytes | None]]:
    """Key and value of each record of the partition from `start` to its end, in order."""
    consumer.assign([TopicPartition(SNAPSHOTS.name, partition, start)])
    ended: list[Message] = []
    heard_at = time.monotonic()
    while not ended:
        beat()
        messages = poll_batch(consumer, READ_LIMITS, at_end=ended.append)
        if messages:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > READ_MAX_S:
            raise TimeoutError(f"no snapshot record of partition {partition} in {READ_MAX_S} s")
        for message in messages:
            key = message.key()
            yield key.decode() if isinstance(key, bytes) else str(key), message.value()


def _values(consumer: Consumer, place: TopicPartition, until: int) -> Iterator[list[bytes]]:
    """The values from a place to an offset; an empty list where nothing has come yet."""
    consumer.assign([place])
    ended: list[Message] = []
    reached = -1
    while not ended and reached < until - 1:
        messages = poll_batch(consumer, TOLD_LIMITS, at_end=ended.append)
        found = [(place_of(message)[2], message.value()) for message in messages]
        reached = max([reached, *(offset for offset, _ in found)])
        yield [value for offset, value in found if value is not None and offset < until]
