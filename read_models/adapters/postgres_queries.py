"""The history's questions to PostgreSQL: each sees one farm, granted for that transaction alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from contracts.alert_event import Outcome
from contracts.animal_event import Assignment
from contracts.ids import FarmId
from read_models.animal_history import (
    LAST_MAX,
    AnimalRow,
    HistoryEvent,
    Track,
    canonical_lines,
    worn_now,
)
from read_models.base import ReadModelUnavailableError
from read_models.worklist import AlertRow, Canonical, row_from_json
from read_models.worklist import canonical_lines as case_lines
from runtime.postgres import migrate, new_pool

MIGRATIONS = Path(__file__).parents[1] / "sql" / "migrations"
READ_ROLE = "herd_api"
EVENTS_MAX = 500  # in one answer
CLOSED_MAX = 1000

_assignments: msgspec.json.Decoder[tuple[Assignment, ...]] = msgspec.json.Decoder(
    tuple[Assignment, ...]
)

CURRENT = "SELECT id, epoch FROM history.generations WHERE state = 'current'"
OF_THE_FARM = "generation = %(generation)s AND farm_id = %(farm)s"
ANIMALS = (
    'SELECT animal_id, external_id, name, "group", parity, calved_at FROM history.animals'  # noqa: S608  names of ours
    f" WHERE {OF_THE_FARM} AND (%(animal)s::text IS NULL OR animal_id = %(animal)s)"
    " ORDER BY external_id, animal_id"
)
# of one animal: only the collars that name her
COLLARS = (
    f"SELECT collar_id, assignments::text FROM history.collars WHERE {OF_THE_FARM}"  # noqa: S608  names of ours
    " AND (%(animal)s::text IS NULL"
    " OR assignments @> jsonb_build_array(jsonb_build_object('animal_id', %(animal)s::text)))"
)
EVENT = "event_id, event_type, occurred_at, recorded_at, position, actor, payload"
EVENTS = (
    f"SELECT {EVENT} FROM history.events WHERE {OF_THE_FARM} AND animal_id = %(animal)s"  # noqa: S608  names of ours
    " AND (%(before)s::bigint IS NULL OR position < %(before)s)"
    " ORDER BY position DESC LIMIT %(limit)s"
)
ALL_EVENTS = f"SELECT animal_id, {EVENT} FROM history.events WHERE {OF_THE_FARM}"  # noqa: S608  names of ours
CLOSED = (
    f"SELECT folded::text FROM history.cases WHERE {OF_THE_FARM} AND closed_at >= %(since)s"  # noqa: S608  names of ours
    " ORDER BY closed_at DESC, alert_id LIMIT %(limit)s"
)
ALL_CASES = f"SELECT folded::text FROM history.cases WHERE {OF_THE_FARM}"  # noqa: S608  names of ours
TRACKS = (
    "SELECT condition, count(*), count(*) FILTER (WHERE outcome = 'confirmed'),"  # noqa: S608  names of ours
    " (array_agg(outcome ORDER BY closed_at DESC, alert_id))[:%(last)s]"
    f" FROM history.cases WHERE {OF_THE_FARM} AND closed_at IS NOT NULL"
    " GROUP BY condition ORDER BY condition"
)
POSITION = f"SELECT position FROM history.farms WHERE {OF_THE_FARM}"  # noqa: S608  names of ours


class History:
    """Everything that ever happened. Threads may share one.

    Every method raises ReadModelUnavailableError while PostgreSQL is away or nothing answers yet.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def animals(self, farm_id: FarmId) -> list[AnimalRow]:
        """The farm's roster, by external id."""
        return self._roster(farm_id, None)

    def animal(self, farm_id: FarmId, animal_id: str) -> AnimalRow | None:
        """One animal; None if the farm has none of this id."""
        found = self._roster(farm_id, animal_id)
        return found[0] if found else None

    def events(
        self, farm_id: FarmId, animal_id: str, *, limit: int = 100, before: int | None = None
    ) -> tuple[list[HistoryEvent], bool]:
        """An animal's events below a position, newest first, and whether older ones are left."""
        asked = max(1, min(limit, EVENTS_MAX))
        with self._farm(farm_id) as farm:
            rows = farm.rows(EVENTS, animal=animal_id, before=before, limit=asked + 1)
        return [HistoryEvent(*row) for row in rows[:asked]], len(rows) > asked

    def closed_since(self, farm_id: FarmId, since: datetime, *, limit: int = 50) -> list[AlertRow]:
        """The cases that people closed at `since` or later, newest first."""
        with self._farm(farm_id) as farm:
            rows = farm.rows(CLOSED, since=since, limit=max(1, min(limit, CLOSED_MAX)))
        return [row_from_json(text) for (text,) in rows]

    def tracks(self, farm_id: FarmId) -> dict[str, Track]:
        """Of each condition that has closed cases, how they ended."""
        with self._farm(farm_id) as farm:
            rows = farm.rows(TRACKS, last=LAST_MAX)
        return {
            condition: Track(closed, right, tuple(Outcome(outcome) for outcome in last))
            for condition, closed, right, last in rows
        }

    def farms(self) -> list[tuple[FarmId, int]]:
        """Every farm anything was told of, with its number of animals; whoever asks on behalf of
        somebody leaves out what he may not see.
        """
        with self._farm(FarmId("")) as farm:
            found = farm.rows("SELECT farm_id, animals FROM history.known_farms(%(generation)s)")
        return [(FarmId(farm_id), animals) for farm_id, animals in found]

    def canonical(self, farm_id: FarmId) -> Canonical:
        """All of a farm as sorted lines, for comparing two replays."""
        with self._farm(farm_id) as farm:
            events = [(row[0], HistoryEvent(*row[1:])) for row in farm.rows(ALL_EVENTS)]
            cases = case_lines(row_from_json(text) for (text,) in farm.rows(ALL_CASES))
            animals = _rows(farm.rows(ANIMALS, animal=None), farm.rows(COLLARS, animal=None))
            positions = farm.rows(POSITION)
        position = int(positions[0][0]) if positions else 0
        return Canonical(farm.epoch, position, canonical_lines(events, animals, cases))

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def _roster(self, farm_id: FarmId, animal_id: str | None) -> list[AnimalRow]:
        with self._farm(farm_id) as farm:
            animals = farm.rows(ANIMALS, animal=animal_id)
            return _rows(animals, farm.rows(COLLARS, animal=animal_id))

    @contextmanager
    def _farm(self, farm_id: FarmId) -> Iterator["_Granted"]:
        """One transaction that sees this farm and one generation, whatever is swapped meanwhile."""
        try:
            with self._pool.connection() as connection, connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                connection.execute("SELECT set_config('herd.farms', %s, true)", (farm_id,))
                current = connection.execute(CURRENT).fetchone()
                if current is None:
                    raise ReadModelUnavailableError("the history is being built: ask again soon")
                yield _Granted(connection, farm_id, *current)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise ReadModelUnavailableError(f"PostgreSQL does not answer: {error}") from error


class _Granted:
    """A transaction that may see one farm."""

    def __init__(
        self, connection: Connection[TupleRow], farm_id: FarmId, generation: str, epoch: str
    ) -> None:
        self._connection = connection
        self._given = {"farm": farm_id, "generation": generation}
        self.epoch = epoch

    def rows(self, query: str, **parameters: object) -> list[TupleRow]:
        """What a query answers for this farm."""
        return self._connection.execute(query.encode(), {**self._given, **parameters}).fetchall()


def _rows(animals: Sequence[Any], collars: Sequence[Any]) -> list[AnimalRow]:
    worn = worn_now((collar_id, _assignments.decode(text)) for collar_id, text in collars)
    return [
        AnimalRow(
            animal_id=animal_id,
            external_id=external_id,
            name=name,
            group=group,
            parity=parity,
            calved_at=calved_at,
            collar_id=worn.get(animal_id),
        )
        for animal_id, external_id, name, group, parity, calved_at in animals
    ]


def open_history(postgres_dsn: str) -> History:
    """The history in the database at this address, its tables made if nobody has yet."""
    migrate(postgres_dsn, MIGRATIONS)
    return History(new_pool(postgres_dsn, role=READ_ROLE))
