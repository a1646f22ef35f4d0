"""Webhooks of LoRaWAN servers: the same intake as MQTT's, answered once Kafka has confirmed.

Problem: a request may be answered only when its records are safe, the producer's callbacks come in
`poll`, and a thousand requests must not make a thousand copies of what Kafka cannot take.

Approach: one event loop in a thread of its own, with a producer of its own. A request waits for its
records; a task polls. What is bounded: requests read at once, records that Kafka has not
confirmed, a body's bytes and its time, and what one device may send. Beyond, and while Kafka is
away, a server is told to come again; what was handed over by then may be in the log twice, and
counts once.
Rejected: handing requests to the bridge's thread (its turn waits in a select for the broker's
socket), and a 200 before Kafka's word.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.clock import Clock
from contracts.ids import FarmId, is_id
from gateway.attribution import Attribution
from gateway.decoders import Decoders
from gateway.intake import Sender, Verdict, judge_webhook, sender_of_webhook
from gateway.limits import Limits, Over, rate_limited
from gateway.payloads import chirpstack, servers
from gateway.tally import Tally
from gateway.webhooks import (
    BODY_BYTES_MAX,
    Reply,
    aside,
    credentials_of,
    is_json,
    problem,
    told,
)

# The Things Stack gives a request ten seconds, from connecting to the last byte of the answer
BODY_MAX_S = 5.0
CONFIRM_MAX_S = 4.0
POLL_EVERY_S = 0.002  # while something is on its way; Kafka's word takes as long
IDLE_POLL_EVERY_S = 0.5  # only for what the client itself has to say


class Sink(Protocol):
    """The Kafka side, for this event loop alone."""

    @property
    def in_flight(self) -> int:
        """Records handed over and not yet confirmed."""
        ...

    def send(self, verdict: Verdict, received_at: datetime, then: Callable[[], None]) -> None:
        """Hand over all of it; `then` runs in `poll`, once for each record confirmed."""
        ...

    def poll(self, wait_s: float) -> None:
        """Serve confirmations; raises if Kafka gave a record up."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of it at once. A server has one request a frame: 64 are 64 devices at one time."""

    requests_max: int = 64
    records_in_flight_max: int = 5000
    body_max_s: float = BODY_MAX_S
    confirm_max_s: float = CONFIRM_MAX_S


