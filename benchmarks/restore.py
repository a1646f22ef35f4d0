"""`herd bench restore`: a worker with 100,000 animals is killed while it owes the most replay.

Its partitions' states are made and saved as real snapshots (made_states.py says how); the worker
restores them and reads on without saving, until its own metric says that it owes what production's
settings allow. Then readings arrive at their pace, kill -9 falls, and the worker is started again
as production sets it up. recover_s: from the kill until it has committed all but the newest half
second of what arrives.
"""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.children import Children
from benchmarks.kafka_box import KafkaBox, kafka_box
from benchmarks.made_herds import HerdSizes, values_of
from benchmarks.made_states import full_state, save
from benchmarks.pipeline_live import SLICE_S, TICK_S, free_port, metric
from benchmarks.processes import Measured
from contracts.topics import PARTITIONS
from pipeline.settings import PipelineSettings

LOOK_EVERY_S = 0.05
NEWEST_S = 0.5  # what arrives between two commits and two looks
DEBT = "herd_pipeline_replay_debt_seconds"
NO_SAVING = {"SNAPSHOT_DEBT_S": "60", "SNAPSHOT_EVERY_S": "300"}
RECOVER_MAX_S = 120.0
SLOT = "pipeline-0"


@dataclass(frozen=True, slots=True)
class Sizes:
    """animals: in all partitions; readings_per_s: that arrive; debt_s: None = as the settings say.

    laid_max: readings laid to get there, at most.
    """

    animals: int = 100_000
    readings_per_s: int = 5_000
    debt_s: float | None = None
    laid_max: int = 1_200_000
    seconds: float = 40.0

    @property
    def herd(self) -> HerdSizes:
        """One reading a minute of each animal."""
        return HerdSizes(animals=max(1, self.animals // PARTITIONS))


def run(tell: Callable[[str], None], sizes: Sizes = Sizes()) -> dict[str, Any]:
    """Design's keys of `bench restore`, and where the time went."""
    with (
        tempfile.TemporaryDirectory(prefix="herd-bench-") as directory,
        kafka_box(Path(directory), tell) as box,
    ):
        return measure(box, sizes, tell)


def measure(box: KafkaBox, sizes: Sizes, tell: Callable[[str], None]) -> dict[str, Any]:
    """The same on a box that runs."""
    begin = box.ends()
    box.forget_runs(begin)
    at = datetime.now(UTC) - timedelta(hours=1)
    state_bytes = 0
    for partition in range(PARTITIONS):
        state = full_state(sizes.herd, partition, at, box.schema_ids)
        state_bytes += save(box, state, partition, begin[partition])
    tell(f"states of {sizes.animals:,} animals saved, {state_bytes / 1e6:,.0f} MB")
    port = free_port()
    worker = box.worker(SLOT, {"METRICS_PORT": str(port), **NO_SAVING})
    worker.start_and_wait()
    try:
        debt_s, debt_records = _owe(box, sizes, at, port, begin)
        tell(f"{debt_records:,} records owed, {debt_s:.2f} s by the worker's own metric")
        feed = Children("benchmarks.live_feed", [_asked(box, sizes)])
        feed.go()
        time.sleep(sizes.seconds / 10)
    except BaseException:
        worker.stop()
        raise
    killed_s = time.time()
    worker.kill()
    again = box.worker(SLOT)
    again.start()
    try:
        parts = _recovered(box, again, sizes, killed_s)
        (said,) = feed.answers()
    finally:
        feed.kill()
        again.stop()
    found = {
        "animals": sizes.animals,
        "replay_debt_s": round(debt_s, 2),
        "recover_s": round(sum(parts.values()), 2),
        "replay_debt_records": debt_records,
        "arriving_per_s": sizes.readings_per_s,
        "arrived": said["records"],
        "state_mb": round(state_bytes / 1e6),
        "bytes_per_animal": round(state_bytes / sizes.animals),
        **{name: round(seconds, 2) for name, seconds in parts.items()},
    }
    tell(json.dumps(found))
    return found


def _owe(
    box: KafkaBox, sizes: Sizes, at: datetime, port: int, begin: Mapping[int, int]
) -> tuple[float, int]:
    """Lay minute after minute until the worker owes enough; seconds and records."""
    allowed_s = PipelineSettings().snapshot_debt_s if sizes.debt_s is None else sizes.debt_s
    herd = sizes.herd
    made = values_of(
        herd, at + timedelta(minutes=1), sizes.laid_max // sizes.animals, box.schema_ids
    )
    owed_s = 0.0
    many = [next(made) for _ in range(PARTITIONS)]
    while many and owed_s < allowed_s:
        box.lay(many)
        _until_read(box)
        owed_s = metric(port, DEBT)
        many = [one for _ in range(PARTITIONS) if (one := next(made, None)) is not None]
    committed = box.committed()
    return owed_s, sum(committed[p] - begin[p] for p in begin)


def _until_read(box: KafkaBox) -> None:
    ends = box.ends()
    deadline = time.monotonic() + RECOVER_MAX_S
    while any(box.committed()[p] < end for p, end in ends.items()):
        if time.monotonic() > deadline:
            raise TimeoutError("the worker does not read what was laid")
        time.sleep(LOOK_EVERY_S)
    time.sleep(1.5)  # metrics are set once a second


def _asked(box: KafkaBox, sizes: Sizes) -> dict[str, Any]:
    """The same animals, whose collars were started anew, at their pace."""
    per_slice = round(TICK_S / SLICE_S)
    cadence_s = max(SLICE_S, round(sizes.animals / sizes.readings_per_s, 1))
    arriving = replace(
        sizes.herd, cadence_s=cadence_s, slice_s=SLICE_S, tick_slices=per_slice, boot_id=2
    )
    return {
        "bootstrap": box.bootstrap,
        "registry_url": box.registry_url,
        "herd": asdict(arriving),
        "slices": round(sizes.seconds / SLICE_S),
        "slice_s": SLICE_S,
        "fevers": 0,
    }


def _recovered(box: KafkaBox, worker: Measured, sizes: Sizes, killed_s: float) -> dict[str, float]:
    """Seconds of each part, from the kill on."""
    live_s = 0.0
    deadline = time.monotonic() + RECOVER_MAX_S
    while True:
        if not live_s and worker.is_ready():
            live_s = time.time()
        ends, committed = box.ends(), box.committed()
        lag = sum(ends[p] - committed[p] for p in ends)
        if live_s and lag <= sizes.readings_per_s * NEWEST_S:
            break
        if time.monotonic() > deadline:
            raise TimeoutError(f"{lag} records behind after {RECOVER_MAX_S:g} s")
        time.sleep(LOOK_EVERY_S)
    caught_up_s = time.time()
    assigned_s = [
        datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()
        for line in worker.log()
        if '"partition_assigned"' in line
    ]
    return {
        "start_and_first_s": assigned_s[0] - killed_s,
        "others_read_s": assigned_s[-1] - assigned_s[0],
        "replay_s": live_s - assigned_s[-1],
        "catch_up_s": caught_up_s - live_s,
    }
