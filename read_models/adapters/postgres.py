"""The history's generations in PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from read_models.adapters.postgres_fold import fold_slice
from read_models.adapters.postgres_generations import PROJECTOR_ROLE, PostgresGenerations
from read_models.animal_history import FOLD_VERSION
from read_models.base import Generation, LogRecord, of_this_epoch
from runtime.postgres import new_pool


class PostgresHistoryStore(PostgresGenerations[LogRecord]):
    """GenerationStore of read_models/base.py for the history. For one thread."""

    schema = "history"
    what = "the history"
    tables = ("events", "cases", "collars", "animals", "farms", "offsets")
    fold_version = FOLD_VERSION

    def ours(
        self, generation: Generation, records: tuple[LogRecord, ...]
    ) -> tuple[Generation, Sequence[LogRecord]]:
        """Those of this epoch; raises NewEpochError."""
        return of_this_epoch(generation, records)

    def fold(
        self, connection: Connection[Any], generation_id: str, records: Sequence[LogRecord]
    ) -> None:
        """Cases, roster, collars worn, and every event."""
        fold_slice(connection, generation_id, records)


def open_history_store(postgres_dsn: str) -> PostgresHistoryStore:
    """The store in a database that `migrate` has prepared; close it."""
    return PostgresHistoryStore(new_pool(postgres_dsn, size_max=2, role=PROJECTOR_ROLE))
