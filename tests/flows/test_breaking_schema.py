"""A producer that forces its schema past the registry: a letter at each reader, the rest moves on.

Whoever may write to the registry can switch a subject's level off, or use another subject: the
registry cannot keep every breaking record out of the log. So every reader must live with them.
"""

import copy
import json
import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import fastavro
import pytest
from confluent_kafka import Message, Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from contracts.dead_letter import DeadLetter, Reason
from contracts.detection import Detection
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.messages import BY_PAYLOAD, schema_of
from contracts.reading import CollarReading
from contracts.serde import Serde
from contracts.topics import DETECTIONS, READINGS, KafkaTopic, partition_of_farm
from herd.simulated import a_farm_id
from read_models import ReadModelUnavailableError, open_latest, open_worklist
from runtime.kafka import Outbox, new_producer, send_event
from runtime.registry import RegistrySchemaIds
from tests.builders import a_detection, a_reading
from tests.contracts.test_schemas import example_of
from tests.flows.conftest import WatchedFarm
from tests.kafka_reader import letters_in

ANIMAL = "bella"
READERS = {READINGS: "pipeline", DETECTIONS: "alerts"}


class Forcing:
    """A producer that registers what it likes, and takes the levels back at the end."""

    def __init__(self, kafka_bootstrap: str, registry_url: str, farm_id: FarmId) -> None:
        self.registry = SchemaRegistryClient({"url": registry_url})
        self.sent: list[tuple[KafkaTopic, int]] = []
        self._producer = Producer({"bootstrap.servers": kafka_bootstrap})
        self.partition = partition_of_farm(farm_id)
        self._opened: list[str] = []

    def register_against_the_level(self, subject: str, schema: dict[str, Any]) -> int:
        """The id of a breaking schema, the subject's level switched off for it."""
        self.registry.set_compatibility(subject, "NONE")
        self._opened.append(subject)
        return self.register(subject, schema)

    def register(self, subject: str, schema: dict[str, Any]) -> int:
        """The id of a schema."""
        return self.registry.register_schema(subject, Schema(json.dumps(schema), "AVRO"))

    def send(self, topic: KafkaTopic, schema_id: int, record: bytes) -> None:
        """Into the farm's partition; notes the offset."""
        offsets: list[int] = []

        def delivered(error: object, message: Message) -> None:
            assert error is None
            offsets.append(message.offset() or 0)

        value = struct.pack(">bI", 0, schema_id) + record
        self._producer.produce(
            topic.name, value, key=ANIMAL, partition=self.partition, on_delivery=delivered
        )
        assert self._producer.flush(30) == 0
        self.sent.append((topic, offsets[0]))

    def close(self) -> None:
        """As it was before."""
        for subject in self._opened:
            self.registry.delete_config(subject)
        self.registry.close()


@pytest.fixture
def farm_id() -> FarmId:
    """A farm of this test's own."""
    return a_farm_id("force")


@pytest.fixture
def forcing(watched_farm: WatchedFarm, farm_id: FarmId) -> Iterator[Forcing]:
    """The producer that forces."""
    box = watched_farm.farm.box.addresses
    found = Forcing(box.kafka_bootstrap, str(box.registry_url), farm_id)
    yield found
    found.close()


def with_text(payload: type[Any], field: str) -> dict[str, Any]:
    """Our schema of a message with one number turned into a text."""
    schema = copy.deepcopy(schema_of(BY_PAYLOAD[payload]))
    (inner,) = (one["type"] for one in schema["fields"] if one["name"] == "payload")
    next(one for one in inner["fields"] if one["name"] == field)["type"] = "string"
    return schema


def a_record(schema: dict[str, Any]) -> bytes:
    """Some record of a schema."""
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), example_of(schema, {}))
    return out.getvalue()


ENDLESS: dict[str, Any] = {
    **schema_of(BY_PAYLOAD[CollarReading]),
    "fields": [{"name": "again", "type": ["null", "CollarReading"]}],
}


@pytest.mark.timeout(300)
def test_a_forced_schema_costs_its_records_and_nothing_else(
    watched_farm: WatchedFarm, farm_id: FarmId, forcing: Forcing
) -> None:
    """Letters with the reason at each reader; what comes behind them is judged and shown."""
    box = watched_farm.farm.box.addresses
    latest, worklist = open_latest(box.redis_url), open_worklist(box.redis_url)
    restarts = restarts_of(watched_farm)
    for topic, payload, field in (
        (READINGS, CollarReading, "seq"),
        (DETECTIONS, Detection, "revision"),
    ):
        broken = with_text(payload, field)
        subject = BY_PAYLOAD[payload].subject

        schema_id = forcing.register_against_the_level(subject, broken)
        forcing.send(topic, schema_id, a_record(broken))
    endless = forcing.register(f"elsewhere-{farm_id}", ENDLESS)
    forcing.send(READINGS, endless, b"\x02" * 20_000)
    good: list[tuple[KafkaTopic, Event[Any]]] = [
        (READINGS, a_reading(animal=ANIMAL, farm=farm_id, steps=7.0)),
        (DETECTIONS, a_detection(animal=ANIMAL, farm=farm_id)),
    ]
    outbox, serde = (
        Outbox(new_producer(box.kafka_bootstrap)),
        Serde(RegistrySchemaIds(str(box.registry_url))),
    )
    for topic, event in good:
        send_event(outbox, serde, topic, event)
    outbox.flush()

    def all_arrived() -> bool:
        return ANIMAL in latest.of(farm_id) and len(worklist.open_alerts(farm_id).alerts) == 1

    watched_farm.eventually(unless_away(all_arrived), why="what came behind them is shown")
    letters = watched_farm.eventually(
        lambda: found if len(found := letters_at(watched_farm, forcing)) == 3 else None,
        why="each forced record is a letter",
    )
    assert {letter.reason for letter in letters} == {Reason.UNKNOWN_SCHEMA}
    assert sorted(letter.service for letter in letters) == ["alerts", "pipeline", "pipeline"]
    told = " ".join(letter.detail for letter in letters)
    assert all(word in told for word in ("CollarReading", "Detection", "contains itself"))
    assert restarts_of(watched_farm) == restarts
    latest.close()
    worklist.close()


def letters_at(watched: WatchedFarm, forcing: Forcing) -> list[DeadLetter]:
    """The letters of the forced records, from the services that judge what they are in."""
    partitions = {forcing.partition}
    origins = {
        f"kafka:{topic.name}/{forcing.partition}/{offset}": READERS[topic]
        for topic, offset in forcing.sent
    }
    letters = letters_in(watched.farm.box.addresses, partitions)
    return [letter for letter in letters if origins.get(letter.origin) == letter.service]


def unless_away(check: Callable[[], bool]) -> Callable[[], bool]:
    """False while a read model is being built."""

    def asked() -> bool:
        try:
            return check()
        except ReadModelUnavailableError:
            return False

    return asked


def restarts_of(watched: WatchedFarm) -> dict[str, int]:
    """How often each service was started again."""
    return {name: told["restarts"] for name, told in watched.farm.services().items()}
