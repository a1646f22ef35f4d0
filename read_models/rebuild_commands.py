"""`herd rebuild …`: a read model built anew while its projector runs, by hand.

Each returns once the new one answers: a RebuildReport as a dictionary. Each raises
RebuildRunningError, ReadModelUnavailableError, RebuildFailedError (not done within_s, or the store
lost the new generation on the way); the old one answers on in each of them.
"""

import time
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from contracts.clock import SystemClock
from contracts.serde import Serde
from contracts.topics import ALERTS, ANIMALS, COLLARS, HOURS, READINGS
from read_models.base import GenerationLostError, GenerationStore, LogReader, P
from read_models.rebuild import RebuildFailedError, build
from runtime.lifecycle import Running

REBUILD_MAX_S = 3600.0  # 100,000 events take seconds; beyond an hour something stands still


def rebuild_worklist(
    *,
    kafka_bootstrap: str,
    registry_url: str,
    redis_url: str,
    within_s: float = REBUILD_MAX_S,
) -> dict[str, Any]:
    """Rebuild the worklist."""
    from read_models.adapters.event_log import KafkaEventLog
    from read_models.adapters.redis import RedisWorklistStore
    from runtime.redis import new_redis
    from runtime.registry import RegistrySchemaIds

    with ExitStack() as opened:
        serde = Serde(RegistrySchemaIds(registry_url))
        reader = KafkaEventLog(kafka_bootstrap, serde, SystemClock(), letters=None)
        opened.callback(reader.close)
        redis = new_redis(redis_url)
        opened.callback(redis.close)
        return _rebuilt(RedisWorklistStore(redis), reader, "the worklist", within_s)


def rebuild_analytics(
    *,
    kafka_bootstrap: str,
    registry_url: str,
    clickhouse_url: str,
    within_s: float = REBUILD_MAX_S,
) -> dict[str, Any]:
    """Rebuild readings and hours in ClickHouse."""
    from read_models.adapters.clickhouse import ClickHouseAnalyticsStore
    from read_models.adapters.clickhouse_http import ClickHouseHttp
    from read_models.adapters.measured_log import KafkaMeasuredLog
    from runtime.registry import RegistrySchemaIds

    with ExitStack() as opened:
        reader = KafkaMeasuredLog(
            kafka_bootstrap,
            RegistrySchemaIds(registry_url),
            SystemClock(),
            letters=None,
            model="analytics",
            topics=(READINGS, HOURS, COLLARS),
        )
        opened.callback(reader.close)
        clickhouse = ClickHouseHttp(clickhouse_url)
        opened.callback(clickhouse.close)
        return _rebuilt(ClickHouseAnalyticsStore(clickhouse), reader, "analytics", within_s)


def rebuild_animal_history(
    *,
    kafka_bootstrap: str,
    registry_url: str,
    postgres_dsn: str,
    within_s: float = REBUILD_MAX_S,
) -> dict[str, Any]:
    """Rebuild the history in PostgreSQL."""
    from read_models.adapters.event_log import KafkaEventLog
    from read_models.adapters.postgres import open_history_store
    from read_models.adapters.postgres_queries import MIGRATIONS
    from runtime.postgres import migrate
    from runtime.registry import RegistrySchemaIds

    migrate(postgres_dsn, MIGRATIONS)
    with ExitStack() as opened:
        reader = KafkaEventLog(
            kafka_bootstrap,
            Serde(RegistrySchemaIds(registry_url)),
            SystemClock(),
            letters=None,
            model="animal_history",
            topics=(ALERTS, ANIMALS),
        )
        opened.callback(reader.close)
        store = open_history_store(postgres_dsn)
        opened.callback(store.close)
        return _rebuilt(store, reader, "the history", within_s)


def rebuild_dead_letters(
    *,
    kafka_bootstrap: str,
    registry_url: str,
    postgres_dsn: str,
    within_s: float = REBUILD_MAX_S,
) -> dict[str, Any]:
    """Rebuild what became of the dead letters."""
    from read_models.adapters.letter_log import KafkaLetterLog
    from read_models.adapters.postgres_letters import open_letter_store
    from read_models.adapters.postgres_queries import MIGRATIONS
    from runtime.postgres import migrate
    from runtime.registry import RegistrySchemaIds

    migrate(postgres_dsn, MIGRATIONS)
    with ExitStack() as opened:
        serde = Serde(RegistrySchemaIds(registry_url))
        reader = KafkaLetterLog(kafka_bootstrap, serde, SystemClock())
        opened.callback(reader.close)
        store = open_letter_store(postgres_dsn)
        opened.callback(store.close)
        return _rebuilt(store, reader, "the dead letters", within_s)


def _rebuilt(
    store: GenerationStore[P], reader: LogReader[P], what: str, within_s: float
) -> dict[str, Any]:
    try:
        report = build(store, reader, _Deadline(within_s))
    except GenerationLostError as error:
        raise RebuildFailedError(f"{error}: start the rebuild again") from error
    if report is None:
        raise RebuildFailedError(f"{what} was not rebuilt within {within_s:.0f} s")
    return asdict(report)


class _Deadline(Running):
    """A Running that stops by itself, for a command that has no supervisor."""

    def __init__(self, within_s: float) -> None:
        super().__init__()
        self._until = time.monotonic() + within_s

    def goes_on(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self._until
