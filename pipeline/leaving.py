"""Who has left: rows are freed of animals that nobody waits for, so that memory follows the herd.

Log time decides, at the first line of a day of the farm's clock: the same log frees the same rows,
and the batch that holds that tick is cut behind it, since the next new animal takes a freed row.
"""

from collections.abc import Iterable

import numpy as np

from contracts.columns import Batch, micros
from contracts.tick import Tick
from pipeline.state import PARTITION_CLOCK, PartitionState
from pipeline.tables import DAY_US, NEVER

# Unheard for so long, and no collar of hers is waited for. Far more than late_max, and than any
# detector looks back: what is forgotten with her row could not have changed an answer.
LEFT_DAYS = 30


def free_who_left(state: PartitionState, farms: Iterable[str], today: int) -> None:
    """Free the rows of these farms' animals that have left; today: the day of their clock."""
    farms = list(farms)
    for farm in farms:
        rows = state.rows_of_farm[farm]
        gone = state.counted["heard_day"][rows] < today - LEFT_DAYS
        for detector in state.tuning.common.by_time:
            if gone.any():
                gone &= ~detector.waits_for(rows, state.memories[detector.spec.name])
        if gone.any():
            told_of = [episode.row for episode in state.episodes.open_of(farm)]
            gone &= ~np.isin(rows, told_of)
            state.free_animals(farm, rows[gone])
    state.sequences.free_gone(state.farms.rows_of(farms), today)


def day_begins(before_us: int, at_us: int) -> bool:
    """Whether a day of log time begins between the two."""
    return before_us == NEVER or at_us // DAY_US > before_us // DAY_US


def cut_at_days(state: PartitionState, batch: Batch) -> list[int]:
    """Places behind ticks with which a day may begin, and the end: each part is taken in by itself.

    A cut too many costs a moment; it changes no answer.
    """
    newest = {PARTITION_CLOCK: state.log_time.partition_us, **state.log_time.own_us}
    cuts = []
    for place, event in batch.events:
        if isinstance(event.payload, Tick):
            clock = event.farm_id or PARTITION_CLOCK
            before_us, at_us = newest.get(clock, NEVER), micros(event.timestamp)
            if at_us > before_us:
                newest[clock] = at_us
                if day_begins(before_us, at_us):
                    cuts.append(place + 1)
    return [*cuts, batch.size] if not cuts or cuts[-1] < batch.size else cuts


def parts_of(batch: Batch, cuts: list[int]) -> list[tuple[int, Batch]]:
    """(end, part) of a batch cut at these places; places stay those of the whole."""
    if len(cuts) == 1:
        return [(cuts[0], batch)]
    parts, begin = [], 0
    for end in cuts:
        inside = np.nonzero((batch.readings.place >= begin) & (batch.readings.place < end))[0]
        events = tuple(pair for pair in batch.events if begin <= pair[0] < end)
        parts.append((end, Batch(end - begin, batch.readings.take(inside), events)))
        begin = end
    return parts
