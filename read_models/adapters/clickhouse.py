"""Analytics' generations in ClickHouse: data first, then the offset that speaks of them.

ClickHouse has no transaction over tables. So what is written before a crash is written again
after it, and the keys of the tables make one row of both: at least once in, once in the answer.
Two projectors at once do no harm for the same reason.
"""

import time
from datetime import datetime
from typing import NamedTuple

from contracts.ids import new_id
from read_models.adapters.clickhouse_http import (
    UNKNOWN_TABLE,
    ClickHouseHttp,
    ClickHouseRefusedError,
)
from read_models.adapters.clickhouse_tables import (
    BUILDING,
    CURRENT,
    GENERATIONS,
    GONE,
    KNOWN,
    Tables,
)
from read_models.analytics import FOLD_VERSION, hour_rows, reading_rows
from read_models.base import (
    Generation,
    GenerationLostError,
    Measured,
    Offsets,
    Place,
    RebuildRunningError,
)
from read_models.wearing import assignment_rows
from read_models.weather import station_rows

BUILDING_MAX_S = 10  # a builder that is silent for longer is dead, and another may begin
SAY_EVERY_S = 2.0  # a builder's word on itself, well within BUILDING_MAX_S
LOOK_EVERY_S = 5.0  # without new data: whether the store is still where we left it
HOURS_MAX = 5_000  # an insert, each up to 1 kB; a server of ours refuses bodies over 32 MB
# a collar with a broken clock may name a hundred months in one upload: more files, but no stop
INSERT = "INSERT INTO {table} SETTINGS max_partitions_per_insert_block = 0 FORMAT TabSeparated"


class _Known(NamedTuple):
    """One generation by the newest word on it, age_s seconds old."""

    id: str
    fold_version: int
    said: str
    age_s: int


