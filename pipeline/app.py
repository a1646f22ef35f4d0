"""Wires the worker; the only file that knows both of its sides."""

import time

import structlog

from contracts.clock import Clock
from contracts.serde import SchemaIds
from pipeline.adapters.input_log import InputLog
from pipeline.adapters.snapshots import SnapshotStore
from pipeline.adapters.transactions import TransactionFailedError, Transactions
from pipeline.runner import Worker
from pipeline.settings import PipelineSettings
from runtime.consume import Limits
from runtime.lifecycle import Loop, Running, run
from runtime.registry import RegistrySchemaIds

log = structlog.get_logger()

# a group that settles costs one or two; beyond this nothing heals by trying, and the process ends
FAILURES_MAX = 5
FAILURES_WITHIN_S = 60.0


def main() -> int:
    """Run one worker; returns the exit status."""
    settings = PipelineSettings()
    return run("pipeline", settings, {"worker": worker_loop(settings, settings.clock())})


def worker_loop(
    settings: PipelineSettings, clock: Clock, schema_ids: SchemaIds | None = None
) -> Loop:
    """The worker's loop; nothing connects before it runs. schema_ids: None = by registry."""

    def loop(running: Running) -> None:
        ids = schema_ids or _registered(settings.registry_url)
        failed_at: list[float] = []
        while running.goes_on():
            try:
                _work(settings, clock, ids, running)
            except TransactionFailedError as error:
                now = time.monotonic()
                failed_at = [*(at for at in failed_at if at > now - FAILURES_WITHIN_S), now]
                if len(failed_at) > FAILURES_MAX:
                    raise
                log.warning("transaction_failed_restoring", error=str(error))

    return loop


def _work(
    settings: PipelineSettings, clock: Clock, schema_ids: SchemaIds, running: Running
) -> None:
    """One worker from its restore to its end."""
    limits = Limits(settings.batch_records_max, settings.poll_wait_s)
    source = InputLog(settings.kafka_bootstrap, settings.slot, limits)
    transactions = Transactions(settings.kafka_bootstrap, settings.slot, source.group)
    snapshots = SnapshotStore(settings.kafka_bootstrap, running.beat)
    try:
        # before joining: what our predecessor left open is aborted, its offsets are settled
        transactions.open()
        Worker(source, transactions, snapshots, schema_ids, clock, settings).run(running)
    finally:
        source.close()
        snapshots.close()


def _registered(registry_url: str) -> SchemaIds:
    ids = RegistrySchemaIds(registry_url)
    ids.register_all()
    return ids
