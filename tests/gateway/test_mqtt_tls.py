"""The way in with TLS, as in a deployment: the gateway's own client, a broker, our certificates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt import publish
from paho.mqtt.enums import MQTTProtocolVersion

from farmbox.mqtt import Mqtt, MqttTls
from farmbox.ports import assign_ports
from gateway.adapters.mqtt_source import MqttLogin, MqttSource
from runtime.mqtt_users import MqttUsers
from tests.herd.deployed_kafka import make_secrets
from tests.waiting import eventually

pytestmark = [pytest.mark.services, pytest.mark.timeout(120)]

SHARED = "$share/a-group/herd/v1/+/+/readings"
READINGS = "herd/v1/home/c-1/readings"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates by the script that a deployment's operator runs."""
    return make_secrets(tmp_path_factory.mktemp("secrets"))


@pytest.fixture(scope="module")
def broker(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mqtt]:
    """Artemis that speaks TLS alone; ready, by its own probe."""
    directory = tmp_path_factory.mktemp("mqtt-tls")
    port = assign_ports(directory / "ports.json", ["mqtt"], {}, "127.0.0.1")["mqtt"]
    server = Mqtt(
        directory / "mqtt",
        port,
        users=directory / "users",
        gateway_password="of-the-gateway",
        clock_password="of-the-clock",
        admin_password="of-the-admin",
        tls=MqttTls(secrets / "mqtt.pem", secrets / "ca.crt"),
    )
    # before the start: the broker reads new permissions with half a second's delay
    MqttUsers(directory / "users").add("c-1", "of-the-collar", publish=[READINGS])
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()


def source_at(broker: Mqtt, *, ca_file: Path | None, tls: bool = True) -> MqttSource:
    """The gateway's client."""
    login = MqttLogin(
        host="localhost",
        port=broker.port,
        user="gateway",
        password="of-the-gateway",
        client_id="a-group-1",
        tls=tls,
        ca_file=ca_file,
    )
    return MqttSource(login, mqtt_filter=SHARED)


def publish_as_a_collar(broker: Mqtt, secrets: Path, payloads: list[bytes]) -> None:
    """Send over TLS; returns when the broker has acknowledged each."""
    publish.multiple(
        [(READINGS, payload, 1, False) for payload in payloads],
        hostname="localhost",
        port=broker.port,
        client_id="c-1",
        auth={"username": "c-1", "password": "of-the-collar"},
        tls={"ca_certs": str(secrets / "ca.crt")},
        protocol=MQTTProtocolVersion.MQTTv5,
    )


def test_uploads_larger_than_a_record_of_tls_arrive_whole(broker: Mqtt, secrets: Path) -> None:
    """TLS hands over 16 KiB at a time; what lies decrypted already, no select will tell of."""
    source = source_at(broker, ca_file=secrets / "ca.crt")
    arrived: list[bytes] = []

    def turned() -> bool:
        arrived.extend(one.payload for one in source.turn(0.05))
        return source.subscribed

    try:
        eventually(turned, within_s=20, why="the gateway is subscribed")
        payloads = [bytes([number]) * 100_000 for number in range(5)]
        publish_as_a_collar(broker, secrets, payloads)
        eventually(lambda: turned() and len(arrived) == 5, within_s=20, why="all five arrive")
    finally:
        source.close()

    assert sorted(arrived) == payloads


# paho leaves the socket of a handshake that failed to the collector, which closes it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("tls", [True, False])
def test_a_broker_that_nobody_vouches_for_and_a_plain_word_get_nowhere(
    broker: Mqtt,
    tls: bool,  # noqa: FBT001  a parameter
) -> None:
    """A stranger's certificate must not be handed the gateway's password."""
    source = source_at(broker, ca_file=None, tls=tls)
    try:
        for _ in range(20):
            source.turn(0.05)
        assert source.epoch() == 0
    finally:
        source.close()
