"""A small client of `/live`: follows one farm's alerts and survives disconnections without a gap.

The demo, its check and tests use it, over the same socket as any outsider.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PROTOCOL = Subprotocol("herd.v1.json")
ANSWER_MAX_S = 10.0


class LiveError(RuntimeError):
    """The server closed the socket or answered what it should not."""


class LiveClient:
    """One subscription to `farm/{farm}/alerts`.

    epoch, offset: where it stands; kept over `reconnect`, so that nothing is missed or doubled.
    snapshot: the rows of the first answer, or of any answer that could not resume.
    """

    def __init__(self, url: str, token: str, farm_id: str) -> None:
        self._url = url.replace("http", "ws", 1) + "/live"
        self._token = token
        self._channel = f"farm/{farm_id}/alerts"
        self._socket: ClientConnection | None = None
        self._leaving = ExitStack()
        self.epoch: str | None = None
        self.offset = 0
        self.recovered = False
        self.snapshot: list[dict[str, Any]] = []

    def connect(self) -> Self:
        """Open, authenticate, subscribe from where we stand; raises LiveError or OSError."""
        try:
            return self._connected()
        except WebSocketException as error:  # cut in its handshake, or right after it
            raise LiveError(f"the socket was cut: {error}") from error

    def _connected(self) -> Self:
        self.close()
        self._socket = self._leaving.enter_context(
            connect(self._url, subprotocols=[PROTOCOL], compression=None, open_timeout=ANSWER_MAX_S)
        )
        self._expect("hello")
        self._send({"type": "auth", "token": self._token})
        wanted: dict[str, Any] = {"type": "sub", "id": 1, "channel": self._channel}
        if self.epoch is not None:
            wanted["since"] = {"epoch": self.epoch, "offset": self.offset}
        self._send(wanted)
        answer = self._expect("subbed")
        self.epoch, self.recovered = answer["epoch"], answer["recovered"]
        if not self.recovered:
            self.offset = answer["offset"]
            self.snapshot = answer.get("snapshot", [])
        return self

    def events(self, *, within_s: float) -> Iterator[dict[str, Any]]:
        """The `data` of each event as it comes; ends after `within_s` without one.

        Raises LiveError when the server closes: call `connect` again to resume.
        """
        deadline = time.monotonic() + within_s
        while True:
            try:
                message = self._receive(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return
            if message["type"] == "ev":
                self.offset = message["offset"]
                # a farm's first event begins its history: there was no epoch to be told before
                self.epoch = message.get("epoch", self.epoch)
                yield message["data"]
                deadline = time.monotonic() + within_s

    def close(self) -> None:
        """Leave; no-op when not connected."""
        self._socket = None
        self._leaving.close()

    def _expect(self, kind: str) -> dict[str, Any]:
        while True:
            message = self._receive(ANSWER_MAX_S)
            if message["type"] == kind:
                return message
            if message["type"] not in {"ping", "stale", "ev"}:
                raise LiveError(f"expected {kind}, got {message}")

    def _receive(self, within_s: float) -> dict[str, Any]:
        if self._socket is None:
            raise LiveError("not connected")
        try:
            message: dict[str, Any] = json.loads(self._socket.recv(timeout=within_s))
        except ConnectionClosed as error:
            raise LiveError(f"the server closed the socket: {error}") from error
        return message

    def _send(self, message: dict[str, Any]) -> None:
        if self._socket is None:
            raise LiveError("not connected")
        self._socket.send(json.dumps(message))

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
