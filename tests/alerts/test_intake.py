"""Detections become cases once, whatever is repeated, in whatever batches."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.intake import CONSUMER, Intake, misfit, take_in
from contracts.alert_event import AlertRaised
from contracts.clock import FakeClock
from contracts.detection import Detection, Evidence, Phase
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import DEAD_LETTERS, DETECTIONS, KafkaTopic
from event_store.memory import MemoryEventStore
from event_store.port import Append
from runtime.kafka import Outbox
from runtime.tries import Received
from tests.alerts.cases import FIRST, STREAM
from tests.builders import MORNING, a_detection, a_reading

SERDE = Serde(FixedSchemaIds())
NUL = Evidence(signal="t\0", unit="Cel", value=1.0, at=MORNING)


def stored(store: MemoryEventStore) -> list[Event[Any]]:
    """The log without its places: what a replay has to give again."""
    return [replace(event, stored=None) for event in store.read(0, 1000)]


def by_stream(store: MemoryEventStore) -> dict[str, list[Event[Any]]]:
    """The same, a stream at a time: between streams batches may interleave."""
    found: dict[str, list[Event[Any]]] = {}
    for event in store.read(0, 1000):
        if event.stored:
            found.setdefault(event.stored.stream, []).append(replace(event, stored=None))
    return found


class Letters(Outbox):
    """An outbox without a broker: keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[KafkaTopic, int, Event[Any]]] = []

    def send(
        self,
        topic: KafkaTopic,
        partition: int,
        key: str,
        value: bytes | None,
        then: object = None,
    ) -> None:
        """Note a letter."""
        assert then is None
        letter = SERDE.decode(value or b"")
        assert key == letter.event_id
        self.sent.append((topic, partition, letter))


def test_a_detection_read_twice_raises_one_alert() -> None:
    """After a rebalance Kafka hands a batch out again; the farmer must still see one alert."""
    store, detection = MemoryEventStore(), a_detection()

    take_in(store, [detection])
    take_in(store, [detection, detection])

    assert [type(event.payload) for event in store.load(STREAM)] == [AlertRaised]


def test_what_follows_is_derived_from_the_detection() -> None:
    """Two farms with the same log must show the same cases: no new ids, no wall clock."""
    stores, detection = [MemoryEventStore(), MemoryEventStore()], a_detection()

    for store in stores:
        take_in(store, [detection])

    (event,) = stored(stores[0])
    assert stored(stores[0]) == stored(stores[1])
    assert event.payload.alert_id == FIRST
    assert event.timestamp == detection.payload.known_at
    assert (event.causation_id, event.actor) == (detection.event_id, "alerts")
    assert SERDE.encode(event) == SERDE.encode(stored(stores[1])[0])


def test_a_batch_is_decided_in_its_order() -> None:
    """Onset, end and the next onset of one animal may lie in one batch, beside other animals."""
    store = MemoryEventStore()

    take_in(
        store,
        [
            a_detection(detection_id="d-1"),
            a_detection(animal="nl-0018"),
            a_detection(detection_id="d-1", revision=2, phase=Phase.END),
            a_detection(detection_id="d-2"),
        ],
    )

    assert [event.event_type for event in store.load(STREAM)] == [
        "alert.raised.v1",
        "alert.resolved.v1",
        "alert.reopened.v1",
    ]


def test_a_message_that_changed_nothing_is_remembered() -> None:
    """The inbox holds it: no later state can make it mean something."""
    store = MemoryEventStore()
    take_in(store, [a_detection(revision=2)])
    older = a_detection(revision=1)

    take_in(store, [older])

    assert store.append([Append("s", 0, (), (CONSUMER, older.event_id))]).skipped == (0,)


DETECTIONS_OF_A_DAY = st.lists(
    st.builds(
        lambda animal, detection_id, revision, phase: a_detection(
            animal=animal, detection_id=detection_id, revision=revision, phase=phase
        ),
        st.sampled_from(["nl-1", "nl-2"]),
        st.sampled_from(["d-1", "d-2"]),
        st.integers(1, 4),
        st.sampled_from(list(Phase)),
    ),
    max_size=15,
)


@given(DETECTIONS_OF_A_DAY, st.data())
def test_batches_and_repeats_change_nothing(
    detections: list[Event[Detection]], data: st.DataObject
) -> None:
    """The same log of detections gives byte-equal cases, cut and repeated however it is."""
    # an event_id stands for one content, as detection_id and revision do in the pipeline
    day = [replace(event, event_id=f"e-{number}") for number, event in enumerate(detections)]
    whole, cut = MemoryEventStore(), MemoryEventStore()
    take_in(whole, day)

    place = 0
    while place < len(day):
        step = data.draw(st.integers(1, 5))
        back = data.draw(st.integers(0, min(place, 3)))
        take_in(cut, day[place - back : place + step])
        place += step

    assert by_stream(cut) == by_stream(whole)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (a_reading(), "is no detection"),
        (replace(a_detection(), farm_id=None), "farm_id"),
        (a_detection(farm=FarmId("farm-a:animal")), "farm_id"),
        (a_detection(animal="nl:1"), "aggregate_id"),
        (a_detection(detection_id="D 1"), "detection_id"),
        (a_detection(revision=0), "revision 0"),
        (a_detection(evidence=(NUL,)), "NUL"),
    ],
)
def test_a_bad_detection_costs_itself_alone(event: Event[Any], why: str) -> None:
    """It goes to the dead letters with its reason, its bytes and its place; the batch goes on."""
    store, letters = MemoryEventStore(), Letters()
    intake = Intake(store, SERDE, letters, FakeClock(MORNING))
    batch = [a_detection(), event, a_detection(animal="nl-0018")]

    intake.handle(
        [Received(one, DETECTIONS.name, 3, 40 + number) for number, one in enumerate(batch)]
    )

    ((topic, partition, letter),) = letters.sent
    assert store.head() == 2
    assert (topic, partition) == (DEAD_LETTERS, 3)
    assert why in letter.payload.detail
    assert letter.payload.origin == "kafka:herd.detections.v1/3/41"
    assert letter.payload.raw == SERDE.encode(event)


def test_a_good_detection_fits() -> None:
    """Nothing ordinary is turned away."""
    assert misfit(a_detection()) is None
