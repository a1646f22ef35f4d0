"""The projector on real Kafka and Redis: the feed in, rows out, bad records to the dead letters."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis as RedisClient

from contracts.clock import SystemClock
from contracts.dead_letter import DeadLetter
from contracts.envelope import Event
from contracts.ids import FarmId, new_id
from contracts.serde import Serde
from contracts.topics import ALERTS, partition_of_farm
from farmbox.box import Addresses
from read_models import ReadModelUnavailableError, rebuild_worklist
from read_models.adapters.event_log import KafkaEventLog
from read_models.adapters.redis import RedisWorklistStore
from read_models.adapters.redis_queries import Worklist
from read_models.adapters.redis_scripts import WORKLIST_ROOT
from read_models.projector import project
from read_models.worklist import FOLD_VERSION
from runtime.kafka import Outbox, new_producer
from runtime.lifecycle import Running
from runtime.redis import new_redis
from runtime.registry import RegistrySchemaIds
from tests.builders import a_reading
from tests.kafka_reader import letters_in
from tests.read_models.feed import Feed
from tests.waiting import eventually


@pytest.fixture
def farm() -> FarmId:
    """A farm of this test's own: the topics are everybody's."""
    return FarmId(f"farm-{new_id()[:8]}")


@pytest.fixture
def serde(box: Addresses) -> Serde:
    """Avro with the registry's ids."""
    return Serde(RegistrySchemaIds(str(box.registry_url)))


@pytest.fixture
def outbox(box: Addresses) -> Outbox:
    """What the relay of alerts writes with."""
    return Outbox(new_producer(box.kafka_bootstrap))


@pytest.fixture
def client(box: Addresses) -> Iterator[RedisClient]:
    """The box's Redis, without a worklist of another test."""
    client = new_redis(box.redis_url)
    for key in client.keys(f"{WORKLIST_ROOT}:*"):
        client.delete(key)
    yield client
    client.close()


def send(outbox: Outbox, serde: Serde, feed: Feed, farm: FarmId) -> None:
    """As the relay does: with `stored`, into the farm's partition."""
    for record in feed.records:
        event = record.event
        with_place = Event(**{f: getattr(event, f) for f in FIELDS}, stored=record.stored)
        outbox.send(ALERTS, partition_of_farm(farm), event.aggregate_id, serde.encode(with_place))
    feed.records.clear()
    outbox.flush()


FIELDS = (
    "event_id",
    "event_type",
    "timestamp",
    "aggregate_id",
    "actor",
    "farm_id",
    "payload",
    "causation_id",
)


@contextmanager
def projecting(box: Addresses, serde: Serde, client: RedisClient) -> Iterator[None]:
    """The projector as app.py wires it, in a thread."""
    running = Running()
    letters = Outbox(new_producer(box.kafka_bootstrap))
    reader = KafkaEventLog(box.kafka_bootstrap, serde, SystemClock(), letters)
    thread = threading.Thread(
        target=project,
        args=(RedisWorklistStore(client), reader, running),
        kwargs={"fold_version": FOLD_VERSION},
    )
    thread.start()
    try:
        yield
    finally:
        running.stop()
        thread.join(20)
        reader.close()
    assert not thread.is_alive()


def position(worklist: Worklist, farm: FarmId) -> int | None:
    """Where the farm stands; None while nobody can say."""
    try:
        return worklist.head(farm).position
    except ReadModelUnavailableError:
        return None


def letters_about(box: Addresses, farm: FarmId, origin: str) -> list[DeadLetter]:
    """The dead letters that came from this place, by now."""
    letters = letters_in(box, [partition_of_farm(farm)])
    return [letter for letter in letters if letter.origin.startswith(origin)]


def test_the_feed_becomes_rows_and_a_bad_record_costs_only_itself(
    box: Addresses, serde: Serde, outbox: Outbox, client: RedisClient, farm: FarmId
) -> None:
    """Damaged bytes in the topic must neither stop the list nor vanish."""
    feed, worklist = Feed(epoch=new_id()), Worklist(client)
    feed.raised("case-1", farm=farm)
    partition = partition_of_farm(farm)

    with projecting(box, serde, client):
        send(outbox, serde, feed, farm)
        outbox.send(ALERTS, partition, "x", b"\x00\x00\x00\x00\x01damaged")
        outbox.send(ALERTS, partition, "x", serde.encode(a_reading(farm=farm)))
        outbox.flush()
        feed.acknowledged("case-1", farm=farm)
        send(outbox, serde, feed, farm)
        eventually(lambda: position(worklist, farm) == 2)
        letters = letters_about(box, farm, f"kafka:{ALERTS.name}/{partition}/")

    (row,) = worklist.open_alerts(farm).alerts
    assert row.status == "acknowledged"
    assert {letter.service for letter in letters} == {"read-models"}
    assert b"\x00\x00\x00\x00\x01damaged" in {letter.raw for letter in letters}
    assert "wrong_type" in {letter.reason for letter in letters}


def test_a_flushed_redis_is_filled_from_kafka_and_a_rebuild_gives_the_same(
    box: Addresses, serde: Serde, outbox: Outbox, client: RedisClient, farm: FarmId
) -> None:
    """`herd rebuild worklist` as an operator calls it, on a projector at work."""
    feed, worklist = Feed(epoch=new_id()), Worklist(client)
    for number in range(50):
        feed.raised(f"case-{number}", farm=farm)
        if number % 3 == 0:
            feed.closed(f"case-{number}", farm=farm)

    with projecting(box, serde, client):
        send(outbox, serde, feed, farm)
        eventually(lambda: position(worklist, farm) == feed.position)
        before = worklist.canonical(farm)
        for key in client.keys(f"{WORKLIST_ROOT}:*"):
            client.delete(key)
        eventually(lambda: position(worklist, farm) == feed.position)
        refilled = worklist.canonical(farm)
        report = rebuild_worklist(
            kafka_bootstrap=box.kafka_bootstrap,
            registry_url=str(box.registry_url),
            redis_url=box.redis_url,
            within_s=60,
        )
        rebuilt = worklist.canonical(farm)
        feed.raised("case-after", farm=farm)
        send(outbox, serde, feed, farm)
        eventually(lambda: position(worklist, farm) == feed.position)

    assert before == refilled == rebuilt
    assert json.loads(json.dumps(report))["records"] >= 67
