"""The session with the MQTT broker: kept up, in order, and with nothing dropped."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contracts.ids import new_id
from gateway.adapters.mqtt_source import MqttLogin, MqttSource
from gateway.bridge import Arrived
from tests.gateway.surroundings import Broker
from tests.mosquitto import Mosquitto
from tests.waiting import eventually

COLLAR = "c-source"
WINDOW = 20


class Collar:
    """A plain client that is a collar: publishes uploads, keeps what it is told."""

    def __init__(self, broker: Broker, farm_id: str) -> None:
        self._base = f"herd/v1/{farm_id}/{COLLAR}"
        self.told: list[tuple[str, bytes]] = []
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{COLLAR}-{farm_id}",
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        self.client.username_pw_set(COLLAR, broker.collar(farm_id, COLLAR))
        self.client.on_message = self._on_message
        self._subscribed = threading.Event()
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.connect_async(broker.host, broker.port)
        self.client.reconnect_delay_set(1, 1)
        self.client.loop_start()
        assert self._subscribed.wait(20), "the collar was not let in"

    def publish(self, *payloads: bytes) -> None:
        """Publish uploads and wait until the broker has them all."""
        waiting = [self.client.publish(f"{self._base}/readings", one, 1) for one in payloads]
        for one in waiting:
            one.wait_for_publish(20)

    def close(self) -> None:
        """Leave."""
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe(f"{self._base}/ack", 1)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.told.append((message.topic.removeprefix(f"{self._base}/"), bytes(message.payload)))


def a_source(
    broker: Broker, farm_id: str, *, receive_maximum: int = 1000, mqtt_filter: str | None = None
) -> MqttSource:
    """A gateway of one farm, with a session and a shared subscription of its own."""
    user, password = broker.gateway(farm_id)
    login = MqttLogin(
        broker.host,
        broker.services_port,
        user,
        password,
        f"gateway-{farm_id}",
        receive_maximum=receive_maximum,
    )
    own = f"$share/{farm_id}/herd/v1/{farm_id}/+/readings"
    return MqttSource(login, mqtt_filter=mqtt_filter or own)


def collected(source: MqttSource, count: int) -> list[Arrived]:
    """What arrives until it is `count`."""
    found: list[Arrived] = []

    def enough() -> bool:
        found.extend(source.turn(0.01))
        return len(found) >= count

    eventually(enough, why=f"{count} uploads")
    return found


def subscribed(source: MqttSource) -> MqttSource:
    """The same source, once the broker has granted its subscription."""
    eventually(lambda: source.turn(0.01) or source.subscribed, why="no subscription")
    return source


@pytest.fixture
def farm_id() -> str:
    """A farm of its own: other tests speak to the same broker."""
    return f"farm-{new_id()[:8]}"


@pytest.fixture
def collar(broker: Broker, farm_id: str) -> Iterator[Collar]:
    """A collar that is connected."""
    one = Collar(broker, farm_id)
    yield one
    one.close()


@pytest.fixture
def new_source(broker: Broker, farm_id: str) -> Iterator[Callable[..., MqttSource]]:
    """Makes sources of one and the same session."""
    made: list[MqttSource] = []

    def make(**more: Any) -> MqttSource:  # noqa: ANN401  as a_source
        source = a_source(broker, farm_id, **more)
        made.append(source)
        return source

    yield make
    for source in made:
        source.close()


def test_every_upload_arrives_once_with_what_its_puback_needs(
    new_source: Callable[[], MqttSource], collar: Collar
) -> None:
    """Many packets come in one read of the socket; none may wait there for the next one.

    Their order is not promised: with many in flight Artemis shuffles a few of one publisher, which
    is why a collar has one upload in flight.
    """
    source = subscribed(new_source())
    payloads = [str(number).encode() * (1 + 50 * (number % 7)) for number in range(300)]
    collar.publish(*payloads)

    arrived = collected(source, len(payloads))

    assert sorted(one.payload for one in arrived) == sorted(payloads)
    assert len({one.mid for one in arrived}) == len(payloads)
    for one in arrived:
        source.acknowledge(one)


def test_what_was_not_acknowledged_comes_again_on_the_next_connection(
    new_source: Callable[[], MqttSource], collar: Collar
) -> None:
    """A gateway that dies between Kafka and PUBACK must hear those uploads again."""
    source = subscribed(new_source())
    collar.publish(b"first", b"second", b"third")
    first, *_ = collected(source, 3)
    source.acknowledge(first)
    source.turn(0.05)
    _cut(source)

    again = collected(new_source(), 2)

    # Artemis hands them out once for the session and once more for subscribing again
    assert list(dict.fromkeys(one.payload for one in again)) == [b"second", b"third"]
    assert {one.epoch for one in again} == {1}


def test_a_session_with_more_waiting_than_may_be_under_way_is_emptied(
    new_source: Callable[..., MqttSource], collar: Collar
) -> None:
    """A gateway that was away for a minute finds thousands: it must not stop at the first window.

    Subscribed anew while they come, Artemis counts none of their PUBACKs, and falls silent.
    """
    away = subscribed(new_source(receive_maximum=WINDOW))
    away.close()
    payloads = [str(number).encode() for number in range(5 * WINDOW)]
    collar.publish(*payloads)

    back = new_source(receive_maximum=WINDOW)
    came: list[bytes] = []

    def emptied() -> bool:
        for one in back.turn(0.01):
            came.append(one.payload)
            back.acknowledge(one)
        return len(came) >= len(payloads)

    eventually(emptied, why="the broker stopped")
    assert sorted(came) == sorted(payloads)
    assert back.subscribed


def test_a_kept_session_without_its_subscription_is_subscribed(
    new_source: Callable[..., MqttSource], collar: Collar, farm_id: str
) -> None:
    """One who was killed before his SUBSCRIBE was granted has a session that hears nothing."""
    never = new_source(mqtt_filter=f"$share/{farm_id}-other/herd/v1/{farm_id}/+/status")
    eventually(lambda: never.turn(0.01) or never.epoch() == 1, why="not let in")
    never.close()

    back = subscribed(new_source())
    collar.publish(b"now")

    assert [one.payload for one in collected(back, 1)] == [b"now"]


def test_an_answer_is_retained_for_a_collar_that_was_away(
    new_source: Callable[[], MqttSource], collar: Collar, broker: Broker, farm_id: str
) -> None:
    """A collar whose radio fades must find its answer when it comes back."""
    source = subscribed(new_source())
    collar.close()
    source.publish(f"herd/v1/{farm_id}/{COLLAR}/ack", b'{"boot_id":7,"seq":41}', retain=True)
    for _ in range(20):
        source.turn(0.01)

    back = Collar(broker, farm_id)

    eventually(lambda: back.told, why="no retained answer")
    assert back.told == [("ack", b'{"boot_id":7,"seq":41}')]
    back.close()


def test_an_upload_wakes_an_idle_gateway_at_once(
    new_source: Callable[[], MqttSource], collar: Collar
) -> None:
    """Paho's own loop would let a reading wait for its next round."""
    source = subscribed(new_source())
    came: list[float] = []

    def listen() -> None:
        while not came:
            if source.turn(10.0):
                came.append(time.monotonic())

    listener = threading.Thread(target=listen)
    listener.start()
    collar.publish(b"now")
    listener.join(20)

    assert came, "nothing came"
    assert not listener.is_alive()


