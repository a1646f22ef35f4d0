"""The relay: carries the log of the event store to Kafka, in order, at least once.

Its position is stored after Kafka has confirmed every record up to it: a crash repeats records,
it never leaves one out. Readers keep the highest position of each farm and skip what is not above.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog
from prometheus_client import Gauge

from contracts.envelope import Event
from contracts.topics import KafkaTopic
from event_store.port import EventStore
from runtime.lifecycle import Running
from runtime.tries import StoppedError, awaited

log = structlog.get_logger()

POLL_EVERY_S = 0.02  # an alert waits half of it on average; NOTIFY would lock every commit
BATCH_MAX = 1000
POSITION = Gauge("herd_relay_position", "Confirmed by Kafka up to here.", ["relay"])


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record to be."""

    kafka_topic: KafkaTopic
    partition: int
    key: str
    value: bytes


ToRecords = Callable[[Sequence[Event[Any]]], Iterable[Record]]


class RecordSink(Protocol):
    """Where records go: `runtime.kafka.Outbox`."""

    def send(self, topic: KafkaTopic, partition: int, key: str, value: bytes) -> None:
        """Hand a record over."""
        ...

    def flush(self) -> None:
        """Return when everything handed over is confirmed; raise if something never will be."""
        ...


def relay(
    store: EventStore, name: str, to_records: ToRecords, sink: RecordSink, running: Running
) -> None:
    """Forward the whole log as `to_records` (a batch of events in order → records) wants it.

    A store that is away is waited for; a record that Kafka gives up ends the loop.
    """

    def rest(seconds: float) -> None:
        if running.wait(seconds) or not running.goes_on():
            raise StoppedError

    try:
        position = awaited(lambda: store.position(name), rest)
        log.info("relay_started", relay=name, position=position)
        while running.goes_on():
            POSITION.labels(relay=name).set(position)
            events = awaited(partial(store.read, position, BATCH_MAX), rest)
            # it may ask the store for more; a list, since what is half done would be sent twice
            records = awaited(partial(_listed, to_records, events), rest)
            reached = forward(events, position, records, sink)
            if reached == position:
                running.wait(POLL_EVERY_S)
                continue
            awaited(partial(store.save_position, name, reached), rest)
            position = reached
    except StoppedError:
        log.info("stopped_while_waiting", relay=name)


def forward(
    events: Sequence[Event[Any]], position: int, records: Iterable[Record], sink: RecordSink
) -> int:
    """Send the records of one batch of what follows `position`; up to where all is confirmed."""
    for record in records:
        sink.send(record.kafka_topic, record.partition, record.key, record.value)
    sink.flush()
    newest = events[-1].stored if events else None
    return newest.position if newest else position


def _listed(to_records: ToRecords, events: Sequence[Event[Any]]) -> list[Record]:
    return list(to_records(events))
