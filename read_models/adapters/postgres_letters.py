"""The dead letters' generations in PostgreSQL, and the questions about them.

One role fills and asks: nobody but operators and the loop that lets letters expire looks in here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from contracts.dead_letter import Reason
from read_models.adapters.postgres_generations import (
    DROP_ROWS,
    IN_SCHEMA,
    PROJECTOR_ROLE,
    PostgresGenerations,
)
from read_models.adapters.postgres_queries import MIGRATIONS
from read_models.base import Generation, ReadModelUnavailableError
from read_models.dead_letters import (
    FOLD_VERSION,
    LetterFilter,
    LetterRecord,
    LetterRow,
    LetterState,
    canonical_lines,
    fold,
    row_from_json,
    row_to_json,
)
from runtime.postgres import migrate, new_pool

SCHEMA = "letters"
LIST_MAX = 1000  # rows in one answer: 2 MB at the most

FOUND = """SELECT letter_id, folded::text FROM letters
WHERE generation = %s AND letter_id = ANY (%s)"""
UPSERT = """INSERT INTO letters
SELECT %(generation)s, letter_id, state, reason, service, farm_id, collar_id, received_at,
    appended_at, partition, "offset", folded
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (letter_id text, state text, reason text,
    service text, farm_id text, collar_id text, received_at timestamptz, appended_at timestamptz,
    partition integer, "offset" bigint, folded jsonb)
ON CONFLICT (generation, letter_id) DO UPDATE
SET (state, reason, folded) = (excluded.state, excluded.reason, excluded.folded)"""

CURRENT = "SELECT id FROM generations WHERE state = 'current'"
WANTED = """generation = %(generation)s
    AND (%(state)s::text IS NULL OR state = %(state)s)
    AND (%(reason)s::text IS NULL OR reason = %(reason)s)
    AND (%(service)s::text IS NULL OR service = %(service)s)
    AND (%(farm)s::text IS NULL OR farm_id = %(farm)s)
    AND (%(collar)s::text IS NULL OR collar_id = %(collar)s)
    AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)"""
# in the order of the log, a page after the last row of the one before
LISTED = f"""SELECT folded::text FROM letters WHERE {WANTED}
    AND (%(after_at)s::timestamptz IS NULL
        OR (appended_at, partition, "offset") > (%(after_at)s, %(partition)s, %(offset)s))
