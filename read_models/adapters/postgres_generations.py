"""Generations of a read model in PostgreSQL: rows and offset in one transaction.

Each model has a schema of its own, with the tables `generations` and `offsets` and its rows under
a generation. The projector works under a role of its own, which sees every farm and touches
nothing else. Commits do not wait for the disk: what a power cut takes, rows and offset alike, is
read from the log again.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Generic

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from contracts.ids import new_id
from read_models.base import (
    Generation,
    GenerationLostError,
    Offsets,
    Place,
    R,
    ReadModelUnavailableError,
    RebuildRunningError,
    RecordRefusedError,
    Slice,
)

PROJECTOR_ROLE = "herd_history"
BUILDING_MAX_S = 10.0  # a builder that is silent for longer is dead, and another may begin
DROP_ROWS = 10_000  # in one statement, far below the statement's time limit


# unqualified: each transaction looks into the schema of its model alone
IN_SCHEMA = (
    "SELECT set_config('search_path', %s, true), set_config('synchronous_commit', 'off', true)"
)
GENERATION = "SELECT id, fold_version, epoch, epoch_since FROM generations"
# the row is locked: a swap or a second projector waits until this transaction has ended
TOUCH = """UPDATE generations
SET epoch = %(epoch)s, epoch_since = %(since)s, as_of = greatest(as_of, %(as_of)s),
    building_until = clock_timestamp() + make_interval(secs => %(building_s)s)
WHERE id = %(id)s AND state <> 'old'"""
MOVE = """UPDATE offsets SET next_offset = %(end)s
WHERE generation = %(id)s AND place = %(place)s AND next_offset = %(start)s"""
MOVE_FIRST = """INSERT INTO offsets (generation, place, next_offset)
VALUES (%(id)s, %(place)s, %(end)s) ON CONFLICT DO NOTHING"""


class PostgresGenerations(ABC, Generic[R]):
    """GenerationStore of read_models/base.py in the schema of one model. For one thread.

    what: how people call the model. tables: those with rows of a generation, offsets included.
    """

    schema: str
    what: str
    tables: tuple[str, ...]
    fold_version: int

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    @abstractmethod
    def ours(
        self, generation: Generation, records: tuple[R, ...]
    ) -> tuple[Generation, Sequence[R]]:
        """The records that belong to the generation's history, and what it knows of that then."""

    @abstractmethod
    def fold(self, connection: Connection[Any], generation_id: str, records: Sequence[R]) -> None:
        """Fold records of one partition, in their order, into the rows of a generation."""

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
        generation = Generation(new_id(), self.fold_version, epoch, epoch_since)
        try:
            with self._transaction() as connection:
                connection.execute(
                    "UPDATE generations SET state = 'old'"
                    " WHERE state = 'building' AND building_until < clock_timestamp()"
                )
                connection.execute(
                    "INSERT INTO generations"
                    " (id, fold_version, state, epoch, epoch_since, building_until)"
                    " VALUES (%s, %s, 'building', %s, %s,"
                    " clock_timestamp() + make_interval(secs => %s))",
                    (generation.id, self.fold_version, epoch, epoch_since, BUILDING_MAX_S),
                )
        except psycopg.errors.UniqueViolation as error:
            raise RebuildRunningError(
                f"{self.what} is being rebuilt already: wait until that is done "
                f"(a rebuild that died is forgotten after {BUILDING_MAX_S:.0f} s)"
            ) from error
        self._drop_old()
        return generation

    def apply(self, generation: Generation, piece: Slice[R]) -> Generation:
        """Fold a slice into the generation, all or nothing, and return it moved on.

        Raises GenerationLostError if the generation is gone or its offset is not where this slice
        began: then nothing was written and `current` tells where to go on.
        """
        generation, records = self.ours(generation, piece.records)
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
                raise self._lost(generation)
            self.fold(connection, generation.id, records)
        return generation.moved(piece.place, piece.next_offset)

    def heard(self, generation: Generation, as_of: datetime) -> None:
        """Everything up to as_of is folded; raises GenerationLostError."""
        with self._transaction() as connection:
            self._touch(connection, generation, as_of)
            if _offsets(connection, generation.id) != dict(generation.offsets):
                raise self._lost(generation)

    def swap(self, generation: Generation, ends: Offsets) -> bool:
        """Let the generation answer from now on; False while it is behind the current one."""
        with self._transaction() as connection:
            found = connection.execute(
                "SELECT id, state FROM generations WHERE state <> 'old' FOR UPDATE"
            ).fetchall()
            states = {state: id_ for id_, state in found}
            if states.get("building") != generation.id:
                raise self._lost(generation)
            answering = states.get("current")
            theirs = _offsets(connection, answering) if answering else {}
            if any(
                generation.offsets.get(place, 0) < min(theirs.get(place, 0), end)
                for place, end in ends.items()
            ):
                return False
            for state, id_ in (("old", answering), ("current", generation.id)):
                connection.execute("UPDATE generations SET state = %s WHERE id = %s", (state, id_))
        self._drop_old()
        return True

    def give_up(self, generation: Generation) -> None:
        """Throw away a generation that will not be finished."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE generations SET state = 'old' WHERE id = %s AND state = 'building'",
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
            raise self._lost(generation)

    def _drop_old(self) -> None:
        """Remove what answers no more, in pieces; what a crash leaves, the next begin removes."""
        with self._transaction() as connection:
            rows = connection.execute("SELECT id FROM generations WHERE state = 'old'")
            old = [id_ for (id_,) in rows.fetchall()]
        for id_ in old:
            for table in self.tables:
                while self._drop_some(table, id_) == DROP_ROWS:
                    pass
            self._run("DELETE FROM generations WHERE id = %s AND state = 'old'", (id_,))

    def _drop_some(self, table: str, id_: str) -> int:
        return self._run(
            f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("  # noqa: S608  our own tables
            f"SELECT ctid FROM {table} WHERE generation = %s LIMIT {DROP_ROWS}))",
            (id_,),
        )

    def _run(self, statement: str, parameters: tuple[object, ...]) -> int:
        with self._transaction() as connection:
            return connection.execute(statement.encode(), parameters).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[Connection[Any]]:
        try:
            with self._pool.connection() as connection, connection.transaction():
                connection.execute(IN_SCHEMA, (self.schema,))
                yield connection
        except psycopg.DataError as error:
            raise RecordRefusedError(f"PostgreSQL refuses a value: {error}") from error
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise ReadModelUnavailableError(f"PostgreSQL does not answer: {error}") from error

    def _lost(self, generation: Generation) -> GenerationLostError:
        return GenerationLostError(
            f"{self.what}'s generation {generation.id} is not where we left it: the database lost "
            "or replaced it, or another projector is at work"
        )


def _offsets(connection: Connection[Any], generation_id: str) -> dict[Place, int]:
    rows = connection.execute(
        "SELECT place, next_offset FROM offsets WHERE generation = %s", (generation_id,)
    ).fetchall()
    return {Place.of(place): offset for place, offset in rows}
