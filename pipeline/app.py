"""Wires the worker; the only file that knows both of its sides."""

import gc
import time
from contextlib import closing

import structlog

from contracts.clock import Clock
from contracts.serde import SchemaIds
from pipeline.adapters.input_log import InputLog
from pipeline.adapters.seats import look_again, take_slot, this_process
from pipeline.adapters.snapshots import SnapshotStore
from pipeline.adapters.transactions import RECOVERABLE, SlotTakenError, Transactions
from pipeline.runner import Worker
from pipeline.settings import PipelineSettings
from runtime.consume import Limits, collect_seldom
from runtime.lifecycle import Loop, Running, run
from runtime.registry import RegistrySchemaIds
from runtime.retry import pause_s

log = structlog.get_logger()

# a group that settles costs one or two; beyond this nothing heals by trying, and the process ends
FAILURES_MAX = 5
FAILURES_WITHIN_S = 60.0


def main() -> int:
    """Run one worker; returns the exit status."""
    settings = PipelineSettings()
    collect_seldom()
    return run("pipeline", settings, {"worker": worker_loop(settings, settings.clock())})


def worker_loop(
    settings: PipelineSettings, clock: Clock, schema_ids: SchemaIds | None = None
) -> Loop:
    """The worker's loop; nothing connects before it runs. schema_ids: None = by registry."""

    def loop(running: Running) -> None:
        ids = schema_ids or _registered(settings.registry_url)
        failed_at: list[float] = []
        crowded = False
        while running.goes_on():
            slot = settings.slot
            try:
                slot = take_slot(settings.kafka_bootstrap, slot, running.goes_on, crowded=crowded)
                if slot is None:
                    return
                _work(settings, slot, clock, ids, running)
            except RECOVERABLE as error:
                crowded = isinstance(error, SlotTakenError)
                now = time.monotonic()
                failed_at = [*(at for at in failed_at if at > now - FAILURES_WITHIN_S), now]
                if len(failed_at) > FAILURES_MAX:
                    raise
                # by name too, the next look tells whether it is the other's, or still ours
                event = "slot_lost_looking_again" if crowded else "transaction_failed_restoring"
                log.warning(event, slot=slot, error=str(error))
            if len(failed_at) > 1 and running.wait(pause_s(len(failed_at) - 1)):
                return
            # the dropped state stands in cycles with its error and its clients' callbacks: held
            # until chance collects them, it would be there beside the restored one
            gc.collect()

    return loop


def _work(
    settings: PipelineSettings, slot: str, clock: Clock, schema_ids: SchemaIds, running: Running
) -> None:
    """One worker from its restore to its end."""
    limits = Limits(settings.batch_records_max, settings.poll_wait_s)
    name = this_process().client_id()
    source = InputLog(settings.kafka_bootstrap, slot, limits, name)
    transactions = Transactions(settings.kafka_bootstrap, slot, source.group)
    snapshots = SnapshotStore(settings.kafka_bootstrap, running.beat)
    with closing(snapshots), closing(source):
        # before joining: what our predecessor left open is aborted, its offsets are settled
        transactions.open()
        look_again(settings.kafka_bootstrap, slot)
        Worker(source, transactions, snapshots, schema_ids, clock, settings).run(running)


def _registered(registry_url: str) -> SchemaIds:
    ids = RegistrySchemaIds(registry_url)
    ids.register_all()
    return ids
