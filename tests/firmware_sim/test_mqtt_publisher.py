"""The collars at a real broker: uploads go out, answers come in, connections come back."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contracts.ids import AnimalId, CollarId
from firmware_sim.adapters.mqtt_publisher import MqttSessions
from firmware_sim.herd import Heard, Worn
from tests.builders import FARM
from tests.mosquitto import Mosquitto
from tests.waiting import eventually

pytestmark = pytest.mark.mosquitto

ONE, TWO = CollarId("c-1"), CollarId("c-2")
WORN = [
    Worn(farm_id=FARM, animal_id=AnimalId(f"nl-{c}"), collar_id=c, user=c, password="")
    for c in (ONE, TWO)
]


class Gateway:
    """A plain client that answers every upload with seq 41 of boot 7."""

    def __init__(self, broker: Mosquitto) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe([("herd/v1/+/+/readings", 1), ("herd/v1/+/+/status", 1)])

    def _on_message(self, client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))
        if message.topic.endswith("/readings"):
            answer = json.dumps({"boot_id": 7, "seq": 41})
            client.publish(message.topic.replace("/readings", "/ack"), answer, 1, retain=True)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that lets everybody in."""
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def gateway(mosquitto: Mosquitto) -> Iterator[Gateway]:
    """Somebody who answers."""
    one = Gateway(mosquitto)
    yield one
    one.close()


@pytest.fixture(params=["sessions", "station"])
def sessions(request: pytest.FixtureRequest, mosquitto: Mosquitto) -> Iterator[MqttSessions]:
    """Two collars, each with its session, and again over one station's connection."""
    station = ("station-1", "") if request.param == "station" else None
    opened = MqttSessions(mosquitto.host, mosquitto.port, WORN, station=station)
    yield opened
    opened.close()


def sent_and_answered(sessions: MqttSessions, collar_id: CollarId) -> None:
    """Publish an upload of a collar, again each second as its firmware does, until its answer."""
    upload = b"upload of " + collar_id.encode()
    again_s = 0.0

    def answered() -> bool:
        nonlocal again_s
        if time.monotonic() >= again_s and sessions.publish(collar_id, upload):
            again_s = time.monotonic() + 1.0
        return Heard(collar_id, 7, 41) in sessions.turn(0.01)

    eventually(answered, why=f"an answer for {collar_id}")


def test_each_collar_sends_for_itself_and_hears_its_own_answer(
    sessions: MqttSessions, gateway: Gateway
) -> None:
    """An answer taken for another collar's would free readings that are nowhere else."""
    for collar_id in (ONE, TWO):
        sent_and_answered(sessions, collar_id)

    uploads = {heard for heard in gateway.heard if heard[0].endswith("readings")}
    assert uploads == {
        (f"herd/v1/{FARM}/{ONE}/readings", b"upload of c-1"),
        (f"herd/v1/{FARM}/{TWO}/readings", b"upload of c-2"),
    }


def test_after_a_restart_of_the_broker_uploads_are_answered_again(
    sessions: MqttSessions, gateway: Gateway, mosquitto: Mosquitto
) -> None:
    """A power cut takes the broker and leaves the collars."""
    assert gateway.heard == []
    sent_and_answered(sessions, ONE)
    mosquitto.stop()
    eventually(lambda: sessions.turn(0.01) or not sessions.publish(ONE, b"lost"), why="noticed")
    mosquitto.start()
    heard: list[Heard] = []

    def back() -> bool:
        heard.extend(sessions.turn(0.01))
        return Heard(ONE) in heard

    eventually(back, why="a new session")
    sent_and_answered(sessions, TWO)


def test_a_collar_that_vanishes_is_told_to_be_offline_by_its_will(
    mosquitto: Mosquitto, gateway: Gateway
) -> None:
    """Nobody else could tell: a dead collar says nothing."""
    sessions = MqttSessions(mosquitto.host, mosquitto.port, WORN[:1])
    sent_and_answered(sessions, ONE)
    sock = sessions._lines[0]._client.socket()
    assert sock is not None

    sock.close()

    status = f"herd/v1/{FARM}/{ONE}/status"
    eventually(lambda: (status, b'{"online":false}') in gateway.heard, why="the will")
    assert (status, b'{"online":true}') in gateway.heard
    sessions._selector.close()
