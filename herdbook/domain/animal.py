"""An animal of the register: its id for life, and the attributes people call it by."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contracts.animal_event import AnimalRegistered, AnimalRenamed
from contracts.envelope import Event
from contracts.ids import AnimalId, FarmId, checked_id
from herdbook.domain.commands import RegisterAnimal
from herdbook.domain.errors import AnimalElsewhereError, CorruptStreamError, TextRefusedError

CATEGORY = "animal"
TEXT_CHARS_MAX = 100  # longer than any ear tag, ISO 11784 number or name we have seen
# control characters (NUL breaks JSON in PostgreSQL, line ends break lists), lone surrogates
REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

AnimalEvent = AnimalRegistered | AnimalRenamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """What is known of one animal."""

    animal_id: AnimalId
    farm_id: FarmId
    external_id: str
    name: str | None = None
    group: str | None = None


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
    _checked_text("external_id", command.external_id)
    _checked_text("name", command.name)
    _checked_text("group", command.group)
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


def _checked_text(what: str, text: str | None) -> None:
    if text is None:
        return
    if not text.strip():
        raise TextRefusedError(f"{what} is empty: leave it out instead")
    if len(text) > TEXT_CHARS_MAX:
        raise TextRefusedError(f"{what} has {len(text)} characters, at most {TEXT_CHARS_MAX}")
    if REFUSED.search(text):
        raise TextRefusedError(f"{what} {text!r} holds control characters")


def evolve_animal(animal: Animal | None, event: Event[Any]) -> Animal:
    """Apply one stored event; raises CorruptStreamError where it cannot follow."""
    known: AnimalEvent = event.payload
    match known, animal:
        case AnimalRegistered(), None:
            pass
        case AnimalRenamed(), Animal() if animal.farm_id == event.farm_id:
            pass
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
    )


def fold_animal(events: Iterable[Event[Any]]) -> Animal | None:
    """What is known after these events of one stream; None if there are none."""
    animal: Animal | None = None
    for event in events:
        animal = evolve_animal(animal, event)
    return animal
