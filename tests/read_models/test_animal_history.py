"""The folds of the history: roster, collars worn, whose event it is. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from contracts.animal_event import (
    AnimalCalved,
    AnimalRegistered,
    AnimalRenamed,
    Assignment,
    CollarAdded,
    CollarAssigned,
    CollarRemoved,
    FarmLive,
)
from contracts.ids import AnimalId, CollarId
from read_models.animal_history import (
    AnimalRow,
    HistoryEvent,
    animal_of,
    canonical_lines,
    fold_animal,
    fold_wearing,
    worn_now,
)
from tests.builders import MORNING, an_event

A, B = AnimalId("cow-a"), AnimalId("cow-b")
COLLAR = CollarId("c-1")
REGISTERED = AnimalRegistered(animal_id=A, external_id="NL 1", name="Ada")


def day(number: int) -> datetime:
    """A day of the story."""
    return MORNING + timedelta(days=number)


def put_on(animal: AnimalId, number: int) -> CollarAssigned:
    """She wears the collar since that day."""
    return CollarAssigned(collar_id=COLLAR, animal_id=animal, worn_from=day(number))


def taken_off(animal: AnimalId, number: int) -> CollarRemoved:
    """She wore it until that day."""
    return CollarRemoved(collar_id=COLLAR, animal_id=animal, worn_to=day(number))


def spans(*told: CollarAssigned | CollarRemoved) -> list[tuple[str, int, int | None]]:
    """Who wore the collar from day to day, after these events."""
    assignments: Sequence[Assignment] = ()
    for payload in told:
        assignments = fold_wearing(assignments, an_event(payload))
    return [
        (
            given.animal_id,
            (given.worn_from - MORNING).days,
            None if given.worn_to is None else (given.worn_to - MORNING).days,
        )
        for given in assignments
    ]


def test_an_animal_keeps_what_a_new_name_does_not_touch() -> None:
    """A calving is not forgotten because the ear tag was lost."""
    row = fold_animal(None, REGISTERED)
    row = fold_animal(row, AnimalCalved(animal_id=A, calved_at=day(1), parity=3))
    row = fold_animal(row, AnimalRenamed(animal_id=A, external_id="NL 9", group="dry"))

    assert row == AnimalRow(
        animal_id=A, external_id="NL 9", group="dry", parity=3, calved_at=day(1)
    )


@pytest.mark.parametrize(
    ("parity", "expected"), [(None, 3), (4, 4)], ids=["one more than known", "as it was told"]
)
def test_a_calving_counts(parity: int | None, expected: int) -> None:
    """Whoever notes a calving need not know how many there were."""
    row = AnimalRow(animal_id=A, external_id="NL 1", parity=2, calved_at=day(0))

    after = fold_animal(row, AnimalCalved(animal_id=A, calved_at=day(300), parity=parity))

    assert after is not None
    assert (after.parity, after.calved_at) == (expected, day(300))


def test_a_calving_typed_in_late_is_not_the_last_one() -> None:
    """Days in milk are counted from the newest."""
    row = AnimalRow(animal_id=A, external_id="NL 1", parity=2, calved_at=day(300))

    assert fold_animal(row, AnimalCalved(animal_id=A, calved_at=day(0), parity=1)) == row


def test_a_calving_of_an_animal_nobody_registered_makes_no_row() -> None:
    """Half an animal would be shown without a name."""
    assert fold_animal(None, AnimalCalved(animal_id=A, calved_at=day(0))) is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([put_on(A, 0)], [(A, 0, None)]),
        ([put_on(A, 0), taken_off(A, 2)], [(A, 0, 2)]),
        ([put_on(A, 0), taken_off(A, 2), put_on(B, 2)], [(A, 0, 2), (B, 2, None)]),
        # typed in late: the register tells the ends that follow
        ([put_on(A, 2), put_on(B, 1), taken_off(B, 2)], [(B, 1, 2), (A, 2, None)]),
        ([put_on(A, 2), put_on(A, 0)], [(A, 0, None)]),
        ([put_on(A, 2), put_on(A, 0), taken_off(A, 4)], [(A, 0, 4)]),
        ([put_on(A, 0), taken_off(A, 0)], []),
        ([taken_off(A, 1)], []),
    ],
)
def test_who_wore_a_collar_when(
    told: list[CollarAssigned | CollarRemoved], expected: list[tuple[str, int, int | None]]
) -> None:
    """The card shows the collar worn now: late entries must not leave one worn for ever."""
    assert spans(*told) == expected


def test_of_several_collars_the_one_put_on_last_is_shown() -> None:
    """A bolus stays for life; the neck collar is the one a farmer can look at."""
    farm = an_event(REGISTERED).farm_id
    assert farm is not None
    early = Assignment(animal_id=A, farm_id=farm, worn_from=day(0))
    late = Assignment(animal_id=A, farm_id=farm, worn_from=day(1))
    over = Assignment(animal_id=B, farm_id=farm, worn_from=day(2), worn_to=day(3))

    assert worn_now([("c-2", [late, over]), ("c-1", [early])]) == {A: "c-2"}


def test_an_event_belongs_to_the_animal_it_names() -> None:
    """A collar's own events and a farm's are nobody's history."""
    assert animal_of(REGISTERED) == A
    assert animal_of(put_on(B, 0)) == B
    assert animal_of(CollarAdded(collar_id=COLLAR)) is None
    assert animal_of(FarmLive()) is None


def test_lines_for_comparing_replays_hold_no_place_in_the_log() -> None:
    """Two replays are compared by them, also of a log that was copied."""
    event = HistoryEvent("e-1", "alert.closed.v1", MORNING, MORNING, 7, "user:anna", {"a": 1})

    lines = canonical_lines([(A, event)], [AnimalRow(animal_id=A, external_id="NL 1")], ["{}"])

    assert [line.split()[0] for line in lines] == ["animal", "case", "event"]
    assert "position" not in "".join(lines)
