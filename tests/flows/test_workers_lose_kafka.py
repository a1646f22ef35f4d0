"""Three brokers: the one that leads a partition of the readings is killed under load, while a
worker stands within a transaction; told once, no worker ends, and they wait for seconds only.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from contracts.topics import READINGS
from farmbox.box import Box
from farmbox.service import Service
from pipeline import failpoints
from runtime.kafka import ensure_topics
from runtime.registry import RegistrySchemaIds
from tests.flows.workers import OURS, Herds, Workers, said
from tests.waiting import eventually

PASSING = 40

pytestmark = [pytest.mark.services, pytest.mark.timeout(400), pytest.mark.proof]


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box of their own: what dies here is nobody else's."""
    data = tmp_path_factory.mktemp("three") / "data"
    with Box(data, mqtt_port=None, brokers=3, clickhouse=False) as box:
        ensure_topics(box.addresses.kafka_bootstrap, replication=3)
        RegistrySchemaIds(str(box.addresses.registry_url)).register_all()
        yield box


def leader_of(box: Box, topic: str, partition: int) -> Service:
    """The broker that leads a partition."""
    admin = AdminClient({"bootstrap.servers": box.addresses.kafka_bootstrap})
    found = admin.list_topics(topic, timeout=10).topics[topic].partitions
    return box.services[f"kafka-{found[partition].leader}"]


def test_a_leader_killed_within_a_transaction_costs_seconds_only(
    three_brokers: Box, tmp_path: Path
) -> None:
    """Killed while the worker stands right before its commit, two brokers left for a while."""
    addresses = three_brokers.addresses
    herds = Herds(addresses)
    with Workers(addresses, tmp_path) as workers:
        with herds.under_load():
            stall = f"{failpoints.BEFORE_COMMIT.name}:stall=2@{PASSING}"
            one = workers.start(0, failpoint=stall)
            workers.start(1)
            eventually(lambda: said(one, "failpoint_reached"), within_s=60, why="it stands there")
            victim = leader_of(three_brokers, READINGS.name, OURS[0])
            victim.crash()
            waited_s = herds.goes_on()

            def back() -> bool:
                three_brokers.poll()  # it is started again by whoever holds the box
                return victim.answers()

            eventually(back, within_s=60, why=f"{victim.name} is back")
            herds.goes_on()
        print(f"leader killed: {waited_s:.1f} s")  # noqa: T201  a figure

        herds.assert_told_and_counted_once(workers)
