"""What of the register herd-clock writes into the readings: context, and a farm's own ticks. Pure.

A copy may come twice, so each is the same event every time. A context record says where its source
stands and is skipped the second time; a tick moves log time to the maximum, and nothing once its
farm is live.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from contracts.animal_event import FarmTimeMoved
from contracts.context import Context
from contracts.envelope import Event
from contracts.ids import derived_id
from contracts.messages import event_type_of
from contracts.tick import Tick

ACTOR = "herd-clock"


@dataclass(frozen=True, slots=True)
class RegisterEvent:
    """One event of the register with its place."""

    partition: int
    offset: int
    event: Event[Any]


def copies_of(register: Sequence[RegisterEvent], *, writer: str) -> list[tuple[int, Event[Any]]]:
    """(partition, event) to be written, in the order of the register."""
    copies: list[tuple[int, Event[Any]]] = []
    for one in register:
        copies.append((one.partition, context_of(one)))
        if isinstance(one.event.payload, FarmTimeMoved):
            copies.append((one.partition, own_tick_of(one, one.event.payload, writer=writer)))
    return copies


def context_of(copied: RegisterEvent) -> Event[Context]:
    """The copy of one event of the register."""
    source = copied.event
    return Event(
        event_id=derived_id("context", source.event_id),
        event_type=event_type_of(Context),
        timestamp=source.timestamp,
        aggregate_id=source.aggregate_id,
        actor=ACTOR,
        farm_id=source.farm_id,
        causation_id=source.event_id,
        payload=Context(
            source_offset=copied.offset,
            source_event_id=source.event_id,
            source_event_type=source.event_type,
            details_json=msgspec.json.encode(source.payload).decode(),
        ),
    )


def own_tick_of(copied: RegisterEvent, moved: FarmTimeMoved, *, writer: str) -> Event[Tick]:
    """The tick of one farm that imports its past: its log time is where the register moved it.

    It tells no deaf spans: what a farm imports was never on its way when we were deaf.
    """
    source = copied.event
    return Event(
        event_id=derived_id("own-tick", source.event_id),
        event_type=event_type_of(Tick),
        timestamp=moved.to_at,
        aggregate_id=f"partition:{copied.partition}",
        actor=ACTOR,
        farm_id=source.farm_id,
        causation_id=source.event_id,
        payload=Tick(writer=writer),
    )
