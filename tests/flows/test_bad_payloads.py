"""Ten bad payloads, one stream: each counted once or told with its reason, the rest unharmed."""

import json
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contracts.dead_letter import DeadLetter
from contracts.ids import AnimalId, CollarId, FarmId
from contracts.topics import PARTITIONS, READINGS, mqtt_topic, partition_of_farm
from firmware_sim.herd import Worn
from herd.credential_probe import wait_until_let_in
from herd.simulated import a_farm_id, register_animals
from herd.supervisor import Farm
from pipeline.adapters.snapshots import newest_state
from runtime.mqtt_users import MqttUsers
from tests.flows.conftest import WatchedFarm
from tests.kafka_reader import letters_in


class ForeignCollar:
    """A publisher that is not ours: plain paho, one connection, no firmware."""

    def __init__(self, farm: Farm, worn: Worn) -> None:
        self.answers: list[dict[str, Any]] = []
        self.disconnected = False
        self._worn = worn
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=worn.collar_id,
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        self._client.username_pw_set(worn.user, worn.password)
        self._client.on_message = lambda _c, _d, m: self.answers.append(json.loads(m.payload))
        self._client.on_connect = self._subscribe
        self._client.on_disconnect = lambda *_: setattr(self, "disconnected", True)
        host, _, port = farm.file.mqtt.partition(":")
        assert wait_until_let_in(
            host,
            int(port),
            user=worn.user,
            password=worn.password,
            mqtt_topic=self._topic("ack"),
            within_s=20,
        )
        self._client.connect_async(host, int(port))
        self._client.loop_start()

    def connected(self) -> bool:
        """Whether the broker let us in."""
        return self._client.is_connected()

    def publish(self, payload: bytes, *, topic: str | None = None) -> None:
        """QoS 1, answered or not."""
        self._client.publish(topic or self._topic("readings"), payload, qos=1)

    def close(self) -> None:
        """Leave."""
        self._client.loop_stop()
        self._client.disconnect()

    def _subscribe(self, client: Client, *_: Any) -> None:  # noqa: ANN401  paho's signature
        client.subscribe(self._topic("ack"), 1)

    def _topic(self, channel: str) -> str:
        return mqtt_topic(self._worn.farm_id, self._worn.collar_id, channel)


def upload(*seqs: int, ahead: timedelta = timedelta(0), **wrong: object) -> bytes:
    """A collar's upload of ordinary readings, with single fields replaced."""
    now = datetime.now(UTC)
    readings = [
        {
            "seq": seq,
            "time": (now + ahead - timedelta(seconds=60 - seq)).isoformat(),
            "interval_s": 60,
            "temperature_c": 38.6,
            "temperature_site": "rumen",
            **wrong,
        }
        for seq in seqs
    ]
    return json.dumps({"boot_id": 1, "sent_at": now.isoformat(), "readings": readings}).encode()


@pytest.fixture
def collars(
    watched_farm: WatchedFarm,
) -> Iterator[tuple[FarmId, list[Worn], Callable[[int], ForeignCollar]]]:
    """Two animals of one farm, and a way to connect as the collar of one of them."""
    farm, farm_id = watched_farm.farm, a_farm_id("bad")
    worn = register_animals(farm.file, farm_id, 2)
    opened: list[ForeignCollar] = []

    def connect(number: int) -> ForeignCollar:
        opened.append(ForeignCollar(farm, worn[number]))
        watched_farm.eventually(opened[-1].connected, why="the collar is let in")
        return opened[-1]

    yield farm_id, worn, connect
    for collar in opened:
        collar.close()


def letters_of(farm: Farm, about: str) -> list[DeadLetter]:
    """The dead letters whose origin speaks of `about`."""
    return [letter for letter in letters_in(farm.box.addresses) if about in letter.origin]


