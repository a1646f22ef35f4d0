"""The schema registry before Confluent's client: all that it can ask, and killed while it does."""

import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path

import httpx
import httpx2
import pytest
from confluent_kafka.schema_registry import (
    Metadata,
    MetadataProperties,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    ServerConfig,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.common.schema_registry_client import (
    ConfigCompatibilityLevel as Level,
)
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from contracts.ids import new_id
from farmbox.box import Addresses
from farmbox.ports import assign_ports
from farmbox.schema_registry import SchemaRegistry
from tests.conftest import FULL_SIZE
from tests.farmbox.test_schema_registry import AGE, NAME, a_schema
from tests.waiting import eventually

SUBJECTS = 200 if FULL_SIZE else 40
KILLS = 5 if FULL_SIZE else 2
WRITERS = 4


@pytest.fixture(scope="module")
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SchemaRegistry]:
    """One registry over a topic of this module's own."""
    running = request.getfixturevalue("running_box")
    box: Addresses = running.addresses
    data: Path = tmp_path_factory.mktemp("registry")
    port = assign_ports(data / "ports.json", ["registry"], {}, "127.0.0.1")["registry"]
    registry = SchemaRegistry(
        data / "registry", port, kafka_bootstrap=box.kafka_bootstrap, topic=f"schemas-{new_id()}"
    )
    registry.start()
    registry.wait_ready()
    yield registry
    registry.stop()


pytestmark = pytest.mark.services


@pytest.fixture
def client(started: SchemaRegistry) -> Iterator[SchemaRegistryClient]:
    """One that remembers nothing yet, of a registry that is up."""
    with SchemaRegistryClient({"url": started.url, "max.retries": 0}) as found:
        yield found


@pytest.fixture
def subject() -> str:
    """A subject of the test's own."""
    return f"cow-{new_id()}"


def refused(call: Callable[[], object]) -> tuple[int, int, str]:
    """HTTP status, error code and sentence of a refused call."""
    with pytest.raises(SchemaRegistryError) as found:
        call()
    return found.value.http_status_code, found.value.error_code, found.value.error_message


def test_confluents_serializers_write_and_read_with_it(
    client: SchemaRegistryClient, subject: str
) -> None:
    """What most integrators really use; it asks for things of its own before the first record."""
    context = SerializationContext(subject, MessageField.VALUE)
    serializer = AvroSerializer(client, a_schema(NAME, AGE).schema_str)

    value = serializer({"name": "Bella", "age": 4}, context)

    assert value is not None
    assert AvroDeserializer(client)(value, context) == {"name": "Bella", "age": 4}
    assert client.get_latest_version(f"{subject}-value").version == 1


def test_settings_are_read_written_and_taken_back_as_a_whole(
    client: SchemaRegistryClient, subject: str
) -> None:
    """A setting that would be forgotten is refused, and nothing of its request is done."""
    none, backward = (ServerConfig(compatibility=level) for level in (Level.NONE, Level.BACKWARD))

    client.set_config(subject, none)
    client.set_config(None, backward)

    assert client.get_config(subject).compatibility_level == "NONE"
    assert client.get_config().compatibility_level == "BACKWARD"
    grouped = ServerConfig(compatibility=Level.FULL, compatibility_group="version")
    status, code, why = refused(lambda: client.set_config(subject, grouped))
    assert (status, code) == (422, 42205)
    assert "compatibilityGroup" in why
    assert client.get_config(subject).compatibility_level == "NONE"
    client.delete_config(subject)
    client.delete_config()
    assert client.get_config().compatibility_level == "FULL_TRANSITIVE"
    assert refused(lambda: client.get_config(subject))[:2] == (404, 40408)


def test_modes_and_contexts_are_what_they_are(client: SchemaRegistryClient, subject: str) -> None:
    """A migration tool asks for IMPORT first: it must hear that there is none."""
    assert client.get_global_mode() == client.get_mode(subject) == "READWRITE"
    assert client.update_mode(subject, "READWRITE") == "READWRITE"
    assert client.get_contexts() == ["."]

    assert refused(lambda: client.update_global_mode("IMPORT"))[:2] == (422, 42205)
    assert refused(lambda: client.update_mode(subject, "READONLY"))[:2] == (422, 42205)
    assert refused(lambda: client.update_mode(subject, "COW"))[:2] == (422, 42204)
    assert refused(lambda: client.delete_mode(subject))[:2] == (404, 40409)


def test_what_is_not_kept_is_refused_with_a_sentence(
    started: SchemaRegistry, client: SchemaRegistryClient, subject: str
) -> None:
    """Taken in silence it would be missing later, when nobody remembers who dropped it."""
    cow = a_schema(NAME).schema_str
    described = Metadata(tags=None, sensitive=None, properties=MetadataProperties({"owner": "me"}))
    with_reference = Schema(cow, "AVRO", [SchemaReference("Horse", "horse", 1)])
    with_metadata = Schema(cow, "AVRO", metadata=described)

    for schema, word in ((with_reference, "references"), (with_metadata, "Metadata")):
        status, code, why = refused(lambda one=schema: client.register_schema(subject, one))  # type: ignore[misc]
        assert (status, code) == (422, 42201)
        assert word in why
    numbered = httpx.post(
        f"{started.url}/subjects/{subject}/versions", json={"schema": cow, "id": 7, "version": 1}
    )
    assert (numbered.status_code, numbered.json()["error_code"]) == (422, 42205)
    assert refused(lambda: client.get_versions(subject))[:2] == (404, 40401)


