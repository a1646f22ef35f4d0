"""The socket `/live`: who may open one, in subprotocol `herd.v1.json`, and how it is closed.

hello → auth → sub {since?} → subbed {recovered, snapshot?} → ev … with a ping every 20 s; see
`live_session.py` for what is said in between.
"""

import asyncio
import contextlib
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api import live_messages as messages
from api.live_session import ClosedError, LiveService, Session

log = structlog.get_logger()
router = APIRouter()

CLOSE_MAX_S = 5.0  # a client that reads nothing will not read why either


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Push the changes of farms from where the client left off."""
    service: LiveService = socket.app.state.live
    if not origin_allowed(
        socket.headers.get("origin"), socket.headers.get("host", ""), service.allowed_origins
    ):
        await socket.close()  # before accept: another page's script learns nothing but a 403
        return
    offered = messages.PROTOCOL in socket.scope.get("subprotocols", [])
    await socket.accept(subprotocol=messages.PROTOCOL if offered else None)
    session = Session(socket, service)
    service.sessions.add(session)
    try:
        await session.run()
    except ClosedError as closed:
        log.info("live_closed", code=closed.code, reason=closed.reason)
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(CLOSE_MAX_S):
                await socket.close(closed.code, closed.reason)
    except WebSocketDisconnect:
        log.debug("live_client_left")
    finally:
        service.sessions.discard(session)
        session.gone.set()


def origin_allowed(origin: str | None, host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a page of this origin may open a socket; programs send none and show a token.

    Our own pages come from the very host they call, be it loopback or an address in the farm's
    network; that the host's name is ours has been checked before (`hosts.py`).
    """
    if origin is None or origin in allowed:
        return True
    return bool(host) and urlsplit(origin).netloc == host
