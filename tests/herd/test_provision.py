"""The deployment's Kafka and Postgres for real: each service may what it must, and no more."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient  # type: ignore[attr-defined]
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from contracts import topics
from event_store.adapters.postgres import APPEND_ROLE, FEED_ROLE, MIGRATIONS, PostgresEventStore
from farmbox.box import Box
from herd.grants import KAFKA_GRANTS, POSTGRES_ROLES
from herd.live_client import LiveClient
from herd.provision import provision
from herd.services import OWN_SPECS
from herd.settings import ProvisionSettings
from herd.simulated import a_farm_id, herd_on, register_animals
from herd.supervisor import Farm
from read_models.adapters.postgres_generations import PROJECTOR_ROLE
from read_models.adapters.postgres_queries import MIGRATIONS as HISTORY
from read_models.adapters.postgres_queries import READ_ROLE
from runtime.postgres import migrate
from tests.databases import a_database
from tests.herd.deployed_kafka import deployed_cluster, make_secrets
from tests.waiting import eventually

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Provisioned servers. clients: where services connect; dsn: of the database's owner."""

    secrets: Path
    clients: str
    dsn: str

    def admin_as(self, name: str, password: str | None = None) -> AdminClient:
        """Kafka as one of our services sees it."""
        own = (self.secrets / f"herd_{name}_kafka_password").read_text("utf-8").strip()
        return AdminClient(
            {
                "bootstrap.servers": self.clients,
                "security.protocol": "sasl_ssl",
                "ssl.ca.location": str(self.secrets / "ca.crt"),
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": name,
                "sasl.password": password or own,
                "log_level": 0,
            }
        )

    def dsn_as(self, name: str) -> str:
        """Postgres as one of our services sees it."""
        told = conninfo_to_dict((self.secrets / f"herd_{name}_postgres_dsn").read_text("utf-8"))
        who: dict[str, Any] = {"user": told["user"], "password": told["password"]}
        return make_conninfo(self.dsn, **who)


@pytest.fixture(scope="module")
def own_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Stores that hold nothing of another Kafka: read models keep its offsets beside their data."""
    with Box(tmp_path_factory.mktemp("box"), mqtt_port=None) as box:
        yield box


@pytest.fixture(scope="module")
def deployment(own_box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Three brokers with TLS, SCRAM and ACLs, and a database of its own."""
    secrets = make_secrets(tmp_path_factory.mktemp("secrets"))
    cluster, clients, brokers = deployed_cluster(tmp_path_factory.mktemp("kafka"), secrets)
    addresses = own_box.addresses
    try:
        with a_database(addresses.postgres_dsn, MIGRATIONS) as dsn:
            settings = ProvisionSettings(
                kafka_bootstrap=brokers,
                kafka_security="ssl",
                ca_file=secrets / "ca.crt",
                kafka_certificate_file=secrets / "admin.crt",
                kafka_key_file=secrets / "admin.key",
                postgres_dsn=dsn,
                secrets_dir=secrets,
            )
            provision(settings)
            provision(settings)  # a second run is as good as the first
            yield Deployment(secrets, clients, dsn)
    finally:
        cluster.stop()


def allowed(admin: AdminClient) -> dict[str, set[str]]:
    """{topic: operations} that Kafka says its client may do; nothing of what it may not see."""
    names = [topic.name for topic in topics.ALL]
    asked = admin.describe_topics(
        TopicCollection(names), include_authorized_operations=True, request_timeout=20
    )
    found = {}
    for name, future in asked.items():
        try:
            operations = future.result(timeout=20).authorized_operations or []
        except KafkaException:
            continue
        found[name] = {AclOperation(one).name for one in operations} - {"DESCRIBE"}
    return {name: operations for name, operations in found.items() if operations}


@pytest.mark.parametrize("name", KAFKA_GRANTS)
def test_each_service_may_in_kafka_what_is_declared_and_nothing_else(
    deployment: Deployment, name: str
) -> None:
    """A gateway that was broken into must not be able to write alerts, nor read anybody's."""
    grant = KAFKA_GRANTS[name]
    declared: dict[str, set[str]] = {}
    for topic in grant.reads:
        declared.setdefault(topic.name, set()).add("READ")
    for topic in grant.writes:
        declared.setdefault(topic.name, set()).add("WRITE")

    found = eventually(
        lambda: told if (told := allowed(deployment.admin_as(name))) == declared else None,
        within_s=20,
        why=f"Kafka allows {name} exactly {declared}",
    )

    assert found == declared


