"""The worker as a process on real Kafka: killed mid-way, nothing is lost, nothing counts twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from contracts.column_reader import ColumnReader
from contracts.envelope import Event
from contracts.ids import FarmId, new_id
from contracts.serde import SchemaIds, Serde
from contracts.topics import DETECTIONS, HOURS, READINGS, partition_of_farm
from farmbox.box import Addresses
from pipeline.adapters.input_log import GROUP
from pipeline.adapters.seats import seats_of
from pipeline.adapters.snapshots import newest_state
from pipeline.canonical import canonical
from pipeline.slots import process_of
from runtime.kafka import Outbox, new_consumer, new_producer
from runtime.registry import RegistrySchemaIds
from tests.builders import a_reading, a_tick
from tests.pipeline.logs import run_all
from tests.waiting import eventually

ANIMALS, ROUNDS = 25, 240
TAKEOVER_MAX_S = 6.0  # start of Python and twelve restores included; waiting would cost 8 more
KILLED_AT = (500, 2400, 4300)  # records committed


def a_herds_readings(farm: FarmId) -> list[Event[Any]]:
    """Animals of which each third has fever for two hours, twice; one reading in 20 repeats.

    With ticks of the farm's own, so that what other tests left in its partition says nothing.
    """
    start = datetime.now(UTC) - timedelta(hours=21)
    log: list[Event[Any]] = []
    for n in range(ROUNDS):
        log.append(replace(a_tick(start + timedelta(minutes=5 * n)), farm_id=farm))
        for animal in range(ANIMALS):
            hot = animal % 3 == 0 and n % 120 > 96
            event = a_reading(
                farm=farm,
                animal=f"{farm}-{animal}",
                collar=f"{farm}-{animal}",
                seq=n,
                time=start + timedelta(minutes=5 * n),
                temperature_c=41.0 if hot else 38.6,
                temperature_site="rumen",
            )
            log += [event] * (2 if (n + animal) % 20 == 0 else 1)
    return log


@contextmanager
def worker(
    box: Addresses, ready: Path, slot: str | None = "pipeline-0"
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process with small batches and frequent snapshots; killed at the end.

    slot: None = it takes the first that is free.
    """
    prefix = "HERD_PIPELINE_"
    given = {
        "KAFKA_BOOTSTRAP": box.kafka_bootstrap,
        "REGISTRY_URL": box.registry_url or "",
        "READY_FILE": str(ready),
        **({"SLOT": slot} if slot else {}),
        "BATCH_RECORDS_MAX": "100",
        "COMMIT_EVERY_S": "0",
        "SNAPSHOT_RECORDS_MAX": "700",
        "SNAPSHOT_EVERY_S": "1",
    }
    env = os.environ | {prefix + name: value for name, value in given.items()}
    process = subprocess.Popen([sys.executable, "-m", "pipeline"], env=env)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def committed(box: Addresses, partition: int) -> int:
    """The group's committed offset of a partition of the readings; 0 before the first."""
    # what is committed now: asked for stable offsets alone, Kafka would wait for the transactions
    # that this worker has open nearly all the time
    consumer = new_consumer(box.kafka_bootstrap, GROUP, **{"isolation.level": "read_uncommitted"})
    try:
        (place,) = consumer.committed([TopicPartition(READINGS.name, partition)], timeout=10)
        return max(0, place.offset)
    finally:
        consumer.close()


def wait_until_committed(box: Addresses, partition: int, offset: int) -> None:
    """Wait until the worker has committed so far."""
    eventually(
        lambda: committed(box, partition) >= offset,
        within_s=60,
        why=f"the worker commits offset {offset} of partition {partition}",
    )


def end_of(box: Addresses, topic: str, partition: int) -> int:
    """The offset after the last record of a partition."""
    consumer = new_consumer(box.kafka_bootstrap, "test-ends")
    try:
        return int(consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1])
    finally:
        consumer.close()


