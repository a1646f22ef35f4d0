"""A turn's readings go to Kafka together, and each of their reports is looked at."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from confluent_kafka import KafkaError

from contracts.clock import iso
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import READINGS, partition_of_farm
from gateway.adapters.kafka_sink import KafkaSink
from gateway.intake import judge
from runtime.kafka import DeliveryFailedError, Outbox
from tests.builders import FARM, MORNING
from tests.gateway.test_bridge import known

Report = Callable[[KafkaError | None, Any], None]


class Queue:
    """librdkafka as a producer shows it: takes `room` records, reports them when the test says."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.sent: list[tuple[str, bytes, bytes, int]] = []
        self.reports: list[Report] = []
        self.due: list[tuple[Report, KafkaError | None]] = []

    def produce(self, topic: str, value: bytes, key: bytes, partition: int, report: Report) -> None:
        """Take a record, or say that there is no room."""
        if len(self.reports) >= self.room:
            raise BufferError
        self.sent.append((topic, value, key, partition))
        self.reports.append(report)

    def report(self, count: int, error: KafkaError | None = None) -> None:
        """The next poll tells of the oldest `count` records."""
        self.due += [(report, error) for report in self.reports[:count]]
        del self.reports[:count]

    def poll(self, seconds: float) -> None:
        """Tell what is due; whoever waits for room is given some."""
        if seconds > 0:
            self.report(len(self.reports))
        due, self.due = self.due, []
        for report, error in due:
            report(error, None)


class Side:
    """The Kafka side of a gateway over such a queue."""

    def __init__(self, room: int = 1000) -> None:
        self.queue = Queue(room)
        self.serde = Serde(FixedSchemaIds())
        self.sink = KafkaSink(Outbox(self.queue), self.serde)  # type: ignore[arg-type]  # as far as it goes
        self.confirmed: list[int] = []

    def takes(self, collar: int, *seqs: int) -> None:
        """An upload of a collar with these readings."""
        readings = [{"seq": seq, "time": iso(MORNING), "interval_s": 300} for seq in seqs]
        payload = msgspec.json.encode({"boot_id": 7, "readings": readings})
        verdict = judge(f"herd/v1/{FARM}/c-{collar}/readings", payload, known(), MORNING)
        self.sink.readings(verdict.readings, lambda: self.confirmed.append(collar))

    @property
    def sent(self) -> list[tuple[str, int]]:
        """(animal, seq) of each record that Kafka has, in their order."""
        events = [self.serde.decode(value) for _, value, _, _ in self.queue.sent]
        return [(event.aggregate_id, event.payload.seq) for event in events]


def test_uploads_of_a_turn_are_sent_together_in_their_order() -> None:
    """Under the animal's key, to the farm's partition, as single ones would be."""
    side = Side()
    side.takes(1, 1, 2, 3)
    side.takes(2, 9)
    before = list(side.queue.sent)
    side.sink.hand_over()

    assert before == []
    assert side.sent == [("nl-1", 1), ("nl-1", 2), ("nl-1", 3), ("nl-2", 9)]
    place = (READINGS.name, partition_of_farm(FARM))
    assert {(topic, partition) for topic, _, _, partition in side.queue.sent} == {place}
    assert [key for _, _, key, _ in side.queue.sent] == [b"nl-1"] * 3 + [b"nl-2"]


def test_an_upload_is_confirmed_with_the_last_of_its_records() -> None:
    """Answered one record too early, a collar would forget what Kafka has not."""
    side = Side()
    side.takes(1, 1, 2, 3)
    side.takes(2, 9)
    side.sink.hand_over()
    told = []
    for _ in range(4):
        side.queue.report(1)
        side.sink.poll(0.0)
        told.append((list(side.confirmed), side.sink.in_flight))

    assert told == [([], 3), ([], 2), ([1], 1), ([1, 2], 0)]


def test_a_record_that_kafka_gives_up_ends_the_loop_and_confirms_nothing() -> None:
    """Every report is looked at: the last one of an upload says nothing of those before."""
    side = Side()
    side.takes(1, 1, 2)
    side.sink.hand_over()
    side.queue.report(1, KafkaError(KafkaError._MSG_TIMED_OUT))
    side.queue.report(1)

    with pytest.raises(DeliveryFailedError):
        side.sink.poll(0.0)
    assert side.confirmed == []


def test_what_is_taken_counts_before_it_is_sent() -> None:
    """Otherwise a turn could take more than may be under way."""
    side = Side()
    side.takes(1, 1, 2)
    taken = side.sink.in_flight
    side.sink.hand_over()

    assert taken == side.sink.in_flight == 2


def test_a_full_queue_is_waited_for_and_drops_nothing() -> None:
    """A turn may be larger than what librdkafka has room for at that moment."""
    side = Side(room=2)
    side.takes(1, 1, 2, 3, 4, 5)
    side.sink.hand_over()
    side.queue.report(5)
    side.sink.poll(0.0)

    assert [seq for _, seq in side.sent] == [1, 2, 3, 4, 5]
    assert side.confirmed == [1]
    assert side.sink.in_flight == 0
