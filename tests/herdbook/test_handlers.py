"""Orders to the register: stored with who and when, or refused with nothing changed."""

from datetime import timedelta
from pathlib import Path

import pytest

from contracts.animal_event import AnimalRegistered, CollarAssigned, CollarRemoved
from contracts.clock import FakeClock
from contracts.ids import AnimalId, CollarId, FarmId, InvalidIdError, UserId
from event_store.memory import MemoryEventStore
from herdbook import (
    AnimalNotFoundError,
    AssignCollar,
    CollarElsewhereError,
    CollarNotAddedError,
    CredentialsRefusedError,
    ExternalIdTakenError,
    Herdbook,
    HerdbookBusyError,
    RegisterAnimal,
    RemoveCollar,
)
from herdbook.adapters.mqtt_users import MqttCredentials
from herdbook.feed import RELAY
from runtime.mqtt_users import MqttUsers
from tests.builders import FARM, MORNING
from tests.herdbook.overtaken import OvertakenStore
from tests.waiting import eventually

ANNA = UserId("u-1")
BELLA, CLARA = AnimalId("bella"), AnimalId("clara")
COLLAR = CollarId("c-17")


def register(animal_id: AnimalId = BELLA, external_id: str = "NL 17") -> RegisterAnimal:
    """Let her be known."""
    return RegisterAnimal(animal_id=animal_id, farm_id=FARM, external_id=external_id)


def put_on(animal_id: AnimalId = BELLA, farm_id: FarmId = FARM, days: int = 0) -> AssignCollar:
    """She wears the collar since so many days after the morning."""
    since = MORNING + timedelta(days=days)
    return AssignCollar(collar_id=COLLAR, animal_id=animal_id, farm_id=farm_id, worn_from=since)


@pytest.fixture
def users(tmp_path: Path) -> MqttUsers:
    """The MQTT broker's users, with the one of the gateway."""
    users = MqttUsers(tmp_path / "users")
    users.add("gateway", "secret")
    return users


@pytest.fixture
def herdbook(users: MqttUsers) -> Herdbook:
    """An empty register at noon."""
    clock = FakeClock(MORNING + timedelta(hours=8))
    return Herdbook(MemoryEventStore(), MqttCredentials(users.directory), clock)


def test_an_order_is_stored_with_who_and_when(herdbook: Herdbook) -> None:
    """A collar's change counts from when it was put on; when it was typed, the store says."""
    (registered,) = herdbook.handle(register(), ANNA)
    (assigned,) = herdbook.handle(put_on(), UserId("cli"))

    assert isinstance(registered.payload, AnimalRegistered)
    assert (registered.aggregate_id, registered.actor) == (BELLA, "user:u-1")
    assert registered.timestamp == MORNING + timedelta(hours=8)
    assert isinstance(assigned.payload, CollarAssigned)
    assert (assigned.aggregate_id, assigned.actor) == (BELLA, "cli")
    assert assigned.timestamp == MORNING
    assert herdbook.store.load("collar:c-17") == (assigned,)


def test_the_same_order_again_changes_nothing(herdbook: Herdbook) -> None:
    """A request that was retried."""
    for order in (register(), put_on(), register(), put_on()):
        herdbook.handle(order, ANNA)

    assert herdbook.store.head() == 2


def test_a_collar_moves_in_one_append(herdbook: Herdbook) -> None:
    """No reader of the log ever sees it on two animals."""
    for order in (register(), register(CLARA, "NL 18"), put_on()):
        herdbook.handle(order, ANNA)

    off, on = herdbook.handle(put_on(CLARA, days=3), ANNA)

    assert isinstance(off.payload, CollarRemoved)
    assert isinstance(on.payload, CollarAssigned)
    assert (off.aggregate_id, on.aggregate_id) == (BELLA, CLARA)
    assert off.stored is not None
    assert on.stored is not None
    assert off.stored.recorded_at == on.stored.recorded_at


def test_a_collar_is_taken_off(herdbook: Herdbook) -> None:
    """She was sold, the collar stays."""
    herdbook.handle(register(), ANNA)
    herdbook.handle(put_on(), ANNA)
    until = MORNING + timedelta(days=1)

    (off,) = herdbook.handle(RemoveCollar(collar_id=COLLAR, farm_id=FARM, worn_to=until), ANNA)

    assert off.timestamp == until


@pytest.mark.parametrize("wearer", [put_on(CLARA), put_on(BELLA, FarmId("farm-b"))])
def test_only_animals_of_the_farm_wear_collars(herdbook: Herdbook, wearer: AssignCollar) -> None:
    """Readings of an animal that nobody knows would belong to nobody."""
    herdbook.handle(register(), ANNA)

    with pytest.raises(AnimalNotFoundError, match="register it first"):
        herdbook.handle(wearer, ANNA)


