"""The stores of the read models: a Redis for each test, as some kill it; the others a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis as RedisClient

from farmbox.clickhouse import ClickHouse
from farmbox.ports import assign_ports
from farmbox.postgres import Postgres
from farmbox.redis import Redis
from read_models.adapters.clickhouse_http import ClickHouseHttp
from read_models.adapters.postgres_queries import MIGRATIONS
from runtime.redis import new_redis
from tests.databases import a_database


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """A real Redis on a free port, running."""
    port = assign_ports(tmp_path / "ports.json", ["redis"], {}, "127.0.0.1")["redis"]
    server = Redis(tmp_path / "redis", port, password="only-here")
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server: Redis) -> Iterator[RedisClient]:
    """A client as the services make it."""
    client = new_redis(redis_server.url)
    yield client
    client.close()


@pytest.fixture(scope="module")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A real PostgreSQL on a free port, running."""
    data = tmp_path_factory.mktemp("postgres")
    port = assign_ports(data / "ports.json", ["postgres"], {}, "127.0.0.1")["postgres"]
    server = Postgres(data / "postgres", port, password="only-here")
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def postgres_dsn(postgres_server: Postgres) -> Iterator[str]:
    """The owner's connection string of a database with an empty history."""
    with a_database(postgres_server.dsn(), MIGRATIONS) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """A real engine on a free port, running."""
    data = tmp_path_factory.mktemp("clickhouse")
    port = assign_ports(data / "ports.json", ["clickhouse"], {}, "127.0.0.1")["clickhouse"]
    server = ClickHouse(data / "clickhouse", port)
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def clickhouse(clickhouse_server: ClickHouse) -> Iterator[ClickHouseHttp]:
    """A client of it, without what another test left."""
    client = ClickHouseHttp(clickhouse_server.url)
    for (table,) in client.rows("SHOW TABLES"):
        client.run(f"DROP TABLE {table}")
    yield client
    client.close()
