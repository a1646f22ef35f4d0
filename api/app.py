"""Wires the API: routes, socket, feed and server; the only file that knows both sides."""

import asyncio
import socket
from contextlib import closing
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from alerts import open_alerts
from api import live, problems
from api.adapters.change_feed import ChangeFeed
from api.adapters.pulse_feed import PulseFeed
from api.adapters.tickets import open_tickets
from api.auth import OwnerToken
from api.dashboard_files import FOLDER, serve_dashboard
from api.dependencies import Services
from api.hosts import KnownHosts
from api.hub import Hub
from api.limits import Limits
from api.live_messages import HEARTBEAT_S, MESSAGE_BYTES_MAX
from api.live_session import LiveService
from api.pulses import Pulses
from api.routes import alerts, animals, board, health, register, sessions
from api.schemas.base import ProblemOut
from api.screens import Screens
from api.sessions import AnyOf, Sessions
from api.settings import ApiSettings
from contracts.clock import SystemClock
from herdbook import open_herdbook
from read_models import open_analytics, open_history, open_latest, open_worklist
from runtime.lifecycle import Running, run

log = structlog.get_logger()

SERVICE = "api"
HEADER_BYTES_MAX = 16 * 1024
KEEP_ALIVE_S = 15
BACKLOG = 1024  # a whole farm reconnects at once after a restart
SEND_BUFFER_BYTES = 128 * 1024  # in the kernel, a socket; it would grow to megabytes by itself
UNREAD_MAX_MS = 30_000  # then the kernel gives a peer up that takes nothing, and frees our socket
STOP_WAIT_S = 5  # for requests under way; the process as a whole has 15 s
CHECK_EVERY_S = 0.1


class PortError(RuntimeError):
    """The API cannot listen where it should."""


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
    return app


def serve(app: FastAPI, services: Services, running: Running, listener: socket.socket) -> None:
    """Answer until stopped; then close the sockets with 1012, finish requests, and return."""
    asyncio.run(_serve(app, services, running, listener))


async def _serve(
    app: FastAPI, services: Services, running: Running, listener: socket.socket
) -> None:
    shared: LiveService = app.state.live
    server = uvicorn.Server(_config(app))
    loop, screens = asyncio.get_running_loop(), services.screens
    # as_of is real time, on a farm whose clock runs ahead too
    changes = ChangeFeed(services.worklist, shared.hub, services.wall, loop)
    pulses = PulseFeed(screens.latest, screens.history, shared.pulses, loop)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    feeding = [
        asyncio.create_task(asyncio.to_thread(feed.run, running)) for feed in (changes, pulses)
    ]
    told = False
    while running.goes_on() and not any(task.done() for task in (serving, *feeding)):
        await asyncio.sleep(CHECK_EVERY_S)  # also the proof that the event loop turns
        if server.started and not told:
            told = True
            running.ready()
    running.stop()
    await shared.restart()
    server.should_exit = True
    await asyncio.gather(serving, *feeding)


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        http="h11",
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WAIT_S,
        backlog=BACKLOG,
        ws="websockets-sansio",  # its sending waits for the peer, so a slow one is noticed
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,  # 50 KiB a socket for messages of one
        ws_ping_interval=HEARTBEAT_S,
        ws_ping_timeout=HEARTBEAT_S,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises PortError with what to do."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MAX_MS)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortError(
            f"the API cannot listen on {host}:{port} ({error.strerror}): end the program that "
            "does, or choose another port with HERD_API_PORT"
        ) from error
    listener.setblocking(False)
    return listener


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
        serve(create_app(settings, services), services, running, listener)


def _version() -> str:
    try:
        return version("herdlog")
    except PackageNotFoundError:
        return "unversioned"  # run from a checkout that was never installed
