"""A herd list is imported whole or not at all, and the same list again changes nothing."""

from datetime import timedelta

import pytest

from contracts.animal_event import AnimalRegistered
from contracts.clock import FakeClock
from contracts.ids import AnimalId, FarmId, UserId
from event_store.memory import MemoryEventStore
from event_store.port import EVENTS_MAX, Append
from herdbook import Herdbook, ImportResult, RegisterAnimal, TextRefusedError, import_csv
from herdbook.domain.animal import Animal
from herdbook.domain.collar import fold_collar
from herdbook.domain.herd_list import ROWS_MAX
from tests.builders import FARM, MORNING, an_event
from tests.herdbook.overtaken import OvertakenStore

ANNA = UserId("u-1")
# registered; taken off one animal, put on another until a third has it; its collar let in
EVENTS_OF_A_ROW_MAX = 5
HEADER = "external_id,animal_id,name,group,collar_id,worn_from"


@pytest.fixture
def clock() -> FakeClock:
    """It stands still in the morning."""
    return FakeClock(MORNING)


@pytest.fixture
def herdbook(clock: FakeClock) -> Herdbook:
    """An empty register."""
    return Herdbook(MemoryEventStore(), clock=clock)


def imported(
    herdbook: Herdbook, *lines: str, farm: FarmId = FARM, dry_run: bool = False
) -> ImportResult:
    """What comes of a list."""
    text = "\n".join([HEADER, *lines])
    return import_csv(herdbook, text, farm, by=ANNA, dry_run=dry_run)


def animal(herdbook: Herdbook, external_id: str) -> Animal:
    """The animal that carries an external id now."""
    register = herdbook.register(FARM, ANNA)
    found = register.animal(register.holders([external_id])[external_id])
    assert found is not None
    return found


def wearers(herdbook: Herdbook, collar: str) -> list[str]:
    """Who wore a collar, in order."""
    assignments = fold_collar(herdbook.store.load(f"collar:{collar}")).assignments
    return [given.animal_id for given in assignments]


def refusals(result: ImportResult) -> list[str]:
    """The sentences with their rows; nothing may have been imported then."""
    assert result.imported == 0
    assert result.position is None
    return [f"{row}: {sentence}" for row, sentence in result.refused]


def test_a_list_becomes_animals_with_collars(herdbook: Herdbook) -> None:
    """What the farmer has in a spreadsheet is what the register knows."""
    result = imported(
        herdbook,
        "NL 17,bella,Bella,dry,c-17,2026-02-01T00:00:00Z",
        "NL 18,,Clara,,c-18,",
        "NL 19,,,,,",
    )

    assert (result.rows, result.imported, result.refused) == (3, 3, ())
    assert (result.changes, result.position) == (5, 5)
    assert animal(herdbook, "NL 17") == Animal(
        animal_id=AnimalId("bella"), farm_id=FARM, external_id="NL 17", name="Bella", group="dry"
    )
    assert wearers(herdbook, "c-17") == ["bella"]
    assert wearers(herdbook, "c-18") == [animal(herdbook, "NL 18").animal_id]


def test_the_same_list_again_changes_nothing(herdbook: Herdbook, clock: FakeClock) -> None:
    """Also a month later, with new UUIDs and `now` in it: the animals are found again."""
    lines = ["NL 17,,Bella,dry,c-17,", "NL 18,clara,,,c-18,2026-02-01T00:00:00Z", ",dora,,,,"]
    imported(herdbook, *lines)
    clock.advance(timedelta(days=30))

    again = imported(herdbook, *lines)

    assert (again.rows, again.imported, again.changes, again.position) == (3, 3, 0, None)
    assert herdbook.store.head() == 5


def test_an_animal_registered_with_an_id_is_found_by_its_ear_tag(herdbook: Herdbook) -> None:
    """The spreadsheet knows no id of ours."""
    herdbook.handle(
        RegisterAnimal(animal_id=AnimalId("bella"), farm_id=FARM, external_id="NL 17"), ANNA
    )

    imported(herdbook, "NL 17,,Bella,,c-17,")

    assert animal(herdbook, "NL 17").animal_id == "bella"
    assert wearers(herdbook, "c-17") == ["bella"]


def test_an_ear_tag_given_away_is_a_new_animal(herdbook: Herdbook) -> None:
    """Bella lost hers and got another; the number now hangs on somebody else."""
    imported(herdbook, "NL 17,,Bella,,,")
    bella = animal(herdbook, "NL 17").animal_id
    imported(herdbook, f"NL 99,{bella},Bella,,,")

    imported(herdbook, "NL 17,,Clara,,,")

    assert animal(herdbook, "NL 99").animal_id == bella
    assert animal(herdbook, "NL 17").animal_id != bella


def test_two_animals_may_swap_their_ear_tags_in_one_list(herdbook: Herdbook) -> None:
    """A mistake at tagging, corrected in the spreadsheet."""
    imported(herdbook, "NL 17,bella,,,,", "NL 18,clara,,,,")

    result = imported(herdbook, "NL 18,bella,,,,", "NL 17,clara,,,,")

    assert result.refused == ()
    assert animal(herdbook, "NL 17").animal_id == "clara"


def test_two_animals_may_swap_their_collars_in_one_list(herdbook: Herdbook) -> None:
    """Each collar ends on the one and begins on the other."""
    imported(herdbook, ",bella,,,c-17,2026-02-01T00:00:00Z", ",clara,,,c-18,2026-02-01T00:00:00Z")

    imported(herdbook, ",bella,,,c-18,", ",clara,,,c-17,")

    assert wearers(herdbook, "c-17") == ["bella", "clara"]
    assert wearers(herdbook, "c-18") == ["clara", "bella"]


