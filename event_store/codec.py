"""Events ↔ what the store keeps of them: the envelope in columns, the payload as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from contracts.envelope import Event, Stored
from contracts.ids import FarmId
from contracts.messages import BY_EVENT_TYPE
from event_store.port import Append
from event_store.upcasting import upcast

_encoder = msgspec.json.Encoder()


class Row(NamedTuple):
    """One row of the table `events`, in the order in which the queries select it."""

    position: int
    stream: str
    version: int
    event_id: str
    event_type: str
    occurred_at: datetime
    aggregate_id: str
    actor: str
    farm_id: str | None
    causation_id: str | None
    payload: str
    recorded_at: datetime


def appends_json(appends: Sequence[Append]) -> bytes:
    """The argument of `append_events`: one document, so that an append is one round trip."""
    return _encoder.encode(
        [
            {
                "stream": append.stream,
                "expected_version": append.expected_version,
                "inbox": append.inbox,
                "events": [_without_place(event) for event in append.events],
            }
            for append in appends
        ]
    )


def _without_place(event: Event[Any]) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "occurred_at": event.timestamp,
        "aggregate_id": event.aggregate_id,
        "actor": event.actor,
        "farm_id": event.farm_id,
        "causation_id": event.causation_id,
        "payload": event.payload,
    }


def event_of(row: Row, epoch: str) -> Event[Any]:
    """The event in a row; raises UnknownEventTypeError, or msgspec's ValidationError."""
    event_type, fields = upcast(row.event_type, msgspec.json.decode(row.payload))
    return Event(
        event_id=row.event_id,
        event_type=event_type,
        timestamp=row.occurred_at,
        aggregate_id=row.aggregate_id,
        actor=row.actor,
        farm_id=FarmId(row.farm_id) if row.farm_id is not None else None,
        payload=msgspec.convert(fields, BY_EVENT_TYPE[event_type].payload),
        causation_id=row.causation_id,
        stored=Stored(epoch, row.position, row.stream, row.version, row.recorded_at),
    )
