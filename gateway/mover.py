"""The mover: what the register learns late about who wore a collar is told by the log itself.

Problem: judgements are a function of one log, and the log holds each reading under the animal that
the register knew when it came. Approach: herd-clock, whoever owns a partition, writes a reading
again, moved to whom it belongs, wherever log and register differ (moves.py). Once over the newest
days when a partition is gained, and over what a changed list can touch, soon and twice again: a
gateway with the old list may have let readings in for a while.

Two movers at once, or one that was killed half-way, are harmless: a reader takes a move again for a
repeat. The log is scanned, not remembered: changes are seldom, readings are not. Rejected: the
gateway moving what it let in (it knows a minute, not three days); the pipeline reading the register
beside the log (its answers would differ at every replay).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from prometheus_client import Counter

from contracts.columns import ReadingColumns
from contracts.ids import CollarId
from contracts.topics import partition_of_farm
from gateway.moves import FAR_BACK_US, Change, Move, Register, Scan, halves, wrong_collars

log = structlog.get_logger()

MOVED = Counter("herd_clock_moved_readings", "Readings told again for the animal that wore it.")

SCANNED_MAX = timedelta(hours=75)  # late_max, and what readers of the log may be behind by
# after a change: at once, but many lists of an import in one scan; and for what gateways let in
# by the old list, of which one may have been stopped for a while
AFTER_S = (1.0, 15.0, 120.0)
COLLARS_AT_ONCE = 500
MOVES_AT_ONCE = 5_000  # written and confirmed, before we say again that we are alive
READINGS_HELD_MAX = 150_000  # 140 MB if all are to move; a scan that holds more is done in halves


@dataclass(frozen=True, slots=True)
class Records:
    """Some records of a partition, in order: their readings, and by place offset and value."""

    readings: ReadingColumns
    offsets: Sequence[int]
    values: Sequence[bytes]


class MoverLog(Protocol):
    """The readings in Kafka as the mover needs them."""

    def records(
        self, partition: int, since_us: int, wanted: Callable[[bytes], bool]
    ) -> Iterator[Records]:
        """Those wanted, of the last SCANNED_MAX and since then, up to the end as it is now.

        By Kafka's own time. In pieces, of which any may be empty; the next call ends this one.
        """
        ...

    def append(self, partition: int, moves: Sequence[Move]) -> None:
        """Write moved readings, in order; returns when Kafka has them."""
        ...


@dataclass(slots=True)
class Owned:
    """Which partitions are ours: noted by the thread that ticks, asked by the one that moves."""

    partitions: frozenset[int] = frozenset()


class Mover:
    """Makes owned partitions agree with the register; for one thread."""

    def __init__(self, kafka: MoverLog, register: Register, goes_on: Callable[[], bool]) -> None:
        self._kafka, self._register, self._goes_on = kafka, register, goes_on
        self._owned: frozenset[int] = frozenset()
        self._all_due: list[tuple[float, int]] = []  # monotonic seconds, partition
        self._due: list[tuple[float, Change]] = []  # monotonic seconds

    def turn(self, owned: frozenset[int], now_s: float) -> None:
        """Do what is due. owned: the partitions of this member now; now_s: monotonic seconds."""
        for change in self._register.changes():
            self._due += [(now_s + after_s, change) for after_s in AFTER_S]
        # a list may have changed just before we came: gateways let in by the old one for a while
        gained = sorted(owned - self._owned)
        self._all_due += [(now_s + after_s, p) for after_s in (0.0, AFTER_S[-1]) for p in gained]
        self._owned = owned
        due_all = {partition for at_s, partition in self._all_due if at_s <= now_s}
        self._all_due = [(at_s, p) for at_s, p in self._all_due if at_s > now_s]
        for partition in sorted(due_all & owned):
            self._move_all(partition)
        due = [change for at_s, change in self._due if at_s <= now_s]
        if due:
            self._due = [(at_s, change) for at_s, change in self._due if at_s > now_s]
            self._move_changed(due)

    def _move_all(self, partition: int) -> None:
        """Whatever stands wrong in the newest days: lists may have changed while nobody looked."""
        worn = self._register.worn
        wrong: set[CollarId] = set()
        for some in self._kafka.records(partition, FAR_BACK_US, lambda _value: True):
            wrong |= wrong_collars(worn, some.readings)
            if not self._goes_on():
                return
        self._move_collars(partition, dict.fromkeys(wrong, FAR_BACK_US))

    def _move_changed(self, due: Iterable[Change]) -> None:
        by_partition: dict[int, dict[CollarId, int]] = {}
        for change in due:
            for partition in {partition_of_farm(farm) for farm in change.farms} & self._owned:
                since = by_partition.setdefault(partition, {})
                since_us = since.get(change.collar_id, change.since_us)
                since[change.collar_id] = min(since_us, change.since_us)
        for partition, collars in sorted(by_partition.items()):
            self._move_collars(partition, collars)

    def _move_collars(self, partition: int, since_us: Mapping[CollarId, int]) -> None:
        """Scan for these collars, as many at once as memory allows, and write what is to move."""
        collars = sorted(since_us)
        at_once = range(0, len(collars), COLLARS_AT_ONCE)
        waiting = [collars[start : start + COLLARS_AT_ONCE] for start in at_once]
        while waiting and self._goes_on():
            some = waiting.pop(0)
            scan = Scan(self._register.worn, {collar: since_us[collar] for collar in some})
            if self._read(partition, scan, whole=len(some) == 1):
                self._write(partition, scan.moves())
            elif len(some) > 1:
                waiting[:0] = halves(some)

    def _read(self, partition: int, scan: Scan, *, whole: bool) -> bool:
        """Fold a partition into the scan; False if it was too much, or we are to stop."""
        for records in self._kafka.records(partition, scan.begins_us, scan.may_concern):
            scan.take(records.readings, records.offsets, records.values)
            if not self._goes_on() or (len(scan) > READINGS_HELD_MAX and not whole):
                return False
        return True

    def _write(self, partition: int, moves: Sequence[Move]) -> None:
        for start in range(0, len(moves), MOVES_AT_ONCE):
            some = moves[start : start + MOVES_AT_ONCE]
            self._kafka.append(partition, some)
            MOVED.inc(len(some))
            collars = len({move.collar_id for move in some})
            log.info("readings_moved", partition=partition, collars=collars, readings=len(some))
            if not self._goes_on():
                return
