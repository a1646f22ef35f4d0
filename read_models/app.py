"""Wires the projector: the one place that knows Kafka, Redis and the fold."""

from contracts.clock import SystemClock
from contracts.serde import Serde
from read_models.adapters.alert_log import KafkaAlertLog
from read_models.adapters.redis import RedisWorklistStore
from read_models.projector import project
from read_models.settings import ReadModelsSettings
from read_models.worklist import FOLD_VERSION
from runtime.kafka import Outbox, new_producer
from runtime.lifecycle import Running, run
from runtime.redis import new_redis
from runtime.registry import RegistrySchemaIds


def worklist_projector(settings: ReadModelsSettings, running: Running) -> None:
    """Fold `herd.alerts.v1` into the worklist until stopped."""
    serde = Serde(RegistrySchemaIds(settings.registry_url))
    letters = Outbox(new_producer(settings.kafka_bootstrap))
    redis = new_redis(settings.redis_url)
    reader = KafkaAlertLog(settings.kafka_bootstrap, serde, SystemClock(), letters)
    try:
        project(RedisWorklistStore(redis), reader, running, fold_version=FOLD_VERSION)
    finally:
        reader.close()
        redis.close()


def main() -> int:
    """Run the read models until a signal; the exit status."""
    settings = ReadModelsSettings()
    return run(
        "read-models",
        settings,
        {"worklist": lambda running: worklist_projector(settings, running)},
    )
