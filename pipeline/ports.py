"""What the worker asks of Kafka: its input, its transactions, its snapshots."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.topics import KafkaTopic
from pipeline.snapshots import Ends, Kept


@dataclass(frozen=True, slots=True)
class Span:
    """Records of one partition in order; values None where a record is empty."""

    partition: int
    offsets: list[int]
    values: list[bytes | None]


@dataclass(frozen=True, slots=True)
class Committed:
    """How far a partition was read: the next offset, None if never; low: the oldest kept."""

    offset: int | None
    low: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record to write; value None deletes a key of a compacted topic."""

    kafka_topic: KafkaTopic
    partition: int
    key: str
    value: bytes | None


class Owner(Protocol):
    """Who works on the partitions. Called from within poll, in its thread."""

    def assigned(self, partition: int, committed: Committed) -> int:
        """Take a partition over; the offset to read from."""
        ...

    def revoked(self, partition: int) -> None:
        """Hand a partition over: commit what is done, forget its state."""
        ...

    def lost(self, partition: int) -> None:
        """A partition is somebody else's already: forget its state, write nothing."""
        ...


class Input(Protocol):
    """The worker's share of the readings."""

    def subscribe(self, owner: Owner) -> None:
        """Join the group; `owner` is told which partitions come and go."""
        ...

    def poll(self) -> list[Span]:
        """What can be read now, at most a batch over all partitions, in order within each."""
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Read on from there."""
        ...

    def written_at(self, partition: int, at: datetime) -> int | None:
        """The first offset of what Kafka took in at that time or later; None = nothing since."""
        ...

    def end_of(self, partition: int) -> int | None:
        """Where the partition ends, as far as is known without asking; None = not known yet."""
        ...

    def close(self) -> None:
        """Leave off."""
        ...


class Output(Protocol):
    """Where answers go."""

    def commit(self, records: Iterable[Record], offsets: Mapping[int, int]) -> None:
        """Write the records and, by partition, the offset to go on from: all or nothing."""
        ...


class Snapshots(Protocol):
    """What a restore reads: states that were kept, and what was told since."""

    def newest(self, partition: int, committed: int | None) -> Kept:
        """The newest complete snapshot at or below the committed offset (None = any)."""
        ...

    def ends(self, partition: int) -> Ends:
        """Where a snapshot that begins now will lie, and what is told after it."""
        ...

    def told(self, partition: int, since: Ends, until: Ends) -> Iterator[list[bytes]]:
        """Detections and hours between those ends, some at a time; never waits for them."""
        ...
