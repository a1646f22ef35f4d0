"""An animal keeps its id for life; what people call it may change."""

from typing import Any

import pytest

from contracts.animal_event import AnimalRegistered, AnimalRenamed
from contracts.ids import AnimalId, FarmId, InvalidIdError
from herdbook import AnimalElsewhereError, RegisterAnimal, TextRefusedError
from herdbook.domain.animal import (
    TEXT_CHARS_MAX,
    Animal,
    animal_of,
    animal_stream,
    decide_animal,
    evolve_animal,
    fold_animal,
)
from herdbook.domain.errors import CorruptStreamError
from tests.builders import FARM, an_event

BELLA = AnimalId("nl-0017")


def order(**said: Any) -> RegisterAnimal:  # noqa: ANN401  any field
    """Register Bella."""
    given = {"animal_id": BELLA, "farm_id": FARM, "external_id": "NL 17", "name": "Bella"}
    return RegisterAnimal(**(given | said))


def registered(**said: Any) -> Animal:  # noqa: ANN401  any field
    """Bella as the register knows her after that order."""
    (payload,) = decide_animal(None, order(**said))
    return evolve_animal(None, an_event(payload))


def test_an_unknown_animal_is_registered() -> None:
    """With all that people call it by."""
    (payload,) = decide_animal(None, order(group="dry"))

    assert payload == AnimalRegistered(
        animal_id=BELLA, external_id="NL 17", name="Bella", group="dry"
    )


def test_the_same_again_changes_nothing() -> None:
    """A herd list is imported every month."""
    assert decide_animal(registered(), order()) == ()


def test_other_attributes_are_a_renaming() -> None:
    """A new ear tag is no new animal: her history goes on."""
    known = registered()
    (payload,) = decide_animal(known, order(external_id="NL 18"))

    assert payload == AnimalRenamed(animal_id=BELLA, external_id="NL 18", name="Bella")
    assert evolve_animal(known, an_event(payload)).external_id == "NL 18"


def test_another_farms_animal_is_not_touched() -> None:
    """Nobody may rename, or claim, what is not his."""
    with pytest.raises(AnimalElsewhereError, match="another farm"):
        decide_animal(registered(), order(farm_id=FarmId("farm-b")))


@pytest.mark.parametrize("field", ["external_id", "name", "group"])
@pytest.mark.parametrize("text", ["", "  ", "a\0b", "two\nlines", "\ud800", "x" * 101])
def test_text_that_breaks_lists_is_refused(field: str, text: str) -> None:
    """NUL breaks the store, a line end breaks every list it is shown in."""
    assert len("x" * 101) > TEXT_CHARS_MAX
    with pytest.raises(TextRefusedError, match=field):
        decide_animal(None, order(**{field: text}))


def test_a_stream_that_makes_no_sense_is_said_to_be_damaged() -> None:
    """Renamed before registered, registered twice, on no farm, another payload."""
    renamed = AnimalRenamed(animal_id=BELLA, external_id="NL 18")
    again = AnimalRegistered(animal_id=BELLA, external_id="NL 18")
    for animal, event in [
        (None, an_event(renamed)),
        (registered(), an_event(again)),
        (registered(), an_event(renamed, farm_id=FarmId("farm-b"))),
        (None, an_event(again, farm_id=None)),
    ]:
        with pytest.raises(CorruptStreamError):
            evolve_animal(animal, event)
    assert fold_animal([]) is None


def test_a_stream_is_named_for_its_animal() -> None:
    """And an id cannot reach into another one."""
    assert animal_of(animal_stream(BELLA)) == BELLA
    with pytest.raises(InvalidIdError):
        animal_stream(AnimalId("nl:17"))
