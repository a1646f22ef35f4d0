"""When snapshots are due, and that they leave beside the work: on a Kafka in memory."""

from collections.abc import Sequence

from pipeline.partitions import Partition
from pipeline.saving import HANDOVER_BYTES_MAX, SPEED_BEFORE_MEASURED, ReplaySpeed, Saving
from pipeline.settings import PipelineSettings
from pipeline.snapshots import CHUNK_BYTES_MAX, Ends
from pipeline.state import PartitionState
from tests.builders import a_reading
from tests.pipeline.lives import Life
from tests.pipeline.logs import run, temperatures, values_of
from tests.pipeline.memory_kafka import MemoryKafka, MemorySnapshots
from tests.waiting import eventually


def a_partition(
    number: int, *, owes: int, saved_at: float = 0.0, state: PartitionState | None = None
) -> Partition:
    """A live partition whose newest snapshot is so many records old."""
    return Partition(
        number=number,
        state=state or PartitionState(),
        next_offset=owes,
        live_from=0,
        committed=owes,
        saved=None,
        saved_offset=0,
        saved_at=saved_at,
        assigned_at=0.0,
        readings_unsaved=owes,
    )


def a_saving(**said: float) -> Saving:
    """Of a worker that was just started."""
    return Saving(lambda _partition: Ends(0, 0, 0), PipelineSettings(**said), 1)  # type: ignore[arg-type]


def begun(saving: Saving, partitions: Sequence[Partition], now: float = 1.0) -> int | None:
    """The partition whose snapshot begins now."""
    if not saving.begin_due({p.number: p for p in partitions}, now):
        return None
    return saving.slice(now)[0].partition


def test_the_partition_that_owes_most_is_saved_when_a_crash_would_cost_too_much() -> None:
    """One crash takes all partitions of a worker: their debts add up."""
    each = int(SPEED_BEFORE_MEASURED)
    few = [a_partition(n, owes=owes) for n, owes in enumerate((each // 4, each, each // 2))]

    assert begun(a_saving(), few) is None
    assert begun(a_saving(), [*few, a_partition(3, owes=int(1.3 * each))]) == 3
    assert begun(a_saving(snapshot_debt_s=1.7), few) == 1


def test_a_debt_is_counted_in_this_workers_own_speed() -> None:
    """A slow machine saves more often; small batches say nothing of a replay's speed."""
    speed = ReplaySpeed()
    speed.note(10, 1.0)
    assert speed.records_per_s == SPEED_BEFORE_MEASURED

    speed.note(10_000, 0.5)

    assert speed.records_per_s == 20_000


def test_a_snapshot_is_due_after_five_minutes_however_small_the_debt() -> None:
    """And only for a partition of which something new was committed."""
    old, new = a_partition(1, owes=5, saved_at=0.0), a_partition(2, owes=9, saved_at=299.0)

    assert begun(a_saving(), [old, new], now=299.9) is None
    assert begun(a_saving(), [old, new], now=300.0) == 1
    assert begun(a_saving(), [a_partition(1, owes=0)], now=9_999.0) is None


def test_a_slice_is_followed_by_a_rest_three_times_as_long() -> None:
    """Readings come first: a large state takes a quarter of the worker's time at most."""
    herd = run(values_of(a_reading(animal=f"nl-{n}", collar=f"c-{n}") for n in range(3000)))[0]
    saving = a_saving()
    saving.begin(a_partition(1, owes=1, state=herd))
    assert saving.slice(10.0)

    saving.committed(0.02, 10.02)

    assert saving.slice(10.07) == []
    assert saving.slice(10.081)


def test_a_lost_partition_takes_its_draft_along() -> None:
    """Its chunks without a manifest are garbage; a manifest would claim a state that moved on."""
    herd = run(values_of(a_reading(animal=f"nl-{n}", collar=f"c-{n}") for n in range(3000)))[0]
    saving = a_saving()
    saving.begin(a_partition(1, owes=1, state=herd))
    assert len(saving.slice(0.0)) * CHUNK_BYTES_MAX < HANDOVER_BYTES_MAX

    saving.drop(2)
    assert saving.slice(1.0)
    saving.drop(1)

    assert saving.slice(2.0) == []


def test_readings_are_judged_and_told_while_a_snapshot_leaves() -> None:
    """A fever in the midst of a large write is told with the next slice, not after the last."""
    herd = [a_reading(animal=f"nl-{n}", collar=f"c-{n}") for n in range(3000)]
    fever = temperatures(41, 41, 41, animal="nl-hot", collar="c-hot")
    kafka = MemoryKafka(values_of([*herd, *fever]))
    life = Life(kafka, batch=3000, said={"snapshot_records_max": 3000})

    eventually(lambda: bool(life.turns(1).kafka.detections), within_s=20, why="it is told")

    assert MemorySnapshots(kafka).newest(kafka.partition, None).found is None
    life.to_the_end()
    assert MemorySnapshots(kafka).newest(kafka.partition, None).found is not None
