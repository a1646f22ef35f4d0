"""A Redis of its own for each test here: some of them kill it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis as RedisClient

from farmbox.ports import assign_ports
from farmbox.redis import Redis
from runtime.redis import new_redis


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
