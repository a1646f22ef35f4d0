"""Latest values in Redis: the store that the loop fills, and the questions people ask of it.

Keys: as redis_generations.py has them, and for each farm `farm:` (newest occurred, received),
`latest:` (animal → reading), `latest_at:` (animal → when, for counting who was heard), `moved:`
(collar → the list that moved readings last) and `taken:` (animal and collar → up to when).
"""

from redis import Redis

from contracts.columns import moment
from contracts.ids import FarmId
from contracts.topics import READINGS, partition_of_farm
from read_models.adapters.redis_generations import RedisGenerations, building_ms
from read_models.adapters.redis_scripts import LATEST_ROOT, Reply, Scripts
from read_models.base import Generation, Measured, Place, ReadModelUnavailableError
from read_models.latest import (
    FOLD_VERSION,
    HEARD_SPAN_S,
    LatestReading,
    Move,
    Pulse,
    Put,
    canonical_lines,
    latest_from_json,
    newest_of,
)
from read_models.worklist import Canonical
from runtime.redis import new_redis


class RedisLatestStore(RedisGenerations):
    """GenerationStore of read_models/base.py for latest values. For one thread."""

    def __init__(self, redis: Redis, *, root: str = LATEST_ROOT) -> None:
        super().__init__(redis, root, FOLD_VERSION, "the latest values")

    def apply(self, generation: Generation, piece: Measured) -> Generation:
        """Keep what is newer, all or nothing, and return the generation moved on.

        Raises GenerationLostError where an offset is not the one this batch began from.
        """
        newest = newest_of(piece.readings)
        places: list[str | int] = []
        for place, end in piece.ends.items():
            places += [str(place), generation.offsets.get(place, 0), end]
        farms = [part for farm, times in newest.farms.items() for part in (farm, *times)]
        changes = [part for change in newest.changes for part in _arguments(change)]
        reply = self.scripts.call(
            "latest_apply",
            [
                generation.id,
                building_ms(),
                len(piece.ends),
                *places,
                len(newest.farms),
                *farms,
                *changes,
            ],
        )
        self.require_applied(reply, generation)
        for place, end in piece.ends.items():
            generation = generation.moved(place, end)
        return generation


def _arguments(change: Put | Move) -> list[str | int]:
    put = change.put if isinstance(change, Move) else change
    fields: list[str | int] = [put.farm_id, put.animal_id, put.collar_id, put.occurred_us, put.kept]
    if isinstance(change, Put):
        return ["put", *fields]
    return ["move", *fields, change.taken_from, change.event_id, change.taken_by]


class Latest:
    """What was heard last. Threads may share one.

    Every method raises ReadModelUnavailableError while Redis is away or no generation is finished.
    """

    def __init__(self, redis: Redis, *, root: str = LATEST_ROOT) -> None:
        self._redis = redis
        self._scripts = Scripts(redis, root)

    def pulse(self, farm_id: FarmId) -> Pulse:
        """When the farm was last heard, and how many of its animals lately."""
        occurred, received, heard = self._ask("pulse", farm_id, HEARD_SPAN_S * 1_000_000)
        return Pulse(
            moment(int(str(occurred))) if occurred else None,
            moment(int(str(received))) if received else None,
            int(str(heard)),
        )

    def of(self, farm_id: FarmId) -> dict[str, LatestReading]:
        """Each animal's newest reading; animals that were never heard are not in it."""
        return self._all(farm_id)[1]

    def canonical(self, farm_id: FarmId) -> Canonical:
        """All of a farm as sorted lines; position: the offset behind what is in them."""
        offset, latest = self._all(farm_id)
        return Canonical("", offset, canonical_lines(latest))

    def close(self) -> None:
        """Leave Redis."""
        self._redis.close()

    def _all(self, farm_id: FarmId) -> tuple[int, dict[str, LatestReading]]:
        place = Place(READINGS.name, partition_of_farm(farm_id))
        offset, rows = self._ask("all", farm_id, str(place))
        return int(str(offset)), latest_from_json(str(rows))

    def _ask(self, *question: str | int) -> list[Reply]:
        reply = self._scripts.call("latest_ask", question)
        if not isinstance(reply, list):
            raise ReadModelUnavailableError("the latest values are being built: ask again soon")
        return reply


def open_latest(redis_url: str) -> Latest:
    """The latest values in this Redis; nothing connects before the first question."""
    return Latest(new_redis(redis_url))
