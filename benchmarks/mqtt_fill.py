"""Publishes prepared messages as fast as an MQTT broker takes them, so that sessions are full.

No client library: who fills a session is no part of what is measured, and must not take the time
of it. MQTT 5, QoS 1, a bounded window, one connection.
"""

import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CONNECT, PUBLISH_QOS_1, PUBACK, DISCONNECT = 0x10, 0x32, 0x40, 0xE0
WINDOW_MAX = 500  # below any broker's receive maximum
PACKET_IDS = 65_535
READ_BYTES = 65_536
SILENCE_MAX_S = 60.0
LET_IN_BY_NAME = 0xC2  # user name, password, clean start
FAILED_FROM = 0x80


class FillError(RuntimeError):
    """The broker did not take what was published."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes, and where."""

    host: str
    port: int
    user: str
    password: str


def fill(publisher: Publisher, messages: Iterable[tuple[str, bytes]]) -> int:
    """Publish (topic, payload) each; how many, once the broker has acknowledged all of them."""
    with socket.create_connection(
        (publisher.host, publisher.port), timeout=SILENCE_MAX_S
    ) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        packets = _packets(connection)
        connection.sendall(_connect(publisher))
        command, body = next(packets)
        if command != CONNECT * 2 or body[1] >= FAILED_FROM:
            raise FillError(f"the MQTT broker does not let {publisher.user} in: {body!r}")
        sent = acknowledged = 0
        for topic, payload in messages:
            connection.sendall(_publish(topic, payload, sent % PACKET_IDS + 1))
            sent += 1
            while sent - acknowledged >= WINDOW_MAX:
                acknowledged += _acknowledged(next(packets))
        while acknowledged < sent:
            acknowledged += _acknowledged(next(packets))
        connection.sendall(bytes([DISCONNECT, 0]))
        return sent


def _acknowledged(packet: tuple[int, bytes]) -> int:
    command, body = packet
    if command != PUBACK:
        raise FillError(f"the MQTT broker answers a PUBLISH with packet {command:#x} {body!r}")
    if len(body) > 2 and body[2] >= FAILED_FROM:  # noqa: PLR2004  a reason stands behind the id
        raise FillError(f"the MQTT broker refuses a PUBLISH: reason {body[2]:#x}")
    return 1


def _packets(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    """(first byte, rest) of each packet that the broker sends."""
    buffered = b""
    while True:
        cut = _cut(buffered)
        while cut is None:
            more = connection.recv(READ_BYTES)
            if not more:
                raise FillError("the MQTT broker closed the connection")
            buffered += more
            cut = _cut(buffered)
        command, body, buffered = cut
        yield command, body


def _cut(buffered: bytes) -> tuple[int, bytes, bytes] | None:
    length, shift, place = 0, 0, 1
    while place < len(buffered):
        length |= (buffered[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if buffered[place - 1] < 0x80:  # noqa: PLR2004  seven bits a byte
            end = place + length
            return (
                (buffered[0], buffered[place:end], buffered[end:]) if len(buffered) >= end else None
            )
    return None


def _connect(publisher: Publisher) -> bytes:
    head = _text("MQTT") + bytes([5, LET_IN_BY_NAME, 0, 0, 0])
    body = head + _text("bench-fill") + _text(publisher.user) + _text(publisher.password)
    return bytes([CONNECT]) + _length(len(body)) + body


def _publish(topic: str, payload: bytes, packet_id: int) -> bytes:
    body = _text(topic) + packet_id.to_bytes(2, "big") + b"\x00" + payload
    return bytes([PUBLISH_QOS_1]) + _length(len(body)) + body


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _length(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004  seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