def test_lookups_that_find_nothing_carry_the_documented_codes(
    client: SchemaRegistryClient, subject: str
) -> None:
    """Clients decide by the code whether to register, to wait or to give up."""
    unknown = f"{subject}-unknown"
    client.register_schema(subject, a_schema(NAME))

    assert client.get_referenced_by(subject, 1) == []
    assert refused(lambda: client.get_referenced_by(unknown, 1))[:2] == (404, 40401)
    assert refused(lambda: client.get_referenced_by(subject, 2))[:2] == (404, 40402)
    assert refused(lambda: client.get_latest_version(unknown))[:2] == (404, 40401)
    assert refused(lambda: client.get_schema_by_guid(new_id()))[:2] == (404, 40403)
    assert refused(lambda: client.get_subjects_by_schema_id(9999))[:2] == (404, 40403)
    assert refused(lambda: client.get_schema_versions(9999))[:2] == (404, 40403)
    owned = {"owner": "me"}
    assert refused(lambda: client.get_latest_with_metadata(subject, owned))[:2] == (404, 40403)
    assert refused(lambda: client.get_latest_with_metadata(unknown, owned))[:2] == (404, 40401)
    assert refused(lambda: client.test_compatibility(unknown, a_schema(NAME)))[:2] == (404, 40401)
    assert refused(lambda: client.test_compatibility(subject, a_schema(NAME), "two"))[:2] == (
        422,
        42202,
    )
    assert client.test_compatibility_all_versions(unknown, a_schema(NAME))


def test_deleting_is_refused_and_nothing_is_gone(
    client: SchemaRegistryClient, subject: str
) -> None:
    """Records of that schema lie in Kafka for years."""
    client.register_schema(subject, a_schema(NAME))

    for permanent in (False, True):
        status, code, why = refused(lambda p=permanent: client.delete_subject(subject, p))  # type: ignore[misc]
        assert (status, code) == (405, 405)
        assert "never deleted" in why
        assert refused(lambda p=permanent: client.delete_version(subject, 1, p))[:2] == (405, 405)  # type: ignore[misc]

    assert client.get_versions(subject) == [1]
    assert client.get_subjects(deleted_only=True) == []


def test_long_lists_come_in_pages(client: SchemaRegistryClient, subject: str) -> None:
    """A tool that reads page by page must come to an end, with each subject once."""
    names = sorted(f"{subject}-{number}" for number in range(5))
    for name in names:
        client.register_schema(name, a_schema(NAME))

    pages = [
        client.get_subjects(subject_prefix=subject, offset=start, limit=2) for start in (0, 2, 4, 6)
    ]

    assert pages == [names[:2], names[2:4], names[4:], []]


class Service:
    """Registers its schemas twice, each until it is told an id, as services do at their starts."""

    def __init__(self, url: str, schemas: Mapping[str, Schema]) -> None:
        self.told: dict[str, set[int]] = {name: set() for name in schemas}
        self.done = 0
        self._url = url
        self._schemas = schemas
        self._thread = threading.Thread(target=self._register)
        self._thread.start()

    def join(self) -> None:
        """Wait until it is through."""
        self._thread.join(120)

    def _register(self) -> None:
        for name in [*self._schemas, *self._schemas]:
            eventually(lambda one=name: self._is_told(one), within_s=60)  # type: ignore[misc]
            self.done += 1

    def _is_told(self, name: str) -> bool:
        try:
            with SchemaRegistryClient({"url": self._url, "max.retries": 0}) as fresh:
                self.told[name].add(fresh.register_schema(name, self._schemas[name]))
        except httpx2.TransportError:
            return False
        except SchemaRegistryError as error:
            if error.http_status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            return False  # its log was lost: it ends, and the next one knows
        return True


def test_ids_stay_unique_and_the_same_while_it_is_killed_again_and_again(
    started: SchemaRegistry, subject: str
) -> None:
    """Every service registers at its start, and a start is when things are killed."""
    # two subjects share one schema, and so its id
    schemas = {f"{subject}-{n}": a_schema(NAME, name=f"C{n // 2}") for n in range(SUBJECTS)}
    names = list(schemas)
    services = [
        Service(started.url, {name: schemas[name] for name in names[writer::WRITERS]})
        for writer in range(WRITERS)
    ]

    for kill in range(KILLS):
        enough = (kill + 1) * 2 * SUBJECTS // (KILLS + 1)
        eventually(lambda many=enough: sum(s.done for s in services) >= many, within_s=60)  # type: ignore[misc]
        started.crash()
        started.start()
        started.wait_ready()
    for service in services:
        service.join()

    told = {name: ids for service in services for name, ids in service.told.items()}
    assert sum(service.done for service in services) == 2 * SUBJECTS
    assert all(len(ids) == 1 for ids in told.values())
    ids = [min(told[name]) for name in names]
    assert ids[::2] == ids[1::2]
    assert len(set(ids)) == SUBJECTS // 2
    with SchemaRegistryClient({"url": started.url}) as fresh:
        for name, schema_id in zip(names, ids, strict=True):
            assert fresh.lookup_schema(name, schemas[name]).schema_id == schema_id
            assert fresh.get_versions(name) == [1]
