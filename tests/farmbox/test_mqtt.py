"""The real broker: who comes in, what each may do, and what outlives a kill -9."""

import time
from collections.abc import Callable, Iterator

import pytest

from farmbox.mqtt import Mqtt
from farmbox.ports import assign_ports
from runtime.mqtt_users import USABLE_WITHIN_S, MqttUsers
from tests.farmbox.mqtt_client import MqttClient
from tests.waiting import eventually

pytestmark = pytest.mark.services

OK, GRANTED, REFUSED = "Success", "Granted QoS 1", "Not authorized"
GROUP = "gateway-7f3a"  # no collar can guess it; the box makes one of its own
READINGS = f"$share/{GROUP}/herd/v1/+/+/readings"
ADMIN, GATEWAY = "admin-password-of-a-test", "gateway-password-of-a-test"
CLOCK = "clock-password-of-a-test"

Connect = Callable[..., MqttClient]
Collar = Callable[..., MqttClient]


@pytest.fixture(scope="module")
def passwords() -> dict[str, str]:
    """Of collars a to z of farm f1; filled when the broker is made."""
    return {}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, passwords: dict[str, str]) -> Iterator[Mqtt]:
    """One Artemis for this file; tests use collars of their own."""
    data = tmp_path_factory.mktemp("broker")
    port = assign_ports(data / "ports.json", ["mqtt"], {}, "127.0.0.1")["mqtt"]
    users = data / "mqtt-users"
    collars = [("f1", f"c-{letter}") for letter in "abcdefghijklmnopqrstuvwxyz"]
    passwords.update(MqttUsers(users).add_collars(collars))
    mqtt = Mqtt(
        data / "mqtt",
        port,
        users=users,
        gateway_password=GATEWAY,
        clock_password=CLOCK,
        admin_password=ADMIN,
    )
    mqtt.start()
    mqtt.wait_ready()
    yield mqtt
    mqtt.stop()


@pytest.fixture
def users(broker: Mqtt) -> MqttUsers:
    """The credentials that the broker reads."""
    return MqttUsers(broker.users)


@pytest.fixture
def connect(broker: Mqtt) -> Iterator[Connect]:
    """Connects a client and closes it after the test."""
    clients: list[MqttClient] = []

    def one(user: str | None, password: str | None, **options: object) -> MqttClient:
        address = (broker.host, broker.port)
        options.setdefault("client_id", f"{user}-{len(clients)}")
        clients.append(MqttClient(address, user, password, **options))  # type: ignore[arg-type]  # passed on as they came
        return clients[-1]

    yield one
    for client in clients:
        client.close()


@pytest.fixture
def gateway(connect: Connect) -> MqttClient:
    """The gateway, subscribed to all readings."""
    client = connect("gateway", GATEWAY)
    assert client.subscribe(READINGS) == GRANTED
    return client


@pytest.fixture
def collar(connect: Connect, passwords: dict[str, str]) -> Collar:
    """Connects collar `c-…` of farm f1, which listens for its answers."""

    def one(name: str, **options: object) -> MqttClient:
        client = connect(name, passwords[name], **options)
        assert client.subscribe(f"herd/v1/f1/{name}/ack") == GRANTED
        return client

    return one


@pytest.mark.parametrize(
    ("user", "password"), [(None, None), ("gateway", "wrong"), ("nobody", "x"), ("gateway", None)]
)
def test_nobody_comes_in_without_a_credential(
    connect: Connect, user: str | None, password: str | None
) -> None:
    """The barn's network is anybody's."""
    client = connect(user, password, client_id="stranger")

    assert client.connected == "Bad user name or password"


def test_a_new_collars_reading_arrives_within_two_seconds(
    users: MqttUsers, connect: Connect, gateway: MqttClient
) -> None:
    """`herd collar add` is followed by the first upload, and nothing is started anew for it."""
    begun = time.monotonic()
    password = users.add_collar("f1", "c-new")

    collar = connect("c-new", password)
    eventually(lambda: collar.publish("herd/v1/f1/c-new/readings", b"first") == OK)

    assert time.monotonic() - begun < USABLE_WITHIN_S
    eventually(lambda: gateway.payloads() == [b"first"])


@pytest.mark.parametrize(
    "topic",
    [
        "herd/v1/f1/c-b/readings",  # another collar's
        "herd/v1/f2/c-a/readings",  # its own name on another farm
        "herd/v1/f1/c-a/ack",  # the gateway's word
        "herd/v1/f1/c-b/ack",
        "herd/v1/f1/c-a/readings/more",
        "herd/v1/_/1/readings",  # herd-clock's probe of the way in
        "herd/v1/_/1/ack",  # and the gateway's answer to it
        "herd.v1.f1.c-b.readings",  # the address as the broker spells it
        "activemq/management",
        "elsewhere",
    ],
)
def test_a_collar_publishes_nothing_outside_its_own_topics(
    collar: Collar, gateway: MqttClient, topic: str
) -> None:
    """Bytes are what counts: a refusal that is delivered all the same would be none."""
    victim = collar("c-b")
    thief = collar("c-a")

    answer = thief.publish(topic, b"stolen")
    assert thief.publish("herd/v1/f1/c-a/readings", b"own") == OK

    assert answer == REFUSED
    eventually(lambda: b"own" in gateway.payloads())
    assert b"stolen" not in gateway.payloads() + victim.payloads()


