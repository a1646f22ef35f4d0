"""A collar is on one animal at a time, whatever is typed in late, twice or out of order."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.animal_event import (
    STATION,
    AnimalRegistered,
    Assignment,
    CollarAssigned,
    CollarRemoved,
)
from contracts.ids import AnimalId, CollarId, FarmId, InvalidIdError
from herdbook import (
    AssignCollar,
    CollarElsewhereError,
    CollarNotAddedError,
    CollarNotWornError,
    CollarWornError,
    HerdbookError,
    RemoveCollar,
    StationNotWornError,
)
from herdbook.domain.collar import (
    Collar,
    CollarEvent,
    collar_of,
    collar_stream,
    decide_collar,
    evolve_collar,
    fold_collar,
)
from herdbook.domain.commands import AddCollar, CollarCommand, RegisterStation, RevokeCollar
from herdbook.domain.errors import CorruptStreamError
from tests.builders import FARM, MORNING, an_event

COLLAR = CollarId("c-17")
OTHER_FARM = FarmId("farm-b")


def day(number: int) -> datetime:
    """Some days after the first."""
    return MORNING + timedelta(days=number)


def put_on(animal: str, since: int, farm: FarmId = FARM) -> AssignCollar:
    """The animal wears the collar since that day."""
    return AssignCollar(
        collar_id=COLLAR, animal_id=AnimalId(animal), farm_id=farm, worn_from=day(since)
    )


def take_off(until: int, farm: FarmId = FARM) -> RemoveCollar:
    """Whoever wore it that day wears it no longer."""
    return RemoveCollar(collar_id=COLLAR, farm_id=farm, worn_to=day(until))


def worn(animal: str, since: int, until: int | None = None, farm: FarmId = FARM) -> Assignment:
    """A span in days."""
    ends = None if until is None else day(until)
    return Assignment(animal_id=AnimalId(animal), farm_id=farm, worn_from=day(since), worn_to=ends)


def carry_out(collar: Collar, command: CollarCommand) -> tuple[Collar, tuple[CollarEvent, ...]]:
    """The collar after an order, and what happened."""
    decided = decide_collar(collar, command)
    for payload in decided:
        collar = evolve_collar(collar, an_event(payload, farm_id=command.farm_id))
    return collar, decided


def again(collar: Collar, command: CollarCommand) -> tuple[CollarEvent, ...]:
    """What the same order does a second time; one that is refused does nothing."""
    try:
        return decide_collar(collar, command)
    except CollarNotWornError:
        return ()  # put on and taken off at one moment: it was never worn


def after(*commands: CollarCommand) -> Collar:
    """The collar after some orders."""
    collar = Collar()
    for command in commands:
        collar, _ = carry_out(collar, command)
    return collar


def test_put_on_and_taken_off() -> None:
    """The ordinary life of a collar."""
    collar = after(put_on("bella", 1), take_off(5), put_on("clara", 7))

    assert collar.assignments == (worn("bella", 1, 5), worn("clara", 7))
    assert collar.at(day(6)) is None


def test_putting_it_on_another_animal_ends_the_first() -> None:
    """Both in one append: at no moment two animals wear it, or none."""
    collar, events = carry_out(after(put_on("bella", 1)), put_on("clara", 5))

    assert events == (
        CollarRemoved(collar_id=COLLAR, animal_id=AnimalId("bella"), worn_to=day(5)),
        CollarAssigned(collar_id=COLLAR, animal_id=AnimalId("clara"), worn_from=day(5)),
    )
    assert collar.assignments == (worn("bella", 1, 5), worn("clara", 5))


def test_the_same_again_changes_nothing() -> None:
    """Also after the collar has moved on: an old list says nothing new."""
    moved = after(put_on("bella", 1), put_on("clara", 5))

    assert decide_collar(moved, put_on("bella", 1)) == ()
    assert decide_collar(moved, put_on("clara", 9)) == ()
    assert decide_collar(after(put_on("bella", 1), take_off(5)), take_off(5)) == ()


def test_an_assignment_typed_in_late_ends_where_the_next_begins() -> None:
    """Who forgot to write down the first weeks does so now; what is known since stays."""
    collar, events = carry_out(after(put_on("clara", 5)), put_on("bella", 1))

    assert collar.assignments == (worn("bella", 1, 5), worn("clara", 5))
    assert [type(event).__name__ for event in events] == ["CollarAssigned", "CollarRemoved"]


def test_an_assignment_typed_in_late_cuts_what_it_falls_into() -> None:
    """She wore it from the third day on, and until the next animal got it."""
    collar = after(put_on("bella", 1), put_on("clara", 9), put_on("dora", 3))

    assert collar.assignments == (worn("bella", 1, 3), worn("dora", 3, 9), worn("clara", 9))


def test_a_wrong_animal_is_corrected_by_the_right_one() -> None:
    """At the same moment: the slip leaves no span behind, only its events."""
    assert after(put_on("bella", 1), put_on("clara", 1)).assignments == (worn("clara", 1),)


def test_an_earlier_beginning_widens_the_span() -> None:
    """It was put on a week before it was written down."""
    collar, events = carry_out(after(put_on("bella", 5), put_on("clara", 9)), put_on("bella", 1))

    assert collar.assignments == (worn("bella", 1, 9), worn("clara", 9))
    assert [type(event).__name__ for event in events] == ["CollarAssigned"]


@pytest.mark.parametrize(
    "wanted",
    [put_on("elsa", 5, OTHER_FARM), put_on("elsa", 1, OTHER_FARM), take_off(5, OTHER_FARM)],
)
def test_another_farm_cannot_take_a_collar_that_is_worn(wanted: CollarCommand) -> None:
    """Or a list with somebody else's collar numbers would redirect that farm's readings."""
    with pytest.raises((CollarElsewhereError, CollarNotWornError)):
        decide_collar(after(put_on("bella", 1)), wanted)


def test_a_collar_that_was_taken_off_may_move_to_another_farm() -> None:
    """Sold with the cow, or lent."""
    collar = after(put_on("bella", 1), take_off(5), put_on("elsa", 7, OTHER_FARM))

    assert collar.assignments == (worn("bella", 1, 5), worn("elsa", 7, farm=OTHER_FARM))


@pytest.mark.parametrize("until", [0, 9])
def test_only_what_is_worn_can_be_taken_off(until: int) -> None:
    """A wrong collar number gets a sentence."""
    with pytest.raises(CollarNotWornError, match="c-17"):
        decide_collar(after(put_on("bella", 1), take_off(5)), take_off(until))


def test_a_collar_is_let_in_for_one_farm() -> None:
    """Added twice is once; another farm has to wait until it is revoked."""
    add, revoke = (make(collar_id=COLLAR, farm_id=FARM) for make in (AddCollar, RevokeCollar))
    added = after(add)

    assert added.added_to == FARM
    assert decide_collar(added, add) == ()
    with pytest.raises(CollarElsewhereError):
        decide_collar(added, AddCollar(collar_id=COLLAR, farm_id=OTHER_FARM))
    with pytest.raises(CollarNotAddedError):
        decide_collar(added, RevokeCollar(collar_id=COLLAR, farm_id=OTHER_FARM))
    assert after(add, revoke) == Collar(revoked=True)
    assert after(add, revoke, add) == added
    with pytest.raises(CollarNotAddedError):
        decide_collar(Collar(), revoke)


def station(since: int, farm: FarmId = FARM) -> RegisterStation:
    """It measures the farm's air since that day."""
    return RegisterStation(collar_id=COLLAR, farm_id=farm, measures_from=day(since))


