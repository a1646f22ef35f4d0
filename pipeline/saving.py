"""When a state is saved and how: by what a restore would cost, a slice a turn, one at a time.

A restore replays what was committed since the newest snapshot. That debt, over all partitions of a
worker (one crash takes them all), is what a farm would wait for: it is kept under a limit in
seconds, measured in this worker's own speed. The partition that owes most is saved first.

Writing may not hold up the readings: a snapshot is copied right after a commit, when its state is
exactly what is committed, and leaves in slices with the transactions that come anyway, for at most
a part of the worker's time. A catch-up of a herd whose state is large outruns that: then the debt
grows beyond its limit, shows as a metric, and is paid when the worker has time again.
"""

from collections.abc import Callable, Iterable, Mapping

from contracts.topics import SNAPSHOTS
from pipeline import failpoints
from pipeline.partitions import Partition
from pipeline.ports import Record
from pipeline.settings import PipelineSettings
from pipeline.snapshots import Draft, Ends, Manifest, Written

SLICE_BYTES_MAX = 4 << 20  # of chunks in one transaction: 10 ms of hashing, 10 ms of Kafka
REST_FACTOR = 3.0  # after a slice, so many times as long as it took: a quarter of the time
HANDOVER_BYTES_MAX = 16 << 20  # a larger state is not saved while others wait for its partition
SPEED_BEFORE_MEASURED = 100_000.0  # records/s; prudent
SPEED_RECORDS_MIN = 1_000  # of a batch: a smaller one measures what a batch costs, not a record
SPEED_MEMORY = 0.98  # of what was measured before, at each further batch


class ReplaySpeed:
    """How fast this worker steps through records, smoothed; replay is the same work."""

    def __init__(self) -> None:
        self._records = self._seconds = 0.0

    def note(self, records: int, seconds: float) -> None:
        """A batch was decoded and stepped through."""
        if records >= SPEED_RECORDS_MIN and seconds > 0:
            self._records = self._records * SPEED_MEMORY + records
            self._seconds = self._seconds * SPEED_MEMORY + seconds

    @property
    def records_per_s(self) -> float:
        """Of batches large enough to tell."""
        return self._records / self._seconds if self._seconds else SPEED_BEFORE_MEASURED


class Saving:
    """What is being saved of a worker's partitions. ends: asked when a snapshot begins."""

    def __init__(
        self, ends: Callable[[int], Ends], settings: PipelineSettings, owner_epoch: int
    ) -> None:
        self._ends, self._settings, self._owner_epoch = ends, settings, owner_epoch
        self.speed = ReplaySpeed()
        self._draft: Draft | None = None
        self._manifest: Manifest | None = None  # of the draft, once its last records are out
        self._not_before = 0.0

    def debt_s(self, partitions: Iterable[Partition]) -> float:
        """What a restore would replay now, in seconds."""
        return sum(max(0, p.records_unsaved) for p in partitions) / self.speed.records_per_s

    def begin(self, partition: Partition) -> Draft:
        """Copy the state of a partition that can be saved: the draft under way from here on."""
        self._draft = Draft(
            partition.state,
            partition.number,
            partition.committed,
            self._owner_epoch,
            ends=self._ends(partition.number),
            previous=partition.saved,
            garbage=partition.garbage,
        )
        self._manifest = None
        return self._draft

    def begin_due(self, partitions: Mapping[int, Partition], now: float) -> bool:
        """Begin with the partition that owes most, if one is due and none is under way."""
        if self._draft is not None:
            return False
        due = self._due(list(partitions.values()), now)
        if due is not None:
            self.begin(due)
        return due is not None

    def slice(self, now: float) -> list[Record]:
        """The next records of the draft for the commit that follows, none while it rests."""
        draft = self._draft
        if draft is None or now < self._not_before:
            return []
        if not draft.complete:
            failpoints.SNAPSHOT_CHUNK.reached()
        written: list[Written] = draft.slice(SLICE_BYTES_MAX)
        if draft.complete:
            failpoints.SNAPSHOT_MANIFEST.reached()
            self._manifest, last = draft.finish()
            written += last
        return [Record(SNAPSHOTS, draft.partition, key, value) for key, value in written]

    def committed(self, took_s: float, now: float) -> Manifest | None:
        """A slice was committed; the manifest if it was the last."""
        self._not_before = now + took_s * REST_FACTOR
        manifest = self._manifest
        if manifest is not None:
            self.drop()
            failpoints.SNAPSHOT_WRITTEN.reached()
        return manifest

    def drop(self, partition: int | None = None) -> None:
        """Let go of a draft (of that partition): its chunks lack a manifest, and are garbage."""
        if self._draft is not None and partition in (None, self._draft.partition):
            self._draft = self._manifest = None
            self._not_before = 0.0

    def _due(self, partitions: list[Partition], now: float) -> Partition | None:
        limits = self._settings
        able = sorted(
            (p for p in partitions if p.can_save()), key=lambda p: p.records_unsaved, reverse=True
        )
        if able and self.debt_s(partitions) >= limits.snapshot_debt_s:
            return able[0]
        every_s, records_max = limits.snapshot_every_s, limits.snapshot_records_max
        return next((p for p in able if p.save_due(now, every_s, records_max)), None)
