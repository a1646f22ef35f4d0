"""What the register's relay says: every event, and of each touched collar all there is."""

from datetime import timedelta

import pytest

from contracts.animal_event import STATION, Assignment, CollarAssignments
from contracts.ids import AnimalId, CollarId, FarmId, UserId
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import ANIMALS, COLLARS, partition_of_collar, partition_of_farm
from event_store.memory import MemoryEventStore
from event_store.port import Append
from event_store.relay import Record
from herdbook import AssignCollar, Herdbook, RegisterAnimal, RemoveCollar
from herdbook.feed import register_records
from tests.builders import FARM, MORNING, a_detection

SERDE = Serde(FixedSchemaIds())
ANNA = UserId("u-1")
BELLA, COLLAR = AnimalId("bella"), CollarId("c-17")
OTHER_FARM = FarmId("farm-b")


@pytest.fixture
def store() -> MemoryEventStore:
    """Bella has worn a collar for a day; the log holds another room's event too."""
    store = MemoryEventStore()
    herdbook = Herdbook(store)
    herdbook.handle(RegisterAnimal(animal_id=BELLA, farm_id=FARM, external_id="NL 17"), ANNA)
    store.append([Append("alert:farm-a:animal:bella:fever", 0, (a_detection(),))])
    herdbook.handle(
        AssignCollar(collar_id=COLLAR, animal_id=BELLA, farm_id=FARM, worn_from=MORNING), ANNA
    )
    until = MORNING + timedelta(days=1)
    herdbook.handle(RemoveCollar(collar_id=COLLAR, farm_id=FARM, worn_to=until), ANNA)
    return store


def records(store: MemoryEventStore, after: int = 0) -> list[Record]:
    """What goes to Kafka for the log after a position."""
    return list(register_records(store, SERDE)(store.read(after, 100)))


def test_every_event_goes_to_its_farms_partition(store: MemoryEventStore) -> None:
    """Under the animal's key, with its place in the log; others' events are not ours to tell."""
    told = [record for record in records(store) if record.kafka_topic is ANIMALS]

    events = [SERDE.decode(record.value) for record in told]
    assert events == [
        event for event in store.read(0, 100) if event.event_type != "herd.detection.v1"
    ]
    assert {(record.key, record.partition) for record in told} == {(BELLA, partition_of_farm(FARM))}


def test_a_touched_collar_is_told_whole_and_once_a_batch(store: MemoryEventStore) -> None:
    """The topic is compacted: whoever reads its newest record knows all of it."""
    (record,) = [record for record in records(store) if record.kafka_topic is COLLARS]

    event = SERDE.decode(record.value)
    assert (record.key, record.partition) == (COLLAR, partition_of_collar(COLLAR))
    assert event.payload == CollarAssignments(
        collar_id=COLLAR,
        assignments=(
            Assignment(
                animal_id=BELLA,
                farm_id=FARM,
                worn_from=MORNING,
                worn_to=MORNING + timedelta(days=1),
            ),
        ),
        version=2,
    )


def test_a_collar_just_put_on_is_told(store: MemoryEventStore) -> None:
    """From then on her readings are hers."""
    before = store.head()
    since = MORNING + timedelta(days=2)
    Herdbook(store).handle(
        AssignCollar(collar_id=COLLAR, animal_id=BELLA, farm_id=FARM, worn_from=since), ANNA
    )

    told = SERDE.decode(records(store, before)[-1].value).payload

    assert [given.worn_from for given in told.assignments] == [MORNING, since]


def test_a_later_list_has_a_higher_version(store: MemoryEventStore) -> None:
    """Who moves readings asks which list they were moved by; credentials count, too."""
    herdbook = Herdbook(store)
    versions = [SERDE.decode(records(store)[-1].value).payload.version]
    for days in (1, 3, 2):  # the last one is typed in late
        before = store.head()
        since = MORNING + timedelta(days=days, hours=1)
        herdbook.handle(
            AssignCollar(collar_id=COLLAR, animal_id=BELLA, farm_id=FARM, worn_from=since), ANNA
        )
        until = since + timedelta(hours=1)
        herdbook.handle(RemoveCollar(collar_id=COLLAR, farm_id=FARM, worn_to=until), ANNA)
        versions.append(SERDE.decode(records(store, before)[-1].value).payload.version)

    assert versions == [2, 4, 6, 8]


def test_a_station_is_told_to_the_gateways_as_its_own(store: MemoryEventStore) -> None:
    """Its readings are the station's; in the feed of the farm it stands under its own id."""
    before = store.head()
    station = CollarId("weather-1")
    Herdbook(store).register_station(station, FARM, MORNING, by=ANNA)

    feed, told = records(store, before)

    assert (feed.kafka_topic, feed.key) == (ANIMALS, station)
    assert (told.kafka_topic, told.key) == (COLLARS, station)
    (given,) = SERDE.decode(told.value).payload.assignments
    assert (given.kind, given.animal_id, given.worn_from) == (STATION, station, MORNING)


def test_a_repeat_of_the_feed_is_the_same_record(store: MemoryEventStore) -> None:
    """After a crash the relay tells it again: byte for byte, with the same event_id."""
    assert records(store) == records(store)
    assert records(store)[-1] == records(store, after=3)[-1]


def test_an_event_without_collars_tells_no_collar(store: MemoryEventStore) -> None:
    """A renaming is none of a gateway's business."""
    before = store.head()
    renamed = RegisterAnimal(animal_id=BELLA, farm_id=FARM, external_id="NL 99")
    Herdbook(store).handle(renamed, ANNA)

    assert [record.kafka_topic for record in records(store, before)] == [ANIMALS]
