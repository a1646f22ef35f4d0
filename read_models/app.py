"""Wires the projectors: the one place that knows Kafka, the stores and the folds.

One loop a model. A loop whose store is away waits for it alone; the process counts as ready when
every model answers or has said that its store does not. Figures are not waited for: those of a
year take minutes to build, and whoever needs help is seen without them.
"""

import threading
from collections.abc import Callable

from contracts.clock import SystemClock
from contracts.serde import Serde
from contracts.topics import ALERTS, ANIMALS, COLLARS, HOURS, READINGS
from read_models import analytics, animal_history, dead_letters, latest, worklist
from read_models.adapters.clickhouse import ClickHouseAnalyticsStore
from read_models.adapters.clickhouse_http import ClickHouseHttp
from read_models.adapters.event_log import KafkaEventLog
from read_models.adapters.letter_log import KafkaLetterLog
from read_models.adapters.measured_log import BATCH_MAX, GATHER_S, KafkaMeasuredLog
from read_models.adapters.postgres import open_history_store
from read_models.adapters.postgres_letters import open_letter_store, open_letters
from read_models.adapters.postgres_queries import MIGRATIONS
from read_models.adapters.redis import RedisWorklistStore
from read_models.adapters.redis_latest import RedisLatestStore
from read_models.letter_upkeep import keep_up
from read_models.projector import project
from read_models.settings import ReadModelsSettings
from runtime.consume import Limits
from runtime.kafka import Outbox, new_producer
from runtime.lifecycle import Loop, Running, run
from runtime.postgres import migrate
from runtime.redis import new_redis
from runtime.registry import RegistrySchemaIds

Settled = Callable[[], None]


def main() -> int:
    """Run the read models until a signal; the exit status."""
    settings = ReadModelsSettings()
    return run("read-models", settings, read_models_loops(settings))


def read_models_loops(settings: ReadModelsSettings) -> dict[str, Loop]:
    """The loops by the model's name; nothing connects before they run."""
    projectors = {
        "worklist": worklist_projector,
        "latest": latest_projector,
        "analytics": analytics_projector,
        "animal_history": history_projector,
        "dead_letters": letters_projector,
    }
    together = ReadyTogether(len(projectors))

    def loop_of(
        name: str, projector: Callable[[ReadModelsSettings, Running, Settled], None]
    ) -> Loop:
        return lambda running: projector(settings, running, lambda: together.settled(name, running))

    loops = {name: loop_of(name, projector) for name, projector in projectors.items()}
    return {**loops, "letter_upkeep": lambda running: letter_upkeep(settings, running)}


class ReadyTogether:
    """Says that the process is ready once each of `loops` loops has settled; threads share it."""

    def __init__(self, loops: int) -> None:
        self._left = loops
        self._settled: set[str] = set()
        self._lock = threading.Lock()

    def settled(self, name: str, running: Running) -> None:
        """Loop `name` does its work, or waits for a store that is away."""
        with self._lock:
            if name in self._settled:
                return
            self._settled.add(name)
            if len(self._settled) == self._left:
                running.ready()


def worklist_projector(settings: ReadModelsSettings, running: Running, settled: Settled) -> None:
    """Fold `herd.alerts.v1` into the worklist until stopped; sends its dead letters."""
    serde = Serde(RegistrySchemaIds(settings.registry_url))
    letters = Outbox(new_producer(settings.kafka_bootstrap), running.beat)
    redis = new_redis(settings.redis_url)
    reader = KafkaEventLog(settings.kafka_bootstrap, serde, SystemClock(), letters)
    try:
        project(
            RedisWorklistStore(redis),
            reader,
            running,
            fold_version=worklist.FOLD_VERSION,
            on_settled=settled,
        )
    finally:
        reader.close()
        redis.close()


def latest_projector(settings: ReadModelsSettings, running: Running, settled: Settled) -> None:
    """Keep each animal's newest reading in Redis until stopped."""
    schema_ids = RegistrySchemaIds(settings.registry_url)
    redis = new_redis(settings.redis_url)
    reader = KafkaMeasuredLog(settings.kafka_bootstrap, schema_ids, SystemClock(), None)
    try:
        project(
            RedisLatestStore(redis),
            reader,
            running,
            fold_version=latest.FOLD_VERSION,
            on_settled=settled,
        )
    finally:
        reader.close()
        redis.close()


def analytics_projector(settings: ReadModelsSettings, running: Running, settled: Settled) -> None:
    """Load readings and hours into ClickHouse until stopped; sends the dead letters of hours."""
    settled()
    clickhouse = ClickHouseHttp(settings.clickhouse_url)
    reader = KafkaMeasuredLog(
        settings.kafka_bootstrap,
        RegistrySchemaIds(settings.registry_url),
        SystemClock(),
        Outbox(new_producer(settings.kafka_bootstrap), running.beat),
        model="analytics",
        topics=(READINGS, HOURS, COLLARS),
        limits=Limits(records_max=BATCH_MAX, gather_s=GATHER_S),
    )
    try:
        project(
            ClickHouseAnalyticsStore(clickhouse),
            reader,
            running,
            fold_version=analytics.FOLD_VERSION,
            on_settled=settled,
        )
    finally:
        reader.close()
        clickhouse.close()


def history_projector(settings: ReadModelsSettings, running: Running, settled: Settled) -> None:
    """Fold both feeds into the history until stopped.

    Their dead letters are others': the worklist's loop and herd-clock read the same topics.
    """
    migrate(settings.postgres_dsn, MIGRATIONS)
    serde = Serde(RegistrySchemaIds(settings.registry_url))
    reader = KafkaEventLog(
        settings.kafka_bootstrap,
        serde,
        SystemClock(),
        None,
        model="animal_history",
        topics=(ALERTS, ANIMALS),
    )
    store = open_history_store(settings.postgres_dsn)
    try:
        project(
            store,
            reader,
            running,
            fold_version=animal_history.FOLD_VERSION,
            on_settled=settled,
        )
    finally:
        store.close()
        reader.close()


def letters_projector(settings: ReadModelsSettings, running: Running, settled: Settled) -> None:
    """Fold what is said about dead letters until stopped."""
    migrate(settings.postgres_dsn, MIGRATIONS)
    serde = Serde(RegistrySchemaIds(settings.registry_url))
    reader = KafkaLetterLog(settings.kafka_bootstrap, serde, SystemClock())
    store = open_letter_store(settings.postgres_dsn)
    try:
        project(
            store,
            reader,
            running,
            fold_version=dead_letters.FOLD_VERSION,
            on_settled=settled,
        )
    finally:
        store.close()
        reader.close()


def letter_upkeep(settings: ReadModelsSettings, running: Running) -> None:
    """Let dead letters expire, and count the open ones, until stopped."""
    serde = Serde(RegistrySchemaIds(settings.registry_url))
    outbox = Outbox(new_producer(settings.kafka_bootstrap))
    letters = open_letters(settings.postgres_dsn)
    try:
        keep_up(letters, serde, outbox, SystemClock(), running)
    finally:
        letters.close()
