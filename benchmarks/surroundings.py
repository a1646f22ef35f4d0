"""What stands around a service on the bench: a private box, and mosquitto if that is asked for."""

import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import Measured, Watched
from contracts.animal_event import CollarAssignments
from contracts.envelope import Event
from contracts.serde import Serde
from contracts.topics import COLLARS, MQTT_READINGS_FILTER, partition_of_collar
from farmbox.box import Addresses, Box
from farmbox.errors import BoxError
from runtime.kafka import Outbox, ensure_topics, new_producer
from runtime.mqtt_users import USABLE_WITHIN_S, MqttUsers
from runtime.registry import RegistrySchemaIds

USER = "bench"
LISTENS_WITHIN_S = 10.0
# Everything in memory and nobody refused: what is left is the speed of who listens.
MOSQUITTO_CONFIG = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 1000
max_queued_messages 0
set_tcp_nodelay true
"""


class Surroundings:
    """A running box and an MQTT broker; what to know to come in, and who runs."""

    def __init__(self, box: Box, directory: Path, mosquitto: "_Mosquitto | None") -> None:
        self._box = box
        self._directory = directory
        self._mosquitto = mosquitto
        self.user, self.password = USER, secrets.token_urlsafe(18)
        self.floor_filter = f"$share/bench-floor/{MQTT_READINGS_FILTER}"

    @property
    def addresses(self) -> Addresses:
        """Where the box listens."""
        return self._box.addresses

    @property
    def kafka_bootstrap(self) -> str:
        """Where Kafka is."""
        return self.addresses.kafka_bootstrap

    @property
    def mqtt_broker(self) -> str:
        """Which MQTT broker it is."""
        return "artemis" if self._mosquitto is None else "mosquitto"

    @property
    def mqtt(self) -> tuple[str, int]:
        """Where it listens."""
        if self._mosquitto is not None:
            return "127.0.0.1", self._mosquitto.port
        return self.addresses.mqtt_host, self.addresses.mqtt_port

    def let_bench_in(self) -> None:
        """One credential that may publish for every collar, and collect what is published."""
        MqttUsers(self.addresses.mqtt_users).add(
            self.user,
            self.password,
            publish=[MQTT_READINGS_FILTER],
            subscribe=[MQTT_READINGS_FILTER],
        )
        time.sleep(USABLE_WITHIN_S)  # the broker reads its files again

    def register(self, assignments: Iterable[Event[CollarAssignments]]) -> None:
        """Tell the gateways who wears what, as the herdbook does."""
        outbox = Outbox(new_producer(self.kafka_bootstrap))
        serde = Serde(RegistrySchemaIds(str(self.addresses.registry_url)))
        for event in assignments:
            collar_id = event.payload.collar_id
            outbox.send(COLLARS, partition_of_collar(collar_id), collar_id, serde.encode(event))
        outbox.flush()

    def gateway(self, receive_maximum: int) -> Measured:
        """The gateway's process, not started."""
        host, port = self.mqtt
        fields = {
            "KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "REGISTRY_URL": str(self.addresses.registry_url),
            "MQTT_HOST": host,
            "MQTT_PORT": str(port),
            "MQTT_USER": "gateway",
            "MQTT_PASSWORD": self.addresses.mqtt_gateway_password,
            "MQTT_SHARE_GROUP": self.addresses.mqtt_share_group,
            "RECEIVE_MAXIMUM": str(receive_maximum),
        }
        return Measured("gateway", self._directory, fields)

    def watched(self) -> dict[str, Watched]:
        """The brokers, from now on."""
        services = self._box.services
        mqtt = services["mqtt"].pid if self._mosquitto is None else self._mosquitto.pid
        pids = {"mqtt": mqtt, "kafka": services["kafka"].pid}
        return {name: Watched(pid) for name, pid in pids.items() if pid is not None}


@contextmanager
def surroundings(
    directory: Path, mqtt_broker: str, tell: Callable[[str], None]
) -> Iterator[Surroundings]:
    """A private box with our topics; with `mosquitto` that broker beside it instead of Artemis."""
    tell("starting a private box")
    with Box(directory / "box", mqtt_port=None, clickhouse=False) as box:
        ensure_topics(box.addresses.kafka_bootstrap)
        RegistrySchemaIds(str(box.addresses.registry_url)).register_all()
        mosquitto = _Mosquitto(directory) if mqtt_broker == "mosquitto" else None
        try:
            around = Surroundings(box, directory, mosquitto)
            if mosquitto is None:
                around.let_bench_in()
            yield around
        finally:
            if mosquitto is not None:
                mosquitto.stop()


class _Mosquitto:
    """Debian's mosquitto as a child."""

    def __init__(self, directory: Path) -> None:
        # Debian puts it where only root's PATH looks
        program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
        if program is None:
            raise BoxError("mosquitto is not installed: apt-get install mosquitto")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        config = directory / "mosquitto.conf"
        config.write_text(MOSQUITTO_CONFIG.format(port=self.port), encoding="utf-8")
        self._child = subprocess.Popen(  # noqa: S603  the program found above
            [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.pid = self._child.pid
        self._wait()

    def stop(self) -> None:
        """Its sessions go with it."""
        self._child.kill()
        self._child.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + LISTENS_WITHIN_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise BoxError("mosquitto does not listen")