class HttpSource:
    """The webhooks. may_speak: whether a user with a password may speak for a farm; None = no user.

    `app` answers requests; `poll` must be called while it does.
    """

    def __init__(  # noqa: PLR0913  what it stands between
        self,
        sink: Sink,
        attribution: Attribution,
        decoders: Decoders,
        clock: Clock,
        tally: Tally,
        *,
        may_speak: Callable[[str, str, FarmId], bool | None],
        bounds: Bounds | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._sink = sink
        self._attribution = attribution
        self._decoders = decoders
        self._clock = clock
        self._tally = tally
        self._may_speak = may_speak
        self._bounds = bounds or Bounds()
        self._limits = Limits() if limits is None else limits
        self._open = 0
        self._handed_over = asyncio.Event()
        self.app = Starlette(
            routes=[Route("/v1/uplinks/{farm}/{server}", self._post, methods=["POST"])],
            exception_handlers={HTTPException: _as_problem},
        )

    async def poll(self) -> None:
        """Serve Kafka's confirmations for ever; raises if it gave a record up."""
        while True:
            self._sink.poll(0.0)
            if self._sink.in_flight:
                await asyncio.sleep(POLL_EVERY_S)
                continue
            self._handed_over.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._handed_over.wait(), IDLE_POLL_EVERY_S)

    async def _post(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is not None:
            return _response(refused)
        if self._open >= self._bounds.requests_max:
            return _response(problem(503, "too many requests at once"))
        self._open += 1
        try:
            return _response(await self._answer(request))
        finally:
            self._open -= 1

    def _refused(self, request: Request) -> Reply | None:
        """What a request is refused for before its body is read."""
        farm, server = request.path_params["farm"], request.path_params["server"]
        if not is_id(farm) or server not in servers.SERVERS:
            return problem(404, f"expected /v1/uplinks/{{farm}}/{' or '.join(servers.SERVERS)}")
        credentials = credentials_of(request.headers.get("authorization"))
        may = None if credentials is None else self._may_speak(*credentials, FarmId(farm))
        if may is None:
            return problem(401, "HTTP Basic with a base station's user and password")
        if not may:
            return problem(403, "this user may not speak for this farm")
        if not is_json(request.headers.get("content-type")):
            return problem(415, "choose JSON as the encoding: content-type application/json")
        return None

    async def _answer(self, request: Request) -> Reply:
        if request.path_params["server"] == servers.CHIRPSTACK:
            event = request.query_params.get("event")
            if event is None:
                return problem(422, "ChirpStack says the kind of a message as ?event=up")
            if event != chirpstack.UP:
                kind = event if event in chirpstack.EVENTS else "other"
                self._tally.aside(kind)
                return aside(kind)
        if self._sink.in_flight >= self._bounds.records_in_flight_max:
            return problem(503, "Kafka takes nothing at present")
        body = await self._body(request)
        if isinstance(body, Reply):
            return body
        # not as it was escaped on the wire: it becomes the origin of letters
        farm_id, server = FarmId(request.path_params["farm"]), request.path_params["server"]
        received_at = self._clock.now()
        sender = sender_of_webhook(farm_id, server, body, received_at)
        if sender is not None:
            whose = f"{sender.origin}:{sender.collar_id}"
            over = self._limits.spend(whose, len(body), time.monotonic())
            if over is not None:
                return self._over(over, body, sender, received_at)
        return await self._taken(servers.webhook_path(farm_id, server), body, received_at)

    def _over(self, over: Over, body: bytes, sender: Sender, received_at: datetime) -> Reply:
        """Beyond its device's budget: told, and kept once a minute."""
        self._tally.limited()
        if over.has_letter:
            refused = Verdict(None, (), (rate_limited(over, body, sender),), None)
            self._note(refused)
            self._confirmed(refused, received_at)  # not waited for: the answer is the same
        whose = sender.collar_id or "bodies that cannot be read"
        return problem(429, f"more than a budget of {whose}: send it again later")

    async def _body(self, request: Request) -> bytes | Reply:
        too_large = problem(413, f"at most {BODY_BYTES_MAX} bytes")
        length = request.headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > BODY_BYTES_MAX:
            return too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._bounds.body_max_s):
                async for part in request.stream():
                    body += part
                    if len(body) > BODY_BYTES_MAX:
                        return too_large
        except TimeoutError:
            return problem(408, f"the body within {self._bounds.body_max_s:g} s")
        except ClientDisconnect:
            return problem(400, "the connection ended within the body")
        return bytes(body)

    async def _taken(self, path: str, body: bytes, received_at: datetime) -> Reply:
        begun_s = time.monotonic()
        verdict = judge_webhook(path, body, self._attribution, received_at, self._decoders)
        if verdict is None:
            return problem(404, f"no webhook has the path {path}")
        self._note(verdict)
        try:
            async with asyncio.timeout(self._bounds.confirm_max_s):
                await self._confirmed(verdict, received_at)
        except TimeoutError:
            return problem(503, "Kafka has not confirmed it yet: send it again, it counts once")
        self._tally.answered(time.monotonic() - begun_s)
        return told(verdict)

    def _note(self, verdict: Verdict) -> None:
        self._tally.taken(len(verdict.readings))
        for refusal in verdict.refusals:
            self._tally.refused(refusal.rejected.reason)
        if verdict.aside is not None:
            self._tally.aside(verdict.aside)
        self._tally.turned()

    def _confirmed(self, verdict: Verdict, received_at: datetime) -> Awaitable[None]:
        """Hand everything over; done once all of it is confirmed."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        left = len(verdict.readings) + len(verdict.refusals)
        if left == 0:
            done.set_result(None)

        def confirmed() -> None:
            nonlocal left
            left -= 1
            if left == 0 and not done.done():  # given up by then: its server comes again
                done.set_result(None)

        self._sink.send(verdict, received_at, confirmed)
        self._handed_over.set()
        return done


async def _as_problem(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    return _response(problem(status, "POST /v1/uplinks/{farm}/{server} with a JSON body"))


def _response(reply: Reply) -> Response:
    body: Any = dict(reply.body)
    return Response(
        msgspec.json.encode(body),
        reply.status,
        headers=dict(reply.headers),
        media_type=reply.media_type,
    )
