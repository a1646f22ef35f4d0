"""The API on a real port, over a real Redis and an event store in memory."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from redis import Redis as RedisClient

from alerts import Alerts
from api.app import create_app, listen, serve
from api.auth import User
from api.dependencies import Services
from api.live import LiveService
from api.settings import ApiSettings
from contracts.clock import SystemClock
from contracts.ids import FarmId, UserId
from farmbox.redis import Redis
from herdbook import Herdbook
from read_models import Worklist, open_worklist
from runtime.lifecycle import Running
from tests.api.chain import Chain
from tests.builders import FARM
from tests.read_models.conftest import redis, redis_server

__all__ = ["redis", "redis_server"]

OWNER_TOKEN = "the-owner-may-see-every-farm"
VET_TOKEN = "the-vet-may-see-one-farm-only"


class SomeTokens:
    """The owner, and a vet who was given one farm."""

    def redeem(self, token: str) -> User | None:
        """Who stands behind a token."""
        return {
            OWNER_TOKEN: User(UserId("owner"), farms=None),
            VET_TOKEN: User(UserId("vet"), farms=frozenset({FARM})),
        }.get(token)


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
def chain(redis: RedisClient) -> Chain:
    """An event store, and the worklist folded from it on demand."""
    return Chain(redis)


@pytest.fixture
def running() -> Running:
    """What ends the API of a test."""
    return Running()


@pytest.fixture
def api(redis_server: Redis, chain: Chain, running: Running, tmp_path: Path) -> Iterator[Api]:
    """The API on a free port; ended as SIGTERM would."""
    worklist = open_worklist(redis_server.url)
    services = Services(
        worklist=worklist,
        alerts=Alerts(chain.store),
        herdbook=Herdbook(chain.store),
        tokens=SomeTokens(),
        clock=SystemClock(),
    )
    settings = ApiSettings(owner_token_file=tmp_path / "unused", allowed_origins=("https://ours",))
    listener = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    up = threading.Event()
    running._ready = up.set
    app = create_app(settings, services)
    thread = threading.Thread(target=serve, args=(app, services, running, listener))
    thread.start()
    assert up.wait(20)
    with httpx.Client(
        base_url=base, headers={"Authorization": f"Bearer {OWNER_TOKEN}"}, timeout=20
    ) as http:
        yield Api(base, http, chain, worklist, app.state.live, app)
    running.stop()
    thread.join(20)
    assert not thread.is_alive()
    listener.close()
    worklist.close()
