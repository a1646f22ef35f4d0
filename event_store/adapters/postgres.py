"""The event store on PostgreSQL: each method is one round trip, each append one function call."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import psycopg
from prometheus_client import Counter, Histogram

from contracts.envelope import Event, Stored
from contracts.ids import FarmId
from event_store.codec import Row, appends_json, event_of
from event_store.port import (
    READ_MAX,
    Append,
    AppendResult,
    DuplicateEventError,
    VersionConflictError,
    checked_size,
)
from runtime.postgres import POOL_MAX, new_pool

MIGRATIONS = Path(__file__).parents[1] / "sql" / "migrations"

APPEND_ROLE = "herd_append"  # what the write sides may: append, load the streams they name
FEED_ROLE = "herd_feed"  # what relays and projectors may: read every farm's events

VERSION_CONFLICT = "HL001"
APPEND_TIME = Histogram(
    "herd_store_append_seconds",
    "One append: a round trip, the lock of the log's head, an fsync.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5),
)
APPENDED = Counter("herd_store_appended_events", "Events appended.")
COLUMNS = (
    "position, stream, version, event_id::text, event_type, occurred_at, aggregate_id, actor,"
    " farm_id, causation_id, payload::text, recorded_at"
)
LOAD = f"SELECT (SELECT epoch FROM log_head), {COLUMNS} FROM load_streams(%s)"  # noqa: S608  constants
READ = (
    f"SELECT (SELECT epoch FROM log_head), {COLUMNS} FROM events"  # noqa: S608  constants
    " WHERE position > %s ORDER BY position LIMIT %s"
)


class PostgresEventStore:
    """An EventStore in a database that `runtime.postgres.migrate(dsn, MIGRATIONS)` has prepared.

    role: taken on connecting, so that this process can do no more than it must.
    """

    def __init__(
        self, dsn: str, *, role: str | None = APPEND_ROLE, size_max: int = POOL_MAX
    ) -> None:
        self._pool = new_pool(dsn, size_max=size_max, role=role)

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def load(self, stream: str) -> tuple[Event[Any], ...]:
        """The events of one stream."""
        return self.load_many([stream])[stream]

    def load_many(self, streams: Sequence[str]) -> dict[str, tuple[Event[Any], ...]]:
        """The events of several streams."""
        found: dict[str, list[Event[Any]]] = {stream: [] for stream in streams}
        for epoch, *columns in self._rows(LOAD, (list(found),)):
            row = Row(*columns)
            found[row.stream].append(event_of(row, epoch))
        return {stream: tuple(events) for stream, events in found.items()}

    def append(self, appends: Sequence[Append]) -> AppendResult:
        """One call of `append_events`, one commit, one fsync."""
        document = appends_json(checked_size(appends)).decode()
        try:
            with APPEND_TIME.time():
                [(epoch, last, recorded_at, skipped)] = self._rows(
                    "SELECT * FROM append_events(%s::jsonb)", (document,)
                )
        except psycopg.DatabaseError as error:
            _raise_ours(error)
        kept = [append for index, append in enumerate(appends) if index not in skipped]
        position = last - sum(len(append.events) for append in kept)
        stored: list[Event[Any]] = []
        for append in kept:
            for version, event in enumerate(append.events, append.expected_version + 1):
                position += 1
                place = Stored(epoch, position, append.stream, version, recorded_at)
                stored.append(replace(event, stored=place))
        APPENDED.inc(len(stored))
        return AppendResult(last, tuple(stored), tuple(skipped))

    def read(self, after_position: int, limit: int) -> list[Event[Any]]:
        """The log after a position; needs FEED_ROLE."""
        rows = self._rows(READ, (after_position, min(limit, READ_MAX)))
        return [event_of(Row(*columns), epoch) for epoch, *columns in rows]

    def head(self) -> int:
        """The newest position."""
        [(position,)] = self._rows("SELECT position FROM log_head", ())
        return int(position)

    def epoch(self) -> str:
        """The id of this history."""
        [(epoch,)] = self._rows("SELECT epoch FROM log_head", ())
        return str(epoch)

    def position(self, name: str) -> int:
        """How far a relay has come."""
        rows = self._rows("SELECT position FROM relay_position WHERE name = %s", (name,))
        return int(rows[0][0]) if rows else 0

    def save_position(self, name: str, position: int) -> None:
        """Remember it; needs FEED_ROLE."""
        self._rows("SELECT save_relay_position(%s, %s)", (name, position))

    def streams_by_external_id(
        self, farm_id: FarmId, external_ids: Sequence[str]
    ) -> dict[str, tuple[str, ...]]:
        """Streams of the farm in which an external id was ever given."""
        found: dict[str, tuple[str, ...]] = {}
        query = "SELECT * FROM streams_by_external_id(%s, %s)"
        for external_id, stream in self._rows(query, (farm_id, list(external_ids))):
            found[external_id] = (*found.get(external_id, ()), stream)
        return found

    def _rows(self, query: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            return connection.execute(query.encode(), parameters).fetchall()


def _raise_ours(error: psycopg.DatabaseError) -> NoReturn:
    """Raise what the port promises for what the function refused; anything else as it is."""
    detail = error.diag.message_detail or ""
    if error.sqlstate == VERSION_CONFLICT:
        found = json.loads(detail)
        raise VersionConflictError(found["stream"], found["expected"], found["found"]) from error
    duplicate = re.search(r"\(event_id\)=\(([^)]*)\)", detail)
    if isinstance(error, psycopg.errors.UniqueViolation) and duplicate:
        raise DuplicateEventError(duplicate[1]) from error
    raise error
