"""The API on a real port, over a real Redis and an event store in memory."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from redis import Redis as RedisClient

from alerts import Alerts
from api.adapters.tickets import open_tickets
from api.app import create_app
from api.auth import OwnerToken, User
from api.dependencies import Services
from api.live_session import LiveService
from api.screens import Screens
from api.server import listen, serve
from api.sessions import AnyOf, Sessions
from api.settings import ApiSettings
from contracts.clock import Clock, SystemClock
from contracts.ids import FarmId, UserId
from event_store.port import EventStore
from farmbox.redis import Redis
from herdbook import Herdbook
from read_models import Analytics, History, Worklist, open_latest, open_worklist
from read_models.adapters.clickhouse import ClickHouseAnalyticsStore
from read_models.adapters.postgres import PostgresHistoryStore
from runtime.lifecycle import Running
from tests.api.chain import Chain
from tests.api.servers import (
    analytics,
    analytics_store,
    clickhouse_url,
    history,
    history_dsn,
    history_store,
)
from tests.builders import FARM
from tests.read_models.conftest import redis, redis_server

__all__ = [
    "analytics",
    "analytics_store",
    "clickhouse_url",
    "history",
    "history_dsn",
    "history_store",
    "redis",
    "redis_server",
]

OWNER_TOKEN = "the-owner-may-see-every-farm"
VET_TOKEN = "the-vet-may-see-one-farm-only"


class VetsToken:
    """A vet who was given one farm."""

    def redeem(self, token: str) -> User | None:
        """Who stands behind a token."""
        return User(UserId("vet"), farms=frozenset({FARM})) if token == VET_TOKEN else None


def services_over(screens: Screens, store: EventStore, redis_url: str) -> Services:
    """The API's services over these stores, for the owner, a vet, and whoever gets a ticket."""
    owner = OwnerToken(OWNER_TOKEN)
    sessions = Sessions(owner.session_key(), SystemClock())
    return Services(
        screens=screens,
        alerts=Alerts(store),
        herdbook=Herdbook(store),
        tokens=AnyOf(owner, VetsToken(), sessions),
        tickets=open_tickets(redis_url),
        sessions=sessions,
        clock=screens.clock,
        wall=SystemClock(),
    )


@dataclass
class Api:
    """A running API. base: http://HOST:PORT; http: a client of the owner."""

    base: str
    http: httpx.Client
    chain: Chain
    worklist: Worklist
    service: LiveService
    app: FastAPI

    def farm(self, farm: FarmId = FARM) -> str:
        """The address of a farm."""
        return f"/api/v1/farms/{farm}"

    def as_vet(self) -> dict[str, str]:
        """Headers of somebody who was given FARM alone."""
        return {"Authorization": f"Bearer {VET_TOKEN}"}


@pytest.fixture
def chain(
    redis: RedisClient,
    history_store: PostgresHistoryStore,
    analytics_store: ClickHouseAnalyticsStore,
) -> Chain:
    """An event store, and the read models folded from it on demand."""
    return Chain(redis, history_store, analytics_store)


@pytest.fixture
def running() -> Running:
    """What ends the API of a test."""
    return Running()


@pytest.fixture
def clock() -> Clock:
    """The farm's time: real, unless a file of tests says otherwise."""
    return SystemClock()


@pytest.fixture
def api(  # noqa: PLR0913, PLR0917  the API stands before that many stores
    redis_server: Redis,
    chain: Chain,
    history: History,
    analytics: Analytics,
    clock: Clock,
    running: Running,
    tmp_path: Path,
) -> Iterator[Api]:
    """The API on a free port; ended as SIGTERM would."""
    settings = ApiSettings(owner_token_file=tmp_path / "unused", allowed_origins=("https://ours",))
    with (
        closing(open_worklist(redis_server.url)) as worklist,
        closing(open_latest(redis_server.url)) as latest,
        listen("127.0.0.1", 0) as listener,
    ):
        screens = Screens(worklist, latest, analytics, history, clock)
        services = services_over(screens, chain.store, redis_server.url)
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        up = threading.Event()
        running._ready = up.set
        app = create_app(settings, services)
        thread = threading.Thread(target=serve, args=(app, settings, running, listener))
        thread.start()
        assert up.wait(20)
        with httpx.Client(
            base_url=base, headers={"Authorization": f"Bearer {OWNER_TOKEN}"}, timeout=20
        ) as http:
            yield Api(base, http, chain, worklist, app.state.live, app)
        running.stop()
        thread.join(20)
        assert not thread.is_alive()
        services.tickets.close()
