"""Workers over a laid log: watched from outside, by what Kafka has committed and the kernel counts.

Two workers join one after the other, and the partitions move once while they do. So the clock runs
from the moment both have their share: rate = what was committed from then on, by the time it took.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.kafka_box import KafkaBox
from benchmarks.processes import Measured

LOOK_EVERY_S = 0.05
QUIET_MAX_S = 60.0  # without progress


@dataclass(frozen=True, slots=True)
class Course:
    """One log read by workers. cpu_us: a record, of the workers and of the broker."""

    records: int
    seconds: float
    cpu_us: float
    broker_cpu_us: float
    resident_mb: float

    @property
    def per_s(self) -> float:
        """Records a second."""
        return self.records / self.seconds


@dataclass(frozen=True, slots=True)
class _Look:
    at_s: float
    committed: int
    cpu_s: float
    broker_cpu_s: float
    resident_mb: float


def course(
    box: KafkaBox,
    workers: Sequence[Measured],
    begin: Mapping[int, int],
    end: Mapping[int, int],
) -> Course:
    """Start the workers, wait until they have committed all between begin and end, stop them."""
    broker = box.broker()

    def look() -> _Look:
        committed = box.committed()
        return _Look(
            time.monotonic(),
            sum(min(max(committed[p] - begin[p], 0), end[p] - begin[p]) for p in begin),
            sum(one.cpu_s() for one in workers),
            broker.cpu_s(),
            sum(one.resident_mb() for one in workers),
        )

    total = sum(end[p] - begin[p] for p in begin)
    for worker in workers:
        worker.start()
    try:
        first, looks = _watch(workers, look, total)
    finally:
        for worker in workers:
            worker.stop()
    last = looks[-1]
    records = last.committed - first.committed
    return Course(
        records=records,
        seconds=last.at_s - first.at_s,
        cpu_us=(last.cpu_s - first.cpu_s) / records * 1e6,
        broker_cpu_us=(last.broker_cpu_s - first.broker_cpu_s) / records * 1e6,
        resident_mb=max(one.resident_mb for one in looks),
    )


def _watch(
    workers: Sequence[Measured], look: Callable[[], _Look], total: int
) -> tuple[_Look, list[_Look]]:
    """Where the clock begins, and all looks up to the end."""
    looks = [look()]
    first: _Look | None = None
    moved_s = time.monotonic()
    while looks[-1].committed < total:
        time.sleep(LOOK_EVERY_S)
        looks.append(look())
        if first is None and all(worker.is_ready() for worker in workers):
            first = looks[-1]
        if looks[-1].committed > looks[-2].committed:
            moved_s = time.monotonic()
        elif time.monotonic() - moved_s > QUIET_MAX_S:
            raise TimeoutError(f"{looks[-1].committed} of {total} committed, then nothing")
    if first is None or first.committed >= total:
        # a log as small as a test's is read before both have joined
        first = [one for one in looks if one.committed == looks[0].committed][-1]
    return first, looks
