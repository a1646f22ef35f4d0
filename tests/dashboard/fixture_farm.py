"""A small farm computer for the screens alone: the API's answers and a scripted live socket.

It keeps cases in memory, carries out orders, tells changes, and can be made stale, silent or
unreachable at will. Rare states of the screens are shown and tested with it; the real API has
tests of its own. `python -m tests.dashboard.fixture_farm SCENE` serves one scene to look at.
"""

import asyncio
import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from contracts.clock import iso
from tests.dashboard.herd_of_cards import (
    FARM_ID,
    Json,
    a_case,
    an_alert,
    an_animal,
    history_of,
    signals_of,
)

STATIC = Path(__file__).parents[2] / "api" / "dashboard" / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TICKET, TOKEN = "ticket-for-once", "token-of-the-owner"
HELD_MAX_S = 30  # a request that waits ends with the test that forgot it
MORNING = (
    (0, "down", 6.3),
    (1, "fever", 5.0),
    (2, "rumination_drop", 9.0),
    (4, "oestrus", 4.5),
    (5, "oestrus", 3.0),
    (7, "lameness", 30.0),
    (6, "collar_silent", 7.0),
)


KINDS = (
    (0, "down", 6.3),
    (8, "heat_stress", 5.0),
    (9, "station_silent", 1.2),
    (10, "drinking_stopped", 3.0),
    (11, "calving", 4.0),
    (12, "illness", 20.0),
    (7, "lameness", 90.0),
    (4, "oestrus", 4.5),
    (13, "battery_low", 9.0),
)


