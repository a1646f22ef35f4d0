"""A Kafka broker in memory: topics, transactions and one consumer group, in injected time.

Faithful in what a worker's promises hang on, and silent about all else: a transaction is seen
whole or not at all, and holds read_committed readers back while it is open; a producer whose
transactional id was taken is refused; so is a commit of a member that was replaced, expired or left
behind by a generation. As in Kafka, nobody asks whether the member owns what it commits.
`tests/pipeline/test_memory_kafka.py` says which test on the real Kafka shows each.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pipeline.adapters.input_log import SESSION_MS
from pipeline.adapters.transactions import (
    TRANSACTION_MAX_MS,
    SlotTakenError,
    TransactionFailedError,
)
from pipeline.ports import Record

SESSION_S = SESSION_MS / 1000
TRANSACTION_S = TRANSACTION_MAX_MS / 1000
WAIT_S = 1.0  # between two tries of whoever waits for a transaction to be over


class Written(Enum):
    """What has become of a record."""

    OPEN = 1
    COMMITTED = 2
    ABORTED = 3


@dataclass(slots=True)
class Entry:
    """One offset of a partition of a topic; record None = the mark at a transaction's end."""

    record: Record | None
    written: Written


@dataclass(slots=True)
class Transaction:
    """What a producer has under way. strangers: partitions whose offsets are not its member's."""

    began_s: float
    entries: list[Entry] = field(default_factory=list)
    offsets: dict[int, int] = field(default_factory=dict)
    strangers: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Producer:
    """One transactional id: its newest epoch is the only one that may write."""

    epoch: int = 0
    open: Transaction | None = None


@dataclass(slots=True)
class Member:
    """A consumer in the group, as the broker knows it. process: tells whether it can be heard."""

    instance: str
    member_id: int
    heard_s: float
    joined: bool = True  # has asked for a place in the next generation


class Group:
    """The group of the workers: static members, all partitions moved at once, by range."""

    def __init__(self, partitions: Sequence[int]) -> None:
        self.generation = 0
        self.members: dict[str, Member] = {}
        self.assignment: dict[str, list[int]] = {}
        self.rebalancing = False
        self._partitions = sorted(partitions)
        self._ids = 0

    def join(self, instance: str, now_s: float) -> Member:
        """A process of that instance joins; whoever had its place is replaced and refused."""
        self._ids += 1
        before = self.members.get(instance)
        member = self.members[instance] = Member(instance, self._ids, now_s)
        if before is None or self.rebalancing:
            self._rebalance()
        return member  # a restart within the session keeps its share, and disturbs nobody

    def rejoin(self, member: Member) -> None:
        """A member that has handed over its share waits for the next generation."""
        member.joined = True
        self._complete()

    def holds(self, member: Member) -> bool:
        """Whether it is this very member that is in the group."""
        return self.members.get(member.instance) is member

    def replaced(self, member: Member) -> bool:
        """Whether another process has its place."""
        return member.instance in self.members and not self.holds(member)

    def expire(self, now_s: float) -> None:
        """Put out whoever was not heard for a session."""
        gone = [m for m in self.members.values() if now_s - m.heard_s > SESSION_S]
        for member in gone:
            del self.members[member.instance]
        if gone:
            self._rebalance()

    def _rebalance(self) -> None:
        if not self.rebalancing:
            self.rebalancing = True
            for member in self.members.values():
                # who has no share yet has nothing to hand over
                member.joined = member.instance not in self.assignment
        self._complete()

    def _complete(self) -> None:
        if not self.rebalancing or not all(m.joined for m in self.members.values()):
            return
        self.rebalancing = False
        self.generation += 1
        names = sorted(self.members)
        self.assignment = {}
        at = 0
        for place, name in enumerate(names):
            more = place < len(self._partitions) % len(names)
            until = at + len(self._partitions) // len(names) + more
            self.assignment[name] = self._partitions[at:until]
            at = until


