"""Kafka in memory as a worker needs it: its input, its transactions, its snapshots.

A worker over these is the real one, with its real engine and snapshots; only its clients of Kafka
are ours. Where the clients of Kafka pass a failpoint, these pass it too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.envelope import Event
from contracts.topics import DEAD_LETTERS, DETECTIONS, HOURS, SNAPSHOTS, KafkaTopic
from pipeline import failpoints
from pipeline.adapters.transactions import SlotTakenError, TransactionFailedError
from pipeline.ports import Committed, Owner, Record, Span
from pipeline.snapshots import Ends, Kept, kept_in
from tests.pipeline.logs import SERDE
from tests.pipeline.memory_broker import Member, MemoryBroker, Written

Values = list[bytes | None]
POLL_S, COMMIT_S = 0.05, 0.01  # what a poll and a commit cost


class MemoryKafka(MemoryBroker):
    """The readings by partition, and all that workers write; one partition where that is enough."""

    def __init__(
        self,
        values: Sequence[bytes | None] | Mapping[int, Sequence[bytes | None]],
        partition: int = 3,
    ) -> None:
        logs = values if isinstance(values, Mapping) else {partition: values}
        super().__init__(sorted(logs))
        self.partition = partition
        self.low = 0
        self.inputs: dict[int, Values] = {p: list(some) for p, some in logs.items()}

    @property
    def values(self) -> Values:
        """The readings of the one partition."""
        return self.inputs[self.partition]

    @property
    def committed_offset(self) -> int | None:
        """How far the one partition was read."""
        return self.offsets.get(self.partition)

    @property
    def done(self) -> bool:
        """Whether all that was ever put in is committed."""
        return all(self.offsets.get(p, 0) == len(some) for p, some in self.inputs.items())

    def values_of(self, topic: KafkaTopic, partition: int) -> list[bytes]:
        """What was written to a partition of a topic."""
        return [record.value or b"" for record in self.read(topic.name, partition)]

    def events(self, topic: KafkaTopic) -> list[Event[Any]]:
        """What was written to a topic, partition by partition."""
        return [SERDE.decode(value) for p in self.inputs for value in self.values_of(topic, p)]

    @property
    def detections(self) -> list[Event[Any]]:
        """What was told."""
        return self.events(DETECTIONS)

    @property
    def hours(self) -> list[Event[Any]]:
        """The hours that were told."""
        return self.events(HOURS)

    @property
    def letters(self) -> list[Event[Any]]:
        """What was buried."""
        return self.events(DEAD_LETTERS)

    @property
    def snapshots(self) -> dict[str, bytes]:
        """The snapshots' records by key, without those that were deleted."""
        found: dict[str, bytes] = {}
        for partition in self.inputs:
            for record in self.read(SNAPSHOTS.name, partition):
                if record.value is None:
                    found.pop(record.key, None)
                else:
                    found[record.key] = record.value
        return found

    def damage(self, partition: int, place: int, value: bytes | None) -> bool:
        """Give one of the partition's snapshot records another value, None deletes it."""
        kept = [
            entry
            for entry in self.logs[SNAPSHOTS.name, partition]
            if entry.written is Written.COMMITTED and entry.record and entry.record.value
        ]
        if not kept:
            return False
        entry = kept[place % len(kept)]
        key = entry.record.key if entry.record else ""
        entry.record = Record(SNAPSHOTS, partition, key, value)
        return True


