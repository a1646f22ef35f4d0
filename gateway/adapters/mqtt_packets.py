"""The few MQTT 5 packets that come and go by the thousand, as bytes. Pure; all else is paho's.

Offsets into one buffer instead of a slice for each part: what a PUBLISH costs is what a gateway
costs. Whoever calls has made sure that the packet is there as a whole.
"""

import struct
from typing import NamedTuple

PUBLISH, PUBACK = 0x30, 0x40
AT_LEAST_ONCE = 0x02
RETAIN, AGAIN = 0x01, 0x08
DISCONNECT = b"\xe0\x00"
LENGTH_BYTES_MAX = 4
MESSAGE_EXPIRY = 0x02  # the property's number

puback_of = struct.Struct(">BBH").pack  # PUBACK, 2, packet id
_expiry = struct.Struct(">BI").pack


class BadPacketError(ValueError):
    """Bytes that are no MQTT packet: the connection is of no use any more."""


class Incoming(NamedTuple):
    """A PUBLISH. mqtt_topic "" where it is no UTF-8; mid 0 at QoS 0."""

    mqtt_topic: str
    payload: bytes
    mid: int
    qos: int


def body_of(data: bytes, place: int) -> tuple[int, int] | None:
    """(begin, end) of the body of the packet that begins at `place`; None if it is not all here.

    `end` may lie beyond the data, then the rest of it is still to come. Raises BadPacketError.
    """
    if place + 2 < len(data) and data[place + 2] < 0x80 <= data[place + 1]:  # noqa: PLR2004
        begin = place + 3  # in two bytes, as that of nearly every PUBLISH
        return begin, begin + (data[place + 1] & 0x7F | data[place + 2] << 7)
    length = shift = 0
    for begin in range(place + 1, min(place + 1 + LENGTH_BYTES_MAX, len(data))):
        byte = data[begin]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  seven bits a byte, the eighth says that more follow
            return begin + 1, begin + 1 + length
        shift += 7
    if len(data) - place > LENGTH_BYTES_MAX:
        raise BadPacketError("a packet's length has more than four bytes")
    return None


def incoming(data: bytes, first: int, begin: int, end: int) -> Incoming:
    """The PUBLISH whose first byte and body are given. Raises BadPacketError."""
    qos = first >> 1 & 3
    if qos > 1:
        raise BadPacketError(f"a PUBLISH at QoS {qos}, where we subscribe at 1")
    topic_begin = begin + 2
    if topic_begin > end:
        raise BadPacketError("a PUBLISH without an MQTT topic")
    place = topic_end = topic_begin + (data[begin] << 8 | data[begin + 1])
    mid = 0
    if qos:
        place += 2
    if place >= end:
        raise BadPacketError("a PUBLISH that ends within its head")
    if qos:
        mid = data[topic_end] << 8 | data[topic_end + 1]
    properties = data[place]
    if properties < 0x80:  # noqa: PLR2004  nearly always 0
        place += 1 + properties
    else:
        span = body_of(data, place - 1)  # a length like any other
        place = end + 1 if span is None else span[1]
    if place > end:
        raise BadPacketError("a PUBLISH that ends within its properties")
    try:
        topic = data[topic_begin:topic_end].decode()
    except UnicodeDecodeError:
        topic = ""  # no topic of ours: a dead letter like any other
    return Incoming(topic, data[place:end], mid, qos)


def publish_of(
    topic: str, payload: bytes, mid: int, *, retain: bool, expires_s: int | None = None
) -> bytes:
    """A PUBLISH at QoS 1. expires_s: after so many seconds the broker need not deliver it."""
    name = topic.encode()
    properties = b"\x00" if expires_s is None else b"\x05" + _expiry(MESSAGE_EXPIRY, expires_s)
    return b"".join(
        (
            bytes((PUBLISH | AT_LEAST_ONCE | (RETAIN if retain else 0),)),
            _length(2 + len(name) + 2 + len(properties) + len(payload)),
            len(name).to_bytes(2, "big"),
            name,
            mid.to_bytes(2, "big"),
            properties,
            payload,
        )
    )


def again(publish: bytes) -> bytes:
    """The same PUBLISH, marked as one that was sent before."""
    return bytes((publish[0] | AGAIN,)) + publish[1:]


def _length(value: int) -> bytes:
    if value < 0x80:  # noqa: PLR2004  seven bits a byte
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
