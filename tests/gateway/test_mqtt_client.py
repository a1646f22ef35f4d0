"""A connection that is read and written once a turn keeps everything that paho's does."""

import socket
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from gateway.adapters.mqtt_client import PUBLISHES_WAITING_MAX, TurnClient
from gateway.adapters.mqtt_packets import PUBACK, PUBLISH, Incoming, body_of, puback_of, publish_of

PINGRESP = b"\xd0\x00"


class Line:
    """A client with a socket to the test, which plays the broker."""

    def __init__(self, window: int = 65_535) -> None:
        self.broker, ours = socket.socketpair()
        ours.setblocking(False)
        self.came: list[Incoming] = []
        self.client = TurnClient(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_publish_in = self.came.append
        self.client._sock = ours
        self.client.resume(window, session_present=False)

    def sends(self, data: bytes) -> MQTTErrorCode:
        """The broker writes, the client reads."""
        self.broker.sendall(data)
        return self.client.loop_read()

    def told(self) -> list[tuple[int, bytes]]:
        """(first byte, body) of each packet that the client writes now."""
        self.client.loop_write()
        self.broker.setblocking(False)
        try:
            data = self.broker.recv(1 << 20)
        except BlockingIOError:
            return []
        packets, place = [], 0
        while place < len(data):
            span = body_of(data, place)
            assert span is not None
            packets.append((data[place], data[span[0] : span[1]]))
            place = span[1]
        return packets

    def tells(self, *payloads: bytes) -> None:
        """The client publishes."""
        for payload in payloads:
            assert self.client.tell("a", payload, retain=False, expires_s=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.close()
        self.client._sock_close()


@pytest.fixture
def line() -> Iterator[Line]:
    """A line that is up."""
    with Line() as one:
        yield one


@given(st.lists(st.binary(max_size=300), max_size=12), st.data())
def test_packets_are_whole_however_tcp_cuts_them(
    payloads: list[bytes], data: st.DataObject
) -> None:
    """A read ends anywhere, within a length too; nothing may be lost or read twice."""
    stream = b"".join(
        publish_of("a", one, number, retain=False) + PINGRESP
        for number, one in enumerate(payloads, start=1)
    )
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=10)) | {len(stream)})

    with Line() as line:
        for begin, end in pairwise([0, *cuts]):
            if end > begin:
                line.sends(stream[begin:end])

    assert [one.payload for one in line.came] == payloads
    assert [one.mid for one in line.came] == list(range(1, len(payloads) + 1))


def test_acknowledgements_leave_together(line: Line) -> None:
    """One write a turn: a write for each costs more than all the rest of it."""
    for mid in range(1, 301):
        line.client.acknowledge(mid)

    assert line.told() == [(PUBACK, mid.to_bytes(2, "big")) for mid in range(1, 301)]
    assert not line.client.want_write()


def test_no_more_is_published_ahead_than_the_broker_takes() -> None:
    """It would end the connection; what waits follows each acknowledgement, in its order."""
    with Line(window=2) as line:
        line.tells(b"1", b"2", b"3", b"4")
        first = [body[-1:] for _, body in line.told()]
        line.sends(puback_of(PUBACK, 2, 1))
        second = [body[-1:] for _, body in line.told()]

    assert first == [b"1", b"2"]
    assert second == [b"3"]


def test_of_the_answers_that_wait_for_one_collar_the_last_is_told() -> None:
    """A broker that takes few at a time must not make a backlog of what is outdated anyway."""
    with Line(window=1) as line:
        for topic, payload in [("a", b"1"), ("a", b"2"), ("b", b"3"), ("a", b"4")]:
            assert line.client.tell(topic, payload, retain=True, expires_s=None)
        told = line.told()
        for mid in (1, 2, 3):
            line.sends(puback_of(PUBACK, 2, mid))
            told += line.told()

    assert [body[-1:] for _, body in told] == [b"1", b"4", b"3"]


@pytest.mark.parametrize("kept", [True, False])
def test_what_the_broker_did_not_acknowledge_is_sent_on_the_next_connection(
    line: Line,
    kept: bool,  # noqa: FBT001  a parameter
) -> None:
    """An answer that is lost with a connection costs the collar a timeout."""
    line.tells(b"1", b"2", b"3")
    line.told()
    line.sends(puback_of(PUBACK, 2, 2))
    line.client._sock_close()
    line.tells(b"4")
    line.broker.close()
    line.broker, ours = socket.socketpair()
    line.client._sock = ours

    line.client.resume(10, session_present=kept)

    told = line.told()
    assert [body[-1:] for _, body in told] == [b"1", b"3", b"4"]
    assert [bool(first & 8) for first, _ in told] == [kept, kept, False]


def test_nothing_of_an_old_connection_leaves_on_the_next(line: Line) -> None:
    """Packet ids live again: an old PUBACK would acknowledge what nobody has read."""
    line.client.acknowledge(7)
    line.broker.sendall(publish_of("a", b"half of it", 1, retain=False)[:5])
    line.client.loop_read()

    line.client._sock_close()

    assert not line.client.want_write()
    assert line.client._rest == b""


def test_answers_beyond_all_bounds_are_refused(line: Line) -> None:
    """A broker that acknowledges nothing must not fill our memory."""
    for _ in range(PUBLISHES_WAITING_MAX):
        line.tells(b"x")

    assert not line.client.tell("a", b"one more", retain=False, expires_s=None)


def test_bytes_that_are_no_mqtt_end_the_connection(line: Line) -> None:
    """Whatever follows cannot be told apart any more."""
    code = line.sends(bytes([PUBLISH | 6, 3]) + b"\x00\x01a")

    assert code == MQTTErrorCode.MQTT_ERR_PROTOCOL
    assert line.client.socket() is None


def test_a_broker_that_leaves_is_noticed(line: Line) -> None:
    """The next turn connects again."""
    line.broker.close()

    assert line.client.loop_read() == MQTTErrorCode.MQTT_ERR_CONN_LOST
    assert line.client.socket() is None


def test_leaving_waits_until_the_broker_has_read_all(line: Line) -> None:
    """Closed at once, with something unread on our side, TCP would throw away what it has not."""
    line.client.acknowledge(7)
    line.broker.sendall(publish_of("a", b"unread", 8, retain=False))
    line.broker.shutdown(socket.SHUT_WR)
    begun_s = time.monotonic()

    line.client.leave()

    assert line.broker.recv(100) == puback_of(PUBACK, 2, 7) + b"\xe0\x00"
    assert time.monotonic() - begun_s < 0.9
