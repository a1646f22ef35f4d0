"""Everything that ever happened to an animal: which event is whose, the roster, the track. Pure.

Cases are folded as the worklist folds them; the roster and the collars worn are folded here, from
the register's events. Each row carries the position of the newest event in it, so that what the
relay repeats changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from contracts.alert_event import Outcome
from contracts.animal_event import (
    AnimalCalved,
    AnimalDiagnosed,
    AnimalDriedOff,
    AnimalInseminated,
    AnimalMoved,
    AnimalPregnancyChecked,
    AnimalRegistered,
    AnimalRenamed,
    AnimalTreated,
    Assignment,
    CollarAssigned,
    CollarRemoved,
)
from contracts.envelope import Event
from contracts.ids import AnimalId, FarmId

FOLD_VERSION = 1  # one more with every change of what the fold answers: the projector rebuilds
LAST_MAX = 10  # outcomes a track shows one by one

RosterPayload = AnimalRegistered | AnimalRenamed | AnimalCalved
WearingPayload = CollarAssigned | CollarRemoved
# what happened to her, told and shown as it is
FactPayload = (
    AnimalInseminated
    | AnimalPregnancyChecked
    | AnimalDriedOff
    | AnimalTreated
    | AnimalDiagnosed
    | AnimalMoved
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalRow:
    """One animal of the roster. calved_at: the last time, aware UTC; None and parity None = not
    known. collar_id: worn now, the one put on last of several.
    """

    animal_id: str
    external_id: str
    name: str | None = None
    group: str | None = None
    parity: int | None = None
    calved_at: datetime | None = None
    collar_id: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event of an animal as people read it; data: its payload. Times are aware UTC."""

    event_id: str
    type: str
    occurred_at: datetime
    recorded_at: datetime
    position: int
    actor: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Track:
    """How a condition's cases ended on a farm. closed: judged by people; right: confirmed.

    last: outcomes, newest first, at most LAST_MAX.
    """

    closed: int
    right: int
    last: tuple[Outcome, ...]


def animal_of(payload: object) -> str | None:
    """Whom an event of the register is about; None if it is no animal."""
    if isinstance(payload, RosterPayload | WearingPayload | FactPayload):
        return payload.animal_id
    return None


def fold_animal(row: AnimalRow | None, payload: RosterPayload) -> AnimalRow | None:
    """The roster's row after one event; None for a calving of an animal nobody registered."""
    if isinstance(payload, AnimalCalved):
        return None if row is None else _calved(row, payload)
    known = row or AnimalRow(animal_id=payload.animal_id, external_id=payload.external_id)
    return replace(known, external_id=payload.external_id, name=payload.name, group=payload.group)


def _calved(row: AnimalRow, payload: AnimalCalved) -> AnimalRow:
    """A calving typed in late is no newer one; without a number it is one more than known."""
    is_newest = row.calved_at is None or payload.calved_at > row.calved_at
    parity = payload.parity
    if parity is None and row.parity is not None:
        parity = row.parity + 1
    if not is_newest:
        return row
    return replace(row, calved_at=payload.calved_at, parity=parity)


def fold_wearing(
    assignments: Sequence[Assignment], event: Event[WearingPayload]
) -> tuple[Assignment, ...]:
    """A collar's assignments on one farm after one event, oldest first and without overlap.

    The register tells every end that a late assignment causes, but two spans of one animal that
    touch are one span: an end at the touch could mean either.
    """
    payload = event.payload
    if isinstance(payload, CollarRemoved):
        return _ended(assignments, payload)
    later = [given for given in assignments if given.worn_from > payload.worn_from]
    begun = Assignment(
        animal_id=payload.animal_id,
        farm_id=FarmId(str(event.farm_id)),
        worn_from=payload.worn_from,
        worn_to=later[0].worn_from if later else None,
    )
    merged: list[Assignment] = []
    for given in sorted((*assignments, begun), key=lambda given: given.worn_from):
        before = merged[-1] if merged else None
        if before and before.worn_to == given.worn_from and before.animal_id == given.animal_id:
            merged[-1] = replace(before, worn_to=given.worn_to)
        else:
            merged.append(given)
    return tuple(merged)


def _ended(assignments: Sequence[Assignment], off: CollarRemoved) -> tuple[Assignment, ...]:
    """The animal's last span that began by then ended; gone if it is empty, as it was if none."""
    for number in reversed(range(len(assignments))):
        given = assignments[number]
        if given.animal_id == off.animal_id and given.worn_from <= off.worn_to:
            kept = (replace(given, worn_to=off.worn_to),) if given.worn_from < off.worn_to else ()
            return (*assignments[:number], *kept, *assignments[number + 1 :])
    return tuple(assignments)


def worn_now(collars: Iterable[tuple[str, Sequence[Assignment]]]) -> dict[AnimalId, str]:
    """Animal → the collar she wears, of several the one put on last (then by id)."""
    worn: dict[AnimalId, tuple[datetime, str]] = {}
    for collar_id, assignments in collars:
        for given in assignments:
            if given.worn_to is None:
                found = (given.worn_from, collar_id)
                worn[given.animal_id] = max(worn.get(given.animal_id, found), found)
    return {animal_id: collar_id for animal_id, (_, collar_id) in worn.items()}


def canonical_lines(
    events: Iterable[tuple[str, HistoryEvent]], animals: Iterable[AnimalRow], cases: Iterable[str]
) -> tuple[str, ...]:
    """Sorted lines of business fields, for comparing two replays. cases: their own lines."""
    lines = [f"case {line}" for line in cases]
    for animal_id, event in events:
        fields = {"animal_id": animal_id, **msgspec.to_builtins(event)}
        del fields["position"]  # belongs to the log
        lines.append("event " + msgspec.json.encode(fields, order="sorted").decode())
    lines += [
        "animal " + msgspec.json.encode(msgspec.to_builtins(row), order="sorted").decode()
        for row in animals
    ]
    return tuple(sorted(lines))
