"""What an operator wants to know of the API: requests by their answer, their time, sockets."""

import time

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("herd_api_requests", "Requests answered.", ["method", "status"])
REQUEST_TIME = Histogram(
    "herd_api_request_seconds",
    "From a request's first byte to its answer's head.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SOCKETS = Gauge("herd_live_sockets", "Sockets of screens and scripts that are open.")

# anybody may send a method of his own making, and each label is kept for ever
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """ASGI middleware around everything else: what it counts is what the client sees."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on and count."""
        if scope["type"] == "websocket":
            with SOCKETS.track_inprogress():
                await self._app(scope, receive, send)
            return
        began_s = time.monotonic()
        method = scope["method"] if scope.get("method") in METHODS else "other"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                REQUEST_TIME.observe(time.monotonic() - began_s)
                REQUESTS.labels(method=method, status=str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counted)