def test_a_station_is_assigned_to_itself() -> None:
    """Told again it is the same; told to have begun earlier, it has."""
    own = replace(worn(COLLAR, 3), kind=STATION)
    collar = after(station(3))

    assert collar.assignments == (own,)
    assert collar.is_station
    assert decide_collar(collar, station(3)) == decide_collar(collar, station(5)) == ()
    assert after(station(3), station(1)).assignments == (replace(own, worn_from=day(1)),)


@pytest.mark.parametrize("wanted", [put_on("bella", 5), take_off(5)])
def test_a_station_is_never_worn(wanted: CollarCommand) -> None:
    """The weather would become her temperature."""
    with pytest.raises(StationNotWornError, match="c-17 is a station"):
        decide_collar(after(station(1)), wanted)


@pytest.mark.parametrize("ended", [(), (take_off(3),)])
def test_what_was_worn_is_never_a_station(ended: tuple[CollarCommand, ...]) -> None:
    """Nor after it was taken off: its late readings are still an animal's."""
    with pytest.raises(CollarWornError, match="c-17 has been worn"):
        decide_collar(after(put_on("bella", 1), *ended), station(5))


@pytest.mark.parametrize("owned", [station(1), AddCollar(collar_id=COLLAR, farm_id=FARM)])
def test_a_station_stays_on_its_farm(owned: CollarCommand) -> None:
    """Another farm's weather, or a name that another farm's collar has in the broker."""
    with pytest.raises(CollarElsewhereError):
        decide_collar(after(owned), station(5, OTHER_FARM))


