"""The schema registry as a process on real Kafka: Confluent's client end to end, ids for ever."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from contracts.ids import new_id
from contracts.messages import MESSAGES
from farmbox.box import Addresses, Box
from farmbox.ports import assign_ports
from farmbox.schema_registry import SchemaRegistry
from farmbox.schema_registry_server import BODY_MAX_BYTES
from runtime.registry import RegistrySchemaIds, SchemaMismatchError
from tests.waiting import eventually

NAME = {"name": "name", "type": "string"}
AGE = {"name": "age", "type": ["null", "int"], "default": None}
AGE_WITHOUT_DEFAULT = {"name": "age", "type": "int"}

Start = Callable[[], SchemaRegistry]
ClientOf = Callable[[SchemaRegistry], SchemaRegistryClient]


def a_schema(*fields: object, name: str = "Cow") -> Schema:
    """A record with these fields."""
    return Schema(json.dumps({"type": "record", "name": name, "fields": fields}), "AVRO")


@pytest.fixture
def start(box: Addresses, tmp_path: Path) -> Iterator[Start]:
    """Starts registries over one topic of the test's own."""
    started: list[SchemaRegistry] = []
    topic = f"schemas-{new_id()}"

    def another() -> SchemaRegistry:
        name = f"registry-{len(started)}"
        port = assign_ports(tmp_path / f"{name}.json", ["registry"], {}, "127.0.0.1")["registry"]
        registry = SchemaRegistry(
            tmp_path / name, port, kafka_bootstrap=box.kafka_bootstrap, topic=topic
        )
        registry.name = name
        started.append(registry)
        registry.start()
        registry.wait_ready()
        return registry

    yield another
    for registry in started:
        registry.stop()


@pytest.fixture
def client_of() -> Iterator[ClientOf]:
    """Makes clients that remember nothing yet."""
    with ExitStack() as clients:
        yield lambda registry: clients.enter_context(
            SchemaRegistryClient({"url": registry.url, "max.retries": 0})
        )


def error_codes(call: Callable[[], object]) -> tuple[int, int]:
    """HTTP status and error code of a refused call."""
    with pytest.raises(SchemaRegistryError) as refused:
        call()
    return refused.value.http_status_code, refused.value.error_code


def test_confluents_own_client_works_end_to_end(start: Start, client_of: ClientOf) -> None:
    """Integrators bring that client; what it expects is the specification."""
    registry = start()
    client = client_of(registry)
    one, two, broken = a_schema(NAME), a_schema(NAME, AGE), a_schema(NAME, AGE_WITHOUT_DEFAULT)

    first = client.register_schema("cow", one)
    second = client.register_schema("cow", two)

    client = client_of(registry)
    assert (first, second) == (1, 2)
    assert client.register_schema("cow", one) == first
    assert client.get_schema(first).schema_str == one.schema_str
    assert client.lookup_schema("cow", two).version == 2
    assert client.get_subjects() == ["cow"]
    assert client.get_versions("cow") == [1, 2]
    assert client.get_latest_version("cow").schema_id == second
    assert client.get_version("cow", 1).schema_id == first
    assert client.get_subjects_by_schema_id(first) == ["cow"]
    assert [use.version for use in client.get_schema_versions(second)] == [2]
    assert client.test_compatibility("cow", one)
    assert not client.test_compatibility("cow", broken)
    assert not client.test_compatibility_all_versions("cow", broken)
    assert client.get_schema_types() == ["AVRO"]


def test_levels_are_set_read_and_taken_back(start: Start, client_of: ClientOf) -> None:
    """A subject's own level counts before the one for all."""
    client = client_of(start())
    broken = a_schema(NAME, AGE_WITHOUT_DEFAULT)
    client.register_schema("cow", a_schema(NAME))

    assert client.get_compatibility() == "FULL_TRANSITIVE"
    assert error_codes(lambda: client.get_compatibility("cow")) == (404, 40408)
    client.set_compatibility("cow", "NONE")
    assert client.get_compatibility("cow") == "NONE"
    assert client.register_schema("cow", broken) == 2
    client.delete_config("cow")
    client.set_compatibility(level="BACKWARD")
    assert client.get_compatibility() == "BACKWARD"
    assert error_codes(lambda: client.get_compatibility("cow")) == (404, 40408)


