"""What our own two servers of the box share: bounded bodies, no browsers, one socket.

A server on loopback without a password is open to every web page its owner looks at: a page may
send simple requests to 127.0.0.1, and a name that resolves to it lets the page read the answers.
So a request that names an origin, or another host than ours, is refused.
"""

import signal
import sys

import anyio
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

BODY_WAIT_MAX_S = 30.0  # who sends no body for so long holds its place for nothing
CONNECTIONS_MAX = 256
STOP_MAX_S = 5
FORBIDDEN = 403


class BodyTooLargeError(Exception):
    """A body over its limit; `limit_bytes` says which."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The body is over {limit_bytes} bytes: send less at a time.")


class BodyTooSlowError(Exception):
    """The body had not arrived after BODY_WAIT_MAX_S."""

    def __init__(self) -> None:
        super().__init__(f"The body did not arrive within {BODY_WAIT_MAX_S:.0f} s.")


class OursOnly:
    """ASGI middleware: refuses what a browser sends on behalf of a foreign page."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._hosts = {host, "127.0.0.1", "localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            named = headers.get("host", "").rsplit(":", 1)[0]
            if "origin" in headers or named not in self._hosts:
                why = "This server answers programs on this machine, and no web page.\n"
                await PlainTextResponse(why, FORBIDDEN)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def bounded_body(request: Request, limit_bytes: int) -> bytes:
    """The request's body; raises BodyTooLargeError, BodyTooSlowError."""
    body = bytearray()
    try:
        with anyio.fail_after(BODY_WAIT_MAX_S):
            async for part in request.stream():
                body += part
                if len(body) > limit_bytes:
                    raise BodyTooLargeError(limit_bytes)
    except TimeoutError as error:
        raise BodyTooSlowError from error
    return bytes(body)


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until SIGTERM; requests in flight get STOP_MAX_S, then SystemExit(0) is raised."""
    import uvicorn

    # uvicorn raises the signal again after it has drained: what closes in a `finally` must run
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))

    uvicorn.run(
        OursOnly(app, host),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=STOP_MAX_S,
    )
