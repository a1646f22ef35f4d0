"""The whole box on real services: nothing lost, nobody left behind, every refusal explains."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import confluent_kafka
import psutil
import psycopg
import pytest
import redis
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from farmbox.box import Addresses, Box
from farmbox.errors import BoxError
from tests.waiting import eventually

pytestmark = [pytest.mark.services, pytest.mark.timeout(180)]

PARENT = Path(__file__).with_name("parent.py")
TOPIC = "kept"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for this file, below directories of mode 0700 as under /root."""
    return tmp_path_factory.mktemp("farm") / "data"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box of its own for the tests that need one running."""
    with Box(tmp_path_factory.mktemp("running") / "data", mqtt_port=None) as box:
        yield box


def write(addresses: Addresses, value: str) -> None:
    """Put `value` into Kafka, Postgres and Redis, each confirmed."""
    admin = AdminClient({"bootstrap.servers": addresses.kafka_bootstrap})
    if TOPIC not in admin.list_topics(timeout=10).topics:
        for made in admin.create_topics([NewTopic(TOPIC, num_partitions=1)]).values():
            made.result(timeout=10)
    producer = confluent_kafka.Producer({"bootstrap.servers": addresses.kafka_bootstrap})
    producer.produce(TOPIC, value=value)
    assert producer.flush(10) == 0
    with psycopg.connect(addresses.postgres_dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])
    with redis.Redis.from_url(addresses.redis_url) as client:
        client.rpush("kept", value)


def read(addresses: Addresses) -> dict[str, list[str]]:
    """What each of the three holds, in order."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": addresses.kafka_bootstrap, "group.id": "reader"}
    )
    _, high = consumer.get_watermark_offsets(confluent_kafka.TopicPartition(TOPIC, 0), timeout=10)
    consumer.assign([confluent_kafka.TopicPartition(TOPIC, 0, 0)])
    messages = consumer.consume(high, timeout=20)
    consumer.close()
    with psycopg.connect(addresses.postgres_dsn) as connection:
        rows = connection.execute("SELECT value FROM kept").fetchall()
    with redis.Redis.from_url(addresses.redis_url, decode_responses=True) as client:
        kept = client.lrange("kept", 0, -1)
    return {
        "kafka": [(message.value() or b"").decode() for message in messages],
        "postgres": [value for (value,) in rows],
        "redis": [str(value) for value in kept],
    }


def test_data_outlive_a_stop_and_a_kill_of_every_service(data: Path) -> None:
    """The farmer pulls the plug; the next start needs no hand."""
    with Box(data, mqtt_port=None) as box:
        before = box.addresses
        write(box.addresses, "before the stop")
    with Box(data, mqtt_port=None) as box:
        write(box.addresses, "before the kill")
        for service in box.services.values():
            service.crash()

    with Box(data, mqtt_port=None) as box:
        found = read(box.addresses)

        expected = ["before the stop", "before the kill"]
        assert found == {"kafka": expected, "postgres": expected, "redis": expected}
        assert box.addresses == before, "ports and passwords are kept"


def test_no_child_outlives_a_killed_parent_and_the_next_start_needs_no_hand(data: Path) -> None:
    """Whoever kills `herd` must not be left with seven servers on his machine."""
    parent = subprocess.Popen(
        [sys.executable, str(PARENT), str(data)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = json.loads(parent.stdout.readline())
    family = psutil.Process(parent.pid).children(recursive=True)
    assert set(pids.values()) <= {process.pid for process in family}

    parent.kill()
    parent.wait()
    parent.stdout.close()

    eventually(lambda: not any(is_up(process) for process in family), within_s=10.0)
    with Box(data, mqtt_port=None) as box:
        write(box.addresses, "after the parent's death")


def test_ctrl_c_ends_a_parent_and_its_children_in_order(data: Path) -> None:
    """Ctrl-C reaches the parent alone, which stops the services one after the other."""
    parent = subprocess.Popen(
        [sys.executable, str(PARENT), str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    family = psutil.Process(parent.pid).children(recursive=True)

    parent.send_signal(signal.SIGINT)
    parent.wait(30)
    parent.stdout.close()

    assert not any(is_up(process) for process in family)
    assert "database system is shut down" in (data / "logs" / "postgres.log").read_text("utf-8")


@pytest.mark.parametrize("name", ["kafka", "mqtt", "postgres", "redis"])
def test_a_dead_service_is_started_again_and_counted(running: Box, name: str) -> None:
    """One service's death must not be the farm's."""
    service = running.services[name]
    before = {other: running.restarts(other) for other in running.services}
    service.crash()

    def back() -> bool:
        running.poll()
        return service.answers()

    eventually(back, within_s=60.0)
    after = {other: running.restarts(other) for other in running.services}
    assert after == before | {name: before[name] + 1}


def test_a_second_box_on_the_same_data_is_refused(running: Box) -> None:
    """Two servers on one directory would destroy it."""
    with pytest.raises(BoxError, match=rf"Another herd \(process {os.getpid()}\) works on"):
        Box(running.data.path, mqtt_port=None).start()


def test_a_taken_port_is_named_with_its_holder_and_the_way_out(
    running: Box, tmp_path: Path
) -> None:
    """`address in use` helps nobody."""
    taken = running.addresses.mqtt_port
    holder = running.services["mqtt"].pid

    with pytest.raises(BoxError) as refused:
        Box(tmp_path / "other", mqtt_port=taken).start()

    assert str(refused.value) == (
        f"Port {taken} for mqtt is taken by java (process {holder}): end that program, "
        "or choose another port with --mqtt-port."
    )


def test_the_box_listens_on_loopback_alone(running: Box) -> None:
    """Nobody on the barn's network can reach Kafka or the database."""
    pids = {service.pid for service in running.services.values()}
    listening = {
        connection.laddr[0]
        for connection in psutil.net_connections("tcp")
        if connection.pid in pids and connection.status == psutil.CONN_LISTEN and connection.laddr
    }

    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}


def is_up(process: psutil.Process) -> bool:
    """Whether the process runs: a zombie that nobody waits for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
