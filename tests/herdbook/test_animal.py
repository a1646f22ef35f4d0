"""An animal keeps its id for life; what people call it may change."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.animal_event import AnimalCalved, AnimalRegistered, AnimalRenamed
from contracts.ids import AnimalId, FarmId, InvalidIdError
from herdbook import (
    AnimalElsewhereError,
    AnimalNotFoundError,
    ParityRefusedError,
    RegisterAnimal,
    TextRefusedError,
    TimeRefusedError,
)
from herdbook.domain.animal import (
    Animal,
    animal_of,
    animal_stream,
    decide_animal,
    decide_calving,
    evolve_animal,
    fold_animal,
)
from herdbook.domain.commands import RecordCalving
from herdbook.domain.errors import CorruptStreamError
from herdbook.domain.facts import TEXT_CHARS_MAX
from tests.builders import FARM, MORNING, an_event

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


def calving(**said: Any) -> RecordCalving:  # noqa: ANN401  any field
    """Bella's third, this morning."""
    given: dict[str, Any] = {"animal_id": BELLA, "farm_id": FARM, "calved_at": MORNING, "parity": 3}
    return RecordCalving(**(given | said))


def after(animal: Animal, command: RecordCalving) -> Animal:
    """Bella after an order that was carried out."""
    for payload in decide_calving(animal, command, MORNING):
        animal = evolve_animal(animal, an_event(payload))
    return animal


def test_a_calving_is_told_once() -> None:
    """Lists are imported every month, requests are tried again."""
    (payload,) = decide_calving(registered(), calving(), MORNING)

    assert payload == AnimalCalved(animal_id=BELLA, calved_at=MORNING, parity=3)
    assert decide_calving(after(registered(), calving()), calving(), MORNING) == ()


def test_another_parity_corrects_and_another_time_is_another_calving() -> None:
    """What was typed wrong can be said again; what was said last counts."""
    known = after(registered(), calving(parity=None))
    corrected = after(known, calving())
    older = calving(calved_at=MORNING - timedelta(days=400), parity=2)

    assert corrected.calvings == ((MORNING, None), (MORNING, 3))
    assert len(decide_calving(corrected, older, MORNING)) == 1
    assert decide_calving(corrected, calving(), MORNING) == ()


def test_a_renaming_leaves_her_calvings() -> None:
    """A new ear tag is no new animal."""
    known = after(registered(), calving())
    (payload,) = decide_animal(known, order(external_id="NL 18"))

    assert evolve_animal(known, an_event(payload)).calvings == known.calvings


def test_calvings_that_cannot_be_are_refused() -> None:
    """Of nobody of this farm, ahead of now, or the hundredth."""
    with pytest.raises(AnimalNotFoundError):
        decide_calving(None, calving(), MORNING)
    with pytest.raises(AnimalNotFoundError):
        decide_calving(registered(), calving(farm_id=FarmId("farm-b")), MORNING)
    with pytest.raises(TimeRefusedError, match="lies ahead"):
        decide_calving(registered(), calving(calved_at=MORNING + timedelta(days=1)), MORNING)
    for parity in (0, 31):
        with pytest.raises(ParityRefusedError):
            decide_calving(registered(), calving(parity=parity), MORNING)
