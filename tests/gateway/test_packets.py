"""What is no MQTT, or lies about its length, or never ends: it costs its sender, and nobody else.

Nobody needs a credential for any of this: it comes before the first word that could hold one.
"""

import selectors
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import psutil
import pytest

from farmbox.mqtt import HEAP_MB, NETWORK_SHARE, Mqtt
from farmbox.ports import assign_ports
from runtime.mqtt_users import MqttUsers
from tests.conftest import FULL_SIZE
from tests.farmbox.mqtt_client import MqttClient
from tests.gateway.surroundings import PASSWORDS, mosquitto_with_services
from tests.waiting import eventually

MB = 1024 * 1024
HALF_OPEN = 500 if FULL_SIZE else 100
LIARS_EACH = 10 if FULL_SIZE else 2
LIE_MB = 4 if FULL_SIZE else 1  # sent by each of them, where the broker takes it
PROMISED_256_MB = b"\xff\xff\xff\x7f"  # MQTT's longest remaining length
CONNECT = bytes.fromhex("101400044d51545405c2000f00000178000175000170")  # MQTT 5: x, u, p

LIES = {
    "a CONNECT of 256 MB": b"\x10" + PROMISED_256_MB + CONNECT[2:14],
    "256 MB of nothing": b"\x10" + PROMISED_256_MB,
    "a PUBLISH of 256 MB before any CONNECT": b"\x32" + PROMISED_256_MB + b"\x00\x04abcd",
    "a length without an end": b"\x10" + b"\xff" * 8 + CONNECT[2:14],
    "a web browser": b"GET / HTTP/1.1\r\nHost: barn\r\nX: ",
    "another protocol": b"AMQP\x00\x01\x00\x00",
}


@dataclass
class Attacked:
    """A broker of this test alone, and one honest collar of it."""

    name: str
    host: str
    port: int
    pid: int
    password: str
    clients: list[MqttClient]

    def rss_mb(self) -> float:
        """What the broker's process holds of the machine's memory."""
        return float(psutil.Process(self.pid).memory_info().rss) / MB

    def honest(self, number: int) -> MqttClient:
        """A new connection of the honest collar."""
        address = (self.host, self.port)
        client = MqttClient(address, "c-1", self.password, client_id=f"c-1-{number}")
        self.clients.append(client)
        return client

    def connected(self, said: bytes) -> socket.socket:
        """A stranger who has said that much, and says no more by himself."""
        stranger = socket.create_connection((self.host, self.port), timeout=5)
        with suppress(OSError):
            stranger.sendall(said)
        return stranger


@pytest.fixture(
    params=[
        pytest.param("artemis", marks=pytest.mark.services),
        pytest.param("mosquitto", marks=pytest.mark.mosquitto),
    ]
)
def attacked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Attacked]:
    """Each broker, started for this test: what it has held before would hide what it holds now."""
    directory = tmp_path_factory.mktemp(request.param)
    clients: list[MqttClient] = []
    if request.param == "artemis":
        port = assign_ports(directory / "ports.json", ["mqtt"], {}, "127.0.0.1")["mqtt"]
        users = MqttUsers(directory / "users")
        password = users.add_collar("f", "c-1")
        artemis = Mqtt(
            directory / "mqtt",
            port,
            users=directory / "users",
            gateway_password=PASSWORDS["gateway"],
            clock_password=PASSWORDS["herd-clock"],
            admin_password=PASSWORDS["admin"],
        )
        artemis.start()
        artemis.wait_ready()
        assert artemis.pid is not None
        yield Attacked("artemis", "127.0.0.1", port, artemis.pid, password, clients)
        stop = artemis.stop
    else:
        mosquitto = mosquitto_with_services(directory)
        assert mosquitto.users is not None
        password = mosquitto.users.add_collar("f", "c-1")
        mosquitto.start()
        here = mosquitto.host, mosquitto.port, mosquitto.pid
        yield Attacked("mosquitto", *here, password, clients)
        stop = mosquitto.stop
    for client in clients:
        client.close()
    stop()


def test_lies_and_half_open_connections_cost_memory_and_time_to_nobody_else(
    attacked: Attacked,
) -> None:
    """The barn's network is anybody's; the herd must be heard all the same."""
    assert attacked.honest(0).publish("herd/v1/f/c-1/readings", b"before") != "Not authorized"
    before_mb = attacked.rss_mb()
    idle = [attacked.connected(CONNECT[: number % 15]) for number in range(HALF_OPEN)]
    liars = [attacked.connected(lie) for lie in LIES.values() for _ in range(LIARS_EACH)]

    pour(liars, LIE_MB * MB)
    during = attacked.honest(1)
    answer = during.publish("herd/v1/f/c-1/readings", b"during")

    assert answer in {"Success", "No matching subscribers"}
    # Artemis keeps what is no MQTT until its sender goes, within a bound of its own
    grown_mb = attacked.rss_mb() - before_mb
    assert grown_mb < (HEAP_MB * NETWORK_SHARE + 64 if attacked.name == "artemis" else 16)
    for stranger in (*idle, *liars):
        stranger.close()
    eventually(partial(is_rid_of_all_but, attacked, 2), why="what was closed is let go")
    assert psutil.pid_exists(attacked.pid)


def test_a_packet_that_is_too_long_is_refused_before_it_is_held(attacked: Attacked) -> None:
    """Its first five bytes say how long it will be: nobody waits for the rest."""
    liar = attacked.connected(LIES["a CONNECT of 256 MB"])

    with liar:
        liar.settimeout(5)
        with suppress(ConnectionError):
            while liar.recv(64):
                pass  # a reason, perhaps, and then the end


def pour(strangers: list[socket.socket], bytes_each: int) -> None:
    """Send that much over each connection, as far as the other side takes it."""
    selector = selectors.DefaultSelector()
    left = dict.fromkeys(strangers, bytes_each)
    for stranger in strangers:
        stranger.setblocking(False)
        selector.register(stranger, selectors.EVENT_WRITE)
    while left:
        ready = selector.select(1.0)
        if not ready:
            break  # all that are left are not read from
        for key, _ in ready:
            ready_one = key.fileobj
            assert isinstance(ready_one, socket.socket)
            try:
                left[ready_one] -= ready_one.send(b"x" * 65_536)
            except OSError:
                left[ready_one] = 0  # cut off, as it should be
            if left[ready_one] <= 0:
                selector.unregister(ready_one)
                del left[ready_one]
    selector.close()


def is_rid_of_all_but(attacked: Attacked, honest: int) -> bool:
    """Whether the broker holds no more connections than these."""
    held = psutil.Process(attacked.pid).net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED for one in held) <= honest
