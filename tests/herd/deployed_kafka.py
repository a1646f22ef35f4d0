"""The brokers of deploy/kafka, for real: its server.properties on loopback, three processes."""

import re
import socket
import subprocess
from pathlib import Path

from farmbox.kafka import Kafka, KafkaNode
from farmbox.ports import assign_ports
from farmbox.supervision import Supervision

ROOT = Path(__file__).parents[2]
PROPERTIES = ROOT / "deploy" / "kafka" / "server.properties"
HOST = "127.0.0.1"
NODES = (1, 2, 3)


class DeployedKafka(Kafka):
    """One broker on the deployment's settings; only names, ports and paths are this machine's."""

    def __init__(
        self,
        directory: Path,
        nodes: tuple[KafkaNode, ...],
        ports: dict[str, int],
        *,
        cluster_id: str,
        node_id: int,
        secrets: Path,
    ) -> None:
        super().__init__(directory, nodes, cluster_id=cluster_id, node_id=node_id)
        self._ports = ports
        self._secrets = secrets

    def answers(self) -> bool:
        """Whether clients can connect; what they may is not asked here."""
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _settings(self) -> str:
        text = PROPERTIES.read_text("utf-8").replace("@NODE_ID@", str(self.node.node_id))
        for number in NODES:
            for port in (9092, 9093, 9094):
                here = f"{HOST}:{self._ports[f'{number}-{port}']}"
                text = text.replace(f"kafka-{number}:{port}", here)
        own = self.node.node_id
        text = re.sub(r"0\.0\.0\.0:(\d+)", lambda m: f"{HOST}:{self._ports[f'{own}-{m[1]}']}", text)
        text = text.replace("/run/secrets/", f"{self._secrets}/")
        return text.replace("/var/lib/kafka/data", str(self.directory / "data"))


def make_secrets(directory: Path) -> Path:
    """Every secret of the deployment, as its operator makes them."""
    script = ROOT / "deploy" / "secrets.sh"
    subprocess.run(
        [script, "farm.example"],
        env={"SECRETS": str(directory), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    return directory


def deployed_cluster(directory: Path, secrets: Path) -> tuple[Supervision, str, str]:
    """Three brokers that clients can connect to: (to be stopped, CLIENTS, BROKERS addresses)."""
    names = [f"{number}-{port}" for number in NODES for port in (9092, 9093, 9094)]
    ports = assign_ports(directory / "ports.json", names, {}, HOST)
    nodes = tuple(KafkaNode(n, ports[f"{n}-9092"], ports[f"{n}-9094"]) for n in NODES)
    cluster_id = (secrets / "kafka_cluster_id").read_text("utf-8")
    brokers = [
        DeployedKafka(
            directory / f"kafka-{number}",
            nodes,
            ports,
            cluster_id=cluster_id,
            node_id=number,
            secrets=secrets,
        )
        for number in NODES
    ]
    for broker in brokers:
        broker.prepare()
    cluster = Supervision(brokers)
    cluster.spawn_all()
    try:
        cluster.wait_all_ready()
    except BaseException:
        cluster.stop()
        raise

    def addresses(port: int) -> str:
        return ",".join(f"{HOST}:{ports[f'{number}-{port}']}" for number in NODES)

    return cluster, addresses(9092), addresses(9093)
