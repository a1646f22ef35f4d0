"""Kafka as one combined broker and controller (KRaft); three of them make a cluster.

With three brokers topics get replication factor 3 and min.insync.replicas 2, with one 1 and 1:
the same settings, a number apart.
"""

import os
import socket
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from farmbox.errors import BoxError
from farmbox.java import java_command
from farmbox.service import Service

HEAP_MB = 512
FORMAT_HEAP_MB = 128
FORMAT_MAX_S = 60
PROBE_MAX_S = 1.0
OFFSETS_RETENTION_MINUTES = 400 * 24 * 60  # as long as readings are kept
SESSION_TIMEOUT_MS = 6000  # a dead leader is replaced after this; less lets a busy disk fence one
# Alone there is nobody to take over, and after a kill the broker waits for its own old session.
SESSION_TIMEOUT_ALONE_MS = 3000
INTERNAL_PARTITIONS = 4  # of the internal topics: each costs files and start-up time
METADATA_REQUEST = 3
METADATA_VERSION = 4  # the newest before flexible encodings: simple to write by hand
RESPONSE_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class KafkaNode:
    """One member of the cluster, as the others see it."""

    node_id: int
    broker_port: int
    controller_port: int


class Kafka(Service):
    """One broker. `nodes` names every member of the cluster, this one (`node_id`) among them."""

    name = "kafka"
    cluster: ClassVar[str] = "kafka"

    def __init__(
        self,
        directory: Path,
        nodes: tuple[KafkaNode, ...],
        *,
        cluster_id: str,
        node_id: int = 1,
        host: str = "127.0.0.1",
    ) -> None:
        self.node = next(node for node in nodes if node.node_id == node_id)
        super().__init__(directory, self.node.broker_port, host=host)
        if len(nodes) > 1:
            self.name = f"kafka-{node_id}"
        self.nodes = nodes
        self.cluster_id = cluster_id

    def prepare(self) -> None:
        """Write the settings; format the log directory on the first start."""
        super().prepare()
        self._settings_path.write_text(self._settings(), encoding="utf-8")
        if not (self.directory / "data" / "meta.properties").exists():
            self._format()

    def command(self) -> list[str]:
        """The broker on its settings file."""
        options = [f"-Djava.io.tmpdir={self.directory}"]
        java = java_command("kafka", "kafka.Kafka", heap_mb=HEAP_MB, options=options)
        return [*java, str(self._settings_path)]

    def answers(self) -> bool:
        """Whether the broker names all members of the cluster: it is then registered and open."""
        try:
            return _brokers_known(self.host, self.port) == len(self.nodes)
        except (OSError, struct.error):
            return False

    @property
    def _settings_path(self) -> Path:
        return self.directory / "server.properties"

    def _format(self) -> None:
        options = [f"-Djava.io.tmpdir={tempfile.gettempdir()}", "-XX:TieredStopAtLevel=1"]
        java = java_command(
            "kafka", "kafka.tools.StorageTool", heap_mb=FORMAT_HEAP_MB, options=options
        )
        command = [
            *java,
            "format",
            f"--cluster-id={self.cluster_id}",
            "-c",
            str(self._settings_path),
        ]
        done = subprocess.run(  # noqa: S603 (our own command, no shell)
            command, capture_output=True, text=True, timeout=FORMAT_MAX_S, check=False
        )
        if done.returncode != 0:
            raise BoxError(
                f"Kafka could not lay out {self.directory / 'data'}: "
                f"{done.stdout.strip()[-500:]} {done.stderr.strip()[-1500:]}"
            )

    def _settings(self) -> str:
        copies = min(3, len(self.nodes))
        in_sync = max(1, copies - 1)
        session_ms = SESSION_TIMEOUT_MS if len(self.nodes) > 1 else SESSION_TIMEOUT_ALONE_MS
        voters = ",".join(f"{n.node_id}@{self.host}:{n.controller_port}" for n in self.nodes)
        broker, controller = (
            f"PLAINTEXT://{self.host}:{self.port}",
            f"CONTROLLER://{self.host}:{self.node.controller_port}",
        )
        settings: dict[str, object] = {
            "process.roles": "broker,controller",
            "node.id": self.node.node_id,
            "controller.quorum.voters": voters,
            "listeners": f"{broker},{controller}",
            "advertised.listeners": broker,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.directory / "data",
            "auto.create.topics.enable": "false",  # a misspelt topic must fail, not exist
            "log.message.timestamp.type": "LogAppendTime",
            "log.retention.ms": -1,  # whoever wants less says so at the topic
            "offsets.retention.minutes": OFFSETS_RETENTION_MINUTES,
            "group.initial.rebalance.delay.ms": 0,  # nobody waits for members that never come
            "broker.session.timeout.ms": session_ms,
            "broker.heartbeat.interval.ms": session_ms // 4,
            "default.replication.factor": copies,
            "min.insync.replicas": in_sync,
            "offsets.topic.num.partitions": INTERNAL_PARTITIONS,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.num.partitions": INTERNAL_PARTITIONS,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": in_sync,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,  # of a heap of 512 MiB
            "log.segment.bytes": 128 * 1024 * 1024,
            "log.index.size.max.bytes": 1024 * 1024,
            "num.network.threads": 2,
            "num.io.threads": 4,
            "num.recovery.threads.per.data.dir": max(1, os.cpu_count() or 1),
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())


def _brokers_known(host: str, port: int) -> int:
    """How many brokers the one at `port` names in its metadata. Raises OSError, struct.error.

    Written by hand because a client library retries, logs and keeps threads: too much for a probe.
    """
    name = b"herdlog-probe"
    body = struct.pack(">hhih", METADATA_REQUEST, METADATA_VERSION, 1, len(name)) + name
    body += struct.pack(">i?", 0, False)  # of no topic, creating none
    with socket.create_connection((host, port), timeout=PROBE_MAX_S) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        with connection.makefile("rb") as stream:
            (size,) = struct.unpack(">i", stream.read(4))
            answer = stream.read(min(size, RESPONSE_MAX_BYTES))
    _correlation, _throttle_ms, brokers = struct.unpack_from(">iii", answer)
    return int(brokers)
