"""A partition in the worker's hands: its state, how far it has read, committed and saved."""

from dataclasses import dataclass

from contracts.columns import Batch
from contracts.detection import Detection
from contracts.envelope import Event
from pipeline.comparison import Comparison
from pipeline.engine import last_told, step
from pipeline.snapshots import Manifest
from pipeline.state import PartitionState
from pipeline.telling import Told

IDLE_FACTOR = 5  # a partition that only hears ticks is saved so many times less often


@dataclass(slots=True)
class Partition:
    """One partition's course: silent replay up to live_from, then live.

    next_offset: the first not in state. committed: the first not committed. saved: the newest
    snapshot, saved_offset: where a restore would begin; saved_at, assigned_at: monotonic seconds.
    garbage: keys that the next snapshot deletes. comparison: of silent replay, None = not from a
    snapshot, so that nobody knows where in the log its answers begin.
    """

    number: int
    state: PartitionState
    next_offset: int
    live_from: int
    committed: int
    saved: Manifest | None
    saved_offset: int
    saved_at: float
    assigned_at: float
    garbage: tuple[str, ...] = ()
    comparison: Comparison | None = None
    readings_unsaved: int = 0
    announced: bool = False
    fresh: bool = True  # assigned by the poll that is under way, or not read from since

    @property
    def live(self) -> bool:
        """Whether replay has reached what was committed."""
        return self.next_offset >= self.live_from

    @property
    def records_unsaved(self) -> int:
        """What a restore would have to replay now."""
        return self.committed - self.saved_offset

    def advance(self, batch: Batch, next_offset: int) -> Told:
        """Step through a batch that ends before next_offset; what it tells, silent or not."""
        told = step(self.state, batch)
        self.readings_unsaved += len(batch.readings)
        self.next_offset = next_offset
        return told

    def announcements(self) -> list[Event[Detection]]:
        """Once, when replay is through: every open episode's last revision again."""
        if self.announced or not self.live:
            return []
        self.announced = True
        return last_told(self.state)

    def save_due(self, now: float, every_s: float, records_max: int) -> bool:
        """Whether a snapshot is due, now being monotonic seconds; only of what is committed."""
        if not self.can_save():
            return False
        age_s = now - self.saved_at
        changed = self.readings_unsaved > 0
        return self.records_unsaved >= records_max or age_s >= every_s * (
            1 if changed else IDLE_FACTOR
        )

    def can_save(self) -> bool:
        """Whether state is exactly what is committed, and more than the newest snapshot holds."""
        return self.live and self.committed == self.next_offset > self.saved_offset

    def was_saved(self, manifest: Manifest, now: float) -> None:
        """Note the newest snapshot."""
        self.saved, self.saved_offset = manifest, manifest.input_offset
        self.saved_at, self.readings_unsaved, self.garbage = now, 0, ()
