"""Java starts twice as fast from a cache of its loaded classes: made once, by `make setup`.

Each Java service is started once in a temporary directory and stopped; the JVM writes what it has
loaded and linked (JEP 483). The wheel's JRE brings no such archive at all, so this is most of the
seconds that a warm start takes. A cache that does not fit is ignored by the JVM.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from farmbox import jars
from farmbox.kafka import Kafka, KafkaNode
from farmbox.mqtt import Mqtt
from farmbox.ports import assign_ports
from farmbox.service import Service

WARMED = ("kafka", "artemis")  # nobody waits for OpenSearch, and its cache would be the largest
HOST = "127.0.0.1"
WRITE_MAX_S = 180.0  # the JVM writes the cache when it ends: 5 s on an idle machine
PASSWORD = "of-a-broker-that-lives-for-seconds"  # noqa: S105 (opens nothing)
TRAINING_CLUSTER_ID = "dHJhaW5pbmctY2x1c3Rlcg"


def warm_up() -> None:
    """Make the caches of Kafka and Artemis where they are missing; raises BoxError."""
    for bundle in WARMED:
        path = jars.class_cache_path(bundle)
        if path.exists():
            continue
        sys.stderr.write(f"warm-up: {bundle}\n")
        for older in path.parent.glob(f"{bundle}-*.aot"):
            older.unlink()
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".warm-up-") as scratch:
            fresh = Path(scratch) / "cache.aot"
            _train(_service(bundle, Path(scratch), fresh))
            fresh.replace(path)


def _service(bundle: str, directory: Path, cache: Path) -> Service:
    ports = assign_ports(directory / "ports.json", ["one", "two"], {}, HOST)
    if bundle == "kafka":
        nodes = (KafkaNode(1, ports["one"], ports["two"]),)
        return _TrainedKafka(directory / "kafka", nodes, cache)
    return _TrainedMqtt(directory / "mqtt", ports["one"], cache)


def _train(service: Service) -> None:
    service.start()
    try:
        service.wait_ready()
        service.ask_to_stop()
        service.wait_stopped(WRITE_MAX_S)
    finally:
        service.crash()


class _TrainedKafka(Kafka):
    def __init__(self, directory: Path, nodes: tuple[KafkaNode, ...], cache: Path) -> None:
        super().__init__(directory, nodes, cluster_id=TRAINING_CLUSTER_ID)
        self._cache = cache

    def environment(self) -> Mapping[str, str]:
        return {"JAVA_TOOL_OPTIONS": f"-XX:AOTCacheOutput={self._cache}"}


class _TrainedMqtt(Mqtt):
    def __init__(self, directory: Path, port: int, cache: Path) -> None:
        users = directory / "users"
        super().__init__(
            directory,
            port,
            users=users,
            gateway_password=PASSWORD,
            clock_password=PASSWORD,
            admin_password=PASSWORD,
        )
        self._cache = cache

    def environment(self) -> Mapping[str, str]:
        return {"JAVA_TOOL_OPTIONS": f"-XX:AOTCacheOutput={self._cache}"}
