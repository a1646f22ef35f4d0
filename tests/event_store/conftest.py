"""Both event stores: the one in memory, and the real one in a database of its own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from event_store.adapters.postgres import MIGRATIONS, PostgresEventStore
from event_store.memory import MemoryEventStore
from event_store.port import EventStore
from tests.databases import a_database

if TYPE_CHECKING:
    from farmbox.box import Addresses


@pytest.fixture
def postgres_dsn(box: "Addresses") -> Iterator[str]:
    """The owner's connection string of a database that holds nothing but the empty store."""
    with a_database(box.postgres_dsn, MIGRATIONS) as dsn:
        yield dsn


@pytest.fixture
def postgres_store(postgres_dsn: str) -> Iterator[PostgresEventStore]:
    """The real store, as its owner: a test both appends and reads."""
    with PostgresEventStore(postgres_dsn, role=None, size_max=10) as store:
        yield store


@pytest.fixture
def memory_store() -> MemoryEventStore:
    """The store that defines the behaviour."""
    return MemoryEventStore()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.services)])
def store(request: pytest.FixtureRequest) -> EventStore:
    """Each test runs on both: the memory store must keep the promises of the real one."""
    found: EventStore = request.getfixturevalue(f"{request.param}_store")
    return found
