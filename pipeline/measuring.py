"""The worker's figures, taken once a second from what is at hand: no question to a broker."""

from collections.abc import Callable, Iterable
from datetime import datetime

from contracts.columns import moment
from pipeline import metrics
from pipeline.partitions import Partition
from pipeline.state import PartitionState
from pipeline.tables import NEVER


def measure(
    partitions: Iterable[Partition], end_of: Callable[[int], int | None], now: datetime
) -> None:
    """Set the gauges of a worker's partitions. end_of: its end, None = not known; now: farm time.

    A partition without ticks yet has no log time to tell of.
    """
    for partition in partitions:
        number, state = str(partition.number), partition.state
        end = end_of(partition.number)
        if end is not None:
            metrics.LAG.labels(number).set(max(0, end - partition.next_offset))
        log_us = state.log_time.partition_us
        if log_us != NEVER:
            log_time = moment(log_us)
            metrics.LOG_TIME.labels(number).set(log_time.timestamp())
            behind_s = (now - log_time).total_seconds()
            metrics.LOG_TIME_BEHIND.labels(number).set(max(0.0, behind_s))
        metrics.ANIMALS.labels(number).set(state.animals.index.held)
        metrics.STATE_BYTES.labels(number).set(state_bytes(state))


def state_bytes(state: PartitionState) -> int:
    """Memory of the rows in use: nearly all of a state, without looking at any of it."""
    return len(state.animals) * sum(table.bytes_per_row for table in state.tables())
