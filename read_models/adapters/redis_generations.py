"""Generations in Redis, for every read model that lies there: begun, swapped, dropped by scripts.

Keys: `{root}:current` and `{root}:building` name a generation; below `{root}:{generation}:` lie
`meta`, `offsets`, `farms`, and what the model itself keeps for each farm.
"""

from datetime import datetime

from redis import Redis

from contracts.ids import FarmId, new_id
from read_models.adapters.redis_scripts import Reply, Scripts, reachable
from read_models.base import (
    Generation,
    GenerationLostError,
    Offsets,
    Place,
    RebuildRunningError,
)

BUILDING_MAX_S = 10.0  # a builder that is silent for longer is dead, and another may begin


class RedisGenerations:
    """All of GenerationStore (read_models/base.py) but `apply`. For one thread.

    what: the model as messages name it.
    """

    def __init__(self, redis: Redis, root: str, fold_version: int, what: str) -> None:
        self.redis = redis
        self.scripts = Scripts(redis, root)
        self._root = root
        self._fold_version = fold_version
        self._what = what

    def current(self) -> Generation | None:
        """The generation that answers questions; None if there is none."""
        with reachable():
            found = self.redis.get(f"{self._root}:current")
            return None if found is None else self._generation(str(found))

    def begin(self, epoch: str, epoch_since: datetime | None) -> Generation:
        """A new, empty generation; raises RebuildRunningError. Removes what dead builders left."""
        generation = Generation(new_id(), self._fold_version, epoch, epoch_since)
        since = as_text(epoch_since)
        begun = self.scripts.call(
            "begin", [generation.id, building_ms(), self._fold_version, epoch, since]
        )
        if not begun:
            raise RebuildRunningError(
                f"{self._what} is being rebuilt already: wait until that is done "
                f"(a rebuild that died is forgotten after {BUILDING_MAX_S:.0f} s)"
            )
        self._drop_leftovers()
        return generation

    def heard(self, generation: Generation, as_of: datetime) -> None:
        """Everything up to as_of is folded; raises GenerationLostError."""
        offsets = [part for place, end in generation.offsets.items() for part in (str(place), end)]
        reply = self.scripts.call("heard", [generation.id, as_text(as_of), building_ms(), *offsets])
        self.require_applied(reply, generation)

    def swap(self, generation: Generation, ends: Offsets) -> bool:
        """Let the generation answer from now on; False while it is behind the current one."""
        pairs = [part for place, end in ends.items() for part in (str(place), end)]
        reply = self.scripts.call("swap", [generation.id, *pairs])
        if reply == "behind":
            return False
        if reply == "lost":
            raise self._lost(generation)
        self._drop_leftovers()
        return True

    def give_up(self, generation: Generation) -> None:
        """Throw away a generation that will not be finished."""
        with reachable():
            if self.redis.get(f"{self._root}:building") == generation.id:
                self.redis.delete(f"{self._root}:building")
        self._drop_leftovers()

    def farms(self, generation: Generation) -> list[FarmId]:
        """The farms that this generation knows."""
        with reachable():
            found = self.redis.smembers(f"{self.key(generation)}:farms")
            return sorted(FarmId(str(farm)) for farm in found)

    def key(self, generation: Generation) -> str:
        """What all keys of a generation begin with."""
        return f"{self._root}:{generation.id}"

    def require_applied(self, reply: Reply, generation: Generation) -> None:
        """Raise GenerationLostError unless a script says that it applied."""
        if reply != "applied":
            raise self._lost(generation)

    def _generation(self, generation_id: str) -> Generation:
        base = f"{self._root}:{generation_id}"
        meta = {str(k): str(v) for k, v in self.redis.hgetall(f"{base}:meta").items()}
        offsets = self.redis.hgetall(f"{base}:offsets")
        since = meta.get("epoch_since")
        version = int(meta.get("fold_version", 0))
        return Generation(
            generation_id,
            version,
            meta.get("epoch", ""),
            datetime.fromisoformat(since) if since else None,
            # places are written as this fold writes them; an older one is built anew anyway
            {Place.of(str(place)): int(end) for place, end in offsets.items()}
            if version == self._fold_version
            else {},
        )

    def _drop_leftovers(self) -> None:
        with reachable():
            known = self.redis.smembers(f"{self._root}:generations")
        for generation_id in sorted(str(found) for found in known):
            self.scripts.call("drop", [generation_id])  # refuses those in use

    def _lost(self, generation: Generation) -> GenerationLostError:
        return GenerationLostError(
            f"{self._what}: generation {generation.id} is not where we left it: Redis lost or "
            "replaced it, or another projector is at work"
        )


def as_text(moment: datetime | None) -> str:
    """Of one length and zone, so that the scripts may compare two of them as text."""
    return "" if moment is None else moment.isoformat(timespec="microseconds")


def building_ms() -> int:
    """How long a builder may be silent."""
    return int(BUILDING_MAX_S * 1000)
