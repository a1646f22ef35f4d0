"""Uploads of a made herd: what its collars would publish, and the events that must come of it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.animal_event import Assignment, CollarAssignments
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId, new_id, reading_event_id
from contracts.messages import event_type_of
from contracts.topics import mqtt_topic
from firmware_sim.animal import Measures
from firmware_sim.collar import Buffered, payload_of

FARMS = 6  # herds share partitions as they do on a service for many
WORN_SINCE = timedelta(days=60)
INTERVAL = timedelta(minutes=5)
SEED = 7


@dataclass(frozen=True, slots=True)
class Uploads:
    """messages: (MQTT topic, payload) in the order to publish. event_ids: of all their readings."""

    messages: list[tuple[str, bytes]]
    event_ids: frozenset[str]


class MadeHerd:
    """Collars that each count their readings on from one batch of uploads to the next."""

    def __init__(self, collars: int) -> None:
        self._draw = random.Random(SEED)  # noqa: S311  no secret
        self._collars = [
            (FarmId(f"bench-{number % FARMS}"), CollarId(f"c-{number:05}"))
            for number in range(collars)
        ]
        self._next_seq = 1

    def assignments(self) -> Iterator[Event[CollarAssignments]]:
        """What the register says of them."""
        now = datetime.now(UTC)
        for farm_id, collar_id in self._collars:
            worn = Assignment(
                animal_id=AnimalId(f"animal-{collar_id}"),
                farm_id=farm_id,
                worn_from=now - WORN_SINCE,
            )
            yield Event(
                event_id=new_id(),
                event_type=event_type_of(CollarAssignments),
                timestamp=now,
                aggregate_id=collar_id,
                actor="bench",
                farm_id=farm_id,
                payload=CollarAssignments(collar_id=collar_id, assignments=(worn,)),
            )

    def uploads(self, count: int, readings: int) -> Uploads:
        """`count` uploads of so many readings each, the collars taking turns."""
        messages, event_ids = [], []
        sent_at = datetime.now(UTC)
        for number in range(count):
            turn, place = divmod(number, len(self._collars))
            farm_id, collar_id = self._collars[place]
            seq = self._next_seq + turn * readings
            upload = tuple(
                self._reading(collar_id, seq + nth, sent_at - (readings - nth) * INTERVAL)
                for nth in range(readings)
            )
            messages.append(
                (mqtt_topic(farm_id, collar_id, "readings"), payload_of(upload, sent_at))
            )
            event_ids += [reading_event_id(collar_id, one.boot_id, one.seq) for one in upload]
        self._next_seq += (count // len(self._collars) + 1) * readings
        return Uploads(messages, frozenset(event_ids))

    def _reading(self, collar_id: CollarId, seq: int, time: datetime) -> Buffered:
        draw = self._draw.random
        minutes = round(draw() * 5, 2)
        return Buffered(
            collar_id=collar_id,
            boot_id=1,
            seq=seq,
            time=time.replace(microsecond=0),
            interval_s=int(INTERVAL.total_seconds()),
            measures=Measures(
                temperature_c=round(38 + draw(), 2),
                rumination_minutes=minutes,
                eating_minutes=round(5 - minutes, 2),
                lying_minutes=round(draw() * 5, 2),
                lying_bouts=float(int(draw() * 1.2)),
                steps=float(int(draw() * 60)),
                activity=round(draw() * 100, 1),
                drinking_minutes=round(draw() * 0.5, 2),
            ),
        )
