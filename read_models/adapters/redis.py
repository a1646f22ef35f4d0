"""The worklist's generations in Redis: rows, feed, positions and Kafka offsets, moved together.

Keys: `{root}:current` and `{root}:building` name a generation; below `{root}:{generation}:` lie
`meta`, `offsets`, `farms`, and for each farm `farm:` (position, floor), `open:`, `closed:`,
`closed_at:` and `feed:` (a stream whose ids are positions). The scripts do all writing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from redis import Redis

from contracts.ids import FarmId, new_id
from read_models.adapters.redis_scripts import WORKLIST_ROOT, Scripts, reachable
from read_models.base import (
    Generation,
    GenerationLostError,
    LogRecord,
    LogSlice,
    RebuildRunningError,
    of_this_epoch,
)
from read_models.worklist import (
    CLOSED_KEPT_DAYS,
    CLOSED_KEPT_MAX,
    FEED_MAX,
    FOLD_VERSION,
    AlertRow,
    change_data,
    fold,
    row_from_json,
    row_to_json,
)

BUILDING_MAX_S = 10.0  # a builder that is silent for longer is dead, and another may begin
DAY_S = 86_400


class RedisWorklistStore:
    """GenerationStore of read_models/base.py for the worklist. For one thread."""

    def __init__(self, redis: Redis, *, root: str = WORKLIST_ROOT) -> None:
        self._redis = redis
        self._root = root
        self._scripts = Scripts(redis, root)

    def current(self) -> Generation | None:
        """The generation that answers questions; None if there is none."""
        with reachable():
            found = self._redis.get(f"{self._root}:current")
            return None if found is None else self._generation(str(found))

    def begin(self, epoch: str, epoch_since: datetime | None) -> Generation:
        """A new, empty generation; raises RebuildRunningError. Removes what dead builders left."""
        generation = Generation(new_id(), FOLD_VERSION, epoch, epoch_since)
        since = _text(epoch_since)
        begun = self._scripts.call(
            "begin", [generation.id, _building_ms(), FOLD_VERSION, epoch, since]
        )
        if not begun:
            raise RebuildRunningError(
                "the worklist is being rebuilt already: wait until that is done "
                f"(a rebuild that died is forgotten after {BUILDING_MAX_S:.0f} s)"
            )
        self._drop_leftovers()
        return generation

    def apply(self, generation: Generation, piece: LogSlice) -> Generation:
        """Fold a slice into the generation, all or nothing, and return it moved on.

        Raises GenerationLostError if the generation is gone or its offset is not where this slice
        began: then nothing was written and `current` tells where to go on.
        """
        generation, records = of_this_epoch(generation, piece.records)
        changes = self._folded(generation, records)
        as_of = max((record.appended_at for record in piece.records), default=None)
        started_from = generation.offsets.get(piece.partition, 0)
        reply = self._scripts.call(
            "apply",
            [
                generation.id,
                piece.partition,
                started_from,
                piece.next_offset,
                generation.epoch,
                _text(generation.epoch_since),
                _text(as_of),
                FEED_MAX,
                CLOSED_KEPT_MAX,
                CLOSED_KEPT_DAYS * DAY_S,
                _building_ms(),
                *changes,
            ],
        )
        _require_applied(reply, generation)
        return generation.moved(piece.partition, piece.next_offset)

    def heard(self, generation: Generation, as_of: datetime) -> None:
        """Everything up to as_of is folded; raises GenerationLostError."""
        offsets = [number for pair in generation.offsets.items() for number in pair]
        reply = self._scripts.call("heard", [generation.id, _text(as_of), _building_ms(), *offsets])
        _require_applied(reply, generation)

    def swap(self, generation: Generation, ends: Mapping[int, int]) -> bool:
        """Let the generation answer from now on; False while it is behind the current one."""
        pairs = [number for pair in ends.items() for number in pair]
        reply = self._scripts.call("swap", [generation.id, *pairs])
        if reply == "behind":
            return False
        if reply == "lost":
            raise _lost(generation)
        self._drop_leftovers()
        return True

    def give_up(self, generation: Generation) -> None:
        """Throw away a generation that will not be finished."""
        with reachable():
            if self._redis.get(f"{self._root}:building") == generation.id:
                self._redis.delete(f"{self._root}:building")
        self._drop_leftovers()

    def farms(self, generation: Generation) -> list[FarmId]:
        """The farms that have a case in this generation."""
        with reachable():
            return sorted(
                FarmId(str(farm)) for farm in self._redis.smembers(f"{self._key(generation)}:farms")
            )

    def _generation(self, generation_id: str) -> Generation:
        base = f"{self._root}:{generation_id}"
        meta = {str(k): str(v) for k, v in self._redis.hgetall(f"{base}:meta").items()}
        offsets = self._redis.hgetall(f"{base}:offsets")
        since = meta.get("epoch_since")
        return Generation(
            generation_id,
            int(meta.get("fold_version", 0)),
            meta.get("epoch", ""),
            datetime.fromisoformat(since) if since else None,
            {int(partition): int(offset) for partition, offset in offsets.items()},
        )

    def _folded(self, generation: Generation, records: list[LogRecord]) -> list[str | int]:
        """The arguments of apply.lua for the records above their farm's position."""
        positions, rows = self._stored(generation, records)
        out: list[str | int] = []
        for record in records:
            event, position = record.event, record.stored.position
            farm_id, alert_id = FarmId(str(event.farm_id)), _alert_id(event.payload)
            if position <= positions[farm_id]:
                continue  # the relay repeats itself after a crash
            row = fold(rows.get((farm_id, alert_id)), event, record.stored)
            positions[farm_id] = position
            kept, closed_at, text = "", "", ""
            if row is not None:
                rows[farm_id, alert_id] = row
                kept, text = alert_id, row_to_json(row)
                closed_at = str(int(row.closed_at.timestamp())) if row.closed_at else ""
            out += [farm_id, position, kept, closed_at, text, change_data(event, row)]
        return out

    def _stored(
        self, generation: Generation, records: list[LogRecord]
    ) -> tuple[dict[FarmId, int], dict[tuple[FarmId, str], AlertRow]]:
        """What the records will be folded onto: each farm's position, and the cases they name.

        Read outside the script: if anybody writes in between, the offset has moved and the script
        refuses.
        """
        base = self._key(generation)
        wanted = sorted(
            {(FarmId(str(r.event.farm_id)), _alert_id(r.event.payload)) for r in records}
        )
        farms = sorted({farm_id for farm_id, _ in wanted})
        with reachable(), self._redis.pipeline(transaction=False) as pipeline:
            for farm_id in farms:
                pipeline.hget(f"{base}:farm:{farm_id}", "position")
            for farm_id, alert_id in wanted:
                pipeline.hget(f"{base}:open:{farm_id}", alert_id)
                pipeline.hget(f"{base}:closed:{farm_id}", alert_id)
            found = pipeline.execute()
        positions = {farm: int(text or 0) for farm, text in zip(farms, found, strict=False)}
        texts = found[len(farms) :]
        rows = {
            case: row_from_json(text)
            for case, opened, closed in zip(wanted, texts[::2], texts[1::2], strict=True)
            if (text := opened or closed)
        }
        return positions, rows

    def _drop_leftovers(self) -> None:
        with reachable():
            known = self._redis.smembers(f"{self._root}:generations")
        for generation_id in sorted(str(found) for found in known):
            self._scripts.call("drop", [generation_id])  # refuses those in use

    def _key(self, generation: Generation) -> str:
        return f"{self._root}:{generation.id}"


def _alert_id(payload: Any) -> str:  # noqa: ANN401  any of the alert payloads: all name their case
    return str(payload.alert_id)


def _text(moment: datetime | None) -> str:
    """Of one length and zone, so that the scripts may compare two of them as text."""
    return "" if moment is None else moment.isoformat(timespec="microseconds")


def _building_ms() -> int:
    return int(BUILDING_MAX_S * 1000)


def _require_applied(reply: object, generation: Generation) -> None:
    if reply != "applied":
        raise _lost(generation)


def _lost(generation: Generation) -> GenerationLostError:
    return GenerationLostError(
        f"the worklist's generation {generation.id} is not where we left it: Redis lost or "
        "replaced it, or another projector is at work"
    )
