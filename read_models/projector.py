"""The loop that keeps a read model up with its log, whatever happens to the store meanwhile."""

import time
from collections.abc import Callable

import structlog

from read_models.applying import applied
from read_models.base import (
    Generation,
    GenerationLostError,
    GenerationStore,
    LogReader,
    NewEpochError,
    P,
    ReadModelUnavailableError,
    RebuildRunningError,
)
from read_models.rebuild import build
from runtime.lifecycle import Running

log = structlog.get_logger()

RETRY_S = 0.5  # a store that restarts is back within seconds
HEARD_EVERY_S = 1.0  # how precisely a screen can tell the age of what it shows


def project(
    store: GenerationStore[P],
    reader: LogReader[P],
    running: Running,
    *,
    fold_version: int,
    on_settled: Callable[[], None] | None = None,
) -> None:
    """Fold the log until stopped. The store says where: each turn begins by asking it.

    A store without a finished generation, or with one of another fold_version, gets a new one; so
    an emptied Redis is filled again, and an upgrade rebuilds by itself while the old one answers.
    on_settled: called once the model answers, and when its store is away: a process of several
    models does not wait for the one whose store is broken. Default: the process is ready then.
    """
    settled = on_settled or running.ready
    while running.goes_on():
        try:
            generation = store.current()
            if generation is None or generation.fold_version != fold_version:
                build(store, reader, running)
            else:
                settled()
                _follow(store, reader, running, generation)
        except NewEpochError as error:
            log.warning("epoch_changed", epoch=error.epoch)
            _build_epoch(store, reader, running, error)
        except (GenerationLostError, ReadModelUnavailableError, RebuildRunningError) as error:
            log.warning("projection_interrupted", error=str(error))
            if on_settled is not None and isinstance(error, ReadModelUnavailableError):
                on_settled()
            running.wait(RETRY_S)


def _follow(
    store: GenerationStore[P], reader: LogReader[P], running: Running, generation: Generation
) -> None:
    """Go on from the store's own offsets until stopped, or until the store says otherwise."""
    reader.read_from(generation.offsets)
    log.info("projection_follows", generation=generation.id, epoch=generation.epoch)
    told_at = 0.0
    while running.goes_on():
        pieces = reader.poll()
        for piece in pieces:
            running.beat()  # one of many partitions; each takes a slow store up to half a minute
            generation = applied(store, generation, piece)
        if not pieces and time.monotonic() - told_at >= HEARD_EVERY_S:
            told_at = time.monotonic()
            heard_at = reader.heard_at()
            if heard_at is not None:
                store.heard(generation, heard_at)


def _build_epoch(
    store: GenerationStore[P], reader: LogReader[P], running: Running, error: NewEpochError
) -> None:
    """Fold the new history beside the old; the next turn finds it, or meets the epoch again."""
    try:
        build(store, reader, running, epoch=error.epoch, epoch_since=error.since)
    except (GenerationLostError, ReadModelUnavailableError, RebuildRunningError) as later:
        log.warning("projection_interrupted", error=str(later))
        running.wait(RETRY_S)