@pytest.mark.parametrize(
    "topic",
    [
        "herd/v1/f1/c-d/ack",
        "herd/v1/f1/c-d/readings",
        "herd/v1/f1/+/ack",
        "herd/v1/f1/c-c/#",
        "herd/v1/_/+/ack",
        "herd/#",
        "#",
        "$share/gateway/herd/v1/+/+/readings",
        "$share/mine/herd/v1/f1/c-d/ack",
        "herd.v1.f1.c-d.ack",
        "$sys/#",
    ],
)
def test_a_collar_hears_nothing_outside_its_own_topics(
    collar: Collar, gateway: MqttClient, topic: str
) -> None:
    """A stolen collar must not become an ear on the farm."""
    victim = collar("c-d")
    thief = collar("c-c")

    answer = thief.subscribe(topic)
    assert gateway.publish("herd/v1/f1/c-d/ack", b"for d", retain=True) == OK
    assert victim.publish("herd/v1/f1/c-d/readings", b"of d") == OK
    assert gateway.publish("herd/v1/f1/c-c/ack", b"for c") == OK

    assert answer == REFUSED
    eventually(lambda: b"for d" in victim.payloads() and b"of d" in gateway.payloads())
    eventually(lambda: thief.payloads() == [b"for c"])


@pytest.mark.parametrize("farm", ["f", "f1", "a-farm-with-a-long-name"])
def test_a_base_station_speaks_for_its_farm_whatever_that_is_called(
    users: MqttUsers, connect: Connect, gateway: MqttClient, farm: str
) -> None:
    """Artemis applies one match of several, and tells them apart by their length."""
    assert gateway.subscribe(f"$share/{GROUP}/lorawan/v1/+/#") == GRANTED
    name = f"mast-{farm}"
    station = connect(name, users.add_base_station(farm, name))
    ways = (f"herd/v1/{farm}/c-17/readings", f"lorawan/v1/{farm}/up")
    uplink = f"lorawan/v1/{farm}/application/1/device/70b3d57ed0061717/event/up"

    for topic in (*ways, uplink):
        eventually(lambda topic=topic: station.publish(topic, topic.encode()) == OK)  # type: ignore[misc]

    eventually(lambda: {*ways, uplink} <= {message.topic for message in gateway.received})
    assert station.publish("lorawan/v1/elsewhere/up", b"x") == REFUSED


def test_naming_a_queue_of_the_broker_gives_no_more_than_the_topic(
    collar: Collar, gateway: MqttClient
) -> None:
    """`topic::queue` is the broker's own notation, and must not open another's queue."""
    thief = collar("c-e")

    thief.subscribe("herd/v1/f1/c-e/ack::gateway.herd.v1.*.*.readings")
    for number in range(10):
        assert thief.publish("herd/v1/f1/c-e/readings", b"%d" % number) == OK

    eventually(lambda: len(gateway.received) == 10)
    assert thief.payloads() == []


def test_a_will_on_a_foreign_topic_reaches_nobody(collar: Collar, gateway: MqttClient) -> None:
    """A will is published by the broker in the collar's name, so the collar's rights must hold."""
    victim = collar("c-f")
    thief = collar("c-g", will=("herd/v1/f1/c-f/ack", b"stolen"))

    thief.vanish()

    own = collar("c-h", will=("herd/v1/f1/c-h/readings", b"gone"))
    own.vanish()
    eventually(lambda: b"gone" in gateway.payloads(), why="an allowed will is sent")
    assert b"stolen" not in victim.payloads()


def test_a_revoked_collar_is_shut_out_within_two_seconds(
    users: MqttUsers, connect: Connect, collar: Collar, passwords: dict[str, str]
) -> None:
    """Its open connection must not live on, nor its password."""
    thief = collar("c-i")
    assert thief.publish("herd/v1/f1/c-i/readings", b"1") == OK
    begun = time.monotonic()

    users.revoke("c-i")

    eventually(lambda: thief.publish("herd/v1/f1/c-i/readings", b"2") != OK)
    eventually(lambda: connect("c-i", passwords["c-i"], client_id="again").connected != OK)
    assert time.monotonic() - begun < USABLE_WITHIN_S


def test_an_upload_of_two_megabytes_is_refused_and_the_rest_moves_on(
    collar: Collar, gateway: MqttClient
) -> None:
    """A bad message costs nothing but itself."""
    big = collar("c-j")

    assert big.publish("herd/v1/f1/c-j/readings", b"x" * 2_000_000) == "Packet too large"

    other = collar("c-k")
    assert other.publish("herd/v1/f1/c-k/readings", b"fine") == OK
    eventually(lambda: gateway.payloads() == [b"fine"])


def test_acknowledgements_and_waiting_messages_outlive_a_kill(
    broker: Mqtt, collar: Collar, connect: Connect, passwords: dict[str, str]
) -> None:
    """What the broker has confirmed is on disk: sessions, what waits in them, what is retained."""
    sleeper = collar("c-l", client_id="sleeper", keep_session=True)
    sleeper.close()
    gateway = connect("gateway", GATEWAY, client_id="gw", keep_session=True)
    assert gateway.subscribe(READINGS) == GRANTED
    gateway.close()
    other_gateway = connect("gateway", GATEWAY)
    assert other_gateway.publish("herd/v1/f1/c-l/ack", b'{"seq":41}', retain=True) == OK
    other_gateway.close()
    sender = collar("c-m")
    assert sender.publish("herd/v1/f1/c-m/readings", b"waits") == OK
    sender.close()

    broker.crash()
    broker.start()
    broker.wait_ready()

    back = connect("c-l", passwords["c-l"], client_id="sleeper", keep_session=True)
    assert back.answers.session_present
    eventually(lambda: back.payloads() == [b'{"seq":41}'])
    fresh = collar("c-l")
    eventually(lambda: [m.payload for m in fresh.received if m.retained] == [b'{"seq":41}'])
    again = connect("gateway", GATEWAY, client_id="gw", keep_session=True)
    eventually(lambda: again.payloads() == [b"waits"])
