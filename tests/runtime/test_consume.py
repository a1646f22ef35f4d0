"""The at-least-once loop on real Kafka: what fails costs itself alone, what is away costs time."""

import gc
import time
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.clock import SystemClock
from contracts.dead_letter import DeadLetter, Reason
from contracts.ids import FarmId, new_id
from contracts.serde import HEADER, Serde
from contracts.topics import KafkaTopic
from farmbox.box import Addresses
from runtime.consume import Limits, collect_seldom, consume
from runtime.kafka import Outbox, new_consumer, new_producer
from runtime.lifecycle import Running
from runtime.registry import RegistrySchemaIds
from runtime.tries import Received
from tests.builders import a_reading
from tests.kafka_reader import letters_in
from tests.waiting import eventually

# a session of 6 s is the least that Kafka allows; and whoever does not poll for as long is put out
UNHEARD_MAX_S = 2.0  # ten times what a rest leaves between two signs; it rests up to 5 s
IMPATIENT: dict[str, Any] = {"session.timeout.ms": 6000, "max.poll.interval.ms": 6000}


class Consumer:
    """A consumer of a topic of its own, started and stopped, with what it was given."""

    def __init__(self, box: Addresses) -> None:
        self.box = box
        self.topic = KafkaTopic(f"test-{new_id()}")
        self.farm = FarmId(f"farm-{new_id()[:8]}")
        self.serde = Serde(RegistrySchemaIds(str(box.registry_url)))
        self.outbox = Outbox(new_producer(box.kafka_bootstrap))
        self.fail: Callable[[Received], Exception | None] = lambda _received: None
        self.handled: list[int] = []
        self.errors: list[BaseException] = []
        self.group = f"test-{self.farm}"
        admin = AdminClient({"bootstrap.servers": box.kafka_bootstrap})
        admin.create_topics([NewTopic(self.topic.name, 1, 1)])[self.topic.name].result(30)

    def send(self, *seqs: int, animal: str = "") -> None:
        """Readings, each of an animal of its own unless one is named."""
        for seq in seqs:
            event = a_reading(animal=animal or f"cow-{seq}", seq=seq, farm=self.farm)
            self.outbox.send(self.topic, 0, event.aggregate_id, self.serde.encode(event))
        self.outbox.flush()

    def handle(self, batch: list[Received]) -> None:
        """All or nothing."""
        for received in batch:
            error = self.fail(received)
            if error is not None:
                raise error
        self.handled += [received.event.payload.seq for received in batch]

    def start(self) -> Running:
        """At work in a thread."""
        running = Running()
        consumer = new_consumer(self.box.kafka_bootstrap, self.group, **IMPATIENT)
        consumer.subscribe([self.topic.name])
        letters = Outbox(new_producer(self.box.kafka_bootstrap))

        def work() -> None:
            try:
                consume(
                    consumer,
                    self.handle,
                    self.serde,
                    letters,
                    SystemClock(),
                    running,
                    service="test",
                    limits=Limits(tries_max=3),
                )
            except BaseException as error:  # noqa: BLE001  told by the test
                self.errors.append(error)

        self.thread = Thread(target=work)
        self.thread.start()
        return running

    def stop(self, running: Running) -> None:
        """Ask it to stop, and wait."""
        running.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()

    def letters(self) -> list[DeadLetter]:
        """The dead letters that came of its topic."""
        return [one for one in letters_in(self.box, [0]) if self.topic.name in one.origin]


@pytest.fixture
def consumer(box: Addresses) -> Iterator[Consumer]:
    """Not started yet; stopped in the end."""
    consumer = Consumer(box)
    yield consumer
    assert consumer.errors == []


def test_poison_at_once_a_failing_record_after_its_tries_and_the_rest_moves_on(
    consumer: Consumer,
) -> None:
    """One of five never fits, one is damaged, one has a schema nobody knows."""
    consumer.fail = lambda one: KeyError("no such pen") if one.event.payload.seq == 3 else None
    consumer.send(1, 2, 3)
    consumer.outbox.send(consumer.topic, 0, "x", b"damaged")
    consumer.outbox.send(consumer.topic, 0, "x", HEADER.pack(0, 987_654) + b"from tomorrow")
    consumer.send(4, 5)

    running = consumer.start()
    try:
        letters = eventually(lambda: found if len(found := consumer.letters()) == 3 else None)
        consumer.send(6)
        eventually(lambda: 6 in consumer.handled, why="it goes on")
    finally:
        consumer.stop(running)

    told = {letter.reason: letter for letter in letters}
    assert sorted(consumer.handled) == [1, 2, 4, 5, 6]
    assert told[Reason.HANDLER_FAILED].tries == 3
    assert told[Reason.HANDLER_FAILED].collar_id == "c-17"
    assert "no such pen" in told[Reason.HANDLER_FAILED].detail
    assert set(told) == {Reason.HANDLER_FAILED, Reason.DAMAGED_AVRO, Reason.UNKNOWN_SCHEMA}


def test_what_is_away_for_long_is_waited_for_in_the_group(consumer: Consumer) -> None:
    """Longer than a member may be silent: it keeps its place, is no try, and shows progress."""
    away = [psycopg.OperationalError("the database system is starting up")] * 6  # about 10 s
    consumer.fail = lambda _one: away.pop() if away else None
    consumer.send(1, 2, 3)

    unheard_s: list[float] = []

    def back() -> bool:
        if running.beats():
            unheard_s.append(time.monotonic() - max(running.beats().values()))
        return bool(consumer.handled)

    running = consumer.start()
    try:
        eventually(back, within_s=40, why="the store is back")
        assert max(unheard_s) < UNHEARD_MAX_S
        consumer.send(4)
        eventually(lambda: 4 in consumer.handled, why="it goes on")
    finally:
        consumer.stop(running)

    assert consumer.handled == [1, 2, 3, 4]  # nothing again: it was never taken from the group
    assert consumer.letters() == []


def test_a_stop_while_waiting_commits_nothing(consumer: Consumer) -> None:
    """Who comes after reads it again."""
    asked: list[int] = []

    def fail(one: Received) -> Exception | None:
        asked.append(one.offset)
        return psycopg.OperationalError("the database system is shutting down")

    consumer.fail = fail
    consumer.send(1, 2)
    running = consumer.start()
    eventually(lambda: len(asked) > 2, why="it waits")
    consumer.stop(running)

    consumer.fail = lambda _one: None
    running = consumer.start()
    eventually(lambda: len(consumer.handled) == 2, why="the next one has both")
    consumer.stop(running)

    assert consumer.handled == [1, 2]


def test_a_batch_is_not_searched_for_cycles_while_it_is_fetched() -> None:
    """Ten thousand records live at once: looking through them again and again cost a third."""
    before = gc.get_threshold()
    try:
        collect_seldom()

        assert gc.get_threshold()[0] > 10_000
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
