"""An animal of the register: its id for life, and the attributes people call it by."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from contracts.animal_event import AnimalCalved, AnimalMoved, AnimalRegistered, AnimalRenamed
from contracts.clock import iso
from contracts.envelope import Event
from contracts.ids import AnimalId, FarmId, checked_id
from herdbook.domain.commands import RecordCalving, RecordFact, RegisterAnimal
from herdbook.domain.errors import (
    AnimalElsewhereError,
    AnimalNotFoundError,
    CorruptStreamError,
    ParityRefusedError,
    TextRefusedError,
    TimeRefusedError,
)
from herdbook.domain.facts import AnimalFact, checked_fact, checked_text
from herdbook.domain.iso11784 import wrong_number

CATEGORY = "animal"
PARITY_MAX = 30  # the oldest cow on record had calved 39 times; beyond this it is a typing slip

AnimalEvent = AnimalRegistered | AnimalRenamed | AnimalCalved | AnimalFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """What is known of one animal. calvings: (calved_at, parity), the last told last; facts too."""

    animal_id: AnimalId
    farm_id: FarmId
    external_id: str
    name: str | None = None
    group: str | None = None
    calvings: tuple[tuple[datetime, int | None], ...] = ()
    facts: tuple[AnimalFact, ...] = ()


def animal_stream(animal_id: AnimalId) -> str:
    """The stream of one animal; raises InvalidIdError."""
    return f"{CATEGORY}:{checked_id('animal', animal_id)}"


def animal_of(stream: str) -> AnimalId:
    """The animal that a stream is about."""
    return AnimalId(stream.removeprefix(f"{CATEGORY}:"))


def decide_animal(animal: Animal | None, command: RegisterAnimal) -> tuple[AnimalEvent, ...]:
    """Registered, renamed, or nothing new. Whether the external id is free, the caller knows.

    Raises AnimalElsewhereError, TextRefusedError.
    """
    checked_text("external_id", command.external_id)
    wrong = wrong_number(command.external_id)
    if wrong and (animal is None or animal.external_id != command.external_id):
        raise TextRefusedError(f"external_id {wrong}")  # one that is known already may stay
    checked_text("name", command.name)
    checked_text("group", command.group)
    told = (command.external_id, command.name, command.group)
    if animal is None:
        return (
            AnimalRegistered(
                animal_id=command.animal_id,
                external_id=command.external_id,
                name=command.name,
                group=command.group,
            ),
        )
    if animal.farm_id != command.farm_id:
        raise AnimalElsewhereError(command.animal_id)
    if told == (animal.external_id, animal.name, animal.group):
        return ()
    return (
        AnimalRenamed(
            animal_id=command.animal_id,
            external_id=command.external_id,
            name=command.name,
            group=command.group,
        ),
    )


def decide_calving(
    animal: Animal | None, command: RecordCalving, now: datetime
) -> tuple[AnimalCalved, ...]:
    """Calved, or nothing new. The same time with another parity corrects what was told.

    Raises AnimalNotFoundError, TimeRefusedError, ParityRefusedError.
    """
    if animal is None or animal.farm_id != command.farm_id:
        raise AnimalNotFoundError(command.animal_id, command.farm_id)
    if command.calved_at > now:
        raise TimeRefusedError(f"calved_at {iso(command.calved_at)} lies ahead: it is {iso(now)}")
    if command.parity is not None and not 1 <= command.parity <= PARITY_MAX:
        raise ParityRefusedError(command.parity, PARITY_MAX)
    calved_at = command.calved_at.astimezone(UTC)
    if dict(animal.calvings).get(calved_at, -1) == command.parity:
        return ()
    return (AnimalCalved(animal_id=command.animal_id, calved_at=calved_at, parity=command.parity),)


def decide_fact(
    animal: Animal | None, command: RecordFact, now: datetime
) -> tuple[AnimalEvent, ...]:
    """What happened to her, or nothing new. Her newest move is also the group she is in from now.

    Raises AnimalNotFoundError, TimeRefusedError, TextRefusedError.
    """
    if animal is None or animal.farm_id != command.farm_id:
        raise AnimalNotFoundError(command.animal_id, command.farm_id)
    fact = checked_fact(command.fact, now)
    if fact in animal.facts:
        return ()
    if not isinstance(fact, AnimalMoved) or fact.group == animal.group:
        return (fact,)
    moves = [one.moved_at for one in animal.facts if isinstance(one, AnimalMoved)]
    if any(at > fact.moved_at for at in moves):
        return (fact,)  # typed in late: it says where she was, not where she is
    renamed = AnimalRenamed(
        animal_id=animal.animal_id,
        external_id=animal.external_id,
        name=animal.name,
        group=fact.group,
    )
    return fact, renamed


def evolve_animal(animal: Animal | None, event: Event[Any]) -> Animal:
    """Apply one stored event; raises CorruptStreamError where it cannot follow."""
    known: AnimalEvent = event.payload
    match known, animal:
        case AnimalRegistered(), None:
            pass
        case AnimalRenamed(), Animal() if animal.farm_id == event.farm_id:
            pass
        case AnimalCalved(), Animal() if animal.farm_id == event.farm_id:
            return replace(animal, calvings=(*animal.calvings, (known.calved_at, known.parity)))
        case _, Animal() if isinstance(known, AnimalFact) and animal.farm_id == event.farm_id:
            return replace(animal, facts=(*animal.facts, known))
        case _:
            raise CorruptStreamError(event, animal)
    if event.farm_id is None:
        raise CorruptStreamError(event, animal)
    return Animal(
        animal_id=known.animal_id,
        farm_id=event.farm_id,
        external_id=known.external_id,
        name=known.name,
        group=known.group,
        calvings=animal.calvings if animal else (),
        facts=animal.facts if animal else (),
    )


def fold_animal(events: Iterable[Event[Any]]) -> Animal | None:
    """What is known after these events of one stream; None if there are none."""
    animal: Animal | None = None
    for event in events:
        animal = evolve_animal(animal, event)
    return animal
