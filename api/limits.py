"""Limits of a request's body, in size and time, and headers for answers that bring none.

Plain ASGI: it stands before everything that reads, and does not touch sockets.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problem_types, problems

BODY_BYTES_MAX = 256 * 1024
BODY_MAX_S = 30.0  # uvicorn has no limit of its own for a body that drips in
HEADERS = (
    (b"cache-control", b"no-store"),  # what a farm's screen shows is for nobody else
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),  # an animal's address is told to nobody
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # JSON opened as a page may load nothing; the dashboard's files bring a policy of their own
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class BodyRefusedError(Exception):
    """A body over a limit; problem: which."""

    def __init__(self, problem: problem_types.ProblemType) -> None:
        super().__init__(problem.title)
        self.problem = problem


class Limits:
    """Refuses bodies over BODY_BYTES_MAX or slower than BODY_MAX_S before anybody parses them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: its body is read here, within the limits, and handed on in one piece."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                given = {name.lower() for name, _ in headers}
                headers += (header for header in HEADERS if header[0] not in given)
                message["headers"] = headers
            await send(message)

        try:
            body = await _body(scope, receive)
        except BodyRefusedError as refused:
            await problems.response(refused.problem)(scope, receive, send_with_headers)
            return
        if body is None:
            return  # the client left while it was sending
        await self._app(scope, _replayed(body, receive), send_with_headers)


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body; None if the client left. Raises BodyRefusedError."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > BODY_BYTES_MAX:
        raise BodyRefusedError(problem_types.TOO_LARGE)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_MAX_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                part = message.get("body", b"")
                parts.append(part)
                size += len(part)
                if size > BODY_BYTES_MAX:
                    raise BodyRefusedError(problem_types.TOO_LARGE)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise BodyRefusedError(problem_types.TOO_SLOW) from None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` that gives the body first, then whatever comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
