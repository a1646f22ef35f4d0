"""The gateway as it runs: a process between a real MQTT broker and a real Kafka."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from contracts.clock import iso
from contracts.ids import AnimalId, CollarId, FarmId, new_id, reading_event_id
from contracts.topics import DEAD_LETTERS, READINGS
from farmbox.box import Addresses
from firmware_sim.app import open_herd
from firmware_sim.collar import Limits
from firmware_sim.herd import Herd, Worn
from firmware_sim.ledger import PRODUCED, read_ledger
from tests.gateway.surroundings import Broker, Process, register
from tests.kafka_reader import events_of
from tests.waiting import eventually

TWO_MB = 2 * 1024 * 1024


class Farm:
    """A farm of its own on the box, and a client that may publish for any of its collars."""

    def __init__(self, box: Addresses, broker: Broker) -> None:
        self.box = box
        self.broker = broker
        self.farm_id = FarmId(f"farm-{new_id()[:8]}")
        self.other_id = FarmId(f"other-{new_id()[:8]}")
        self.collar = CollarId(f"c-{new_id()[:8]}")
        self.user = f"tester-{self.farm_id}"
        self.told: list[tuple[str, Any]] = []
        self._hears = threading.Event()
        register(box, self.farm_id, [self.collar])
        farms = [f"herd/v1/{farm}/+" for farm in (self.farm_id, self.other_id)]
        broker.users.add(
            self.user,
            "secret",
            publish=[f"{farm}/readings" for farm in farms],
            subscribe=[f"{farm}/{channel}" for farm in farms for channel in ("ack", "rejects")],
        )
        self.client = self.connected()

    def connected(self) -> Client:
        """A connection of the farm's user, that hears all that its collars are told."""
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{self.user}-{new_id()[:4]}",
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        client.username_pw_set(self.user, "secret")
        client.reconnect_delay_set(1, 1)
        client.on_message = self._on_message
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        self._hears.clear()
        # several at once, as no device may: at mosquitto its user would be its client id
        client.connect_async(self.broker.host, self.broker.services_port)
        client.loop_start()
        eventually(self._hears.is_set, why="the farm's client hears nothing")
        return client

    def publish(
        self, payload: bytes, *, collar: str | None = None, farm: FarmId | None = None
    ) -> None:
        """Publish an upload and wait for the broker's PUBACK."""
        topic = f"herd/v1/{farm or self.farm_id}/{collar or self.collar}/readings"
        self.client.publish(topic, payload, 1).wait_for_publish(10)

    def upload(self, *seqs: int, **reading: object) -> bytes:
        """An upload of now."""
        now = iso(datetime.now(UTC))
        usual = {"time": now, "interval_s": 300, "temperature_c": 38.6}
        readings = [{"seq": seq, **usual, **reading} for seq in seqs]
        return json.dumps({"boot_id": 7, "sent_at": now, "readings": readings}).encode()

    def wait_for_answer(self, seq: int) -> None:
        """Wait until the collar has been told that everything up to seq is safe."""
        topic = f"herd/v1/{self.farm_id}/{self.collar}/ack"
        eventually(lambda: (topic, {"boot_id": 7, "seq": seq}) in self.told, why=f"answer {seq}")

    def close(self) -> None:
        """Leave."""
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: Client, *_: object) -> None:
        farms = (self.farm_id, self.other_id)
        filters = [
            (f"herd/v1/{farm}/+/{channel}", 1) for farm in farms for channel in ("ack", "rejects")
        ]
        client.subscribe(filters)

    def _on_subscribe(
        self, client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._on_connect(client)  # a new credential's rights come up to two seconds late
        else:
            self._hears.set()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.told.append((message.topic, json.loads(message.payload)))


@pytest.fixture
def farm(box: Addresses, broker: Broker) -> Iterator[Farm]:
    """A farm with one registered collar, at each broker."""
    one = Farm(box, broker)
    yield one
    one.close()


@pytest.fixture
def gateway(box: Addresses, farm: Farm, tmp_path: Path) -> Iterator[Process]:
    """A gateway that does its work, and knows the farm's collar."""
    assert farm.collar
    process = Process(box, tmp_path, "HERD_GATEWAY_", "gateway", broker=farm.broker)
    process.start()
    yield process
    process.kill()


def test_bad_payloads_cost_nothing_but_themselves(farm: Farm, gateway: Process) -> None:
    """Each is counted once or lies in the dead letters with its reason; the stream goes on."""
    future = iso(datetime.now(UTC) + timedelta(hours=25))
    first = farm.upload(1)
    farm.publish(first)
    farm.publish(b"not json")
    farm.publish(farm.upload(2, temperature_c="warm"))
    farm.publish(farm.upload(3).replace(b"38.6", b"NaN"))
    farm.publish(farm.upload(4, time=future))
    farm.publish(farm.upload(5), collar="c-nobodys")
    farm.publish(b"")
    farm.publish(farm.upload(6), farm=farm.other_id)
    farm.publish(first)
    farm.publish(farm.upload(1, temperature_c=41.0))
    farm.publish(farm.upload(7))
    farm.wait_for_answer(7)

    readings = [event.event_id for event in events_of(farm.box, READINGS, farm.farm_id)]
    letters = [event.payload.reason for event in events_of(farm.box, DEAD_LETTERS, farm.farm_id)]
    of_other = [event.payload.reason for event in events_of(farm.box, DEAD_LETTERS, farm.other_id)]

    good = {reading_event_id(farm.collar, 7, seq) for seq in (1, 7)}
    assert set(readings) == good
    assert len(readings) == 3  # the repeat lies in the log under the same id
    assert sorted(letters) == [
        "clock", "empty", "not_json", "not_json", "seq_reused", "unknown_collar", "wrong_type",
    ]  # fmt: skip
    assert of_other == ["wrong_farm"]
    assert events_of(farm.box, READINGS, farm.other_id) == []
    refused = sorted(told["reason"] for topic, told in farm.told if topic.endswith("rejects"))
    assert refused == sorted([*letters, *of_other])
    assert gateway.stop() == 0


def test_two_megabytes_are_refused_at_the_broker(farm: Farm, gateway: Process) -> None:
    """What nobody may send must not reach the process that everybody shares."""
    assert gateway.log()
    sender = farm.connected()
    reasons: list[str] = []
    sender.on_disconnect = lambda *told: reasons.append(str(told[3]))

    topic = f"herd/v1/{farm.farm_id}/{farm.collar}/readings"
    sender.publish(topic, b"x" * TWO_MB, 1)
    eventually(lambda: reasons, why="no reaction")
    sender.loop_stop()
    farm.publish(farm.upload(1))
    farm.wait_for_answer(1)

    # a sender that is cut off while it still sends does not always come to read why
    assert reasons[0] in {"Packet too large", "Unspecified error"}
    assert events_of(farm.box, DEAD_LETTERS, farm.farm_id) == []
    assert len(events_of(farm.box, READINGS, farm.farm_id)) == 1


def test_a_gateway_killed_under_load_loses_nothing(
    farm: Farm, gateway: Process, tmp_path: Path
) -> None:
    """Whatever was under way is still at the broker or in the collars' buffers."""
    collars = [CollarId(f"{farm.farm_id}-{number}") for number in range(5)]
    passwords = farm.broker.users.add_collars([(farm.farm_id, collar) for collar in collars])
    register(farm.box, farm.farm_id, collars)
    worn = [
        Worn(
            farm_id=farm.farm_id,
            animal_id=AnimalId(f"animal-of-{collar}"),
            collar_id=collar,
            user=collar,
            password=passwords[collar],
        )
        for collar in collars
    ]
    herd = open_herd(
        worn,
        host=farm.broker.host,
        port=farm.broker.port,
        ledger=tmp_path / "ledger.csv",
        readings_per_s=50,
        limits=Limits(timeout_s=0.5, timeout_max_s=2.0),
    )
    herd.start()
    for _ in range(3):
        answered = herd.counts().acknowledged
        _wait_for_answers(herd, answered + 50)
        gateway.kill()
        gateway.start()
    herd.pause()
    eventually(lambda: herd.counts().buffered == 0, within_s=30, why="all answered")
    herd.stop()

    produced = {
        one.event_id for one in read_ledger(tmp_path / "ledger.csv") if one.what == PRODUCED
    }
    log = events_of(farm.box, READINGS, farm.farm_id)
    order = {
        collar: [e.payload.seq for e in log if e.payload.collar_id == collar] for collar in collars
    }

    assert {event.event_id for event in log} == produced
    assert events_of(farm.box, DEAD_LETTERS, farm.farm_id) == []
    for seqs in order.values():
        first_times = list(dict.fromkeys(seqs))
        assert first_times == sorted(first_times)  # in order, repeats aside


def _wait_for_answers(herd: Herd, count: int) -> None:
    eventually(lambda: herd.counts().acknowledged > count, why=f"{count} answers")


def test_a_collar_assigned_while_we_run_is_known_at_once(farm: Farm, gateway: Process) -> None:
    """A new collar must not lose its first readings to the dead letters for want of a restart."""
    assert gateway.log()
    late = CollarId(f"late-{new_id()[:8]}")
    register(farm.box, farm.farm_id, [late])
    topic = f"herd/v1/{farm.farm_id}/{late}/ack"

    def taken() -> bool:
        farm.publish(farm.upload(1), collar=late)
        return any(
            event.payload.collar_id == late for event in events_of(farm.box, READINGS, farm.farm_id)
        )

    eventually(taken, within_s=10, why="the new collar is a stranger")
    eventually(lambda: topic in {one for one, _ in farm.told}, why="answer")
