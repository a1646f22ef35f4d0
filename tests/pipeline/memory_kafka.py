"""Kafka in memory, for one partition's worker: commits are atomic, restarts start anew."""

from collections.abc import Iterable, Mapping, Sequence

from contracts.envelope import Event
from contracts.topics import DEAD_LETTERS, DETECTIONS, HOURS, KafkaTopic
from pipeline.ports import Committed, Found, Owner, Record, Span
from pipeline.snapshots import Manifest, manifests, pack, unpack, usable
from pipeline.state import PartitionState
from tests.pipeline.logs import SERDE


class MemoryKafka:
    """The log of one partition, what was written, how far was committed, and the snapshots."""

    def __init__(self, values: Sequence[bytes | None], partition: int = 3) -> None:
        self.values = list(values)
        self.partition = partition
        self.committed: int | None = None
        self.low = 0
        self.written: list[Record] = []
        self.snapshots: dict[str, bytes] = {}
        self.commits_refused = False

    def events(self, topic: KafkaTopic) -> list[Event[object]]:
        """What was written to a topic."""
        return [
            SERDE.decode(record.value or b"")
            for record in self.written
            if record.kafka_topic == topic
        ]

    @property
    def detections(self) -> list[Event[object]]:
        """What was told."""
        return self.events(DETECTIONS)

    @property
    def hours(self) -> list[Event[object]]:
        """The hours that were told."""
        return self.events(HOURS)

    @property
    def letters(self) -> list[Event[object]]:
        """What was buried."""
        return self.events(DEAD_LETTERS)

    def commit(self, records: Iterable[Record], offsets: Mapping[int, int]) -> None:
        """See Output."""
        if self.commits_refused:
            raise ConnectionError("the transaction was fenced")
        self.written += records
        self.committed = offsets.get(self.partition, self.committed)


class MemoryInput:
    """Reads the log in batches of so many; assigns its partition at the first poll."""

    def __init__(self, kafka: MemoryKafka, batch: int) -> None:
        self._kafka, self._batch = kafka, batch
        self._owner: Owner | None = None
        self.position: int | None = None
        self.sought: list[int] = []

    def subscribe(self, owner: Owner) -> None:
        """See Input."""
        self._owner = owner

    def poll(self) -> list[Span]:
        """See Input."""
        if self.position is None:
            self.assign()
        start = self.position or 0
        values = self._kafka.values[start : start + self._batch]
        self.position = start + len(values)
        offsets = list(range(start, self.position))
        return [Span(self._kafka.partition, offsets, values)] if values else []

    def assign(self) -> None:
        """Hand the partition to the owner."""
        assert self._owner is not None
        committed = Committed(self._kafka.committed, self._kafka.low)
        self.position = self._owner.assigned(self._kafka.partition, committed)

    def seek(self, partition: int, offset: int) -> None:
        """See Input."""
        assert partition == self._kafka.partition
        self.position = offset
        self.sought.append(offset)

    def close(self) -> None:
        """See Input."""


class MemorySnapshots:
    """Snapshots in a dictionary, packed as in Kafka."""

    def __init__(self, kafka: MemoryKafka) -> None:
        self._kafka = kafka

    def write(
        self,
        state: PartitionState,
        partition: int,
        input_offset: int,
        owner_epoch: int,
        previous: Manifest | None,
    ) -> Manifest:
        """See Snapshots."""
        assert input_offset == self._kafka.committed  # only what is committed may be saved
        manifest, records = pack(state, partition, input_offset, owner_epoch, previous)
        self._kafka.snapshots |= dict(records)
        return manifest

    def newest(self, partition: int, committed: int | None) -> Found | None:
        """See Snapshots."""
        assert partition == self._kafka.partition
        for manifest in usable(manifests(self._kafka.snapshots), committed):
            state = unpack(manifest, self._kafka.snapshots)
            if state is not None:
                return Found(manifest, state)
        return None
