"""The relay repeats after a crash, and never leaves anything out."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
import pytest

from contracts.envelope import Event
from contracts.topics import ALERTS, KafkaTopic
from event_store.memory import MemoryEventStore
from event_store.relay import BATCH_MAX, Record, forward, relay
from runtime.lifecycle import Running
from tests.event_store.test_event_store import an_append

RELAY = "feed"


class Sink:
    """Kafka as the relay sees it: confirms on flush, or refuses with `fails_at` records sent."""

    def __init__(self, running: Running, *, until: int, fails_at: int | None = None) -> None:
        self.running = running
        self.until = until
        self.fails_at = fails_at
        self.sent: list[str] = []

    def send(self, topic: KafkaTopic, partition: int, key: str, value: bytes) -> None:
        """Note a record."""
        assert (topic, partition, key) == (ALERTS, 3, "k")
        self.sent.append(value.decode())

    def flush(self) -> None:
        """Confirm; end the loop once all is there."""
        if self.fails_at is not None and len(self.sent) >= self.fails_at:
            raise ConnectionError("the broker is gone")
        if len(self.sent) >= self.until:
            self.running.stop()


def to_records(events: Sequence[Event[Any]]) -> Iterable[Record]:
    """A record for each event of a category, holding its position."""
    for event in events:
        if event.stored and event.stored.stream.startswith("alert:"):
            yield Record(ALERTS, 3, "k", str(event.stored.position).encode())


def a_store(*counts: int) -> MemoryEventStore:
    """A store with so many events in each of several streams of alerts."""
    store = MemoryEventStore()
    for number, count in enumerate(counts):
        store.append([an_append(f"alert:{number}", events=count)])
    return store


def test_the_log_is_forwarded_in_order_and_the_place_kept() -> None:
    """A reader of the feed sees what happened in the order in which it did."""
    store, running = a_store(BATCH_MAX, 5), Running()
    sink = Sink(running, until=BATCH_MAX + 5)

    relay(store, RELAY, to_records, sink, running)

    assert sink.sent == [str(number) for number in range(1, BATCH_MAX + 6)]
    assert store.position(RELAY) == BATCH_MAX + 5


def test_what_kafka_did_not_confirm_is_sent_again() -> None:
    """The position is stored last: a crash before it repeats, one after it finds all delivered."""
    store, running = a_store(3), Running()
    with pytest.raises(ConnectionError):
        relay(store, RELAY, to_records, Sink(running, until=3, fails_at=3), running)
    assert store.position(RELAY) == 0

    sink = Sink(running, until=3)
    relay(store, RELAY, to_records, sink, running)

    assert sink.sent == ["1", "2", "3"]
    assert store.position(RELAY) == 3


def test_events_of_others_are_passed_over_but_counted() -> None:
    """Each room forwards its own categories; its position is one in the whole log."""
    store = a_store(1)
    store.append([an_append("animal:a", events=2)])
    sink = Sink(Running(), until=9)
    events = store.read(0, BATCH_MAX)

    assert forward(events, 0, to_records(events), sink) == 3
    assert sink.sent == ["1"]


def test_a_store_that_is_away_is_waited_for() -> None:
    """A database that is restarted takes no process with it: the feed comes a little later."""
    store, running = a_store(3), Running()
    away = AwayFor(store, calls=2)
    sink = Sink(running, until=3)

    relay(away, RELAY, to_records, sink, running)

    assert sink.sent == ["1", "2", "3"]
    assert store.position(RELAY) == 3


def test_a_store_that_goes_away_under_what_makes_the_records_is_waited_for_too() -> None:
    """The register's feed asks it for whole lists: a restart then took the process with it."""
    store, running = a_store(3), Running()
    away = AwayFor(store, calls=2)
    sink = Sink(running, until=3)

    def asking(events: Sequence[Event[Any]]) -> Iterable[Record]:
        for record in to_records(events):
            away.load_many(["alert:0"])
            yield record

    relay(store, RELAY, asking, sink, running)

    assert sink.sent == ["1", "2", "3"]


class AwayFor:
    """A store whose reads fail so many times, as PostgreSQL's do while it starts."""

    def __init__(self, store: MemoryEventStore, *, calls: int) -> None:
        self._store = store
        self._left: dict[str, int] = {}
        self._calls = calls

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  any method of the store
        def asked(*given: Any) -> Any:  # noqa: ANN401
            left = self._left.setdefault(name, self._calls)
            if left and name != "save_position":
                self._left[name] = left - 1
                raise psycopg.OperationalError("the database system is starting up")
            return getattr(self._store, name)(*given)

        return asked
