"""What the relay of the register puts into Kafka: every event, and what gateways need of it.

`herd.collars.v1` is compacted: its newest record of a collar says everything, so each touched
collar's whole list goes out, as it stands when the relay comes by.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from contracts.animal_event import (
    CollarAssigned,
    CollarAssignments,
    CollarRemoved,
    StationRegistered,
)
from contracts.envelope import Event
from contracts.ids import derived_id
from contracts.messages import event_type_of
from contracts.serde import Serde
from contracts.topics import ANIMALS, COLLARS, partition_of_collar, partition_of_farm
from event_store.port import EventStore
from event_store.relay import Record, ToRecords
from herdbook.domain.animal import CATEGORY as ANIMAL
from herdbook.domain.collar import CATEGORY as COLLAR
from herdbook.domain.collar import collar_of, fold_collar
from herdbook.domain.farm import CATEGORY as FARM

FED = tuple(f"{category}:" for category in (ANIMAL, COLLAR, FARM))
RELAY = "herdbook-relay"  # its position is stored under this name


def register_records(store: EventStore, serde: Serde) -> ToRecords:
    """The records for a batch of the log; other rooms' events give none."""

    def to_records(events: Sequence[Event[Any]]) -> Iterable[Record]:
        touched: dict[str, None] = {}
        for event in events:
            if event.farm_id is None or event.stored is None:
                continue
            if event.stored.stream.startswith(FED):
                partition = partition_of_farm(event.farm_id)
                yield Record(ANIMALS, partition, event.aggregate_id, serde.encode(event))
            if isinstance(event.payload, CollarAssigned | CollarRemoved | StationRegistered):
                touched[event.stored.stream] = None
        for stream, stored in store.load_many(list(touched)).items() if touched else ():
            told = assignments_event(stream, stored)
            partition = partition_of_collar(told.payload.collar_id)
            yield Record(COLLARS, partition, told.aggregate_id, serde.encode(told))

    return to_records


def assignments_event(stream: str, events: Sequence[Event[Any]]) -> Event[CollarAssignments]:
    """All that the stored events of a collar's stream say of who wore it, as one event."""
    collar_id, newest = collar_of(stream), events[-1]
    return Event(
        event_id=derived_id("collar-assignments", collar_id, len(events)),
        event_type=event_type_of(CollarAssignments),
        timestamp=newest.timestamp,
        aggregate_id=collar_id,
        actor=newest.actor,
        farm_id=newest.farm_id,
        causation_id=newest.event_id,
        payload=CollarAssignments(
            collar_id=collar_id,
            assignments=fold_collar(events).assignments,
            version=len(events),  # streams only grow, so a higher one says more
        ),
    )
