"""A collar: who wore it when, and whether the MQTT broker lets it in.

Its assignments never overlap: a collar is on one animal at a time. What is typed in late lands
where it belongs: it cuts the assignment it falls into, and lasts until the next one begins. An
animal may wear several collars (a bolus beside a neck collar), so nothing else ends.

A station measures barn or weather and is sent like a collar: it has a stream of this kind, and one
assignment, to itself. What is a station is never worn, and what was worn is never a station.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from contracts.animal_event import (
    STATION,
    Assignment,
    CollarAdded,
    CollarAssigned,
    CollarRemoved,
    CollarRevoked,
    StationRegistered,
)
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId, checked_id
from herdbook.domain.commands import (
    AddCollar,
    AssignCollar,
    CollarCommand,
    RegisterStation,
    RemoveCollar,
    RevokeCollar,
)
from herdbook.domain.errors import (
    CollarElsewhereError,
    CollarNotAddedError,
    CollarNotWornError,
    CollarWornError,
    CorruptStreamError,
    StationNotWornError,
)

CATEGORY = "collar"

CollarEvent = CollarAdded | CollarRevoked | CollarAssigned | CollarRemoved | StationRegistered


@dataclass(frozen=True, slots=True, kw_only=True)
class Collar:
    """added_to: the farm for which the broker lets it in. assignments: oldest first, no overlap.

    revoked: it was let in once and is shut out since.
    """

    added_to: FarmId | None = None
    revoked: bool = False
    assignments: tuple[Assignment, ...] = ()

    @property
    def is_station(self) -> bool:
        """Whether it measures barn or weather, and not an animal."""
        return any(given.kind == STATION for given in self.assignments)

    def at(self, moment: datetime) -> Assignment | None:
        """The assignment in force at a moment; None if nobody wore the collar."""
        for assignment in reversed(self.assignments):
            if assignment.worn_from <= moment:
                ends = assignment.worn_to
                return assignment if ends is None or moment < ends else None
        return None

    def next_after(self, moment: datetime) -> Assignment | None:
        """The first assignment that begins after a moment."""
        later = (given for given in self.assignments if given.worn_from > moment)
        return next(later, None)


def collar_stream(collar_id: CollarId) -> str:
    """The stream of one collar; raises InvalidIdError."""
    return f"{CATEGORY}:{checked_id('collar', collar_id)}"


def collar_of(stream: str) -> CollarId:
    """The collar that a stream is about."""
    return CollarId(stream.removeprefix(f"{CATEGORY}:"))


def decide_collar(collar: Collar, command: CollarCommand) -> tuple[CollarEvent, ...]:
    """Which events follow; none if the register says so already.

    Raises CollarElsewhereError, CollarNotWornError, CollarNotAddedError, StationNotWornError,
    CollarWornError.
    """
    match command:
        case AssignCollar():
            return _assign(collar, command)
        case RemoveCollar():
            return _remove(collar, command)
        case AddCollar():
            if collar.added_to not in (None, command.farm_id):
                raise CollarElsewhereError(command.collar_id)
            return () if collar.added_to else (CollarAdded(collar_id=command.collar_id),)
        case RevokeCollar():
            if collar.added_to != command.farm_id:
                raise CollarNotAddedError(command.collar_id, command.farm_id)
            return (CollarRevoked(collar_id=command.collar_id),)
        case RegisterStation():
            return _station(collar, command)
        case _:
            assert_never(command)


def _station(collar: Collar, command: RegisterStation) -> tuple[CollarEvent, ...]:
    farms = {given.farm_id for given in collar.assignments} | {collar.added_to or command.farm_id}
    if farms != {command.farm_id}:
        raise CollarElsewhereError(command.collar_id)
    if collar.assignments and not collar.is_station:
        raise CollarWornError(command.collar_id)
    if collar.at(command.measures_from):
        return ()
    return (StationRegistered(station_id=command.collar_id, measures_from=command.measures_from),)


def _assign(collar: Collar, command: AssignCollar) -> tuple[CollarEvent, ...]:
    current, following = collar.at(command.worn_from), collar.next_after(command.worn_from)
    if current is not None and current.farm_id != command.farm_id:
        raise CollarElsewhereError(command.collar_id)
    if collar.is_station:
        raise StationNotWornError(command.collar_id)
    if current is not None and current.animal_id == command.animal_id:
        return ()
    assigned = CollarAssigned(
        collar_id=command.collar_id, animal_id=command.animal_id, worn_from=command.worn_from
    )
    events: list[CollarEvent] = [assigned]
    if current is not None:
        events.insert(0, _off(command.collar_id, current.animal_id, command.worn_from))
    if following is not None and following.animal_id != command.animal_id:
        events.append(_off(command.collar_id, command.animal_id, following.worn_from))
    return tuple(events)


def _remove(collar: Collar, command: RemoveCollar) -> tuple[CollarEvent, ...]:
    ended_then = any(given.worn_to == command.worn_to for given in collar.assignments)
    current = collar.at(command.worn_to)
    if current is None and ended_then:
        return ()  # told before
    if current is None or current.farm_id != command.farm_id:
        raise CollarNotWornError(command.collar_id, command.farm_id)
    if collar.is_station:
        raise StationNotWornError(command.collar_id)
    return (_off(command.collar_id, current.animal_id, command.worn_to),)


def _off(collar_id: CollarId, animal_id: AnimalId, worn_to: datetime) -> CollarRemoved:
    return CollarRemoved(collar_id=collar_id, animal_id=animal_id, worn_to=worn_to)


def evolve_collar(collar: Collar, event: Event[Any]) -> Collar:
    """Apply one stored event; raises CorruptStreamError where it cannot follow."""
    match event.payload:
        case CollarAdded():
            return replace(collar, added_to=event.farm_id, revoked=False)
        case CollarRevoked():
            return replace(collar, added_to=None, revoked=True)
        case CollarAssigned() | StationRegistered() as begins:
            if event.farm_id is None:
                raise CorruptStreamError(event, collar)
            begun = _beginning(begins, event.farm_id)
            return replace(collar, assignments=_begun(collar, begun))
        case CollarRemoved():
            return replace(collar, assignments=_ended(collar.assignments, event.payload))
        case _:
            raise CorruptStreamError(event, collar)


def _beginning(begins: CollarAssigned | StationRegistered, farm_id: FarmId) -> Assignment:
    """The assignment that an event begins; a station is assigned to itself."""
    if isinstance(begins, CollarAssigned):
        return Assignment(animal_id=begins.animal_id, farm_id=farm_id, worn_from=begins.worn_from)
    return Assignment(
        animal_id=AnimalId(begins.station_id),
        farm_id=farm_id,
        worn_from=begins.measures_from,
        kind=STATION,
    )


def _begun(collar: Collar, begun: Assignment) -> tuple[Assignment, ...]:
    """The assignments with one more, which lasts until the next begins; one with its neighbour's.

    Two spans of one animal that touch are one span, or an end at the touch could mean either.
    """
    following = collar.next_after(begun.worn_from)
    worn_to = following.worn_from if following else None
    merged: list[Assignment] = []
    for given in sorted(
        (*collar.assignments, replace(begun, worn_to=worn_to)), key=lambda given: given.worn_from
    ):
        before = merged[-1] if merged else None
        if before and before.worn_to == given.worn_from and _same_wearer(before, given):
            merged[-1] = replace(before, worn_to=given.worn_to)
        else:
            merged.append(given)
    return tuple(merged)


def _same_wearer(one: Assignment, other: Assignment) -> bool:
    return (one.animal_id, one.farm_id) == (other.animal_id, other.farm_id)


def _ended(assignments: Sequence[Assignment], off: CollarRemoved) -> tuple[Assignment, ...]:
    """The assignments with the animal's last one that began by then ended; gone if it is empty."""
    for number in reversed(range(len(assignments))):
        given = assignments[number]
        if given.animal_id == off.animal_id and given.worn_from <= off.worn_to:
            kept = (replace(given, worn_to=off.worn_to),) if given.worn_from < off.worn_to else ()
            return (*assignments[:number], *kept, *assignments[number + 1 :])
    raise CorruptStreamError(off, assignments)


def fold_collar(events: Iterable[Event[Any]]) -> Collar:
    """What is known after these events of one stream."""
    collar = Collar()
    for event in events:
        collar = evolve_collar(collar, event)
    return collar
