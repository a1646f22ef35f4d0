"""What the relay of alerts says: every event of a case, as it is stored."""

from alerts.feed import alert_records
from alerts.intake import take_in
from contracts.animal_event import AnimalRegistered
from contracts.ids import AnimalId
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import ALERTS, partition_of_farm
from event_store.memory import MemoryEventStore
from event_store.port import Append
from tests.builders import FARM, a_detection, an_event

SERDE = Serde(FixedSchemaIds())


def test_cases_go_to_their_farms_partition_with_their_place() -> None:
    """Screens resume by it; other rooms' events are not ours to tell."""
    store = MemoryEventStore()
    other = an_event(AnimalRegistered(animal_id=AnimalId("nl-0017"), external_id="NL 17"))
    store.append([Append("animal:nl-0017", 0, (other,))])
    take_in(store, [a_detection()])

    (record,) = alert_records(SERDE)(store.read(0, 10))

    assert (record.kafka_topic, record.key) == (ALERTS, "nl-0017")
    assert record.partition == partition_of_farm(FARM)
    assert SERDE.decode(record.value) == store.read(1, 1)[0]
