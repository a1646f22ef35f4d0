"""The webhooks' listening socket and event loop, in one of the gateway's threads."""

import asyncio
import socket
import time

import uvicorn

from gateway.adapters.http_source import HttpSource
from gateway.settings import GatewaySettings
from gateway.tally import Tally
from runtime.lifecycle import Running

HEADER_BYTES_MAX = 16 * 1024
KEEP_ALIVE_S = 15
CONNECTIONS_MAX = 512  # held at once; a proxy needs a few, a LoRaWAN server one a request
STOP_WAIT_S = 12  # for requests under way; the process as a whole has 15 s
CHECK_EVERY_S = 0.1


def serve(source: HttpSource, settings: GatewaySettings, running: Running, tally: Tally) -> None:
    """Answer until stopped, finish what is under way, and return.

    Raises OSError if the port is not to be had, DeliveryFailedError if Kafka gave a record up.
    """
    with socket.create_server(
        (settings.http_host, settings.http_port), backlog=CONNECTIONS_MAX
    ) as listener:
        asyncio.run(_serve(source, settings, running, tally, listener))
    tally.tell()


async def _serve(
    source: HttpSource,
    settings: GatewaySettings,
    running: Running,
    tally: Tally,
    listener: socket.socket,
) -> None:
    server = uvicorn.Server(_config(source, settings))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    polling = asyncio.create_task(source.poll())
    tell_at = 0.0
    while running.goes_on() and not (serving.done() or polling.done()):
        await asyncio.sleep(CHECK_EVERY_S)  # also the proof that the event loop turns
        if time.monotonic() > tell_at:
            tell_at = time.monotonic() + settings.tell_every_s
            tally.tell()
    server.should_exit = True
    if polling.done():
        await polling  # why Kafka gave a record up
    await serving  # polling goes on: requests under way still wait for Kafka's word
    polling.cancel()


def _config(source: HttpSource, settings: GatewaySettings) -> uvicorn.Config:
    return uvicorn.Config(
        source.app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        http="h11",
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WAIT_S,
        ssl_certfile=settings.http_certificate_file,
        ssl_keyfile=settings.http_key_file,
    )
