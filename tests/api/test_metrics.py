"""Requests are counted by their answers, sockets while they are open, and no label has no limit."""

import asyncio

from prometheus_client import REGISTRY
from starlette.types import Message, Receive, Scope, Send

from api.metrics import Metrics


async def teapot(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers everything alike."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def asked(method: str) -> None:
    """One request of a method."""

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_message: Message) -> None:
        return

    scope = {"type": "http", "method": method, "path": "/", "headers": []}
    asyncio.run(Metrics(teapot)(scope, receive, send))


def counted(method: str) -> float:
    """How many such requests Prometheus would be told of."""
    labels = {"method": method, "status": "418"}
    return REGISTRY.get_sample_value("herd_api_requests_total", labels) or 0.0


def test_a_request_is_counted_by_its_answer() -> None:
    """An operator is woken by errors, not by requests."""
    before = counted("GET")

    asked("GET")

    assert counted("GET") == before + 1


def test_a_method_of_somebody_s_own_making_gets_no_label_of_its_own() -> None:
    """Each label is kept for ever: a stranger could fill our memory with them."""
    asked("BREW")

    assert counted("other") >= 1
    assert counted("BREW") == 0


def test_a_socket_counts_while_it_is_open() -> None:
    """How many screens look on."""
    seen: list[float | None] = []

    async def socket(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(REGISTRY.get_sample_value("herd_live_sockets"))

    async def nothing(*_: object) -> Message:
        return {"type": "websocket.connect"}

    asyncio.run(Metrics(socket)({"type": "websocket", "path": "/live"}, nothing, nothing))  # type: ignore[arg-type]

    assert seen == [1.0]
    assert REGISTRY.get_sample_value("herd_live_sockets") == 0.0
