"""The way in with TLS, on both brokers: who is believed, what is refused, certificates renewed.

Devices and services are known by their passwords, which TLS keeps secret; certificates of clients
are neither made nor asked for.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt import publish
from paho.mqtt.enums import MQTTProtocolVersion

from farmbox.mqtt import Mqtt, MqttTls, let_services_in
from farmbox.ports import assign_ports
from gateway.adapters.mqtt_source import MqttLogin, MqttSource
from runtime.mqtt_users import MqttUsers
from tests.certificates import Authority, serial_at
from tests.gateway.surroundings import PASSWORDS
from tests.mosquitto import Mosquitto
from tests.waiting import eventually

pytestmark = [pytest.mark.timeout(120)]

SHARED = "$share/a-group/herd/v1/+/+/readings"
READINGS = "herd/v1/home/c-1/readings"
CONNECT = bytes.fromhex("101400044d51545405c2000f00000178000175000170")  # MQTT 5: x, u, p


@dataclass
class TlsBroker:
    """A broker whose port for devices speaks TLS alone; pem: its key and certificate."""

    port: int
    services_port: int
    pem: Path
    ca_file: Path
    authority: Authority
    renewed: Callable[[], None]

    def source(self, *, port: int | None = None, tls: bool = True) -> MqttSource:
        """The gateway's client."""
        login = MqttLogin(
            host="localhost",
            port=port or self.port,
            user="gateway",
            password=PASSWORDS["gateway"],
            client_id="a-group-1",
            tls=tls,
            ca_file=self.ca_file,
        )
        return MqttSource(login, mqtt_filter=SHARED)

    def publish_as_a_collar(self, *payloads: bytes) -> None:
        """Send over TLS; returns when the broker has acknowledged each."""
        publish.multiple(
            [(READINGS, payload, 1, False) for payload in payloads],
            hostname="localhost",
            port=self.port,
            client_id="c-1",
            auth={"username": "c-1", "password": "of-the-collar"},
            tls={"ca_certs": str(self.ca_file)},
            protocol=MQTTProtocolVersion.MQTTv5,
        )


@pytest.fixture(scope="module")
def artemis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsBroker]:
    """Ready, by its own probe. It looks at its certificate twice a second."""
    directory, authority = tmp_path_factory.mktemp("artemis-tls"), Authority("ours")
    pem, ca_file = directory / "mqtt.pem", authority.write(directory / "ca.crt")
    authority.issue(pem)
    port = assign_ports(directory / "ports.json", ["mqtt"], {}, "127.0.0.1")["mqtt"]
    server = Mqtt(
        directory / "mqtt",
        port,
        users=directory / "users",
        gateway_password=PASSWORDS["gateway"],
        clock_password=PASSWORDS["herd-clock"],
        admin_password=PASSWORDS["admin"],
        tls=MqttTls(pem, ca_file),
    )
    # before the start: the broker reads new permissions with half a second's delay
    MqttUsers(directory / "users").add("c-1", "of-the-collar", publish=[READINGS])
    server.start()
    try:
        server.wait_ready()
        yield TlsBroker(port, port, pem, ca_file, authority, lambda: None)
    finally:
        server.stop()


@pytest.fixture(scope="module")
def mosquitto_with_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsBroker]:
    """It reads its certificate again when it is told to."""
    directory, authority = tmp_path_factory.mktemp("mosquitto-tls"), Authority("ours")
    pem, ca_file = directory / "mqtt.pem", authority.write(directory / "ca.crt")
    authority.issue(pem)
    users = MqttUsers(directory / "users")
    let_services_in(
        users,
        gateway_password=PASSWORDS["gateway"],
        clock_password=PASSWORDS["herd-clock"],
        admin_password=PASSWORDS["admin"],
    )
    users.add("c-1", "of-the-collar", publish=[READINGS])
    server = Mosquitto(directory, users=users, tls=MqttTls(pem, ca_file))
    server.start()
    yield TlsBroker(server.port, server.services_port, pem, ca_file, authority, server.reload)
    server.stop()


@pytest.fixture(
    params=[
        pytest.param("artemis", marks=pytest.mark.services),
        pytest.param("mosquitto_with_tls", marks=pytest.mark.mosquitto),
    ]
)
def broker(request: pytest.FixtureRequest) -> TlsBroker:
    """Each test runs on both."""
    found: TlsBroker = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def source(broker: TlsBroker) -> Iterator[MqttSource]:
    """The gateway's client over TLS, subscribed."""
    one = broker.source()
    eventually(lambda: one.turn(0.05) or one.subscribed, why="the gateway is subscribed")
    yield one
    one.close()