def test_ten_bad_payloads_cost_nothing_but_themselves(
    watched_farm: WatchedFarm,
    collars: tuple[FarmId, list[Worn], Callable[[int], ForeignCollar]],
    tmp_path: Path,
) -> None:
    """What collars in the field really send, between two good uploads of the same collar."""
    del tmp_path
    farm, (farm_id, worn, connect) = watched_farm.farm, collars
    collar, first = connect(0), upload(1)
    collar.publish(first)
    watched_farm.eventually(lambda: {"boot_id": 1, "seq": 1} in collar.answers, why="the first")

    collar.publish(b"temperature: high")
    collar.publish(upload(2, temperature_c="warm"))
    collar.publish(upload(3).replace(b"38.6", b"NaN"))
    collar.publish(upload(4, ahead=timedelta(days=2)))
    collar.publish(b"")
    collar.publish(first)  # a repeat
    stranger = unregistered(farm, farm_id)
    guest = of_another_farm(farm, worn[1])
    for other in (stranger, guest):
        watched_farm.eventually(other.connected, why="a credential alone lets in")
        other.publish(upload(1))
    damaged_avro(farm, farm_id)
    collar.publish(upload(5))
    watched_farm.eventually(lambda: {"boot_id": 1, "seq": 5} in collar.answers, why="the last")
    for other in (stranger, guest):
        other.close()

    expected = Counter(
        ["not_json", "not_json", "wrong_type", "clock", "empty", "unknown_collar", "wrong_farm"]
    )
    told = watched_farm.eventually(
        lambda: (
            found
            if (found := reasons(farm, farm_id)) == expected + Counter(["damaged_avro"])
            else None
        ),
        why="each bad payload is among the dead letters once, with its reason",
    )
    counted = counted_once(watched_farm, farm_id, worn[0])
    assert told["damaged_avro"] == 1
    assert counted == 2  # the two good readings; the repeat counted once


def reasons(farm: Farm, farm_id: FarmId) -> Counter[str]:
    """How often each reason stands in the letters from a farm's topics, and its partition."""
    partition = partition_of_farm(farm_id)
    damaged = [
        letter
        for letter in letters_of(farm, f"kafka:{READINGS.name}/{partition}/")
        if letter.raw.endswith(farm_id.encode())
    ]
    mqtt = letters_of(farm, f"mqtt:herd/v1/{farm_id}")
    return Counter(str(letter.reason) for letter in mqtt + damaged)


def unregistered(farm: Farm, farm_id: FarmId) -> ForeignCollar:
    """A collar with credentials that the register does not know."""
    nobody = AnimalId("nobody")
    collar = CollarId(a_farm_id("stranger"))
    worn = Worn(farm_id=farm_id, animal_id=nobody, collar_id=collar, user="", password="")
    users = MqttUsers(farm.box.addresses.mqtt_users)
    password = users.add_collar(farm_id, worn.collar_id)
    return ForeignCollar(farm, with_login(worn, worn.collar_id, password))


def of_another_farm(farm: Farm, worn: Worn) -> ForeignCollar:
    """A known collar whose credential says another farm than the register does."""
    other = FarmId(f"{worn.farm_id}-x")
    password = MqttUsers(farm.box.addresses.mqtt_users).add_collar(other, worn.collar_id)
    return ForeignCollar(farm, with_login(worn, worn.collar_id, password, farm_id=other))


def with_login(worn: Worn, user: str, password: str, farm_id: FarmId | None = None) -> Worn:
    """The same collar with other credentials."""
    return Worn(
        farm_id=farm_id or worn.farm_id,
        animal_id=worn.animal_id,
        collar_id=worn.collar_id,
        user=user,
        password=password,
    )


def damaged_avro(farm: Farm, farm_id: FarmId) -> None:
    """A record of a known schema, cut short, straight into the farm's partition of the topic."""
    producer = Producer({"bootstrap.servers": farm.file.fields["KAFKA_BOOTSTRAP"]})
    partition = partition_of_farm(farm_id, PARTITIONS)
    value = struct.pack(">bI", 0, 1) + b"\x00" + farm_id.encode()
    producer.produce(READINGS.name, value, key="nobody", partition=partition)
    assert producer.flush(30) == 0


def counted_once(watched: WatchedFarm, farm_id: FarmId, worn: Worn) -> int:
    """How many readings of an animal the pipeline counted, by the snapshot it leaves."""
    farm = watched.farm
    farm.own["pipeline"].service.stop()
    found = newest_state(farm.file.fields["KAFKA_BOOTSTRAP"], partition_of_farm(farm_id))
    watched.eventually(farm.own["pipeline"].service.answers, why="the pipeline is back")
    counts = {} if found is None else found[0].counted_by_animal()
    return counts.get((farm_id, worn.animal_id), 0)


def test_two_megabytes_are_refused_at_the_door_and_the_stream_goes_on(
    watched_farm: WatchedFarm,
    collars: tuple[FarmId, list[Worn], Callable[[int], ForeignCollar]],
) -> None:
    """The MQTT broker's own limit: such a message never reaches the gateway's memory."""
    _, _, connect = collars
    giant, ordinary = connect(0), connect(1)

    giant.publish(b"x" * 2_000_000)
    watched_farm.eventually(lambda: giant.disconnected, why="the sender is told by a disconnect")
    ordinary.publish(upload(1))

    watched_farm.eventually(lambda: {"boot_id": 1, "seq": 1} in ordinary.answers, why="it goes on")
    assert giant.answers == []
