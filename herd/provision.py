"""`python -m herd.provision`: what a deployment needs before its services start, made once.

Topics, Kafka's users and what each may do; the tables; Postgres' users and their roles. Running it
again changes nothing but passwords that were made anew.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import structlog
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from event_store.adapters.postgres import MIGRATIONS as EVENT_STORE
from herd.grants import (
    KAFKA_GRANTS,
    POSTGRES_ROLES,
    REGISTRY,
    REGISTRY_GROUP,
    REGISTRY_TOPIC,
    KafkaGrant,
)
from herd.settings import ProvisionSettings
from read_models.adapters.postgres_queries import MIGRATIONS as HISTORY
from runtime import logging, security
from runtime.kafka import ensure_topics
from runtime.postgres import migrate

log = structlog.get_logger()

WITHIN_S = 30.0
SCRAM_ITERATIONS = 8192  # twice Kafka's least; the passwords are 192 random bits


def main() -> int:
    """Make everything; 0, or the error that hindered it."""
    settings = ProvisionSettings()
    logging.configure("provision", level=settings.log_level, json=settings.log_json)
    provision(settings)
    return 0


def provision(settings: ProvisionSettings) -> None:
    """Kafka first, then Postgres; raises what the servers refuse."""
    identity = {
        **security.kafka_of(settings),
        "ssl.certificate.location": str(settings.kafka_certificate_file),
        "ssl.key.location": str(settings.kafka_key_file),
    }
    bootstrap = settings.kafka_bootstrap
    ensure_topics(bootstrap, replication=settings.replication, identity=identity)
    admin = AdminClient({"bootstrap.servers": bootstrap, **identity})
    _make_kafka_users(admin, settings.secrets_dir)
    bindings = [
        *(one for name, grant in KAFKA_GRANTS.items() for one in acls_of(name, grant)),
        *_registry_acls(),
    ]
    for made in admin.create_acls(bindings, request_timeout=WITHIN_S).values():
        made.result(WITHIN_S)
    log.info("kafka_provisioned", users=len(KAFKA_GRANTS) + 1, acls=len(bindings))
    for migrations in (EVENT_STORE, HISTORY):
        migrate(settings.postgres_dsn, migrations)
    _make_postgres_users(settings.postgres_dsn, settings.secrets_dir)
    log.info("postgres_provisioned", users=len(POSTGRES_ROLES))


def _make_kafka_users(admin: AdminClient, secrets: Path) -> None:
    passwords = {name: _read(secrets / f"herd_{name}_kafka_password") for name in KAFKA_GRANTS}
    passwords[REGISTRY] = _read(secrets / "kafka_password_registry")
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(name, how, password.encode())
        for name, password in passwords.items()
    ]
    for made in admin.alter_user_scram_credentials(wanted, request_timeout=WITHIN_S).values():
        made.result(WITHIN_S)


def acls_of(name: str, grant: KafkaGrant) -> Iterator[AclBinding]:
    """The grant of one principal in Kafka's words; reading and writing imply describing."""
    for topic in grant.reads:
        yield _acl(name, ResourceType.TOPIC, topic.name, AclOperation.READ)
    for topic in grant.writes:
        yield _acl(name, ResourceType.TOPIC, topic.name, AclOperation.WRITE)
    if grant.group:
        yield _acl(name, ResourceType.GROUP, grant.group, AclOperation.READ, prefix=True)
    if grant.transactions:
        own = (name, ResourceType.TRANSACTIONAL_ID, grant.transactions)
        yield _acl(*own, AclOperation.WRITE, prefix=True)
        yield _acl(*own, AclOperation.DESCRIBE, prefix=True)


def _registry_acls() -> Iterator[AclBinding]:
    wanted = ("READ", "WRITE", "CREATE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS")
    for operation in wanted:
        topic = (REGISTRY, ResourceType.TOPIC, REGISTRY_TOPIC)
        yield _acl(*topic, AclOperation[operation])
    yield _acl(REGISTRY, ResourceType.GROUP, REGISTRY_GROUP, AclOperation.READ)
    # it looks whether groups work before it joins its own
    yield _acl(REGISTRY, ResourceType.TOPIC, "__consumer_offsets", AclOperation.DESCRIBE)


def _acl(
    name: str,
    kind: ResourceType,
    resource: str,
    operation: AclOperation,
    *,
    prefix: bool = False,
) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if prefix else ResourcePatternType.LITERAL
    allow = AclPermissionType.ALLOW
    return AclBinding(kind, resource, pattern, f"User:{name}", "*", operation, allow)


def _make_postgres_users(owner_dsn: str, secrets: Path) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        for name, roles in POSTGRES_ROLES.items():
            dsn = conninfo_to_dict(_read(secrets / f"herd_{name}_postgres_dsn"))
            user, password = sql.Identifier(str(dsn["user"])), sql.Literal(str(dsn["password"]))
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (dsn["user"],))
            verb = sql.SQL("ALTER" if known.fetchone() else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(
                    verb, user, password
                )
            )
            # without inheriting: it may only what the role it has taken may
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
                    sql.SQL(", ").join(map(sql.Identifier, roles)), user
                )
            )
            # enough to see that nothing is to be migrated
            connection.execute(sql.SQL("GRANT SELECT ON schema_migrations TO {}").format(user))


def _read(path: Path) -> str:
    return path.read_text("utf-8").strip()


if __name__ == "__main__":
    sys.exit(main())