def test_columns_that_are_not_there_leave_what_is_known(herdbook: Herdbook) -> None:
    """A list of collars alone takes no names away; an empty name does."""
    imported(herdbook, "NL 17,bella,Bella,dry,,")

    import_csv(herdbook, "animal_id,name,collar_id\nbella,,c-17", FARM, by=ANNA)

    known = animal(herdbook, "NL 17")
    assert (known.name, known.group) == (None, "dry")


def registered_long_ago(herdbook: Herdbook, animal_id: str, external_id: str) -> None:
    """An animal of a log that is older than the one spelling of numbers."""
    told = AnimalRegistered(animal_id=AnimalId(animal_id), external_id=external_id)
    event = an_event(told, aggregate_id=animal_id, actor="cli")
    herdbook.store.append([Append(f"animal:{animal_id}", 0, (event,))])


def test_a_transponders_number_is_one_animal_in_whatever_spelling(herdbook: Herdbook) -> None:
    """The reader's list has no blanks, the milking parlour's has, and the old log has its own."""
    registered_long_ago(herdbook, "bella", "982 000123456789")
    herdbook.handle(
        RegisterAnimal(animal_id=AnimalId("clara"), farm_id=FARM, external_id="982-000000000018"),
        ANNA,
    )

    first = imported(herdbook, "982 000123456789,,Bella,,,", "982 0000 0000 0018,,Clara,,,")
    again = imported(herdbook, "982000123456789,,Bella,,,", "982000000000018,,Clara,,,")

    assert (first.refused, first.changes, again.changes) == ((), 2, 0)
    assert animal(herdbook, "982000123456789").animal_id == "bella"
    assert animal(herdbook, "982000000000018").animal_id == "clara"


def test_a_number_that_is_two_animals_is_not_guessed(herdbook: Herdbook) -> None:
    """An old log has it twice: a person says which one is meant."""
    registered_long_ago(herdbook, "bella", "982 000123456789")
    registered_long_ago(herdbook, "clara", "982000123456789")

    (said,) = refusals(imported(herdbook, "982 000123456789,,Bella,,,"))

    assert said.startswith("2: external_id 982000123456789 is two animals, bella and clara")


def test_a_known_number_that_is_none_may_stay(herdbook: Herdbook) -> None:
    """It was let in before numbers were checked; her collar and name go on being told."""
    registered_long_ago(herdbook, "bella", "000123456789012")

    assert imported(herdbook, ",bella,Bella,,c-17,").refused == ()
    with pytest.raises(TextRefusedError, match="begins with 000"):
        herdbook.handle(
            RegisterAnimal(animal_id=AnimalId("dora"), farm_id=FARM, external_id="000123456789013"),
            ANNA,
        )


def test_one_refused_row_keeps_all_out(herdbook: Herdbook) -> None:
    """Half a herd in the register is worse than none: nobody knows which half."""
    result = imported(herdbook, "NL 17,bella,,,c-17,", "NL 18,CLARA,,,,", "NL 19,dora,,,c 1,")

    assert [text.split(" ", 1)[0] for text in refusals(result)] == ["3:", "4:"]
    assert result.rows == 3
    assert herdbook.store.head() == 0


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["NL 1,a,,,,", "NL 2,a,,,,"], "3: animal_id 'a' stands in row 2 already"),
        (["NL 1,a,,,,", "NL 1,b,,,,"], "3: external_id 'NL 1' stands in row 2 already"),
        (["NL 1,,,,c-1,", "NL 2,,,,c-1,"], "3: collar_id 'c-1' stands in row 2 already"),
        (["NL 17,,,,,", ",bella,,,,"], "3: animal_id 'bella' stands in row 2 already"),
        (["NL 17,dora,,,,"], "2: external id 'NL 17' belongs to animal bella already"),
        ([",NL 17,,,,"], "2: animal_id 'NL 17' is no id"),
        (["NL\t2,a,,,,"], "2: external_id 'NL\\t2' holds control characters"),
        (["NL 2,elsewhere,,,,"], "2: the id elsewhere is taken by another farm"),
        (["NL 2,,,,c-99,"], "2: collar c-99 belongs to another farm at that time"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(herdbook: Herdbook, lines: list[str], why: str) -> None:
    """With its number and a sentence; nothing is imported."""
    imported(herdbook, "NL 17,bella,,,,")
    imported(herdbook, ",elsewhere,,,c-99,", farm=FarmId("farm-b"))
    before = herdbook.store.head()

    found = refusals(imported(herdbook, *lines))

    assert any(text.startswith(why) for text in found), found
    assert herdbook.store.head() == before


def test_a_dry_run_says_what_would_happen(herdbook: Herdbook) -> None:
    """And does nothing."""
    result = imported(herdbook, "NL 17,,,,c-17,", dry_run=True)

    assert (result.rows, result.imported, result.changes, result.position) == (1, 0, 2, None)
    assert herdbook.store.head() == 0


def test_two_imports_at_once_register_each_animal_once() -> None:
    """Somebody clicked twice: the same ear tag must not become two animals."""
    store = OvertakenStore()
    herdbook = Herdbook(store)
    lines = ["NL 17,,,,,", "NL 18,,,,,"]
    store.overtakers = [lambda: imported(herdbook, *lines)]

    second = imported(herdbook, *lines)

    assert (second.imported, second.changes) == (2, 0)
    assert store.head() == 2


def test_the_largest_list_is_one_append() -> None:
    """What `read_list` lets through, the store must take."""
    assert ROWS_MAX * EVENTS_OF_A_ROW_MAX <= EVENTS_MAX
