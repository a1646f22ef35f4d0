"""What is told of an animal's life is stored once, as of its time, and refused if it cannot be."""

from datetime import timedelta

import pytest

from contracts.animal_event import (
    AnimalDiagnosed,
    AnimalDriedOff,
    AnimalInseminated,
    AnimalMoved,
    AnimalPregnancyChecked,
    AnimalRenamed,
    AnimalTreated,
)
from contracts.clock import FakeClock
from contracts.ids import AnimalId, FarmId, UserId
from event_store.memory import MemoryEventStore
from herdbook import (
    AnimalNotFoundError,
    Herdbook,
    HerdbookError,
    RegisterAnimal,
    TextRefusedError,
    TimeRefusedError,
)
from herdbook.domain.facts import AnimalFact
from tests.builders import FARM, MORNING

ANNA, BELLA = UserId("u-1"), AnimalId("nl-0017")
NOW = MORNING + timedelta(days=100)
FACTS: list[AnimalFact] = [
    AnimalInseminated(animal_id=BELLA, inseminated_at=MORNING),
    AnimalPregnancyChecked(
        animal_id=BELLA,
        checked_at=MORNING + timedelta(days=35),
        pregnant=True,
        due_at=MORNING + timedelta(days=280),
    ),
    AnimalDriedOff(animal_id=BELLA, dried_off_at=MORNING),
    AnimalTreated(animal_id=BELLA, treated_at=MORNING, reason="hooves trimmed"),
    AnimalDiagnosed(animal_id=BELLA, diagnosed_at=MORNING, condition="ketosis"),
]


@pytest.fixture
def herdbook() -> Herdbook:
    """A register that knows Bella."""
    book = Herdbook(MemoryEventStore(), clock=FakeClock(NOW))
    book.handle(
        RegisterAnimal(animal_id=BELLA, farm_id=FARM, external_id="NL 17", group="barn"), ANNA
    )
    return book


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_is_stored_once_as_of_its_time(herdbook: Herdbook, fact: AnimalFact) -> None:
    """Two people, or one twice, type the same in; detectors ask when it was, not when told."""
    (event,) = herdbook.record_fact(FARM, fact, by=ANNA)

    assert event.payload == fact
    assert MORNING <= event.timestamp <= MORNING + timedelta(days=35)
    assert herdbook.record_fact(FARM, fact, by=ANNA) == ()


def test_a_move_is_where_she_is_and_one_typed_in_late_where_she_was(herdbook: Herdbook) -> None:
    """The roster shows her pen now; what was forgotten last week must not move her back."""
    moved = AnimalMoved(animal_id=BELLA, group="fresh", moved_at=MORNING + timedelta(days=3))
    earlier = AnimalMoved(animal_id=BELLA, group="dry", moved_at=MORNING + timedelta(days=1))

    first = [event.payload for event in herdbook.record_fact(FARM, moved, by=ANNA)]
    late = [event.payload for event in herdbook.record_fact(FARM, earlier, by=ANNA)]

    assert first == [
        moved,
        AnimalRenamed(animal_id=BELLA, external_id="NL 17", group="fresh"),
    ]
    assert late == [earlier]


@pytest.mark.parametrize(
    ("fact", "error", "says"),
    [
        (
            AnimalInseminated(animal_id=BELLA, inseminated_at=NOW + timedelta(hours=1)),
            TimeRefusedError,
            "cannot have happened",
        ),
        (
            AnimalPregnancyChecked(
                animal_id=BELLA, checked_at=NOW, pregnant=False, due_at=NOW + timedelta(days=9)
            ),
            TimeRefusedError,
            "not pregnant",
        ),
        (
            AnimalPregnancyChecked(
                animal_id=BELLA, checked_at=NOW, pregnant=True, due_at=NOW + timedelta(days=400)
            ),
            TimeRefusedError,
            "within 310 days",
        ),
        (
            AnimalDiagnosed(animal_id=BELLA, diagnosed_at=NOW, condition="bad mood"),
            TextRefusedError,
            "none of",
        ),
        (AnimalMoved(animal_id=BELLA, group=" ", moved_at=NOW), TextRefusedError, "empty"),
        (
            AnimalTreated(animal_id=BELLA, treated_at=NOW, reason="two\nlines"),
            TextRefusedError,
            "control characters",
        ),
        (
            AnimalDriedOff(animal_id=AnimalId("nl-0018"), dried_off_at=NOW),
            AnimalNotFoundError,
            "register it first",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    herdbook: Herdbook, fact: AnimalFact, error: type[HerdbookError], says: str
) -> None:
    """A due date of next year would keep a detector quiet for as long."""
    with pytest.raises(error, match=says):
        herdbook.record_fact(FARM, fact, by=ANNA)


def test_another_farms_animal_has_no_facts_of_ours(herdbook: Herdbook) -> None:
    """Nobody may tell what happened to somebody else's."""
    with pytest.raises(AnimalNotFoundError):
        herdbook.record_fact(FarmId("farm-b"), FACTS[0], by=ANNA)
