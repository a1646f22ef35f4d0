"""A collar: who wore it when, and whether the MQTT broker lets it in.

Its assignments never overlap: a collar is on one animal at a time. What is typed in late lands
where it belongs: it cuts the assignment it falls into, and lasts until the next one begins. An
animal may wear several collars (a bolus beside a neck collar), so nothing else ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from contracts.animal_event import (
    Assignment,
    CollarAdded,
    CollarAssigned,
    CollarRemoved,
    CollarRevoked,
)
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId, checked_id
from herdbook.domain.commands import (
    AddCollar,
    AssignCollar,
    CollarCommand,
    RemoveCollar,
    RevokeCollar,
)
from herdbook.domain.errors import (
    CollarElsewhereError,
    CollarNotAddedError,
    CollarNotWornError,
    CorruptStreamError,
)

CATEGORY = "collar"

CollarEvent = CollarAdded | CollarRevoked | CollarAssigned | CollarRemoved


@dataclass(frozen=True, slots=True, kw_only=True)
class Collar:
    """added_to: the farm for which the broker lets it in. assignments: oldest first, no overlap."""

    added_to: FarmId | None = None
    assignments: tuple[Assignment, ...] = ()

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

    Raises CollarElsewhereError, CollarNotWornError, CollarNotAddedError.
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
        case _:
            assert_never(command)


def _assign(collar: Collar, command: AssignCollar) -> tuple[CollarEvent, ...]:
    current, following = collar.at(command.worn_from), collar.next_after(command.worn_from)
    if current is not None and current.farm_id != command.farm_id:
        raise CollarElsewhereError(command.collar_id)
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
    return (_off(command.collar_id, current.animal_id, command.worn_to),)


def _off(collar_id: CollarId, animal_id: AnimalId, worn_to: datetime) -> CollarRemoved:
    return CollarRemoved(collar_id=collar_id, animal_id=animal_id, worn_to=worn_to)


def evolve_collar(collar: Collar, event: Event[Any]) -> Collar:
    """Apply one stored event; raises CorruptStreamError where it cannot follow."""
    match event.payload:
        case CollarAdded():
            return replace(collar, added_to=event.farm_id)
        case CollarRevoked():
            return replace(collar, added_to=None)
        case CollarAssigned():
            if event.farm_id is None:
                raise CorruptStreamError(event, collar)
            begun = Assignment(
                animal_id=event.payload.animal_id,
                farm_id=event.farm_id,
                worn_from=event.payload.worn_from,
            )
            return replace(collar, assignments=_begun(collar, begun))
        case CollarRemoved():
            return replace(collar, assignments=_ended(collar.assignments, event.payload))
        case _:
            raise CorruptStreamError(event, collar)


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