class FixtureFarm:
    """One farm and its server, on a thread of its own; use as a context manager."""

    def __init__(self, scene: str = "morning") -> None:
        self.now_offset = timedelta(0)
        self.animals = 120
        self.heard = 118
        self.reading_age_s = 4.0
        self.epoch = "epoch-1"
        self.position = 100
        self.alerts: dict[str, Json] = {}
        self.orders: list[tuple[str, str, str | None]] = []
        self.unreachable = False
        self.forgets = False  # a resume is answered with the whole list
        self.refuses = False
        self.away: set[str] = set()  # last parts of addresses whose store does not answer
        self.token = TOKEN
        self.answers = threading.Event()  # cleared: every request waits
        self.answers.set()
        self._sockets: dict[WebSocket, bool] = {}
        self._set(scene)

    # ---- what a test or a look does ------------------------------------------------------------

    def raise_case(self, number: int, condition: str, onset_h: float = 0.6) -> str:
        """A new case, told to every socket; its alert_id."""
        alert = self._add(number, condition, onset_h)
        self._tell("alert.raised.v1", alert)
        return str(alert["alert_id"])

    def raise_case_untold(self, number: int, condition: str) -> None:
        """A new case that no socket hears of."""
        self._add(number, condition, 0.6)

    def amend(self, alert_id: str, kind: str, **changes: object) -> None:
        """Something happened to a case that did not come from this screen."""
        self._change(alert_id, kind, **changes)

    def drop_sockets(self) -> None:
        """As when a Wi-Fi changes: every socket is closed."""
        self._do(self._close_all)

    def say_stale(self, since_s: float) -> None:
        """The server cannot tell what happened."""
        as_of = iso(self.now() - timedelta(seconds=since_s))
        self._do(lambda: self._send({"type": "stale", "as_of": as_of, "now": iso(self.now())}))

    def beat(self) -> None:
        """The pulse, as it comes once a second."""
        self._do(lambda: self._send(self._tm()))

    def now(self) -> datetime:
        """The farm's clock."""
        return datetime.now(UTC) + self.now_offset

    def _tm(self) -> Json:
        channel = f"farm/{FARM_ID}/pulse"
        return {"type": "tm", "ch": channel, "now": iso(self.now()), "data": self.pulse()}

    # ---- state ---------------------------------------------------------------------------------

    def _set(self, scene: str) -> None:
        match scene:
            case "morning":
                for number, condition, onset_h in MORNING:
                    self._add(number, condition, onset_h)
                taken = self._add(3, "rumination_drop", 12.0)
                taken |= {
                    "status": "acknowledged",
                    "acknowledged_by": "user:jonas",
                    "acknowledged_at": iso(self.now() - timedelta(minutes=14)),
                }
                self._add_closed()
            case "kinds":
                for number, condition, onset_h in KINDS:
                    self._add(number, condition, onset_h)
            case "farm":
                self._add(8, "heat_stress", 5.0)
            case "busy":
                conditions = ("fever", "rumination_drop", "oestrus", "lameness", "oestrus")
                for number in range(20):
                    condition = "down" if number < 2 else conditions[number % 5]
                    self._add(number, condition, 1.0 + number)
                self._add_closed()
            case "quiet":
                self._add_closed()
            case "empty":
                self.animals = self.heard = 0
                self.reading_age_s = -1.0
            case _:
                raise ValueError(f"no scene {scene}")

    def _add_closed(self) -> None:
        for number, outcome, by in ((10, "confirmed", "anna"), (11, "nothing_found", "jonas")):
            alert = self._add(number, "rumination_drop", 14.0)
            midnight = self.now().astimezone().replace(hour=0, minute=0, second=1)
            closed_at = max(midnight, self.now() - timedelta(minutes=40 + number))
            alert |= {"status": "closed", "outcome": outcome, "closed_at": iso(closed_at)}
            alert |= {"closed_by": f"user:{by}"}

    def _add(self, number: int, condition: str, onset_h: float) -> Json:
        self.position += 1
        alert = an_alert(number, condition, self.now(), onset_h, self.position)
        self.alerts[alert["alert_id"]] = alert
        return alert

    def _change(self, alert_id: str, kind: str, **changes: object) -> Json:
        self.position += 1
        alert = self.alerts[alert_id]
        alert |= changes | {"position": self.position, "updated_at": iso(self.now())}
        self._tell(kind, alert)
        return alert

    def pulse(self) -> Json:
        """Whom we hear, and when last."""
        at = None
        if self.reading_age_s >= 0:
            at = iso(self.now() - timedelta(seconds=self.reading_age_s))
        return {
            "newest_reading_at": at,
            "newest_received_at": at,
            "heard": self.heard,
            "animals": self.animals,
        }

    def _board(self) -> Json:
        order = ("critical", "urgent", "normal", "informational")
        open_ones = [one for one in self.alerts.values() if one["status"] != "closed"]
        open_ones.sort(key=lambda one: (order.index(one["priority"]), one["raised_at"]))
        closed = [one for one in self.alerts.values() if one["status"] == "closed"]
        closed.sort(key=lambda one: one["closed_at"], reverse=True)
        now = self.now()
        return {
            "epoch": self.epoch,
            "position": self.position,
            "as_of": iso(now),
            "now": iso(now),
            "missing": [],
            "pulse": self.pulse(),
            "cases": [a_case(one, now) for one in open_ones],
            "done": [{"alert": one, "animal": a_case(one, now)["animal"]} for one in closed],
        }

    # ---- HTTP ----------------------------------------------------------------------------------

    async def _api(self, request: Request) -> Response:
        await asyncio.to_thread(self.answers.wait, HELD_MAX_S)
        parts = request.url.path.removeprefix("/api/v1/").split("/")
        if self.unreachable or parts[-1] in self.away:
            return Response(status_code=503)
        if parts == ["sessions"]:
            ticket = (await request.json()).get("ticket")
            if ticket != TICKET:
                return _problem(401, "This ticket is spent.")
            until = iso(self.now() + timedelta(days=30))
            session = {"token": TOKEN, "user_id": "owner", "expires_at": until}
            return JSONResponse(session, 201)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _problem(401, "You have not shown who you are.")
        if request.method == "POST":
            body = await request.body()
            return self._order(parts[3], parts[4], request, body)
        return self._answer(parts)

    def _answer(self, parts: list[str]) -> Response:
        now = self.now()
        match parts:
            case ["farms"]:
                farm = {"farm_id": FARM_ID, "name": "Eschenhof", "animals": self.animals}
                return JSONResponse({"farms": [farm]})
            case ["farms", _, "board"]:
                return JSONResponse(self._board())
            case ["farms", _, "animals", animal_id, *rest]:
                if not animal_id.startswith("cow-"):
                    return _problem(404, "There is nothing here that you may see.")
                return JSONResponse(self._animal(int(animal_id[4:]), rest, now))
        return _problem(404, "There is nothing here that you may see.")

    def _animal(self, number: int, rest: list[str], now: datetime) -> Json:
        alerts = [one for one in self.alerts.values() if _number(one) == number]
        opened = [one for one in alerts if one["status"] != "closed"]
        condition = opened[0]["condition"] if opened else None
        onset = datetime.fromisoformat(opened[0]["onset_at"]) if opened else now
        if rest == ["signals"]:
            return signals_of(number, condition, now, (now - onset).total_seconds() / 3600)
        if rest == ["events"]:
            return {"events": history_of(number, alerts, now), "more": False}
        track = {one["condition"]: a_case(one, now)["track"] for one in opened}
        animal = an_animal(number, now)
        page = {"animal": animal, "now": iso(now), "cases": opened, "missing": []}
        return page | {"latest": None, "track": track}

    def _order(self, alert_id: str, verb: str, request: Request, body: bytes) -> Response:
        self.orders.append((verb, alert_id, request.headers.get("idempotency-key")))
        alert = self.alerts[alert_id]
        if self.refuses or alert["status"] == "closed":
            return _problem(409, "The alert is closed.")
        at = iso(self.now())
        none: Json = {"acknowledged_by": None, "acknowledged_at": None}
        match verb:
            case "acknowledge":
                taken = {"acknowledged_by": "user:owner", "acknowledged_at": at}
                changes = {"status": "acknowledged", **taken}
            case "release":
                changes = {"status": "open", **none}
            case _:
                changes = {"status": "closed", "closed_by": "user:owner", "closed_at": at}
                changes |= json.loads(body)
        changed = self._change(alert_id, f"alert.{verb}d.v1", **changes)
        answer = {"alert_id": alert_id, "status": changed["status"], "position": self.position}
        return JSONResponse(answer)

    # ---- live ----------------------------------------------------------------------------------

    async def _live(self, client: WebSocket) -> None:
        if self.unreachable:
            await client.close()
            return
        await client.accept("herd.v1.json")
        self._sockets[client] = True
        hello = {"type": "hello", "server": "fixture", "epoch": self.epoch, "heartbeat_s": 20}
        with contextlib.suppress(WebSocketDisconnect):
            await client.send_json(hello)
            while True:
                message = await client.receive_json()
                if message["type"] == "sub":
                    await client.send_json(self._subbed(message))
        self._sockets.pop(client, None)

    def _subbed(self, wish: Json) -> Json:
        head = {"type": "subbed", "id": wish["id"], "epoch": self.epoch, "offset": self.position}
        since = wish.get("since")
        if since is None or self.forgets:
            opened = [one for one in self.alerts.values() if one["status"] != "closed"]
            snapshot = {"recovered": False, "as_of": iso(self.now()), "snapshot": opened}
            return head | snapshot
        return head | {"recovered": True, "offset": since["offset"]}

    def _tell(self, kind: str, alert: Json) -> None:
        message = {
            "type": "ev",
            "ch": f"farm/{FARM_ID}/alerts",
            "epoch": self.epoch,
            "offset": self.position,
            "data": {"type": kind, "alert": dict(alert)},
        }
        self._do(lambda: self._send(message))

    async def _send(self, message: Json) -> None:
        for client in tuple(self._sockets):
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await client.send_json(message)

    async def _close_all(self) -> None:
        for client in tuple(self._sockets):
            self._sockets.pop(client, None)
            with contextlib.suppress(RuntimeError):
                await client.close(1012)

    # ---- the server ----------------------------------------------------------------------------

    def _do(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        loop = getattr(self, "_loop", None)
        if loop is None:
            return  # not served yet: nobody to tell
        done: Future[None] = asyncio.run_coroutine_threadsafe(work(), loop)
        if threading.current_thread() is not self._thread:
            done.result(5)

    def __enter__(self) -> Self:
        app = Starlette(
            routes=[
                Route("/api/v1/{rest:path}", self._api, methods=["GET", "POST"]),
                WebSocketRoute("/live", self._live),
                Route("/assets/{name}", _asset),
                Route("/{rest:path}", _page),
            ]
        )
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="error", ws="websockets-sansio", lifespan="off")
        self._server = uvicorn.Server(config)
        started = threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            started.set()
            await self._server.serve([listener])

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.answers.set()
        self.drop_sockets()
        self._server.should_exit = True
        self._thread.join(10)


def _number(alert: Json) -> int:
    """Of its animal; -1 if it is the farm's, or a station's."""
    return int(alert["subject_id"].split("-")[1]) if alert["subject_kind"] == "animal" else -1


def _problem(status: int, title: str) -> Response:
    return JSONResponse({"title": title, "status": status, "detail": title}, status)


async def _asset(request: Request) -> Response:
    return FileResponse(STATIC / request.path_params["name"])


async def _page(_request: Request) -> Response:
    headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store"}
    return FileResponse(STATIC / "index.html", headers=headers)


if __name__ == "__main__":
    with FixtureFarm(sys.argv[1] if len(sys.argv) > 1 else "morning") as farm:
        sys.stdout.write(f"{farm.url}/#t={TICKET}\n")
        sys.stdout.flush()
        threading.Event().wait()