def test_refusals_carry_the_documented_codes(start: Start, client_of: ClientOf) -> None:
    """Clients decide by the code what to do next."""
    registry = start()
    client = client_of(registry)
    client.register_schema("cow", a_schema(NAME))
    broken, other = a_schema(NAME, AGE_WITHOUT_DEFAULT), a_schema(name="Horse")
    no_schema = Schema('{"type": "cow"}', "AVRO")
    protobuf = Schema('syntax = "proto3";', "PROTOBUF")

    assert error_codes(lambda: client.get_versions("horse")) == (404, 40401)
    assert error_codes(lambda: client.lookup_schema("horse", other)) == (404, 40401)
    assert error_codes(lambda: client.get_version("cow", 9)) == (404, 40402)
    assert error_codes(lambda: client.get_schema(99)) == (404, 40403)
    assert error_codes(lambda: client.lookup_schema("cow", other)) == (404, 40403)
    assert error_codes(lambda: client.register_schema("cow", broken)) == (409, 409)
    assert error_codes(lambda: client.register_schema("cow", no_schema)) == (422, 42201)
    assert error_codes(lambda: client.register_schema("cow", protobuf)) == (422, 42201)
    assert error_codes(lambda: client.get_version("cow", 0)) == (422, 42202)
    assert error_codes(lambda: client.set_compatibility("cow", "ALL")) == (422, 42203)
    assert error_codes(lambda: client.delete_subject("cow")) == (405, 405)
    missing = httpx.get(f"{registry.url}/nothing")
    assert missing.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
    assert (missing.status_code, missing.json()["error_code"]) == (404, 404)


def test_bodies_that_make_no_sense_are_refused_and_leave_no_trace(start: Start) -> None:
    """No input may end the server or grow the log."""
    registry = start()
    bodies = [b"no json", b"[]", b"[" * 50_000, b"\xff", b"{}", b" " * (BODY_MAX_BYTES + 1)]

    answers = [httpx.post(f"{registry.url}/subjects/cow/versions", content=body) for body in bodies]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 400, 422, 413]
    assert httpx.get(f"{registry.url}/subjects").json() == []


def test_a_web_page_can_neither_read_nor_write(start: Start) -> None:
    """A page open in the farmer's browser reaches every port of his machine."""
    registry = start()

    foreign = httpx.get(f"{registry.url}/subjects", headers={"Origin": "http://a.example"})
    rebound = httpx.get(f"{registry.url}/subjects", headers={"Host": f"a.example:{registry.port}"})

    assert (foreign.status_code, rebound.status_code) == (403, 403)


def test_two_who_register_at_once_never_share_an_id(start: Start, client_of: ClientOf) -> None:
    """Every service registers at its start, all at the same moment."""
    client = client_of(start())

    with ThreadPoolExecutor(8) as pool:
        ids = list(
            pool.map(
                lambda n: client.register_schema(f"s{n}", a_schema(name=f"Cow{n // 2}")),
                range(16),
            )
        )

    assert [ids[n] for n in range(0, 16, 2)] == [ids[n] for n in range(1, 16, 2)]
    assert set(ids) == set(range(1, 9))


def test_ids_levels_and_versions_outlive_kill_9(start: Start, client_of: ClientOf) -> None:
    """An id that changed its meaning would turn every record written under it into noise."""
    registry = start()
    client = client_of(registry)
    schemas = [a_schema(NAME, {**AGE, "name": f"field{n}"}) for n in range(20)]
    before = [client.register_schema(f"subject-{n % 3}", s) for n, s in enumerate(schemas)]
    client.set_compatibility("subject-0", "NONE")

    registry.crash()
    registry.start()
    registry.wait_ready()

    client = client_of(registry)
    after = [client.lookup_schema(f"subject-{n % 3}", s).schema_id for n, s in enumerate(schemas)]
    assert after == before
    assert client.get_compatibility("subject-0") == "NONE"
    assert client.register_schema("new", a_schema(name="New")) == 21


def test_a_registry_that_was_replaced_writes_nothing_more(
    start: Start, client_of: ClientOf
) -> None:
    """Two that both think they are the only one would give one id to two schemas."""
    old = start()
    client_of(old).register_schema("cow", a_schema(NAME))
    new = start()

    status, _ = error_codes(lambda: client_of(old).register_schema("a", a_schema(name="A")))
    given = client_of(new).register_schema("b", a_schema(name="B"))

    assert status == 500
    assert given == 2
    eventually(lambda: not old.alive, within_s=15.0, why="it ends, to be started anew")
    assert "fenced" in old.log_tail()
    assert client_of(new).get_subjects() == ["b", "cow"]


def test_the_boxs_registry_comes_back_with_its_ids(running_box: Box, box: Addresses) -> None:
    """What every service of ours writes stays readable, whatever is killed."""
    before = {message: RegistrySchemaIds(box.registry_url).id_of(message) for message in MESSAGES}
    registry = running_box.services["registry"]

    registry.crash()

    def is_back() -> bool:
        running_box.poll()
        return registry.answers()

    eventually(is_back, within_s=60, why="the registry is back")
    ids = RegistrySchemaIds(box.registry_url)
    assert {message: ids.id_of(message) for message in MESSAGES} == before


def test_a_build_whose_schema_does_not_fit_ends_with_a_sentence(
    box: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not write a single record that others cannot read."""
    monkeypatch.setattr(
        "runtime.registry.schema_text",
        lambda message: a_schema(AGE_WITHOUT_DEFAULT, name=message.record.split(".")[1]).schema_str,
    )

    with pytest.raises(SchemaMismatchError, match="refuses our schema"):
        RegistrySchemaIds(box.registry_url).register_all()
