"""A small asyncio MQTT 5 client, for tests that need thousands: QoS 1, no session, no frills.

A client of paho costs a socket pair, locks and threads' queues; ten thousand of them are four
times the descriptors and half a gigabyte.
"""

import asyncio
import struct
from collections.abc import Callable, Iterator

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 0x20, 0x30, 0x40, 0x90, 0xD0, 0xE0
USER_AND_PASSWORD, CLEAN_START = 0xC0, 0x02
NO_PROPERTIES = b"\x00"
SESSION_EXPIRY = 0x11


class Mqtt5RefusedError(OSError):
    """The broker said no, or the connection broke before it said anything."""


class Mqtt5(asyncio.Protocol):
    """One connection. `heard(topic, payload)` for each PUBLISH; `gone()` once, with `lost` set."""

    def __init__(self, heard: Callable[[str, bytes], None], gone: Callable[[], None]) -> None:
        self._heard = heard
        self._gone = gone
        self._bytes = bytearray()
        self._waits: dict[tuple[int, int], asyncio.Future[bytes]] = {}
        self._mid = 0
        self.is_resumed = False  # the broker had our session still, and its subscriptions
        self._unacknowledged = 0
        self._all_acknowledged = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()

    @classmethod
    async def connect(  # noqa: PLR0913  who connects where as whom
        cls,
        host: str,
        port: int,
        *,
        client_id: str,
        user: str,
        password: str,
        heard: Callable[[str, bytes], None],
        gone: Callable[[], None] = lambda: None,
        keepalive_s: int = 0,
        session_s: int = 0,
    ) -> "Mqtt5":
        """A connection that the broker has let in; raises OSError (Mqtt5RefusedError is one).

        session_s: how long the broker keeps the session, and resumes it; 0 = it starts clean.
        """
        _, client = await asyncio.get_running_loop().create_connection(
            lambda: cls(heard, gone), host, port
        )
        flags = USER_AND_PASSWORD | (0 if session_s else CLEAN_START)
        kept = struct.pack(">BBI", 5, SESSION_EXPIRY, session_s) if session_s else NO_PROPERTIES
        body = _text("MQTT") + bytes((5, flags)) + struct.pack(">H", keepalive_s) + kept
        body += _text(client_id) + _text(user) + _text(password)
        try:
            connack = await client._asked(0x10, body, (CONNACK, 0))
        except BaseException:  # whoever waited too long must not leave a connection behind
            client.close()
            raise
        client.is_resumed = bool(connack[0] & 1)
        if connack[1] != 0:
            client.close()
            raise Mqtt5RefusedError(f"{client_id}: CONNACK {connack[1]:#04x}")
        return client

    async def subscribe(self, topics: list[str]) -> None:
        """QoS 1, what is retained included; raises Mqtt5RefusedError."""
        mid = self._next_mid()
        body = struct.pack(">H", mid) + NO_PROPERTIES
        body += b"".join(_text(topic) + b"\x01" for topic in topics)
        suback = await self._asked(0x82, body, (SUBACK, mid))
        if max(suback[-len(topics) :]) >= 0x80:
            raise Mqtt5RefusedError(f"{topics}: SUBACK {suback.hex()}")

    def publish(self, topic: str, payload: bytes) -> None:
        """Send at QoS 1; PUBACKs are only counted."""
        if not self.lost.is_set():
            self._unacknowledged += 1
            self._all_acknowledged.clear()
            self._send(0x32, _text(topic) + struct.pack(">H", self._next_mid()) + b"\x00" + payload)

    async def acknowledged(self) -> None:
        """Returns once the broker has all that was published."""
        if self._unacknowledged:
            await self._all_acknowledged.wait()

    def ping(self) -> None:
        """Say that we are still here."""
        self._send(0xC0, b"")

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self.lost.set()
        self._gone()
        for wait in self._waits.values():
            if not wait.done():
                wait.set_exception(Mqtt5RefusedError(f"connection lost: {exc}"))

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._bytes += data
        for first, body in self._packets():
            kind = first & 0xF0
            if kind == PUBLISH:
                self._published(first, body)
            elif kind == DISCONNECT:
                self.close()
            elif kind == PUBACK:
                self._unacknowledged -= 1
                if self._unacknowledged == 0:
                    self._all_acknowledged.set()
            else:
                mid = struct.unpack(">H", body[:2])[0] if kind == SUBACK else 0
                wait = self._waits.pop((kind, mid), None)
                if wait is not None and not wait.done():
                    wait.set_result(body)

    def _published(self, first: int, body: bytes) -> None:
        length = struct.unpack(">H", body[:2])[0]
        topic, at = body[2 : 2 + length].decode(), 2 + length
        if first & 0x06:
            self._send(0x40, body[at : at + 2])
            at += 2
        size, at = _varint(body, at)
        self._heard(topic, body[at + size :])

    def _packets(self) -> Iterator[tuple[int, bytes]]:
        while len(self._bytes) >= 2:
            try:
                length, at = _varint(self._bytes, 1)
            except IndexError:
                return
            if len(self._bytes) < at + length:
                return
            packet = self._bytes[0], bytes(self._bytes[at : at + length])
            del self._bytes[: at + length]
            yield packet

    async def _asked(self, first: int, body: bytes, answer: tuple[int, int]) -> bytes:
        wait = asyncio.get_running_loop().create_future()
        self._waits[answer] = wait
        self._send(first, body)
        found: bytes = await wait
        return found

    def _send(self, first: int, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(bytes((first,)) + _as_varint(len(body)) + body)

    def _next_mid(self) -> int:
        self._mid = self._mid % 65_535 + 1
        return self._mid


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _varint(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where it ends; raises IndexError if it is cut."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 0x80:
            return value, at
