"""What the register told of an animal's life, and what of it holds at an hour."""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
)
from contracts.columns import micros
from contracts.ids import AnimalId
from contracts.messages import event_type_of
from pipeline.calendars import GESTATION_DAYS, NO_GROUP, Calendars
from pipeline.keys import Ids
from pipeline.life import Life
from pipeline.tables import HOUR_US
from tests.builders import MORNING

SHE, FARM = AnimalId("nl-0017"), "farm-a"
IDS = Ids()


def day(days: float) -> datetime:
    """So many days after the morning."""
    return MORNING + timedelta(days=days)


def told(*payloads: Any, into: Calendars | None = None, farm: str = FARM) -> Calendars:  # noqa: ANN401  of contracts.animal_event
    """Calendars that were told these, as the register's copies say them."""
    calendars = Calendars() if into is None else into  # one with nothing told is falsy
    for payload in payloads:
        details = msgspec.json.decode(msgspec.json.encode(payload))
        calendars.apply(farm, event_type_of(type(payload)), details, micros(MORNING))
    return calendars


def at(calendars: Calendars, when: datetime, animal: str = SHE, farm: str = FARM) -> dict[str, Any]:
    """What holds at the end of the hour before a time; without what nobody told."""
    life = calendars.life(farm, IDS.words(animal.encode()), micros(when) // HOUR_US - 1)
    if life is None:
        return {}
    found = {field.name: float(getattr(life, field.name)[0]) for field in fields(Life)}
    return {name: round(value, 3) for name, value in found.items() if not np.isnan(value)}


def calved(days: float, parity: int | None = None) -> AnimalCalved:
    """A calving."""
    return AnimalCalved(animal_id=SHE, calved_at=day(days), parity=parity)


def served(days: float) -> AnimalInseminated:
    """An insemination."""
    return AnimalInseminated(animal_id=SHE, inseminated_at=day(days))


def checked(days: float, *, pregnant: bool, due: float | None = None) -> AnimalPregnancyChecked:
    """A pregnancy check."""
    due_at = None if due is None else day(due)
    return AnimalPregnancyChecked(
        animal_id=SHE, checked_at=day(days), pregnant=pregnant, due_at=due_at
    )


def test_a_cow_of_whom_nobody_told_is_unknown_in_every_way() -> None:
    """A farm without a register must not be taken for one whose cows never calved."""
    assert at(Calendars(), day(1)) == {}
    assert at(told(calved(0)), day(1), animal="nl-2") == {}
    assert at(told(calved(0)), day(1), farm="farm-b") == {}


def test_days_in_milk_count_from_the_newest_calving_and_she_is_surely_open_at_first() -> None:
    """What is normal five days after a calving is alarming two hundred days after it."""
    calendars = told(calved(0, parity=3))

    assert at(calendars, day(5)) == {"days_in_milk": 5.0, "parity": 3.0, "open_cow": 1.0}
    assert at(calendars, day(50)) == {"days_in_milk": 50.0, "parity": 3.0}


def test_a_pregnancy_is_due_as_told_or_by_the_length_of_one() -> None:
    """Most farms are told a date by the vet, some only that she is pregnant."""
    said = told(calved(0), served(60), checked(95, pregnant=True, due=338))
    unsaid = told(calved(0), served(60), checked(95, pregnant=True))
    unchecked = told(calved(0), served(60))

    assert at(said, day(300))["days_to_due"] == 38
    assert at(unsaid, day(300))["days_to_due"] == 60 + GESTATION_DAYS - 300
    assert at(said, day(300))["open_cow"] == 0
    assert "days_to_due" not in at(unchecked, day(300))
    assert "open_cow" not in at(unchecked, day(100))


def test_a_check_that_found_nothing_is_over_with_the_next_service() -> None:
    """She is known to be open until somebody tries again."""
    open_cow = told(calved(0), served(60), checked(95, pregnant=False))
    again = told(served(110), into=told(calved(0), served(60), checked(95, pregnant=False)))

    assert at(open_cow, day(109))["open_cow"] == 1
    assert "open_cow" not in at(again, day(120))
    assert at(again, day(120))["days_since_insemination"] == 10


def test_a_calving_ends_the_pregnancy_for_the_hours_after_it_and_for_none_before() -> None:
    """Late readings judge the hours before it again: the alert before it was right."""
    calendars = told(
        calved(-400, parity=2), served(-300), checked(-250, pregnant=True, due=-10), calved(-12)
    )

    before, after = at(calendars, day(-13)), at(calendars, day(-11))

    assert (before["days_to_due"], before["days_in_milk"], before["parity"]) == (3, 387, 2)
    assert before["open_cow"] == 0
    assert "days_to_due" not in after
    assert (after["days_in_milk"], after["parity"], after["open_cow"]) == (1, 3, 1)


def test_a_calving_told_again_an_hour_later_is_one() -> None:
    """The first word was a guess, the second the herdsman's."""
    calendars = told(calved(-1, parity=2), calved(-0.9))

    assert at(calendars, day(0))["days_in_milk"] == pytest.approx(0.9, abs=0.01)
    assert at(calendars, day(0))["parity"] == 2
    assert "days_in_milk" not in at(calendars, day(-2))


def test_what_is_told_late_of_long_ago_changes_nothing_that_is_newer() -> None:
    """An import tells the years in any order."""
    newer = (calved(0, parity=4), served(60), checked(95, pregnant=True, due=340))
    older = (calved(-380, parity=3), served(-320), checked(-290, pregnant=False))

    assert at(told(*newer, *older), day(200)) == at(told(*older, *newer), day(200))
    assert at(told(*newer), day(200)) == at(told(*older, *newer), day(200))


def test_dry_treated_diagnosed_and_moved_are_told_by_their_newest() -> None:
    """Each explains a drop, or forbids a name for it."""
    calendars = told(
        calved(-300),
        AnimalDriedOff(animal_id=SHE, dried_off_at=day(-20)),
        AnimalTreated(animal_id=SHE, treated_at=day(-2)),
        AnimalTreated(animal_id=SHE, treated_at=day(-9)),
        AnimalDiagnosed(animal_id=SHE, diagnosed_at=day(-1), condition="mastitis"),
        AnimalMoved(animal_id=SHE, moved_at=day(-0.5), group="dry"),
    )

    life = at(calendars, day(0))

    assert life["days_dry"] == 20
    assert life["hours_since_treatment"] == 48
    assert life["hours_since_diagnosis"] == 24
    assert life["hours_since_move"] == 12
    assert "days_dry" not in at(told(calved(0), into=calendars), day(1))


def test_a_group_is_the_newest_told_and_another_one_is_a_move() -> None:
    """Herdsmen move cows with or without saying so; both ways her pen is another."""
    calendars = told(AnimalRegistered(animal_id=SHE, external_id="17", group="A"))
    words = IDS.words(SHE.encode())
    first = calendars.groups(FARM, words)[0]

    told(AnimalRenamed(animal_id=SHE, external_id="17", group="A", name="E"), into=calendars)
    assert "hours_since_move" not in at(calendars, day(1))
    told(AnimalRenamed(animal_id=SHE, external_id="17", group="B"), into=calendars)

    assert at(calendars, day(1))["hours_since_move"] == 24
    assert calendars.group_name(FARM, int(first)) == "A"
    assert calendars.group_name(FARM, int(calendars.groups(FARM, words)[0])) == "B"
    told(AnimalMoved(animal_id=SHE, moved_at=day(-3), group="C"), into=calendars)
    assert calendars.group_name(FARM, int(calendars.groups(FARM, words)[0])) == "B"
    assert calendars.groups("farm-b", words).tolist() == [NO_GROUP]
    assert calendars.group_name(FARM, NO_GROUP) is None


facts = st.one_of(
    st.integers(-800, 0).map(calved),
    st.integers(-800, 0).map(served),
    st.tuples(st.integers(-800, 0), st.booleans()).map(
        lambda pair: checked(pair[0], pregnant=pair[1])
    ),
    st.tuples(st.integers(-800, 0), st.sampled_from("AB")).map(
        lambda pair: AnimalMoved(animal_id=SHE, moved_at=day(pair[0]), group=pair[1])
    ),
)


@given(st.lists(facts, max_size=12), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_it_comes_back_from_a_snapshot_and_a_repeat_changes_nothing(
    some: list[Any], cut: int
) -> None:
    """Copies of the register may come twice, and a worker may be lost between any two."""
    whole = told(*some)

    halves = Calendars()
    halves.load(told(*some[:cut]).to_arrays())
    told(*some[cut:], into=halves)

    arrays, wanted = halves.to_arrays(), whole.to_arrays()
    assert {n: a.tobytes() for n, a in arrays.items()} == {
        n: a.tobytes() for n, a in wanted.items()
    }
    assert at(told(*some[-1:], into=whole), day(10)) == at(halves, day(10))
    assert len(whole) == (1 if some else 0)
    assert whole.bytes_held < 20_000
