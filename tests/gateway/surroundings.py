"""What stands around a gateway: a broker, a register, a log to read, and its own process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.animal_event import Assignment, CollarAssignments
from contracts.ids import AnimalId, CollarId, FarmId
from contracts.serde import Serde
from contracts.topics import COLLARS, partition_of_collar
from farmbox.box import Addresses
from farmbox.mqtt import let_services_in
from runtime.kafka import Outbox, new_producer
from runtime.mqtt_users import MqttUsers
from runtime.registry import RegistrySchemaIds
from tests.builders import an_event
from tests.mosquitto import Mosquitto
from tests.waiting import eventually

PASSWORDS = {"gateway": "of-the-gateway", "herd-clock": "of-the-clock", "admin": "of-the-admin"}


@dataclass(frozen=True)
class Broker:
    """Where a broker is, whom it lets in, and the passwords of our services by their users.

    port: where devices come in; services_port: where our own services do.
    """

    name: str
    host: str
    port: int
    services_port: int
    users: MqttUsers
    passwords: Mapping[str, str]

    @classmethod
    def of_box(cls, box: Addresses) -> "Broker":
        """Artemis."""
        passwords = {
            "gateway": box.mqtt_gateway_password,
            "herd-clock": box.mqtt_clock_password,
            "admin": box.mqtt_admin_password,
        }
        users = MqttUsers(box.mqtt_users)
        return cls("artemis", box.mqtt_host, box.mqtt_port, box.mqtt_port, users, passwords)

    @classmethod
    def of_mosquitto(cls, mosquitto: Mosquitto) -> "Broker":
        """Mosquitto with users, as `mosquitto_with_services` starts it."""
        assert mosquitto.users is not None
        ports = mosquitto.port, mosquitto.services_port
        return cls("mosquitto", mosquitto.host, *ports, mosquitto.users, PASSWORDS)

    def collar(self, farm_id: str, collar_id: str) -> str:
        """A password for a collar of a farm."""
        return self.users.add_collar(farm_id, collar_id)

    def gateway(self, farm_id: str) -> tuple[str, str]:
        """User and password of a gateway for one farm alone."""
        user, password = f"gateway-{farm_id}", "not-a-secret"
        own = f"herd/v1/{farm_id}/+"
        self.users.add(
            user,
            password,
            publish=[f"{own}/ack", f"{own}/rejects"],
            subscribe=[f"{own}/readings"],
        )
        return user, password


def mosquitto_with_services(directory: Path) -> Mosquitto:
    """A mosquitto that is not started yet and knows our services."""
    users = MqttUsers(directory / "mqtt-users")
    let_services_in(
        users,
        gateway_password=PASSWORDS["gateway"],
        clock_password=PASSWORDS["herd-clock"],
        admin_password=PASSWORDS["admin"],
    )
    return Mosquitto(directory, users=users)


def serde_of(box: Addresses) -> Serde:
    """Avro with the ids of the box's registry."""
    return Serde(RegistrySchemaIds(str(box.registry_url)))


def register(box: Addresses, farm_id: FarmId, collars: Iterable[str]) -> None:
    """Tell gateways, as the herdbook does, that each collar is worn by an animal since a week."""
    outbox, serde = Outbox(new_producer(box.kafka_bootstrap)), serde_of(box)
    for collar in collars:
        collar_id = CollarId(collar)
        assignment = Assignment(
            animal_id=AnimalId(f"animal-of-{collar}"),
            farm_id=farm_id,
            worn_from=datetime.now(UTC) - timedelta(days=7),
        )
        told = CollarAssignments(collar_id=collar_id, assignments=(assignment,))
        event = an_event(told, aggregate_id=collar, farm_id=farm_id)
        outbox.send(COLLARS, partition_of_collar(collar_id), collar, serde.encode(event))
    outbox.flush()


class Process:
    """A service of ours as a child process: started, killed, started again."""

    def __init__(
        self,
        box: Addresses,
        directory: Path,
        prefix: str,
        *arguments: str,
        broker: Broker | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """prefix: of its settings; settings: more of them, by their names behind it."""
        broker = broker or Broker.of_box(box)
        self._arguments = arguments
        self._ready = directory / f"{prefix}ready"
        self._log = directory / f"{prefix}log"
        fields = {
            "KAFKA_BOOTSTRAP": box.kafka_bootstrap,
            "REGISTRY_URL": str(box.registry_url),
            "MQTT_HOST": broker.host,
            "MQTT_PORT": str(broker.services_port),
            "MQTT_USER": "gateway",
            "MQTT_PASSWORD": broker.passwords["gateway"],
            "PROBE_PASSWORD": broker.passwords["herd-clock"],
            "READY_FILE": str(self._ready),
            **{name: str(value) for name, value in (settings or {}).items()},
        }
        self._environment = os.environ | {prefix + name: value for name, value in fields.items()}
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it says that it does its work."""
        self.spawn()
        eventually(self.is_ready, within_s=40, why=f"not ready; its log: {self._log}")

    def is_ready(self) -> bool:
        """Whether it says that it does its work."""
        return self._ready.exists()

    def spawn(self) -> None:
        """Start without waiting."""
        self._ready.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def has_ended(self) -> bool:
        """Whether it is gone by itself."""
        return self._child is None or self._child.poll() is not None

    def status(self) -> int | None:
        """What it ended with by itself; None while it runs."""
        return None if self._child is None else self._child.poll()

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._child is not None
        return self._child.pid

    def stand_still(self) -> None:
        """Stop it in whatever it does, as a machine without memory or a debugger would."""
        self.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on as if nothing had been."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._child is not None
        self._child.send_signal(number)

    def kill(self) -> None:
        """Kill -9."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def stop(self) -> int:
        """Ask it to stop, as its supervisor does; its exit status."""
        assert self._child is not None
        self._child.terminate()
        status = self._child.wait(20)
        self._child = None
        return status

    def log(self) -> str:
        """What it has written."""
        return self._log.read_text("utf-8")
