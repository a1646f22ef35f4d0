"""The server: one listening socket, one event loop, and the feeds that run beside it."""

import asyncio
import socket

import uvicorn
from fastapi import FastAPI

from api.adapters.change_feed import ChangeFeed
from api.adapters.pulse_feed import PulseFeed
from api.dependencies import Services
from api.live_messages import HEARTBEAT_S, MESSAGE_BYTES_MAX
from api.live_session import LiveService
from api.settings import ApiSettings
from runtime.lifecycle import Running

HEADER_BYTES_MAX = 16 * 1024
KEEP_ALIVE_S = 15
BACKLOG = 1024  # a whole farm reconnects at once after a restart
SEND_BUFFER_BYTES = 128 * 1024  # in the kernel, a socket; it would grow to megabytes by itself
UNREAD_MAX_MS = 30_000  # then the kernel gives a peer up that takes nothing, and frees our socket
STOP_WAIT_S = 5  # for requests under way; the process as a whole has 15 s
CHECK_EVERY_S = 0.1


class PortError(RuntimeError):
    """The API cannot listen where it should."""


def serve(app: FastAPI, settings: ApiSettings, running: Running, listener: socket.socket) -> None:
    """Answer until stopped; then close the sockets with 1012, finish requests, and return."""
    asyncio.run(_serve(app, settings, running, listener))


async def _serve(
    app: FastAPI, settings: ApiSettings, running: Running, listener: socket.socket
) -> None:
    shared: LiveService = app.state.live
    services: Services = app.state.services
    server = uvicorn.Server(_config(app, settings))
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


def _config(app: FastAPI, settings: ApiSettings) -> uvicorn.Config:
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
        ssl_certfile=settings.tls_certificate_file,
        ssl_keyfile=settings.tls_key_file,
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
