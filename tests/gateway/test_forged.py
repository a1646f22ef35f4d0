"""Who somebody is says his credential, whatever topic and payload say: forged at random."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.clock import iso
from contracts.envelope import Event
from contracts.ids import CollarId, FarmId, new_id
from contracts.reading import CollarReading
from contracts.topics import READINGS
from farmbox.box import Addresses
from runtime.mqtt_user import UserKind, may_publish
from tests.conftest import FULL_SIZE
from tests.farmbox.mqtt_client import MqttClient
from tests.gateway.surroundings import Broker, Process, register
from tests.gateway.uplinks import changed
from tests.kafka_reader import events_of
from tests.waiting import eventually

FORGED = 1000 if FULL_SIZE else 200
SEED = 17
COLLARS = 6  # a farm
HONEST_SEQ = 100_000


@dataclass(frozen=True)
class Said:
    """One message: with whose credential, where to, and what it is. Its seq is its number."""

    user: str
    topic: str
    payload: bytes


@dataclass
class Farms:
    """Two farms, whose collars the register knows by farm, and everybody's password."""

    box: Addresses
    broker: Broker

    def __post_init__(self) -> None:
        name = new_id()[:8]
        self.farm_of: dict[str, FarmId] = {}
        self.passwords = dict(self.broker.passwords) | {f"nobody-{name}": "x"}
        self.farms = (FarmId(f"a-{name}"), FarmId(f"b-{name}"))
        for farm in self.farms:
            # hexadecimal, so that they are names of LoRaWAN devices as well
            collars = [new_id().replace("-", "")[:16] for _ in range(COLLARS)]
            self.farm_of |= dict.fromkeys(collars, farm)
            register(self.box, farm, collars)
            users = self.broker.users
            self.passwords |= users.add_collars([(farm, collar) for collar in collars])
            station = f"mast-{farm}"
            self.passwords[station] = users.add_base_station(farm, station)
        self.users = {user.name: user for user in self.broker.users.list()}

    def collars(self) -> list[str]:
        """Of both farms."""
        return list(self.farm_of)

    def may(self, said: Said) -> bool:
        """Whether the credential speaks there."""
        return said.user in self.users and may_publish(self.users[said.user], said.topic)

    def say(self, messages: list[Said]) -> None:
        """All that a credential says over one connection, one credential after the other."""
        for user in dict.fromkeys(said.user for said in messages):
            port = self.broker.port
            if user in self.broker.passwords:
                port = self.broker.services_port
            address = (self.broker.host, port)
            client = MqttClient(address, user, self.passwords[user], client_id=f"x-{user}")
            if client.connected == "Success":
                client.publish_all((one.topic, one.payload) for one in messages if one.user == user)
            client.close()

    def readings(self) -> list[Event[CollarReading]]:
        """What lies in the log of both farms."""
        return [event for farm in self.farms for event in events_of(self.box, READINGS, farm)]


@pytest.fixture
def farms(box: Addresses, broker: Broker) -> Farms:
    """At each broker."""
    return Farms(box, broker)


@pytest.fixture
def gateway(box: Addresses, farms: Farms, tmp_path: Path) -> Iterator[Process]:
    """Started when the register knows the collars."""
    process = Process(box, tmp_path, "HERD_GATEWAY_", "gateway", broker=farms.broker)
    process.start()
    yield process
    process.kill()


def an_upload(seq: int, **said_of_itself: str | None) -> bytes:
    """Of now."""
    now = iso(datetime.now(UTC))
    reading = {"seq": seq, "time": now, "interval_s": 300, "temperature_c": 38.6}
    whole = {"boot_id": 7, "sent_at": now, "readings": [reading]} | said_of_itself
    return json.dumps({key: value for key, value in whole.items() if value is not None}).encode()


def a_frame(number: int, collar: str) -> bytes:
    """An uplink of now as ChirpStack tells it."""
    whole = json.loads(changed("chirpstack_up", "deviceInfo", "devEui", to=collar))
    return json.dumps(whole | {"time": iso(datetime.now(UTC)), "fCnt": number}).encode()


def forged(rng: random.Random, number: int, farms: Farms) -> Said:
    """Credential, farm, collar and what the payload says of itself, each drawn by itself."""
    user = rng.choice(list(farms.passwords))
    farm = rng.choice([*farms.farms, "_"])
    collar, claimed = rng.choice(farms.collars()), rng.choice(farms.collars())
    if rng.random() < 1 / 4:
        topic = f"lorawan/v1/{farm}/application/1/device/{collar}/event/up"
        return Said(user, topic, a_frame(number, claimed))
    channel = rng.choice(["readings", "readings", "readings", "status", "ack"])
    payload = an_upload(
        number,
        collar_id=rng.choice([None, claimed]),
        farm_id=rng.choice([None, *farms.farms]),
        station_id=rng.choice([None, claimed]),
    )
    return Said(user, f"herd/v1/{farm}/{collar}/{channel}", payload)


def test_of_forged_combinations_none_is_attributed(farms: Farms, gateway: Process) -> None:
    """A collar's credential is worth its own animal, a base station's its own farm."""
    rng = random.Random(SEED)  # noqa: S311  no secret
    messages = [forged(rng, number, farms) for number in range(1, FORGED + 1)]
    honest = [
        Said(collar, f"herd/v1/{farm}/{collar}/readings", an_upload(HONEST_SEQ))
        for collar, farm in farms.farm_of.items()
    ]
    farms.say(messages)
    farms.say(honest)  # behind all that is forged

    def heard() -> set[CollarId]:
        log = [event.payload for event in farms.readings()]
        return {reading.collar_id for reading in log if reading.seq == HONEST_SEQ}

    eventually(lambda: len(heard()) == len(honest), why="the way in is open")
    for event in farms.readings():
        reading = event.payload
        assert event.aggregate_id == f"animal-of-{reading.collar_id}"
        assert event.farm_id == farms.farm_of[reading.collar_id]
        if reading.seq != HONEST_SEQ:
            said = messages[reading.seq - 1]
            assert farms.may(said), said
            user = farms.users[said.user]
            assert user.kind is UserKind.BASE_STATION or user.name == reading.collar_id
    lies = [said for said in messages if not farms.may(said)]
    assert len(lies) > FORGED * 3 / 4
    assert gateway.stop() == 0
