"""Wires the worker; the only file that knows both of its sides."""

from contracts.clock import Clock, SystemClock
from contracts.serde import SchemaIds
from pipeline.adapters.input_log import InputLog
from pipeline.adapters.snapshots import SnapshotStore
from pipeline.adapters.transactions import Transactions
from pipeline.runner import Worker
from pipeline.settings import PipelineSettings
from runtime.consume import Limits
from runtime.lifecycle import Loop, Running, run
from runtime.registry import RegistrySchemaIds


def main() -> int:
    """Run one worker; returns the exit status."""
    settings = PipelineSettings()
    return run("pipeline", settings, {"worker": worker_loop(settings, SystemClock())})


def worker_loop(
    settings: PipelineSettings, clock: Clock, schema_ids: SchemaIds | None = None
) -> Loop:
    """The worker's loop; nothing connects before it runs. schema_ids: None = by registry."""

    def loop(running: Running) -> None:
        ids = schema_ids or _registered(settings.registry_url)
        limits = Limits(settings.batch_records_max, settings.poll_wait_s)
        source = InputLog(settings.kafka_bootstrap, settings.slot, limits)
        transactions = Transactions(settings.kafka_bootstrap, settings.slot, source.group)
        # before joining: what our predecessor left open is aborted, its offsets are settled
        transactions.open()
        snapshots = SnapshotStore(settings.kafka_bootstrap, transactions, running.beat)
        worker = Worker(source, transactions, snapshots, ids, clock, settings)
        try:
            worker.run(running)
        finally:
            source.close()
            snapshots.close()

    return loop


def _registered(registry_url: str) -> SchemaIds:
    ids = RegistrySchemaIds(registry_url)
    ids.register_all()
    return ids