def test_a_stream_that_makes_no_sense_is_said_to_be_damaged() -> None:
    """Taken off who never wore it, put on nowhere."""
    off = CollarRemoved(collar_id=COLLAR, animal_id=AnimalId("bella"), worn_to=day(1))
    on = CollarAssigned(collar_id=COLLAR, animal_id=AnimalId("bella"), worn_from=day(1))

    foreign = AnimalRegistered(animal_id=AnimalId("bella"), external_id="NL 1")
    for event in (an_event(off), an_event(on, farm_id=None), an_event(foreign)):
        with pytest.raises(CorruptStreamError):
            fold_collar([event])


def test_a_stream_is_named_for_its_collar() -> None:
    """And an id cannot reach into another one."""
    assert collar_of(collar_stream(COLLAR)) == COLLAR
    with pytest.raises(InvalidIdError):
        collar_stream(CollarId("c:17"))


ORDERS = st.lists(
    st.one_of(
        st.builds(
            put_on,
            st.sampled_from(["bella", "clara", "dora"]),
            st.integers(0, 9),
            st.sampled_from([FARM, OTHER_FARM]),
        ),
        st.builds(take_off, st.integers(0, 9), st.sampled_from([FARM, OTHER_FARM])),
    ),
    max_size=20,
)


@given(ORDERS)
def test_a_collar_is_on_one_animal_at_a_time(orders: list[CollarCommand]) -> None:
    """Every order does what it says, repeating it changes nothing, and no two spans overlap."""
    collar = Collar()
    for order in orders:
        try:
            collar, _ = carry_out(collar, order)
        except HerdbookError:
            continue
        if isinstance(order, AssignCollar):
            now = collar.at(order.worn_from)
            assert now is not None
            assert (now.animal_id, now.farm_id) == (order.animal_id, order.farm_id)
        elif isinstance(order, RemoveCollar):
            assert collar.at(order.worn_to) is None
        assert again(collar, order) == ()

        spans = collar.assignments
        assert all(given.worn_to is None or given.worn_from < given.worn_to for given in spans)
        assert all(a.worn_to is not None and a.worn_to <= b.worn_from for a, b in pairwise(spans))


DAYS = range(11)  # the last stands for all that follow


def as_of_today(orders: list[CollarCommand]) -> list[tuple[str, FarmId] | None]:
    """Who wears the collar on each day, by the words of the register alone, a day at a time."""
    days: list[tuple[str, FarmId] | None] = [None] * len(DAYS)
    for order in orders:
        if isinstance(order, AssignCollar):
            first, wearer = (order.worn_from - MORNING).days, (order.animal_id, order.farm_id)
            worn_then = days[first]
            if worn_then is not None and worn_then[1] != order.farm_id:
                continue  # another farm's
            begins = [
                d for d in DAYS if d > first and days[d] is not None and days[d] != days[d - 1]
            ]
            if worn_then != wearer:
                for one in range(first, begins[0] if begins else len(DAYS)):
                    days[one] = wearer
        elif isinstance(order, RemoveCollar):
            first = (order.worn_to - MORNING).days
            worn_then = days[first]
            if worn_then is None or worn_then[1] != order.farm_id:
                continue  # nobody of theirs wore it
            for one in range(first, len(DAYS)):
                if days[one] != worn_then:
                    break
                days[one] = None
    return days


@given(ORDERS)
def test_the_list_is_what_the_register_says_today_whatever_the_order_of_typing(
    orders: list[CollarCommand],
) -> None:
    """Gateways, charts and the mover of readings ask this list alone (promise 2)."""
    collar = Collar()
    for order in orders:
        with suppress(HerdbookError):
            collar, _ = carry_out(collar, order)

    told = [collar.at(day(number)) for number in DAYS]

    assert [given and (given.animal_id, given.farm_id) for given in told] == as_of_today(orders)


@given(st.permutations([put_on(f"animal-{number}", number) for number in range(6)]))
def test_assignments_typed_in_any_order_are_one_list(orders: list[AssignCollar]) -> None:
    """A month of paper slips, entered from a heap."""
    expected = [worn(f"animal-{number}", number, number + 1) for number in range(5)]

    assert after(*orders).assignments == (*expected, worn("animal-5", 5))