def test_two_animals_of_a_farm_cannot_carry_one_ear_tag(herdbook: Herdbook) -> None:
    """Until the first has got another one."""
    herdbook.handle(register(), ANNA)
    with pytest.raises(ExternalIdTakenError, match="bella"):
        herdbook.handle(register(CLARA), ANNA)

    herdbook.handle(register(BELLA, "NL 99"), ANNA)

    assert len(herdbook.handle(register(CLARA), ANNA)) == 1


def test_a_farm_outside_the_grammar_is_refused(herdbook: Herdbook) -> None:
    """It would have no topics."""
    order = RegisterAnimal(animal_id=BELLA, farm_id=FarmId("Farm A"), external_id="NL 17")

    with pytest.raises(InvalidIdError):
        herdbook.handle(order, ANNA)


def test_a_collar_added_is_let_in_and_noted(herdbook: Herdbook, users: MqttUsers) -> None:
    """Its password is told once; the log has no secret."""
    password = herdbook.add_collar(COLLAR, FARM, by=ANNA)

    (added,) = herdbook.store.load("collar:c-17")
    assert password not in repr(added)
    assert len(password) >= 20
    assert [user.name for user in users.list()] == [COLLAR, "gateway"]
    assert herdbook.collars() == (COLLAR,)


def test_adding_again_changes_the_password_alone(herdbook: Herdbook) -> None:
    """Whoever has lost it gets another one."""
    first = herdbook.add_collar(COLLAR, FARM, by=ANNA)

    assert herdbook.add_collar(COLLAR, FARM, by=ANNA) != first
    assert herdbook.store.head() == 1


def test_a_collar_revoked_is_shut_out(herdbook: Herdbook, users: MqttUsers) -> None:
    """And may then be added by another farm, not before."""
    other = FarmId("farm-b")
    herdbook.add_collar(COLLAR, FARM, by=ANNA)
    before = users.list()
    with pytest.raises(CollarElsewhereError):
        herdbook.add_collar(COLLAR, other, by=ANNA)
    with pytest.raises(CollarNotAddedError):
        herdbook.revoke_collar(COLLAR, other, by=ANNA)
    assert users.list() == before  # the password in the collar still works

    herdbook.revoke_collar(COLLAR, FARM, by=ANNA)

    assert herdbook.collars() == ()
    assert herdbook.add_collar(COLLAR, other, by=ANNA)


def test_a_service_keeps_its_credential(herdbook: Herdbook, users: MqttUsers) -> None:
    """A collar called gateway would lock the gateway out."""
    before = users.list()

    with pytest.raises(CredentialsRefusedError, match="gateway"):
        herdbook.add_collar(CollarId("gateway"), FARM, by=ANNA)

    assert users.list() == before
    assert herdbook.store.head() == 0


def test_without_the_brokers_users_no_collar_is_added() -> None:
    """The sentence says what to do."""
    with pytest.raises(CredentialsRefusedError, match="herd collar"):
        Herdbook(MemoryEventStore()).add_collar(COLLAR, FARM, by=ANNA)


def test_waiting_for_the_relay_ends(herdbook: Herdbook) -> None:
    """With the relay, or with the time that was given."""
    assert not herdbook.wait_until_relayed(1, within_s=0.0)

    herdbook.store.save_position(RELAY, 1)

    assert eventually(lambda: herdbook.wait_until_relayed(1, within_s=0.0))


def test_a_calving_is_stored_as_of_its_time(herdbook: Herdbook) -> None:
    """Days in milk count from there, however late it was typed in."""
    herdbook.handle(register(), ANNA)

    (calved,) = herdbook.record_calving(BELLA, FARM, MORNING - timedelta(days=40), 2, by=ANNA)

    assert (calved.timestamp, calved.aggregate_id) == (MORNING - timedelta(days=40), BELLA)
    assert herdbook.record_calving(BELLA, FARM, MORNING - timedelta(days=40), 2, by=ANNA) == ()
    with pytest.raises(AnimalNotFoundError):
        herdbook.record_calving(CLARA, FARM, MORNING, by=ANNA)


def test_an_order_beside_another_is_decided_again() -> None:
    """The ear tag goes to Clara just when Bella gets it back: one of them has it, not both."""
    store = OvertakenStore()
    herdbook = Herdbook(store)
    herdbook.handle(register(), ANNA)
    herdbook.handle(register(BELLA, "NL 99"), ANNA)
    store.overtakers = [lambda: herdbook.handle(register(), ANNA)]

    with pytest.raises(ExternalIdTakenError, match="bella"):
        herdbook.handle(register(CLARA), ANNA)


def test_an_order_is_given_up_after_some_tries() -> None:
    """A sentence is better than holding a request for ever."""
    store = OvertakenStore()
    herdbook = Herdbook(store)
    names = iter(range(99))
    store.overtakers = [
        lambda: herdbook.handle(register(BELLA, f"NL {next(names)}"), ANNA) for _ in range(9)
    ]

    with pytest.raises(HerdbookBusyError, match="try again"):
        herdbook.handle(register(), ANNA)
