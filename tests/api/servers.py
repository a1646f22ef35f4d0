"""The stores behind the screens, each a real server of its own for all tests of this room."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from farmbox.clickhouse import ClickHouse
from farmbox.ports import assign_ports
from farmbox.postgres import Postgres
from read_models import Analytics, History, open_analytics, open_history
from read_models.adapters.clickhouse import ClickHouseAnalyticsStore
from read_models.adapters.clickhouse_http import ClickHouseHttp
from read_models.adapters.postgres import PostgresHistoryStore, open_history_store


@pytest.fixture(scope="session")
def history_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL whose database is empty."""
    folder = tmp_path_factory.mktemp("history", numbered=True)
    server = Postgres(folder / "postgres", _port(folder), password="only-here")
    server.start()
    server.wait_ready()
    yield server.dsn()
    server.stop()


@pytest.fixture(scope="session")
def history(history_dsn: str) -> Iterator[History]:
    """The history's questions, as the API asks them."""
    with closing(open_history(history_dsn)) as history:
        yield history


@pytest.fixture(scope="session")
def history_store(
    history: History,  # noqa: ARG001  it has made the tables
    history_dsn: str,
) -> Iterator[PostgresHistoryStore]:
    """Where the history is written."""
    with closing(open_history_store(history_dsn)) as store:
        yield store


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """ClickHouse's engine, empty."""
    folder = tmp_path_factory.mktemp("analytics", numbered=True)
    server = ClickHouse(folder / "clickhouse", _port(folder))
    server.start()
    server.wait_ready()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def analytics_store(clickhouse_url: str) -> Iterator[ClickHouseAnalyticsStore]:
    """Where hours are written: one generation, for tests that each have animals of their own."""
    with closing(ClickHouseHttp(clickhouse_url)) as client:
        store = ClickHouseAnalyticsStore(client)
        store.swap(store.begin("", None), {})
        yield store


@pytest.fixture(scope="session")
def analytics(
    analytics_store: ClickHouseAnalyticsStore,  # noqa: ARG001  it has made the tables
    clickhouse_url: str,
) -> Iterator[Analytics]:
    """The figures' questions, as the API asks them."""
    with closing(open_analytics(clickhouse_url)) as analytics:
        yield analytics


def _port(folder: Path) -> int:
    return assign_ports(folder / "ports.json", ["server"], {}, "127.0.0.1")["server"]
