"""The history's generations in PostgreSQL: rows and offset in one transaction.

The projector works under a role of its own, which sees every farm and touches nothing outside
this schema. Commits do not wait for the disk: what a power cut takes, rows and offset alike, is
read from the log again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from contracts.ids import new_id
from read_models.adapters.postgres_fold import fold_slice
from read_models.animal_history import FOLD_VERSION
from read_models.base import (
    Generation,
    GenerationLostError,
    LogSlice,
    Offsets,
    Place,
    ReadModelUnavailableError,
    RebuildRunningError,
    of_this_epoch,
)
from runtime.postgres import new_pool

PROJECTOR_ROLE = "herd_history"
BUILDING_MAX_S = 10.0  # a builder that is silent for longer is dead, and another may begin
DROP_ROWS = 10_000  # in one statement, far below the statement's time limit
TABLES = ("events", "cases", "collars", "animals", "farms", "offsets")

GENERATION = "SELECT id, fold_version, epoch, epoch_since FROM history.generations"
# the row is locked: a swap or a second projector waits until this transaction has ended
TOUCH = """UPDATE history.generations
SET epoch = %(epoch)s, epoch_since = %(since)s, as_of = greatest(as_of, %(as_of)s),
    building_until = clock_timestamp() + make_interval(secs => %(building_s)s)
