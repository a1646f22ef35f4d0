"""Wires the API: routes, socket, feed and server; the only file that knows both sides."""

from contextlib import closing
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import structlog
from fastapi import FastAPI

from alerts import open_alerts
from api import live, problems
from api.adapters.tickets import open_tickets
from api.auth import OwnerToken
from api.dashboard_files import FOLDER, serve_dashboard
from api.dependencies import Services
from api.hosts import KnownHosts
from api.hub import Hub
from api.limits import Limits
from api.live_session import LiveService
from api.metrics import Metrics
from api.pulses import Pulses
from api.routes import alerts, animals, board, health, register, sessions
from api.schemas.base import ProblemOut
from api.screens import Screens
from api.server import listen, serve
from api.sessions import AnyOf, Sessions
from api.settings import ApiSettings
from contracts.clock import SystemClock
from herdbook import open_herdbook
from read_models import open_analytics, open_history, open_latest, open_worklist
from runtime.lifecycle import Running, run

log = structlog.get_logger()

SERVICE = "api"


def open_services(settings: ApiSettings) -> Services:
    """The real ones. Raises TokenFileError; waits up to 30 s for Postgres."""
    owner = OwnerToken.from_file(settings.owner_token_file)
    clock, wall = settings.clock(), SystemClock()
    signed = Sessions(owner.session_key(), wall)
    return Services(
        screens=Screens(
            worklist=open_worklist(settings.redis_url),
            latest=open_latest(settings.redis_url),
            analytics=open_analytics(settings.clickhouse_url),
            history=open_history(settings.postgres_dsn),
            clock=clock,
        ),
        alerts=open_alerts(settings.postgres_dsn),
        herdbook=open_herdbook(settings.postgres_dsn, settings.mqtt_users_dir, clock),
        tokens=AnyOf(owner, signed),
        tickets=open_tickets(settings.redis_url),
        sessions=signed,
        clock=clock,
        wall=wall,
    )


def create_app(settings: ApiSettings, services: Services, *, dashboard: Path = FOLDER) -> FastAPI:
    """The application; its sockets are fed by the feeds that `serve` runs.

    dashboard: the folder of its built files.
    """
    app = FastAPI(
        title="Herdlog",
        version=_version(),
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        responses={"4XX": {"model": ProblemOut}, "5XX": {"model": ProblemOut}},
    )
    app.state.services = services
    app.state.live = LiveService(
        hub=Hub(),
        pulses=Pulses(),
        clock=services.clock,
        worklist=services.worklist,
        tokens=services.tokens,
        allowed_origins=settings.allowed_origins,
        sockets_max=settings.sockets_max,
        server=f"herdlog/{_version()}",
    )
    for part in (board, alerts, animals, register, sessions, health, live):
        app.include_router(part.router)
    serve_dashboard(app, dashboard)
    problems.answer_with_problems(app)
    app.add_middleware(KnownHosts, names=settings.allowed_hosts)
    app.add_middleware(Limits)
    app.add_middleware(Metrics)
    return app


def main() -> int:
    """Run the API until a signal; the exit status."""
    settings = ApiSettings()
    return run(SERVICE, settings, {"serve": partial(_serve_until_stopped, settings)})


def _serve_until_stopped(settings: ApiSettings, running: Running) -> None:
    with (
        closing(open_services(settings)) as services,
        listen(settings.host, settings.port) as listener,
    ):
        running.beat()
        log.info("api_listens", address=listener.getsockname())
        serve(create_app(settings, services), settings, running, listener)


def _version() -> str:
    try:
        return version("herdlog")
    except PackageNotFoundError:
        return "unversioned"  # run from a checkout that was never installed
