"""What only the real store can promise: nobody changes the past, nobody sees another's farm."""

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from contracts.animal_event import AnimalRegistered
from contracts.ids import AnimalId, FarmId
from event_store.adapters.postgres import (
    APPEND_ROLE,
    FEED_ROLE,
    MIGRATIONS,
    PostgresEventStore,
)
from event_store.port import Append
from runtime.postgres import migrate
from tests.builders import an_event

API_ROLE = "herd_api"
ROLES = [APPEND_ROLE, FEED_ROLE, API_ROLE]
FARMS = ["farm-a", "farm-b"]


def an_append(farm: str, stream: str) -> Append:
    """One registration on a farm."""
    payload = AnimalRegistered(animal_id=AnimalId("nl-1"), external_id="NL 1")
    return Append(stream, 0, (an_event(payload, farm_id=FarmId(farm)),))


@pytest.fixture
def two_farms(postgres_dsn: str) -> str:
    """The connection string of a store that holds one event of each of FARMS."""
    with PostgresEventStore(postgres_dsn) as store:
        store.append([an_append(farm, f"animal:{farm}") for farm in FARMS])
    return postgres_dsn


def connected(dsn: str, role: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
    """A connection, as `role`."""
    connection = psycopg.connect(dsn, autocommit=True)
    if role is not None:
        connection.execute(SQL("SET ROLE {}").format(Identifier(role)))
    return connection


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET actor = 'nobody'",
        "DELETE FROM events",
        "DELETE FROM events WHERE false",
        "TRUNCATE events",
        "TRUNCATE events, log_head CASCADE",
        "DELETE FROM log_head",
        "SET session_replication_role = replica; DELETE FROM events",
    ],
)
def test_nobody_changes_what_happened(two_farms: str, role: str | None, change: str) -> None:
    """A history that can be edited proves nothing, not even by the owner's slip of the hand."""
    with connected(two_farms, role) as connection, pytest.raises(psycopg.DatabaseError):
        connection.execute(change.encode())

    with connected(two_farms) as connection:
        rows = connection.execute("SELECT actor FROM events").fetchall()
    assert rows == [("test",), ("test",)]


def test_only_a_superuser_who_takes_the_trigger_away_can(two_farms: str) -> None:
    """The law may one day ask for an erasure: possible, on purpose, and for nobody else."""
    with connected(two_farms) as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        connection.execute("DELETE FROM events WHERE farm_id = 'farm-b'")

        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_writes_beside_the_append_function(two_farms: str, role: str) -> None:
    """A row put in by hand would have no place in the order."""
    row = "INSERT INTO events SELECT 3, 's', 1, gen_random_uuid(), 't', now(), 'a', 'b', 'farm-a'"
    with (
        connected(two_farms, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"{row}, NULL, '{{}}', now()".encode())


@pytest.mark.parametrize("role", [FEED_ROLE, API_ROLE])
def test_who_reads_cannot_append(two_farms: str, role: str) -> None:
    """A screen that is broken into must not be able to write history."""
    with (
        PostgresEventStore(two_farms, role=role) as store,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        store.append([an_append("farm-a", "animal:new")])


def test_who_appends_cannot_look_around(two_farms: str) -> None:
    """A command names its stream; listing everybody's is no part of deciding."""
    with PostgresEventStore(two_farms, role=APPEND_ROLE) as store:
        assert len(store.load("animal:farm-a")) == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            store.read(0, 10)


def test_a_relay_reads_all_farms(two_farms: str) -> None:
    """The feed of the log is every farm's."""
    with PostgresEventStore(two_farms, role=FEED_ROLE) as store:
        store.save_position("feed", 2)

        assert [event.farm_id for event in store.read(0, 10)] == FARMS
        assert store.position("feed") == 2


@pytest.mark.parametrize(
    ("granted", "seen"),
    [
        (None, set()),
        ("", set()),
        ("farm-a", {"farm-a"}),
        ("farm-a,farm-b", {"farm-a", "farm-b"}),
        ("farm-", set()),
        ("%", set()),
    ],
)
def test_the_api_sees_the_farms_granted_in_its_transaction(
    two_farms: str, granted: str | None, seen: set[str]
) -> None:
    """A forgotten condition in a query shows nothing, instead of everybody's animals."""
    with connected(two_farms, API_ROLE) as connection, connection.transaction():
        if granted is not None:
            connection.execute("SELECT set_config('herd.farms', %s, true)", (granted,))

        rows = connection.execute("SELECT farm_id FROM events").fetchall()

    assert {row[0] for row in rows} == seen


def test_a_grant_ends_with_its_transaction(two_farms: str) -> None:
    """The connection goes back to a pool and serves another user next."""
    with connected(two_farms, API_ROLE) as connection:
        with connection.transaction():
            connection.execute("SELECT set_config('herd.farms', 'farm-a', true)")

        assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)


def test_every_table_that_knows_farms_is_guarded(postgres_dsn: str) -> None:
    """A table added next year must not be the one without row-level security."""
    query = (
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE attname = 'farm_id' AND relkind IN ('r', 'p')"
        " AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    with connected(postgres_dsn) as connection:
        assert connection.execute(query.encode()).fetchall() == []


def test_migrating_again_changes_nothing(two_farms: str) -> None:
    """Every service migrates at its start; a second one finds it done."""
    assert migrate(two_farms, MIGRATIONS) == 0


def test_a_restored_store_gets_another_epoch(postgres_store: PostgresEventStore) -> None:
    """After a restore positions are given out again: who remembers one must be able to tell."""
    before = postgres_store.epoch()

    with postgres_store._pool.connection() as connection:
        connection.execute("SELECT renew_epoch()")

    assert postgres_store.epoch() != before


def test_an_owner_who_is_no_superuser_is_enough(postgres_dsn: str) -> None:
    """Production gives us a role that may create roles, and nothing above that."""
    with connected(postgres_dsn) as connection:
        owner = f"owner_{psycopg.conninfo.conninfo_to_dict(postgres_dsn)['dbname']}"
        name = Identifier(owner)
        connection.execute(SQL("CREATE ROLE {} CREATEROLE NOBYPASSRLS").format(name))
        try:
            connection.execute(SQL("CREATE SCHEMA AUTHORIZATION {}").format(name))
            for role in ROLES:
                grant = SQL("GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE")
                connection.execute(grant.format(Identifier(role), name))
            connection.execute(SQL("SET ROLE {}").format(name))
            script = (MIGRATIONS / "0001_event_store.sql").read_text("utf-8")
            connection.execute(script.replace("public, pg_temp", f"{owner}, pg_temp").encode())
            connection.execute(SQL("GRANT USAGE ON SCHEMA {} TO herd_append").format(name))
            connection.execute(SQL("SET ROLE herd_append; SET search_path = {}").format(name))

            appended = connection.execute("SELECT last_position FROM append_events('[]')")

            assert appended.fetchone() == (0,)
        finally:
            connection.execute("RESET ROLE")
            connection.execute(SQL("DROP OWNED BY {} CASCADE").format(name))
            connection.execute(SQL("DROP ROLE {}").format(name))