class ClickHouseAnalyticsStore:
    """GenerationStore of read_models/base.py for analytics. For one thread."""

    def __init__(self, clickhouse: ClickHouseHttp) -> None:
        self._clickhouse = clickhouse
        self._said_at_s = self._looked_at_s = 0.0

    def current(self) -> Generation | None:
        """The generation that answers questions; None if there is none."""
        found = next((known for known in self._known() if known.said == CURRENT), None)
        if found is None:
            return None
        offsets = self._offsets(found.id)
        if offsets is None:
            return None  # its tables are gone: as good as none
        return Generation(found.id, found.fold_version, offsets=offsets)

    def begin(self, epoch: str, epoch_since: datetime | None) -> Generation:
        """A new, empty generation; raises RebuildRunningError. Removes what dead builders left."""
        for known in self._known():
            if known.said == BUILDING and known.age_s <= BUILDING_MAX_S:
                raise RebuildRunningError(
                    "analytics is being rebuilt already: wait until that is done "
                    f"(a rebuild that died is forgotten after {BUILDING_MAX_S} s)"
                )
        self._drop_leftovers()
        generation = Generation(new_id().replace("-", ""), FOLD_VERSION, epoch, epoch_since)
        for statement in Tables(generation.id).created():
            self._clickhouse.run(statement)
        self._say(generation, BUILDING)
        return generation

    def apply(self, generation: Generation, piece: Measured) -> Generation:
        """Store a batch, few inserts whatever its size, and return the generation moved on.

        Raises GenerationLostError if the generation is gone or its offsets are not where this
        batch began: then `current` tells where to go on.
        """
        self._require_where_we_left(generation, piece.ends)
        tables = Tables(generation.id)
        self._insert(generation, tables.readings, reading_rows(piece.readings))
        for start in range(0, len(piece.hours), HOURS_MAX):
            rows = hour_rows(piece.hours[start : start + HOURS_MAX])
            self._insert(generation, tables.hours, rows)
        self._insert(generation, tables.stations, station_rows(piece.stations))
        self._insert(generation, tables.assignments, assignment_rows(piece.lists))
        offsets = "".join(f"{place}\t{end}\n" for place, end in piece.ends.items())
        self._insert(generation, tables.offsets, offsets.encode())
        for place, end in piece.ends.items():
            generation = generation.moved(place, end)
        return generation

    def heard(self, generation: Generation, as_of: datetime) -> None:  # noqa: ARG002  no one asks
        """Nothing new: now and then, whether the generation is still where we left it."""
        if time.monotonic() - self._looked_at_s >= LOOK_EVERY_S:
            self._require_where_we_left(generation, generation.offsets)

    def swap(self, generation: Generation, ends: Offsets) -> bool:
        """Let the generation answer from now on; False while it is behind the current one."""
        self._require_where_we_left(generation, generation.offsets)
        theirs = self.current()
        if theirs is not None and any(
            generation.offsets.get(place, 0) < min(theirs.offsets.get(place, 0), end)
            for place, end in ends.items()
        ):
            return False
        self._say(generation, CURRENT)
        self._drop_leftovers()
        return True

    def give_up(self, generation: Generation) -> None:
        """Throw away a generation that will not be finished."""
        self._drop(_Known(generation.id, generation.fold_version, BUILDING, 0))

    def _known(self) -> list[_Known]:
        """Every generation that is not gone, the newest word first."""
        try:
            rows = self._clickhouse.rows(KNOWN)
        except ClickHouseRefusedError as error:
            if error.code != UNKNOWN_TABLE:
                raise
            self._clickhouse.run(GENERATIONS)
            return []
        return [
            _Known(str(id_), int(version), str(said), int(age_s))
            for id_, version, said, age_s in rows
        ]

    def _offsets(self, generation_id: str) -> Offsets | None:
        """Up to where each place is stored; None if the tables are gone."""
        query = (
            f"SELECT place, max(next_offset) FROM {Tables(generation_id).offsets} GROUP BY place"  # noqa: S608  our own id
        )
        try:
            rows = self._clickhouse.rows(query)
        except ClickHouseRefusedError as error:
            if error.code == UNKNOWN_TABLE:
                return None
            raise
        return {Place.of(str(place)): int(offset) for place, offset in rows}

    def _require_where_we_left(self, generation: Generation, places: Offsets) -> None:
        known = self._known()
        answering = next((found.id for found in known if found.said == CURRENT), None)
        building = any(found.id == generation.id and found.said == BUILDING for found in known)
        stored = self._offsets(generation.id)
        if stored is None or not (building or answering == generation.id):
            raise _lost(generation)
        if any(stored.get(place, 0) != generation.offsets.get(place, 0) for place in places):
            raise _lost(generation)
        self._looked_at_s = time.monotonic()
        if building and self._looked_at_s - self._said_at_s >= SAY_EVERY_S:
            self._say(generation, BUILDING)

    def _insert(self, generation: Generation, table: str, rows: bytes) -> None:
        if not rows:
            return
        try:
            self._clickhouse.run(INSERT.format(table=table), rows)
        except ClickHouseRefusedError as error:
            if error.code == UNKNOWN_TABLE:
                raise _lost(generation) from error
            raise

    def _say(self, generation: Generation, said: str) -> None:
        self._said_at_s = time.monotonic()
        self._clickhouse.run(
            "INSERT INTO analytics_generations (id, fold_version, said) FORMAT TabSeparated",
            f"{generation.id}\t{generation.fold_version}\t{said}\n".encode(),
        )

    def _drop_leftovers(self) -> None:
        """Drop what neither answers nor is being built."""
        known = self._known()
        answering = next((found.id for found in known if found.said == CURRENT), None)
        for found in known:
            alive = found.said == BUILDING and found.age_s <= BUILDING_MAX_S
            if found.id != answering and not alive:
                self._drop(found)

    def _drop(self, known: _Known) -> None:
        for statement in Tables(known.id).dropped():
            self._clickhouse.run(statement)
        self._say(Generation(known.id, known.fold_version), GONE)


def _lost(generation: Generation) -> GenerationLostError:
    return GenerationLostError(
        f"analytics: generation {generation.id} is not where we left it: ClickHouse lost or "
        "replaced it, or another projector is at work"
    )
