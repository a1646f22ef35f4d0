"""The worker as a process on real Kafka: killed mid-way, nothing is lost, nothing counts twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition

from contracts.columns import ColumnReader
from contracts.envelope import Event
from contracts.ids import FarmId, new_id
from contracts.serde import SchemaIds, Serde
from contracts.topics import DETECTIONS, READINGS, partition_of_farm
from farmbox.box import Addresses
from pipeline.adapters.input_log import GROUP
from pipeline.adapters.snapshots import newest_state
from pipeline.canonical import canonical
from runtime.kafka import Outbox, new_consumer, new_producer
from runtime.registry import RegistrySchemaIds
from tests.builders import a_reading
from tests.pipeline.logs import run
from tests.waiting import eventually

ANIMALS, ROUNDS = 25, 240
KILLED_AT = (500, 2400, 4300)  # records committed


def a_herds_readings(farm: FarmId) -> list[Event[Any]]:
    """Animals of which each third has fever for two hours, twice; one reading in 20 repeats."""
    start = datetime.now(UTC) - timedelta(hours=21)
    log = []
    for n in range(ROUNDS):
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
def worker(box: Addresses, ready: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process with small batches and frequent snapshots; killed at the end."""
    prefix = "HERD_PIPELINE_"
    given = {
        "KAFKA_BOOTSTRAP": box.kafka_bootstrap,
        "REGISTRY_URL": box.registry_url or "",
        "READY_FILE": str(ready),
        "BATCH_RECORDS_MAX": "100",
        "COMMIT_EVERY_S": "0",
        "SNAPSHOT_RECORDS_MAX": "700",
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
    consumer = new_consumer(box.kafka_bootstrap, GROUP)
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
    box: Addresses, schema_ids: SchemaIds, partition: int, start: int
) -> list[Event[Any]]:
    """The committed detections of a partition from an offset on."""
    serde = Serde(schema_ids)
    consumer = new_consumer(box.kafka_bootstrap, "test-told", **{"enable.partition.eof": True})
    consumer.assign([TopicPartition(DETECTIONS.name, partition, start)])
    found = []
    try:
        while (message := consumer.poll(10)) is not None and message.error() is None:
            found.append(serde.decode(message.value() or b""))
    finally:
        consumer.close()
    return found


def test_a_worker_killed_mid_way_loses_and_doubles_nothing(box: Addresses, tmp_path: Path) -> None:
    """Kill -9 three times: detections and counts are those of an undisturbed run."""
    schema_ids = RegistrySchemaIds(box.registry_url or "")
    serde = Serde(schema_ids)
    farm = FarmId(f"farm-{new_id()[:8]}")
    partition = partition_of_farm(farm)
    log = a_herds_readings(farm)
    values = [serde.encode(event) for event in log]
    first, told_from = (end_of(box, t.name, partition) for t in (READINGS, DETECTIONS))
    outbox = Outbox(new_producer(box.kafka_bootstrap))
    for event, value in zip(log, values, strict=True):
        outbox.send(READINGS, partition, event.aggregate_id, value)
    outbox.flush()

    for killed_at in KILLED_AT:
        with worker(box, tmp_path / "ready") as process:
            wait_until_committed(box, partition, first + killed_at)
            process.kill()
    with worker(box, tmp_path / "ready") as process:
        wait_until_committed(box, partition, first + len(values))
        process.send_signal(signal.SIGTERM)
        status = process.wait(30)

    told = [e for e in told_since(box, schema_ids, partition, told_from) if e.farm_id == farm]
    expected_state, expected = run(values, reader=ColumnReader(schema_ids))
    assert status == 0
    assert len(expected) > ANIMALS
    assert canonical(told) == canonical(expected)
    assert len({e.event_id for e in told}) == len(set(map(repr, told)))  # repeats are unchanged
    found = newest_state(box.kafka_bootstrap, partition)
    assert found is not None
    state, input_offset = found
    assert input_offset == first + len(values)
    counted = {owner: n for owner, n in state.counted_by_animal().items() if owner[0] == farm}
    assert counted == expected_state.counted_by_animal()
    assert set(counted.values()) == {ROUNDS}