class MemoryBroker:
    """Topics, transactions, offsets and the group. fences: False plants the bug of none."""

    def __init__(self, partitions: Sequence[int]) -> None:
        self.now_s = 0.0
        self.group = Group(partitions)
        self.logs: dict[tuple[str, int], list[Entry]] = defaultdict(list)
        self.offsets: dict[int, int] = {}
        self.producers: dict[str, Producer] = {}
        self.heard: dict[int, Member] = {}  # members whose process lives and is not frozen
        self.fences = True
        self.wrong: list[str] = []  # what must never have been accepted

    def pass_time(self, seconds: float) -> None:
        """Let time pass: who lives is heard meanwhile, sessions and transactions run out."""
        self.now_s += seconds
        for member in self.heard.values():
            member.heard_s = self.now_s
        self.group.expire(self.now_s)
        for producer in self.producers.values():
            if producer.open and self.now_s - producer.open.began_s > TRANSACTION_S:
                self._finish(producer, Written.ABORTED)
                producer.epoch += 1

    def init(self, transactional_id: str) -> int:
        """Take the id: aborts what its last holder left open; the epoch that may write."""
        producer = self.producers.setdefault(transactional_id, Producer())
        self._finish(producer, Written.ABORTED)
        producer.epoch += 1
        return producer.epoch

    def produce(self, transactional_id: str, epoch: int, record: Record) -> None:
        """Write a record into the open transaction, beginning one if none is."""
        transaction = self._transaction(transactional_id, epoch)
        entry = Entry(record, Written.OPEN)
        transaction.entries.append(entry)
        self.logs[record.kafka_topic.name, record.partition].append(entry)

    def send_offsets(
        self,
        transactional_id: str,
        epoch: int,
        offsets: dict[int, int],
        member: Member,
        generation: int,
    ) -> None:
        """Put offsets into the open transaction, as a member of a generation."""
        transaction = self._transaction(transactional_id, epoch)
        if self.fences and self.group.replaced(member):
            raise SlotTakenError(f"{member.instance} was replaced")
        if self.fences and not (self.group.holds(member) and generation == self.group.generation):
            raise TransactionFailedError(f"{member.instance} is of generation {generation}")
        transaction.offsets |= offsets
        # seen here and not at the end: whoever owned them when they were sent may end its
        # transaction after its session, since a successor is not told offsets that are under way
        group = self.group
        mine = group.assignment.get(member.instance, []) if group.holds(member) else []
        transaction.strangers |= offsets.keys() - set(mine)

    def commit(self, transactional_id: str, epoch: int) -> None:
        """End the open transaction: all of it is seen from now on."""
        self._transaction(transactional_id, epoch)
        self._finish(self.producers[transactional_id], Written.COMMITTED)

    def abort(self, transactional_id: str, epoch: int) -> None:
        """End the open transaction: none of it will ever be seen."""
        self._transaction(transactional_id, epoch)
        self._finish(self.producers[transactional_id], Written.ABORTED)

    def committed(self, partition: int) -> int | None:
        """The group's offset; waits while a transaction under way may still move it."""
        while any(p.open and partition in p.open.offsets for p in self.producers.values()):
            self.pass_time(WAIT_S)
        return self.offsets.get(partition)

    def end(self, topic: str, partition: int) -> int:
        """The offset after the last that a reader of committed records may pass."""
        log = self.logs[topic, partition]
        return next((at for at, e in enumerate(log) if e.written is Written.OPEN), len(log))

    def read(
        self, topic: str, partition: int, since: int = 0, until: int | None = None
    ) -> Iterable[Record]:
        """The committed records up to the first that is not decided, or before `until`."""
        end = self.end(topic, partition) if until is None else until
        for entry in self.logs[topic, partition][since:end]:
            if entry.record is not None and entry.written is Written.COMMITTED:
                yield entry.record

    def _transaction(self, transactional_id: str, epoch: int) -> Transaction:
        producer = self.producers[transactional_id]
        if self.fences and epoch != producer.epoch:
            raise SlotTakenError(f"{transactional_id} was taken from epoch {epoch}")
        if producer.open is None:
            producer.open = Transaction(self.now_s)
        return producer.open

    def _finish(self, producer: Producer, written: Written) -> None:
        transaction, producer.open = producer.open, None
        if transaction is None:
            return
        for entry in transaction.entries:
            entry.written = written
        for place in {
            (e.record.kafka_topic.name, e.record.partition) for e in transaction.entries if e.record
        }:
            self.logs[place].append(Entry(None, written))
        if written is Written.COMMITTED:
            self._note_wrong(transaction)
            self.offsets |= transaction.offsets

    def _note_wrong(self, transaction: Transaction) -> None:
        for partition, offset in transaction.offsets.items():
            if offset < self.offsets.get(partition, 0):
                self.wrong.append(f"partition {partition} was moved back to {offset}")
            if partition in transaction.strangers:
                self.wrong.append(f"partition {partition} was committed by a zombie")
