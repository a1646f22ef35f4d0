"""A new generation beside the old one: filled from the beginning of the log, then swapped in.

The same path serves the first start, a store that was emptied, an event store that was restored,
a fold that changed, and `herd rebuild`: one that is used every day is one that works.
"""

import time
from dataclasses import dataclass
from datetime import datetime

import structlog

from read_models.applying import applied
from read_models.base import (
    NO_EPOCH,
    Generation,
    GenerationStore,
    LogReader,
    NewEpochError,
    P,
)
from runtime.lifecycle import Running

log = structlog.get_logger()


class RebuildFailedError(RuntimeError):
    """A rebuild did not come to its end; what answered before answers still."""


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """records: read from the log; duration_s: from the first to the swap; generation: the new."""

    generation: str
    records: int
    duration_s: float


@dataclass(slots=True)
class _Build:
    generation: Generation
    records: int = 0


def build(
    store: GenerationStore[P],
    reader: LogReader[P],
    running: Running,
    *,
    epoch: str = NO_EPOCH,
    epoch_since: datetime | None = None,
) -> RebuildReport | None:
    """Fill a new generation and let it answer; None if the process is to stop before.

    epoch, epoch_since: the history to fold, where it is known already. Raises RebuildRunningError,
    GenerationLostError, ReadModelUnavailableError; what answered before goes on answering.
    """
    began = time.monotonic()
    work = _Build(store.begin(epoch, epoch_since))
    log.info("rebuild_started", generation=work.generation.id, epoch=epoch)
    try:
        done = _fill(store, reader, running, work)
    except NewEpochError as error:
        store.give_up(work.generation)
        return build(store, reader, running, epoch=error.epoch, epoch_since=error.since)
    if not done:
        store.give_up(work.generation)
        return None
    report = RebuildReport(work.generation.id, work.records, time.monotonic() - began)
    log.info("rebuild_swapped", records=report.records, duration_s=round(report.duration_s, 3))
    return report


def _fill(store: GenerationStore[P], reader: LogReader[P], running: Running, work: _Build) -> bool:
    reader.read_from({})
    ends = reader.ends()
    while running.goes_on():
        if reader.reached(work.generation.offsets, ends):
            # a place that was read to its end without finding that much has let go of it: whoever
            # answers now read it earlier, and waiting for those records would never end
            offsets = work.generation.offsets
            held = {place: end for place, end in ends.items() if offsets.get(place, 0) >= end}
            if store.swap(work.generation, held):
                return True
            ends = reader.ends()  # the projector went on meanwhile: catch up with it
        pieces = reader.poll()
        for piece in pieces:
            running.beat()  # as while following: a slow store may take half a minute for each
            work.generation = applied(store, work.generation, piece)
            work.records += piece.size
        heard_at = None if pieces else reader.heard_at()
        if heard_at is not None:
            store.heard(work.generation, heard_at)  # also keeps our claim to be building
    return False
