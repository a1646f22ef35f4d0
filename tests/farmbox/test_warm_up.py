"""The cache of loaded classes: used where it is, missed by nobody where it is not."""

from pathlib import Path

import pytest

from farmbox import jars
from farmbox.kafka import Kafka, KafkaNode
from farmbox.ports import assign_ports
from farmbox.warm_up import warm_up

pytestmark = pytest.mark.services

CLUSTER_ID = "dGVzdC1vZi1jYWNoZXMhIQ"


def kafka_below(directory: Path) -> Kafka:
    """A broker with nothing in it."""
    ports = assign_ports(directory / "ports.json", ["one", "two"], {}, "127.0.0.1")
    nodes = (KafkaNode(1, ports["one"], ports["two"]),)
    return Kafka(directory / "kafka", nodes, cluster_id=CLUSTER_ID)


def mapped_files(pid: int | None) -> str:
    """What the process has mapped into its memory."""
    return Path(f"/proc/{pid}/maps").read_text("utf-8")


def test_a_broker_starts_from_the_cache_and_without_complaint(tmp_path: Path) -> None:
    """It halves the seconds to ready; a warning in the log would drown what matters there."""
    warm_up()  # a no-op after `make setup`
    kafka = kafka_below(tmp_path)

    kafka.start()
    kafka.wait_ready()

    assert str(jars.class_cache_path("kafka")) in mapped_files(kafka.pid)
    kafka.stop()
    assert "aot" not in kafka.log_path.read_text("utf-8")


def test_a_broker_starts_without_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache is a gift: the farm runs without it."""
    source = jars.jars_dir()
    bare = tmp_path / "jars"
    bare.mkdir()
    for jar in source.glob("*.jar"):
        (bare / jar.name).hardlink_to(jar)
    monkeypatch.setenv("HERD_JARS", str(bare))
    kafka = kafka_below(tmp_path)

    kafka.start()
    kafka.wait_ready()

    assert ".aot" not in mapped_files(kafka.pid)
    kafka.stop()