class MemoryInput:
    """A worker's share of the readings, as a static member of the group.

    stale: a poll may hold a record that was read before partitions came and went within it.
    """

    def __init__(self, kafka: MemoryKafka, batch: int, slot: str = "pipeline-0") -> None:
        self._kafka, self._slot = kafka, slot
        self.batch = batch
        self._owner: Owner | None = None
        self.member: Member | None = None
        self.generation = -1
        self.positions: dict[int, int] = {}
        self.sought: list[int] = []
        self.stale = False

    def subscribe(self, owner: Owner) -> None:
        """See Input."""
        self._owner = owner

    def poll(self) -> list[Span]:
        """See Input."""
        self._kafka.pass_time(POLL_S)
        early = self._read(1) if self.stale else []
        if self._follow():
            return early
        return early or self._read(self.batch)

    def seek(self, partition: int, offset: int) -> None:
        """See Input."""
        if partition in self.positions:
            self.positions[partition] = offset
            self.sought.append(offset)

    def close(self) -> None:
        """See Input. A static member keeps its place until its session ends."""
        self.freeze()

    def written_at(self, partition: int, at: datetime) -> int:
        """See Input."""
        del partition, at
        return self._kafka.low

    def end_of(self, partition: int) -> int | None:
        """See Input."""
        return len(self._kafka.inputs[partition])

    def freeze(self) -> None:
        """Be heard no more."""
        if self.member is not None:
            self._kafka.heard.pop(self.member.member_id, None)

    def thaw(self) -> None:
        """Be heard again."""
        if self.member is not None:
            self._kafka.heard[self.member.member_id] = self.member

    def _follow(self) -> bool:
        """Do what the group asks for; whether partitions came or went."""
        group = self._kafka.group
        member = self.member or self._join()
        if self._kafka.fences and group.replaced(member):
            raise SlotTakenError(f"{self._slot} was replaced in the group")
        if not group.holds(member):
            if not self._kafka.fences:
                return False  # it was never told that it is out
            self._lose()
        elif group.rebalancing and not member.joined:
            self._hand_over(member)
        if group.rebalancing or self.generation == group.generation:
            return group.rebalancing
        self.generation = group.generation
        for partition in group.assignment[self._slot]:
            self.assign(partition)
        return True

    def _lose(self) -> None:
        """The session is over: everything is somebody else's by now."""
        assert self._owner is not None
        for partition in list(self.positions):
            self._owner.lost(partition)
        self.positions.clear()
        self._join()

    def _hand_over(self, member: Member) -> None:
        assert self._owner is not None
        for partition in list(self.positions):
            self._owner.revoked(partition)
        self.positions.clear()
        group = self._kafka.group
        if group.holds(member):
            group.rejoin(member)
        elif self._kafka.fences and group.replaced(member):
            raise SlotTakenError(f"{self._slot} was replaced while it handed over")
        else:  # it took too long over that
            self._join()

    def assign(self, partition: int) -> None:
        """Hand a partition to the owner."""
        assert self._owner is not None
        committed = Committed(self._kafka.committed(partition), self._kafka.low)
        self.positions[partition] = self._owner.assigned(partition, committed)

    def _join(self) -> Member:
        self.freeze()
        self.member = self._kafka.group.join(self._slot, self._kafka.now_s)
        self.generation = -1
        self.thaw()
        return self.member

    def _read(self, records_max: int) -> list[Span]:
        spans = []
        # the one that lags most first: a batch of one must not starve the others
        lags = {p: len(self._kafka.inputs[p]) - at for p, at in self.positions.items()}
        left = records_max
        for partition in sorted(lags, key=lambda p: (-lags[p], p)):
            start = self.positions[partition]
            values = self._kafka.inputs[partition][start : start + left]
            if values:
                self.positions[partition] = start + len(values)
                spans.append(Span(partition, list(range(start, start + len(values))), values))
                left -= len(values)
        return spans


class MemoryOutput:
    """A worker's transactions. refuse: the next is aborted; unheard: done, but nobody is told."""

    def __init__(self, kafka: MemoryKafka, source: MemoryInput, slot: str = "pipeline-0") -> None:
        self._kafka, self._source, self._slot = kafka, source, slot
        self._epoch = 0
        self.refuse = False
        self.unheard = False

    def open(self) -> None:
        """Take the slot; fences its last holder and aborts what that one left open."""
        self._epoch = self._kafka.init(self._slot)

    def commit(self, records: Iterable[Record], offsets: Mapping[int, int]) -> None:
        """See Output."""
        self._kafka.pass_time(COMMIT_S)
        failpoints.BEFORE_RECORDS.reached()
        self._send(records)
        failpoints.BEFORE_OFFSETS.reached()
        self._offsets(offsets)
        failpoints.BEFORE_COMMIT.reached()
        self._end()

    def _send(self, records: Iterable[Record]) -> None:
        for record in records:
            self._kafka.produce(self._slot, self._epoch, record)

    def _offsets(self, offsets: Mapping[int, int]) -> None:
        member = self._source.member
        assert member is not None
        self._kafka.send_offsets(
            self._slot, self._epoch, dict(offsets), member, self._source.generation
        )

    def _end(self) -> None:
        if self.refuse:
            self.refuse = False
            self._kafka.abort(self._slot, self._epoch)
            raise TransactionFailedError("the coordinator went away")
        self._kafka.commit(self._slot, self._epoch)
        if self.unheard:
            self.unheard = False
            raise TransactionFailedError("the answer to a commit was lost")


class MemorySnapshots:
    """The snapshots' topic, read to what is committed."""

    def __init__(self, kafka: MemoryKafka) -> None:
        self._kafka = kafka

    def newest(self, partition: int, committed: int | None) -> Kept:
        """See Snapshots."""
        records = self._kafka.read(SNAPSHOTS.name, partition)
        return kept_in(((record.key, record.value) for record in records), committed)

    def ends(self, partition: int) -> Ends:
        """See Snapshots."""
        ends = (self._kafka.end(t.name, partition) for t in (SNAPSHOTS, DETECTIONS, HOURS))
        return Ends(*ends)

    def told(self, partition: int, since: Ends, until: Ends) -> Iterator[list[bytes]]:
        """See Snapshots."""
        detections = (DETECTIONS, since.detections, until.detections)
        for topic, start, end in (detections, (HOURS, since.hours, until.hours)):
            records = self._kafka.read(topic.name, partition, start, end)
            yield [record.value or b"" for record in records]
