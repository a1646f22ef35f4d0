"""Three brokers: the one that leads the farm's partition is killed under load, and nobody notices.

Notices: nothing is lost, nothing is doubled, and collars are answered again within seconds.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, if not in its types
    AdminClient,
    ConfigResource,
)

from contracts import topics
from contracts.ids import FarmId
from contracts.topics import READINGS, partition_of_farm
from farmbox.errors import BoxError
from farmbox.service import Service
from firmware_sim.herd import Herd
from firmware_sim.ledger import PRODUCED, read_ledger
from herd.simulated import a_farm_id, herd_on, register_animals
from herd.supervisor import Farm
from tests.flows.conftest import WatchedFarm
from tests.kafka_reader import events_of

FULL_SIZE = bool(os.environ.get("HERD_PROOF"))
ANIMALS = 100
READINGS_PER_S = 500.0
STEADY_FOR_S = 10.0 if FULL_SIZE else 4.0  # of load before and after each kill
KILLS = 3 if FULL_SIZE else 1
PAUSE_MAX_S = 30.0  # measured: see ARCHITECTURE.md; a busy machine may take a few times that

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedFarm]:
    """A whole farm of its own, on a cluster."""
    with Farm(tmp_path_factory.mktemp("three") / "data", brokers=3) as farm:
        yield WatchedFarm(farm)


class Answers:
    """When collars were answered, and the longest time in which none was."""

    def __init__(self) -> None:
        self.last_s: float | None = None
        self.longest_pause_s = 0.0

    def note(self, *_: object) -> None:
        """One reading is answered now."""
        now_s = time.monotonic()
        if self.last_s is not None:
            self.longest_pause_s = max(self.longest_pause_s, now_s - self.last_s)
        self.last_s = now_s


def leader_of(farm: Farm, farm_id: FarmId) -> Service:
    """The broker that leads the partition of the farm's readings."""
    admin = AdminClient({"bootstrap.servers": farm.box.addresses.kafka_bootstrap})
    partition = partition_of_farm(farm_id)
    found = admin.list_topics(READINGS.name, timeout=10).topics[READINGS.name]
    return farm.box.services[f"kafka-{found.partitions[partition].leader}"]


def test_every_topic_has_three_copies_and_two_must_have_a_record(
    three_brokers: WatchedFarm,
) -> None:
    """One copy would be lost with its broker; one that need not be written is none."""
    bootstrap = three_brokers.farm.box.addresses.kafka_bootstrap
    admin = AdminClient({"bootstrap.servers": bootstrap})
    names = [topic.name for topic in topics.ALL]
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    known = admin.list_topics(timeout=10).topics

    in_sync = {
        resource.name: future.result(timeout=10)["min.insync.replicas"].value
        for resource, future in admin.describe_configs(asked).items()
    }
    copies = {
        name: {len(partition.replicas) for partition in known[name].partitions.values()}
        for name in [*names, "__consumer_offsets", "__transaction_state", "_schemas"]
    }

    assert in_sync == dict.fromkeys(names, "2")
    assert set(map(frozenset, copies.values())) == {frozenset({3})}


def test_a_killed_leader_loses_nothing_and_collars_wait_for_seconds_only(
    three_brokers: WatchedFarm, tmp_path: Path
) -> None:
    """The promise of three brokers, against the simulator's own ledger."""
    watched, farm_id = three_brokers, a_farm_id("leader")
    farm, answers = watched.farm, Answers()
    worn = register_animals(farm.file, farm_id, ANIMALS)
    ledger = tmp_path / "ledger.csv"
    herd = herd_on(
        farm.file,
        worn,
        readings_per_s=READINGS_PER_S,
        ledger=ledger,
        on_acknowledged=answers.note,
    )
    began_s = time.monotonic()
    herd.start()
    try:
        steady(watched, herd)
        for _ in range(KILLS):
            leader = leader_of(farm, farm_id)
            leader.crash()
            watched.eventually(leader.answers, within_s=60, why=f"{leader.name} is back")
            steady(watched, herd)
        lasted_s = time.monotonic() - began_s
        herd.pause()
        watched.eventually(
            lambda: herd.counts().buffered == 0, within_s=90, why="every reading is answered"
        )
    finally:
        herd.stop()
    produced = [one.event_id for one in read_ledger(ledger) if one.what == PRODUCED]
    in_the_log = {
        event.event_id
        for event in events_of(farm.box.addresses, READINGS, farm_id)
        if event.event_type == "collar.reading.v1"
    }
    print(  # noqa: T201  a figure to be read
        f"{len(produced)} readings at {len(produced) / lasted_s:.0f}/s, leaders killed: {KILLS}, "
        f"longest pause {answers.longest_pause_s:.1f} s"
    )

    assert len(produced) > READINGS_PER_S * STEADY_FOR_S
    assert in_the_log == set(produced)
    assert len(set(produced)) == len(produced)
    assert answers.longest_pause_s <= PAUSE_MAX_S


def steady(watched: WatchedFarm, herd: Herd) -> None:
    """Wait for so many seconds' worth of further answers."""
    target = herd.counts().acknowledged + round(STEADY_FOR_S * READINGS_PER_S)
    watched.eventually(
        lambda: herd.counts().acknowledged >= target, within_s=90, why="collars are answered"
    )


def test_a_directory_keeps_its_number_of_brokers(three_brokers: WatchedFarm) -> None:
    """Topics are made with as many copies as there were brokers, which one could not serve."""
    data = three_brokers.farm.box.data

    with pytest.raises(BoxError, match=r"laid out with 3 Kafka broker\(s\).*--brokers 3"):
        data.fix_brokers(1)
