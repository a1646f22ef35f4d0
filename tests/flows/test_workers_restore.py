"""A worker restores its state though what it restores from is hidden or gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition

from contracts.topics import DETECTIONS, HOURS, READINGS, SNAPSHOTS, KafkaTopic
from farmbox.box import Addresses
from pipeline.snapshots import MANIFEST
from runtime.kafka import Outbox, new_consumer, new_producer
from tests.flows.workers import Herds, Workers, said

MINE = (4,)

pytestmark = [pytest.mark.timeout(300), pytest.mark.proof]


@contextmanager
def open_transaction(box: Addresses, *kafka_topics: KafkaTopic) -> Iterator[None]:
    """Somebody else's, open in our partition of those topics: nothing behind it can be read."""
    producer = Producer(
        {"bootstrap.servers": box.kafka_bootstrap, "transactional.id": "somebody-else"}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for topic in kafka_topics:
        producer.produce(topic.name, b"never committed", b"nobody", partition=MINE[0])
    producer.flush(30)
    yield
    producer.abort_transaction(30)


def manifests_of(box: Addresses) -> list[str]:
    """The keys of all manifests in our partition, the newest last."""
    consumer = new_consumer(box.kafka_bootstrap, "test-keys", **{"enable.partition.eof": True})
    consumer.assign([TopicPartition(SNAPSHOTS.name, MINE[0], 0)])
    keys: dict[str, None] = {}
    try:
        while (message := consumer.poll(10)) is not None and message.error() is None:
            key = (message.key() or b"").decode()
            if key.endswith(MANIFEST):
                keys.pop(key, None)
                keys |= {key: None} if message.value() else {}
    finally:
        consumer.close()
    return list(keys)


def delete(box: Addresses, keys: list[str]) -> None:
    """Take snapshots away by their manifests."""
    outbox = Outbox(new_producer(box.kafka_bootstrap))
    for key in keys:
        outbox.send(SNAPSHOTS, MINE[0], key, None)
    outbox.flush()


def test_a_restore_below_an_open_transaction_has_the_whole_state(
    box: Addresses, tmp_path: Path
) -> None:
    """The newest snapshots are hidden behind it: an older one serves, and more is replayed."""
    herds = Herds(box, MINE)
    with Workers(box, tmp_path) as workers:
        with herds.under_load(rounds_per_s=40):
            workers.start(0)
            herds.goes_on()
            with open_transaction(box, SNAPSHOTS, DETECTIONS, HOURS):
                herds.wait_until_sent(rounds=100)
                workers.kill()
                workers.start(0)
                herds.goes_on()
            with open_transaction(box, READINGS):
                workers.kill()
                workers.start(0)  # what was committed lies before it
            herds.goes_on()

        herds.assert_told_and_counted_once(workers)


def test_without_its_snapshots_a_state_is_made_again_from_the_log(
    box: Addresses, tmp_path: Path
) -> None:
    """The one before the newest serves; without any, the readings themselves do, and it is said."""
    herds = Herds(box, MINE)
    with Workers(box, tmp_path) as workers:
        with herds.under_load(rounds_per_s=40):
            workers.start(0)
            herds.wait_until_sent(rounds=200)
            herds.goes_on()
            workers.kill()
            *_, newest = manifests_of(box)
            delete(box, [newest])
            older = workers.start(0)
            herds.goes_on()
            workers.kill()
            delete(box, manifests_of(box))
            rebuilt = workers.start(0)
            herds.goes_on()

        assert MINE[0] not in [line["partition"] for line in said(older, "state_rebuilt")]
        assert MINE[0] in [line["partition"] for line in said(rebuilt, "state_rebuilt")]
        herds.assert_told_and_counted_once(workers)
