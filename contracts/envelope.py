"""The envelope that every event carries, and its CloudEvents names on the way out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from contracts.ids import FarmId

P_co = TypeVar("P_co", covariant=True)

# First and in this order in every schema; a test holds every .avsc against it.
ENVELOPE_FIELDS = (
    "event_id",
    "event_type",
    "timestamp",
    "aggregate_id",
    "actor",
    "farm_id",
    "causation_id",
    "payload",
)


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an event stands in the event store; only events that came out of it carry this.

    position: 1, 2, 3 … without gaps over the whole log. version: 1, 2, 3 … in one stream.
    epoch: the id of this history, renewed by every restore. recorded_at: aware UTC, monotone.
    """

    epoch: str
    position: int
    stream: str
    version: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Generic[P_co]):
    """One event: the mandatory fields, then the payload, a dataclass of its own.

    timestamp: when it occurred, aware UTC. farm_id: None only in a partition's ticks.
    aggregate_id: the subject's id. causation_id: the event_id that led to this one.
    """

    event_id: str
    event_type: str
    timestamp: datetime
    aggregate_id: str
    actor: str
    farm_id: FarmId | None
    payload: P_co
    causation_id: str | None = None
    stored: Stored | None = None


def cloud_event(event: Event[object], data: object) -> dict[str, object]:
    """The JSON of an event that leaves the system, in CloudEvents 1.0 names; `data` its payload."""
    out: dict[str, object] = {
        "specversion": "1.0",
        "id": event.event_id,
        "type": event.event_type,
        "source": f"/farms/{event.farm_id}",
        "subject": event.aggregate_id,
        "time": event.timestamp.isoformat().replace("+00:00", "Z"),
        "actor": event.actor,
        "data": data,
    }
    if event.causation_id is not None:
        out["causationid"] = event.causation_id
    return out