def told_since(
    box: Addresses, schema_ids: SchemaIds, topic: str, partition: int, start: int
) -> list[Event[Any]]:
    """What is committed of a topic's partition from an offset on."""
    serde = Serde(schema_ids)
    consumer = new_consumer(box.kafka_bootstrap, "test-told", **{"enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, start)])
    found = []
    try:
        while (message := consumer.poll(10)) is not None and message.error() is None:
            found.append(serde.decode(message.value() or b""))
    finally:
        consumer.close()
    return found


class Herd:
    """A herd's readings in their partition, what a worker told of them, and what it should."""

    def __init__(self, box: Addresses) -> None:
        self.box = box
        self.schema_ids = RegistrySchemaIds(box.registry_url or "")
        self.farm = FarmId(f"farm-{new_id()[:8]}")
        self.partition = partition_of_farm(self.farm)
        self.log = a_herds_readings(self.farm)
        serde = Serde(self.schema_ids)
        self.values = [serde.encode(event) for event in self.log]
        self.first = end_of(box, READINGS.name, self.partition)
        self._told_from = {
            topic.name: end_of(box, topic.name, self.partition) for topic in (DETECTIONS, HOURS)
        }
        self.end = self.first + len(self.values)

    def send(self) -> None:
        """Put the whole log into Kafka."""
        outbox = Outbox(new_producer(self.box.kafka_bootstrap))
        for event, value in zip(self.log, self.values, strict=True):
            outbox.send(READINGS, self.partition, event.aggregate_id, value)
        outbox.flush()

    def saved(self) -> bool:
        """Whether the newest snapshot holds the whole log."""
        found = newest_state(self.box.kafka_bootstrap, self.partition)
        return found is not None and found[1] == self.end

    def assert_told_and_counted_once(self) -> None:
        """Detections and counts are those of an undisturbed run over the same log."""
        told, hours = (
            [
                event
                for event in told_since(self.box, self.schema_ids, topic, self.partition, start)
                if event.farm_id == self.farm
            ]
            for topic, start in self._told_from.items()
        )
        state, expected = run_all(self.values, reader=ColumnReader(self.schema_ids))
        assert len(expected.detections) > ANIMALS
        assert canonical(told) == canonical(expected.detections)
        assert hours == expected.hour_events()
        assert len({e.event_id for e in told}) == len(set(map(repr, told)))  # repeats: unchanged
        found = newest_state(self.box.kafka_bootstrap, self.partition)
        assert found is not None
        assert found[1] == self.end
        counted = {k: n for k, n in found[0].counted_by_animal().items() if k[0] == self.farm}
        assert counted == state.counted_by_animal()
        assert set(counted.values()) == {ROUNDS}


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ask a worker to stop; its exit status."""
    process.send_signal(signal.SIGTERM)
    return process.wait(30)


def test_a_worker_killed_mid_way_loses_and_doubles_nothing(box: Addresses, tmp_path: Path) -> None:
    """Kill -9 three times: detections and counts are those of an undisturbed run."""
    herd = Herd(box)
    herd.send()

    for killed_at in KILLED_AT:
        with worker(box, tmp_path / "ready") as process:
            wait_until_committed(box, herd.partition, herd.first + killed_at)
            process.kill()
    with worker(box, tmp_path / "ready") as process:
        wait_until_committed(box, herd.partition, herd.end)
        status = stop(process)

    assert status == 0
    herd.assert_told_and_counted_once()


def test_partitions_move_between_workers_without_loss(box: Addresses, tmp_path: Path) -> None:
    """A second worker joins and the first is killed while readings come: nobody counts twice."""
    herd = Herd(box)
    ready = tmp_path / "one", tmp_path / "two"

    with worker(box, ready[0]) as one, worker(box, ready[1], "pipeline-1") as two:
        herd.send()
        eventually(
            lambda: all(path.exists() for path in ready), within_s=60, why="both have a share"
        )
        one.kill()
        wait_until_committed(box, herd.partition, herd.end)
        status = stop(two)
    with worker(box, ready[0]):  # the partition may have been the killed one's: its heir saves it
        eventually(herd.saved, within_s=60, why="the state of the end is saved")

    assert status == 0
    herd.assert_told_and_counted_once()


def test_workers_without_a_name_take_the_first_slot_that_is_free(
    box: Addresses, tmp_path: Path
) -> None:
    """A killed one's is free at once on its own machine; a second one of a name disturbs nobody."""
    ready = tmp_path / "one", tmp_path / "two", tmp_path / "three"
    wait_until_all_seats_are_free(box)

    with worker(box, ready[0], None) as one:
        eventually(ready[0].exists, within_s=30, why="the first works")
        assert slots(box) == {"pipeline-0"}
        with worker(box, ready[1], "pipeline-0") as second:
            status = second.wait(30)
        assert status == 1
        assert one.poll() is None
        assert slots(box) == {"pipeline-0"}
        one.kill()
        one.wait()
        began = time.monotonic()
        with worker(box, ready[2], None) as heir:
            eventually(ready[2].exists, within_s=30, why="its heir works")
            took_s = time.monotonic() - began
            assert slots(box) == {"pipeline-0"}
            status = stop(heir)

    assert status == 0
    assert took_s < TAKEOVER_MAX_S


def test_two_that_start_in_the_same_moment_part_and_both_work(
    box: Addresses, tmp_path: Path
) -> None:
    """Both may find one slot free and sit down in it: whoever is thrown out takes another."""
    ready = tmp_path / "one", tmp_path / "two"
    wait_until_all_seats_are_free(box)

    with worker(box, ready[0], None) as one, worker(box, ready[1], None) as two:
        eventually(lambda: all(path.exists() for path in ready), within_s=40, why="both have work")
        # seats are counted: Kafka was seen to tell a seat's first process after another sat down
        eventually(lambda: len(slots(box)) == 2, why="each has a slot of its own")
        assert [stop(one), stop(two)] == [0, 0]


@pytest.mark.proof  # who leaves waits 12 s for the other, which might be dead
def test_of_two_of_one_name_that_start_in_the_same_moment_one_goes_on(
    box: Addresses, tmp_path: Path
) -> None:
    """Which one, Kafka decides; the other ends itself. Nothing was done yet that could be lost."""
    name, ready = "pipeline-1", (tmp_path / "one", tmp_path / "two")

    with worker(box, ready[0], name) as one, worker(box, ready[1], name) as two:
        both = one, two
        eventually(lambda: any(each.poll() is not None for each in both), within_s=60, why="leaves")
        (stays,) = [each for each in both if each.poll() is None]
        left = both[1 - both.index(stays)]
        eventually(
            lambda: stays.pid in sitting(box) and left.pid not in sitting(box),
            why="it has its seat",
        )
        eventually(ready[both.index(stays)].exists, within_s=40, why="it works")
        assert stop(stays) == 0

    assert sorted(each.returncode for each in both) == [0, 1]


def wait_until_all_seats_are_free(box: Addresses) -> None:
    """Those of killed workers stay theirs until Kafka has waited for them."""
    eventually(lambda: not slots(box), within_s=25, why="nobody sits in the group")


def sitting(box: Addresses) -> set[int]:
    """The processes that have a seat now."""
    found = [process_of(seat.client_id) for seat in seats_of(box.kafka_bootstrap)]
    return {process.pid for process in found if process is not None}


def slots(box: Addresses) -> set[str]:
    """The slots that are held now."""
    return {seat.slot for seat in seats_of(box.kafka_bootstrap)}
