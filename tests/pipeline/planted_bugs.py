"""Bugs that are easily written into a worker, planted to see that crash schedules find them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contracts.topics import SNAPSHOTS
from pipeline.ports import Record
from pipeline.runner import Worker
from pipeline.snapshots import Draft
from tests.pipeline.lives import Ports
from tests.pipeline.memory_kafka import MemoryOutput

WHOLE = 1 << 30  # bytes of a state that leaves at once


@dataclass(frozen=True, slots=True)
class Plant:
    """One bug: other clients of Kafka, another worker, or a broker that fences nobody."""

    ports: Ports = field(default_factory=Ports)
    fences: bool = True


class OffsetsFirst(MemoryOutput):
    """Commits how far was read before it tells what was found: a crash between loses that."""

    def commit(self, records: Iterable[Record], offsets: Mapping[int, int]) -> None:
        """See Output."""
        super().commit([], offsets)
        super().commit(records, offsets)


class SavesFirst(Worker):
    """Saves a state before what was judged with it is told: a crash between, and nobody is told."""

    def _commit(self, records: list[Record]) -> None:
        for partition in self._partitions.values():
            if partition.live and partition.next_offset > partition.committed:
                number, offset = partition.number, partition.committed
                draft = Draft(partition.state, number, offset, 1, ends=self._snapshots.ends(number))
                written = draft.slice(WHOLE)
                written += draft.finish()[1]
                saved = [Record(SNAPSHOTS, number, key, value) for key, value in written]
                self._output.commit(saved, {number: offset})
        super()._commit(records)


PLANTS = {
    "offsets_before_outputs": Plant(Ports(output=OffsetsFirst)),
    "snapshot_ahead_of_the_commit": Plant(Ports(worker=SavesFirst)),
    "zombie_may_commit": Plant(fences=False),
}
