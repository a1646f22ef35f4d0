"""The worklist's generations in Redis: rows, feed, positions and Kafka offsets, moved together.

Keys: as redis_generations.py has them, and for each farm `farm:` (position, floor), `open:`,
`closed:`, `closed_at:` and `feed:` (a stream whose ids are positions). The scripts do all writing.
"""

from typing import Any

from redis import Redis

from contracts.ids import FarmId
from read_models.adapters.redis_generations import RedisGenerations, as_text, building_ms
from read_models.adapters.redis_scripts import WORKLIST_ROOT, reachable
from read_models.base import Generation, LogRecord, LogSlice, of_this_epoch
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

DAY_S = 86_400


class RedisWorklistStore(RedisGenerations):
    """GenerationStore of read_models/base.py for the worklist. For one thread."""

    def __init__(self, redis: Redis, *, root: str = WORKLIST_ROOT) -> None:
        super().__init__(redis, root, FOLD_VERSION, "the worklist")

    def apply(self, generation: Generation, piece: LogSlice) -> Generation:
        """Fold a slice into the generation, all or nothing, and return it moved on.

        Raises GenerationLostError if the generation is gone or its offset is not where this slice
        began: then nothing was written and `current` tells where to go on.
        """
        generation, records = of_this_epoch(generation, piece.records)
        changes = self._folded(generation, records)
        as_of = max((record.appended_at for record in piece.records), default=None)
        started_from = generation.offsets.get(piece.place, 0)
        reply = self.scripts.call(
            "apply",
            [
                generation.id,
                str(piece.place),
                started_from,
                piece.next_offset,
                generation.epoch,
                as_text(generation.epoch_since),
                as_text(as_of),
                FEED_MAX,
                CLOSED_KEPT_MAX,
                CLOSED_KEPT_DAYS * DAY_S,
                building_ms(),
                *changes,
            ],
        )
        self.require_applied(reply, generation)
        return generation.moved(piece.place, piece.next_offset)

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
        base = self.key(generation)
        wanted = sorted(
            {(FarmId(str(r.event.farm_id)), _alert_id(r.event.payload)) for r in records}
        )
        farms = sorted({farm_id for farm_id, _ in wanted})
        with reachable(), self.redis.pipeline(transaction=False) as pipeline:
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


def _alert_id(payload: Any) -> str:  # noqa: ANN401  any of the alert payloads: all name their case
    return str(payload.alert_id)