def collected(source: MqttSource, count: int) -> list[bytes]:
    """The payloads that arrive, until they are so many."""
    found: list[bytes] = []

    def enough() -> bool:
        for one in source.turn(0.05):
            found.append(one.payload)
            source.acknowledge(one)
        return len(found) >= count

    eventually(enough, why=f"{count} uploads arrive")
    return found


def test_uploads_larger_than_a_record_of_tls_arrive_whole(
    broker: TlsBroker, source: MqttSource
) -> None:
    """TLS hands over 16 KiB at a time; what lies decrypted already, no select will tell of."""
    payloads = [bytes([number]) * 100_000 for number in range(5)]

    broker.publish_as_a_collar(*payloads)

    assert sorted(collected(source, 5)) == payloads


def test_a_renewed_certificate_costs_no_message_and_no_restart(
    broker: TlsBroker, source: MqttSource
) -> None:
    """Certificates end every year or two, and nobody may be away for it."""
    broker.publish_as_a_collar(b"before")
    serial = broker.authority.issue(broker.pem)
    broker.renewed()

    eventually(
        lambda: serial_at("localhost", broker.port, broker.ca_file) == serial,
        why="whoever connects now is shown the new one",
    )
    broker.publish_as_a_collar(b"after")

    assert collected(source, 2) == [b"before", b"after"]
    assert source.epoch() == 1, "who is connected stays so"


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_what_is_older_than_tls_1_2_is_refused(broker: TlsBroker, version: str) -> None:
    """Whoever stands between could talk both sides down to it."""
    chosen = {"TLSv1": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1}[version]
    context = _trusting(broker.ca_file)
    context.set_ciphers("ALL:@SECLEVEL=0")  # our own OpenSSL would not even ask
    context.minimum_version = context.maximum_version = chosen

    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(context, broker.port)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_newer_versions_are_spoken(broker: TlsBroker, version: ssl.TLSVersion) -> None:
    """Collars' radios live for years: 1.2 is what many of them have."""
    context = _trusting(broker.ca_file)
    context.minimum_version = context.maximum_version = version

    assert _handshake(context, broker.port)


def test_a_plain_word_is_not_answered(broker: TlsBroker) -> None:
    """A password that was sent in plain has been told to the barn's whole network."""
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as plain:
        plain.sendall(CONNECT)
        with suppress(ConnectionError):
            said = plain.recv(64)
            assert said[:1] != b"\x20", "a CONNACK"  # a TLS alert, or the end


class Impostor:
    """A server that is not ours: it shows a certificate and keeps what it is told after that."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.told = b""
        self.connections = 0
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """Be gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(5)
                self._hear(connection)
                self.connections += 1

    def _hear(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self._context is None:
                self.told += connection.recv(1024)
                return
            with self._context.wrap_socket(connection, server_side=True) as secret:
                self.told += secret.recv(1024)


@pytest.fixture
def impostor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Impostor, Path]]:
    """One whose fault the parameter names, and the file of those whom we believe."""
    ours, theirs = Authority("ours"), Authority("theirs")
    pem = tmp_path / "server.pem"
    match request.param:
        case "expired":
            ours.issue(pem, expired=True)
        case "of another's name":
            ours.issue(pem, ["elsewhere.example"])
        case "signed by nobody we know":
            theirs.issue(pem)
        case _:
            ours.issue(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if request.param == "older than TLS 1.2":
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    one = Impostor(None if request.param == "in plain" else context)
    yield one, ours.write(tmp_path / "ca.crt")
    one.close()


# paho leaves the socket of a handshake that failed to the collector, which closes it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("impostor", "is_told"),
    [
        ("expired", False),
        ("of another's name", False),
        ("signed by nobody we know", False),
        ("older than TLS 1.2", False),
        ("in plain", False),
        ("none", True),  # so that the others show what they should
    ],
    indirect=["impostor"],
)
def test_the_password_is_told_to_nobody_but_whom_our_authority_vouches_for(
    impostor: tuple[Impostor, Path],
    is_told: bool,  # noqa: FBT001  a parameter
) -> None:
    """With the gateway's password one hears the whole country's farms."""
    server, ca_file = impostor
    login = MqttLogin(
        "localhost", server.port, "gateway", "of-the-gateway", "gw", tls=True, ca_file=ca_file
    )
    source = MqttSource(login, mqtt_filter=SHARED)

    eventually(lambda: source.turn(0.02) or server.connections > 0, why="it connects")
    source.close()

    assert (b"of-the-gateway" in server.told) == is_told
    assert source.epoch() == 0


def _trusting(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _handshake(context: ssl.SSLContext, port: int) -> str | None:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as secret,
    ):
        return secret.version()