WHERE id = %(id)s AND state <> 'old'"""
MOVE = """UPDATE history.offsets SET next_offset = %(end)s
WHERE generation = %(id)s AND place = %(place)s AND next_offset = %(start)s"""
MOVE_FIRST = """INSERT INTO history.offsets (generation, place, next_offset)
VALUES (%(id)s, %(place)s, %(end)s) ON CONFLICT DO NOTHING"""


class PostgresHistoryStore:
    """GenerationStore of read_models/base.py for the history. For one thread."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def current(self) -> Generation | None:
        """The generation that answers questions; None if there is none."""
        with self._transaction() as connection:
            row = connection.execute(f"{GENERATION} WHERE state = 'current'".encode()).fetchone()
            if row is None:
                return None
            id_, fold_version, epoch, since = row
            offsets = _offsets(connection, id_)
            return Generation(id_, fold_version, epoch, since, offsets)

    def begin(self, epoch: str, epoch_since: datetime | None) -> Generation:
        """A new, empty generation; raises RebuildRunningError. Removes what dead builders left."""
        generation = Generation(new_id(), FOLD_VERSION, epoch, epoch_since)
        try:
            with self._transaction() as connection:
                connection.execute(
                    "UPDATE history.generations SET state = 'old'"
                    " WHERE state = 'building' AND building_until < clock_timestamp()"
                )
                connection.execute(
                    "INSERT INTO history.generations"
                    " (id, fold_version, state, epoch, epoch_since, building_until)"
                    " VALUES (%s, %s, 'building', %s, %s,"
                    " clock_timestamp() + make_interval(secs => %s))",
                    (generation.id, FOLD_VERSION, epoch, epoch_since, BUILDING_MAX_S),
                )
        except psycopg.errors.UniqueViolation as error:
            raise RebuildRunningError(
                "the history is being rebuilt already: wait until that is done "
                f"(a rebuild that died is forgotten after {BUILDING_MAX_S:.0f} s)"
            ) from error
        self._drop_old()
        return generation

    def apply(self, generation: Generation, piece: LogSlice) -> Generation:
        """Fold a slice into the generation, all or nothing, and return it moved on.

        Raises GenerationLostError if the generation is gone or its offset is not where this slice
        began: then nothing was written and `current` tells where to go on.
        """
        generation, records = of_this_epoch(generation, piece.records)
        as_of = max((record.appended_at for record in piece.records), default=None)
        start = generation.offsets.get(piece.place, 0)
        with self._transaction() as connection:
            self._touch(connection, generation, as_of)
            moved = connection.execute(
                MOVE_FIRST if start == 0 else MOVE,
                {
                    "id": generation.id,
                    "place": str(piece.place),
                    "start": start,
                    "end": piece.next_offset,
                },
            )
            if moved.rowcount != 1:
                raise _lost(generation)
            fold_slice(connection, generation.id, records)
        return generation.moved(piece.place, piece.next_offset)

    def heard(self, generation: Generation, as_of: datetime) -> None:
        """Everything up to as_of is folded; raises GenerationLostError."""
        with self._transaction() as connection:
            self._touch(connection, generation, as_of)
            if _offsets(connection, generation.id) != dict(generation.offsets):
                raise _lost(generation)

    def swap(self, generation: Generation, ends: Offsets) -> bool:
        """Let the generation answer from now on; False while it is behind the current one."""
        with self._transaction() as connection:
            found = connection.execute(
                "SELECT id, state FROM history.generations WHERE state <> 'old' FOR UPDATE"
            ).fetchall()
            states = {state: id_ for id_, state in found}
            if states.get("building") != generation.id:
                raise _lost(generation)
            answering = states.get("current")
            theirs = _offsets(connection, answering) if answering else {}
            if any(
                generation.offsets.get(place, 0) < min(theirs.get(place, 0), end)
                for place, end in ends.items()
            ):
                return False
            for state, id_ in (("old", answering), ("current", generation.id)):
                connection.execute(
                    "UPDATE history.generations SET state = %s WHERE id = %s", (state, id_)
                )
        self._drop_old()
        return True

    def give_up(self, generation: Generation) -> None:
        """Throw away a generation that will not be finished."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE history.generations SET state = 'old' WHERE id = %s AND state = 'building'",
                (generation.id,),
            )
        self._drop_old()

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def _touch(
        self, connection: Connection[TupleRow], generation: Generation, as_of: datetime | None
    ) -> None:
        touched = connection.execute(
            TOUCH,
            {
                "id": generation.id,
                "epoch": generation.epoch,
                "since": generation.epoch_since,
                "as_of": as_of,
                "building_s": BUILDING_MAX_S,
            },
        )
        if touched.rowcount != 1:
            raise _lost(generation)

    def _drop_old(self) -> None:
        """Remove what answers no more, in pieces; what a crash leaves, the next begin removes."""
        with self._transaction() as connection:
            rows = connection.execute("SELECT id FROM history.generations WHERE state = 'old'")
            old = [id_ for (id_,) in rows.fetchall()]
        for id_ in old:
            for table in TABLES:
                while self._drop_some(table, id_) == DROP_ROWS:
                    pass
            self._run("DELETE FROM history.generations WHERE id = %s AND state = 'old'", (id_,))

    def _drop_some(self, table: str, id_: str) -> int:
        return self._run(
            f"DELETE FROM history.{table} WHERE ctid = ANY (ARRAY("  # noqa: S608  our own tables
            f"SELECT ctid FROM history.{table} WHERE generation = %s LIMIT {DROP_ROWS}))",
            (id_,),
        )

    def _run(self, statement: str, parameters: tuple[object, ...]) -> int:
        with self._transaction() as connection:
            return connection.execute(statement.encode(), parameters).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[Connection[Any]]:
        try:
            with self._pool.connection() as connection, connection.transaction():
                connection.execute("SET LOCAL synchronous_commit = off")
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise ReadModelUnavailableError(f"PostgreSQL does not answer: {error}") from error


def open_history_store(postgres_dsn: str) -> PostgresHistoryStore:
    """The store in a database that `migrate` has prepared; close it."""
    return PostgresHistoryStore(new_pool(postgres_dsn, size_max=2, role=PROJECTOR_ROLE))


def _offsets(connection: Connection[Any], generation_id: str) -> dict[Place, int]:
    rows = connection.execute(
        "SELECT place, next_offset FROM history.offsets WHERE generation = %s", (generation_id,)
    ).fetchall()
    return {Place.of(place): offset for place, offset in rows}


def _lost(generation: Generation) -> GenerationLostError:
    return GenerationLostError(
        f"the history's generation {generation.id} is not where we left it: the database lost or "
        "replaced it, or another projector is at work"
    )
