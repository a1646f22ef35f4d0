"""Decided events of the register in their envelopes."""

from datetime import datetime
from typing import Any

from contracts.animal_event import (
    AnimalCalved,
    CollarAdded,
    CollarAssigned,
    CollarRemoved,
    CollarRevoked,
    DetectorTuned,
    FarmLive,
    FarmTimeMoved,
    FenceDrawn,
    FenceRemoved,
    StationRegistered,
)
from contracts.envelope import Event
from contracts.ids import FarmId, UserId, new_id
from contracts.messages import event_type_of
from herdbook.domain.animal import AnimalEvent
from herdbook.domain.collar import CollarEvent
from herdbook.domain.facts import AnimalFact, occurred_at_of
from herdbook.domain.farm import FarmEvent

CLI = UserId("cli")  # whoever sits at the machine; everybody else is a user


def actor_of(by: UserId) -> str:
    """The envelope's actor for a person, or for the command line."""
    return by if by == CLI else f"user:{by}"


def register_event(
    payload: AnimalEvent | CollarEvent | FarmEvent, *, farm_id: FarmId, by: UserId, now: datetime
) -> Event[Any]:
    """An event that occurred now; what happened to an animal, collar or station, when that was."""
    if isinstance(payload, AnimalFact):
        return _event(payload, occurred_at_of(payload), str(payload.animal_id), farm_id, by)
    match payload:
        case CollarAssigned():
            occurred_at, subject = payload.worn_from, str(payload.animal_id)
        case CollarRemoved():
            occurred_at, subject = payload.worn_to, str(payload.animal_id)
        case AnimalCalved():
            occurred_at, subject = payload.calved_at, str(payload.animal_id)
        case StationRegistered():
            occurred_at, subject = payload.measures_from, str(payload.station_id)
        case CollarAdded() | CollarRevoked():
            occurred_at, subject = now, str(payload.collar_id)
        case FarmTimeMoved() | FarmLive() | FenceDrawn() | FenceRemoved() | DetectorTuned():
            occurred_at, subject = now, str(farm_id)
        case _:
            occurred_at, subject = now, str(payload.animal_id)
    return _event(payload, occurred_at, subject, farm_id, by)


def _event(
    payload: AnimalEvent | CollarEvent | FarmEvent,
    occurred_at: datetime,
    subject: str,
    farm_id: FarmId,
    by: UserId,
) -> Event[Any]:
    return Event(
        event_id=new_id(),
        event_type=event_type_of(type(payload)),
        timestamp=occurred_at,
        aggregate_id=subject,
        actor=actor_of(by),
        farm_id=farm_id,
        payload=payload,
    )