@pytest.mark.mosquitto
def test_a_broker_that_restarts_finds_us_back_and_subscribed(mosquitto: Mosquitto) -> None:
    """Nobody is there at night to restart the gateway too."""
    broker = Broker.of_mosquitto(mosquitto)
    source = subscribed(a_source(broker, "farm-a"))
    mosquitto.stop()
    eventually(lambda: source.turn(0.01) or not source.subscribed, why="loss not noticed")
    mosquitto.start()

    subscribed(source)
    collar = Collar(broker, "farm-a")
    collar.publish(b"after")

    assert [one.payload for one in collected(source, 1)] == [b"after"]
    assert source.epoch() == 2
    collar.close()
    source.close()


def test_a_broker_that_is_not_there_is_tried_again_later_and_later() -> None:
    """A hundred tries a second would help nobody."""
    nowhere = MqttSource(MqttLogin("127.0.0.1", 1, "gateway", "x", "gw"), mqtt_filter="a/b")
    waits = []
    for _ in range(4):
        nowhere.turn(0.0)
        waits.append(nowhere._retry_at - time.monotonic())
        nowhere._retry_at = 0.0

    assert 0.04 < waits[0] <= 0.1
    assert 0.3 < waits[3] <= 0.8
    assert not nowhere.subscribed


def _cut(source: MqttSource) -> None:
    """Lose the connection without a goodbye, as a killed process does."""
    sock = source._client.socket()
    assert sock is not None
    sock.close()