ORDER BY appended_at, partition, "offset" LIMIT %(limit)s"""  # noqa: S608  constants
NEWEST = f"""SELECT folded::text FROM letters WHERE {WANTED}
ORDER BY appended_at DESC, partition DESC, "offset" DESC LIMIT %(limit)s"""  # noqa: S608  constants
COUNTED = f"SELECT count(*) FROM letters WHERE {WANTED}"  # noqa: S608  constants
BY_ID = """SELECT folded::text FROM letters
WHERE generation = %(generation)s AND letter_id = ANY (%(ids)s)"""
OVERDUE = """SELECT folded::text FROM letters
WHERE generation = %(generation)s AND state = 'open' AND appended_at < %(before)s
ORDER BY appended_at, partition, "offset" LIMIT %(limit)s"""
COUNTS = """SELECT reason, count(*) FROM letters
WHERE generation = %(generation)s AND state = 'open' GROUP BY reason"""
PRUNE = f"""DELETE FROM letters WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM letters
    WHERE generation = %(generation)s AND state <> 'open' AND appended_at < %(before)s
    LIMIT {DROP_ROWS}))"""  # noqa: S608  constants
ALL = "SELECT folded::text FROM letters WHERE generation = %(generation)s"


class PostgresLetterStore(PostgresGenerations[LetterRecord]):
    """GenerationStore of read_models/base.py for the dead letters. For one thread."""

    schema = SCHEMA
    what = "the dead letters"
    tables = ("letters", "offsets")
    fold_version = FOLD_VERSION

    def ours(
        self, generation: Generation, records: tuple[LetterRecord, ...]
    ) -> tuple[Generation, Sequence[LetterRecord]]:
        """All: the topic is no feed of an event store, it has one history."""
        return generation, records

    def fold(
        self, connection: Connection[Any], generation_id: str, records: Sequence[LetterRecord]
    ) -> None:
        """What the rows hold is read once, folded in memory and written once."""
        ids = list({record.event.aggregate_id for record in records})
        found = connection.execute(FOUND.encode(), (generation_id, ids)).fetchall() if ids else ()
        rows = {letter_id: row_from_json(text) for letter_id, text in found}
        changed: dict[str, LetterRow] = {}
        for record in records:
            letter_id = record.event.aggregate_id
            before = rows.get(letter_id)
            after = fold(before, record)
            if after is not None and after is not before:
                rows[letter_id] = changed[letter_id] = after
        if changed:
            document = msgspec.json.encode([_columns(row) for row in changed.values()]).decode()
            connection.execute(UPSERT.encode(), {"generation": generation_id, "rows": document})


def _columns(row: LetterRow) -> dict[str, object]:
    return {
        "letter_id": row.letter_id,
        "state": row.state,
        "reason": row.reason,
        "service": row.service,
        "farm_id": row.farm_id,
        "collar_id": row.collar_id,
        "received_at": row.received_at,
        "appended_at": row.appended_at,
        "partition": row.partition,
        "offset": row.offset,
        "folded": msgspec.Raw(row_to_json(row)),
    }


class Letters:
    """The dead letters and what became of them. Threads may share one.

    Every method raises ReadModelUnavailableError while PostgreSQL is away or nothing answers yet.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def newest(self, wanted: LetterFilter, *, limit: int = 100) -> list[LetterRow]:
        """The letters that are meant, newest first, at most one more than LIST_MAX."""
        asked = max(1, min(limit, LIST_MAX + 1))  # by one more is seen that there are more
        return self._rows(NEWEST, **_asked(wanted), limit=asked)

    def pages(self, wanted: LetterFilter, *, page: int = LIST_MAX) -> Iterator[list[LetterRow]]:
        """All letters that are meant, oldest first, a page at a time."""
        after: LetterRow | None = None
        while True:
            place = {
                "after_at": after and after.appended_at,
                "partition": after and after.partition,
                "offset": after and after.offset,
            }
            rows = self._rows(LISTED, **_asked(wanted), **place, limit=page)
            if rows:
                yield rows
            if len(rows) < page:
                return
            after = rows[-1]

    def count(self, wanted: LetterFilter) -> int:
        """How many letters are meant."""
        with self._asking() as ask:
            return int(ask(COUNTED, _asked(wanted)).fetchone()[0])

    def by_id(self, letter_ids: Sequence[str]) -> dict[str, LetterRow]:
        """The letters of these ids that there are."""
        return {row.letter_id: row for row in self._rows(BY_ID, ids=list(letter_ids))}

    def overdue(self, before: datetime, *, limit: int) -> list[LetterRow]:
        """Open letters that came before a moment, oldest first."""
        return self._rows(OVERDUE, before=before, limit=limit)

    def open_by_reason(self) -> dict[Reason, int]:
        """How many letters wait for a decision; reasons without any are left out."""
        with self._asking() as ask:
            return {Reason(reason): count for reason, count in ask(COUNTS, {}).fetchall()}

    def prune(self, before: datetime) -> int:
        """Forget decided letters that came before a moment; how many, bounded: ask again."""
        with self._asking() as ask:
            return int(ask(PRUNE, {"before": before}).rowcount)

    def canonical(self) -> tuple[str, ...]:
        """All of it as sorted lines, for comparing two replays."""
        return canonical_lines(self._rows(ALL))

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def _rows(self, query: str, **parameters: object) -> list[LetterRow]:
        with self._asking() as ask:
            return [row_from_json(text) for (text,) in ask(query, parameters).fetchall()]

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        """Asks the generation that answers now, whatever is swapped meanwhile."""
        try:
            with self._pool.connection() as connection, connection.transaction():
                connection.execute(IN_SCHEMA, (SCHEMA,))
                current = connection.execute(CURRENT).fetchone()
                if current is None:
                    raise ReadModelUnavailableError("the dead letters are being read: ask again")
                generation = current[0]
                yield lambda query, given: connection.execute(
                    query.encode(), {"generation": generation, **given}
                )
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise ReadModelUnavailableError(f"PostgreSQL does not answer: {error}") from error


def _asked(wanted: LetterFilter) -> dict[str, object]:
    return {
        "state": wanted.state and LetterState(wanted.state),
        "reason": wanted.reason,
        "service": wanted.service,
        "farm": wanted.farm_id,
        "collar": wanted.collar_id,
        "since": wanted.since,
    }


def open_letter_store(postgres_dsn: str) -> PostgresLetterStore:
    """The store in a database that `migrate` has prepared; close it."""
    return PostgresLetterStore(new_pool(postgres_dsn, size_max=2, role=PROJECTOR_ROLE))


def open_letters(postgres_dsn: str) -> Letters:
    """The dead letters in the database at this address, its tables made if nobody has yet."""
    migrate(postgres_dsn, MIGRATIONS)
    return Letters(new_pool(postgres_dsn, size_max=2, role=PROJECTOR_ROLE))