def test_a_wrong_password_and_a_plain_connection_are_refused(deployment: Deployment) -> None:
    """Whoever reaches the port must still show who he is."""
    guessed = deployment.admin_as("pipeline", password="guessed")
    plain = AdminClient({"bootstrap.servers": deployment.clients, "log_level": 0})

    for admin in (guessed, plain):
        with pytest.raises(KafkaException):
            admin.list_topics(timeout=5)


def test_every_topic_of_the_deployment_has_three_copies(deployment: Deployment) -> None:
    """The one-time job makes them, before any service can."""
    found = deployment.admin_as("read_models").list_topics(timeout=10).topics

    copies = {len(p.replicas) for p in found["herd.alerts.v1"].partitions.values()}
    assert copies == {3}


@pytest.mark.parametrize("name", POSTGRES_ROLES)
def test_a_service_starts_without_owning_a_table_and_may_not_read_beyond_its_roles(
    deployment: Deployment, name: str
) -> None:
    """Migrations are the job's; a service finds them done, and can neither make nor see tables."""
    dsn = deployment.dsn_as(name)

    assert migrate(dsn, MIGRATIONS) == migrate(dsn, HISTORY) == 0
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT count(*) FROM events")


def test_the_write_sides_take_the_roles_that_they_work_with(deployment: Deployment) -> None:
    """Appending and relaying work for a user that inherits nothing."""
    for role in (APPEND_ROLE, FEED_ROLE):
        with PostgresEventStore(deployment.dsn_as("alerts"), role=role) as store:
            assert store.load("alert:none:animal:none:fever") == ()


@pytest.mark.parametrize(("name", "role"), [("read_models", PROJECTOR_ROLE), ("api", READ_ROLE)])
def test_the_history_is_written_by_its_projector_and_read_by_the_api(
    deployment: Deployment, name: str, role: str
) -> None:
    """Each by taking the role that its tables were granted to."""
    with psycopg.connect(deployment.dsn_as(name), autocommit=True) as connection:
        connection.execute(SQL("SET ROLE {}").format(Identifier(role)))

        assert connection.execute("SELECT count(*) FROM history.events").fetchone() == (0,)


def secured(deployment: Deployment) -> dict[str, dict[str, str]]:
    """The environment that makes the box's services those of the deployment: who each is, where."""
    found = {}
    for spec in OWN_SPECS:
        name = spec.prefix.removeprefix("HERD_").removesuffix("_").lower()
        fields = {"CA_FILE": str(deployment.secrets / "ca.crt")}
        if name in KAFKA_GRANTS:
            password = deployment.secrets / f"herd_{name}_kafka_password"
            fields |= {
                "KAFKA_BOOTSTRAP": deployment.clients,
                "KAFKA_SECURITY": "sasl_ssl",
                "KAFKA_USER": name,
                "KAFKA_PASSWORD": password.read_text("utf-8").strip(),
            }
        if name in POSTGRES_ROLES:
            fields["POSTGRES_DSN"] = deployment.dsn_as(name)
        found[spec.name] = {spec.prefix + field: value for field, value in fields.items()}
    return found


def test_the_whole_chain_works_for_services_that_may_only_what_they_are_granted(
    deployment: Deployment, own_box: Box, tmp_path: Path
) -> None:
    """From a collar's reading to somebody's screen, each step as its own user."""
    farm_id = a_farm_id("granted")
    with Farm(tmp_path / "farm", box=own_box, settings=secured(deployment)) as farm:
        farm.file.fields["POSTGRES_DSN"] = deployment.dsn  # type: ignore[index]  # where we register
        worn = register_animals(farm.file, farm_id, 3)
        herd = herd_on(farm.file, worn, readings_per_s=3.0, ledger=None)
        herd.start()
        try:
            herd.make_feverish(worn[0].animal_id)
            with LiveClient(farm.file.url, farm.owner_token, farm_id) as live:
                found = eventually(
                    lambda: next(iter(live.events(within_s=0.5)), None),
                    within_s=60,
                    why="the fever reaches a screen",
                )
        finally:
            herd.stop()

        assert found["subject"] == worn[0].animal_id
        assert {row["restarts"] for row in farm.services().values()} == {0}
