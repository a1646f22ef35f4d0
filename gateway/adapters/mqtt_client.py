"""paho's client for whom a turn of the loop is one read and one write, whatever it carries.

Problem: paho asks its socket for single bytes, makes four objects of every PUBLISH, sends every
PUBACK by itself and keeps a condition variable for each publish: two thirds of a gateway's time.

Approach: paho keeps what is intricate and rare (connecting, TLS, properties, subscribing, keeping
alive, leaving); PUBLISH and PUBACK, which come by the thousand, are read from and written into one
buffer each (`mqtt_packets.py`). Every packet that paho writes goes through the same buffer, so
their order is kept. Rejected: a client of our own (all the rest would be ours too), and paho's
threads (a callback that raises there ends a thread in silence).
"""

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.exception import MalformedPacket

from gateway.adapters.mqtt_packets import (
    DISCONNECT,
    PUBACK,
    PUBLISH,
    BadPacketError,
    Incoming,
    again,
    body_of,
    incoming,
    puback_of,
    publish_of,
)

READ_BYTES = 256 * 1024  # one of the largest uploads, or a thousand single readings
PUBLISHES_WAITING_MAX = 10_000  # answers beyond are dropped: the collars ask again
NO_RECEIVE_MAXIMUM = 65_535  # MQTT 5: what a broker means that names none
LEAVE_MAX_S = 1.0  # for the last acknowledgements to be read by the broker
KIND = 0xF0
PACKET_ID_BYTES = 2


class TurnClient(Client):
    """One connection after the other; `on_publish_in` is called for each PUBLISH that comes."""

    on_publish_in: Callable[[Incoming], None]

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401  paho's own
        self._rest = b""  # of a packet that is not all here
        self._to_send = bytearray()
        self._published: dict[int, bytes] = {}  # by packet id: not acknowledged by the broker
        # by MQTT topic if retained: of several answers to one collar only the last need leave
        self._waiting: dict[str | int, tuple[str, bytes, bool, int | None]] = {}
        self._told = 0
        self._window = 0  # how many the broker takes ahead of its PUBACKs; 0 = not connected
        super().__init__(*arguments, **more)
        # with a writer registered paho never writes by itself
        self.on_socket_register_write = _nothing

    def tell(self, topic: str, payload: bytes, *, retain: bool, expires_s: int | None) -> bool:
        """Publish at QoS 1, after a reconnect too; False if too many wait for the broker.

        What is retained takes the place of what still waits to be told on the same topic.
        """
        self._told += 1
        key: str | int = topic if retain else self._told
        is_full = len(self._published) + len(self._waiting) >= PUBLISHES_WAITING_MAX
        if is_full and key not in self._waiting:
            return False
        if not self._waiting and len(self._published) < self._window:
            self._send(topic, payload, retain, expires_s)
            return True
        self._waiting[key] = (topic, payload, retain, expires_s)
        return True

    def acknowledge(self, mid: int) -> None:
        """PUBACK, with the next write."""
        self._to_send += puback_of(PUBACK, 2, mid)

    def resume(self, receive_maximum: int, *, session_present: bool) -> None:
        """After CONNACK: send what was told and not acknowledged, then what has waited.

        receive_maximum: a broker ends a connection that is further ahead of its PUBACKs.
        """
        self._window = receive_maximum
        for publish in self._published.values():
            self._to_send += again(publish) if session_present else publish
        self._send_waiting()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002  all that is here
        """Read what has come, and handle every packet of it that is whole."""
        try:
            data = self._sock_recv(READ_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            data = b""
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        self._last_bytes_received = time.monotonic()
        try:
            self._handle(self._rest + data if self._rest else data)
        except BadPacketError:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def loop_write(self) -> MQTTErrorCode:
        """Write as much of what is due as the socket takes."""
        try:
            while self._to_send:
                del self._to_send[: self._sock_send(self._to_send)]
        except BlockingIOError:
            pass
        except OSError:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        self._last_msg_out = time.monotonic()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def want_write(self) -> bool:
        """Whether anything is due."""
        return len(self._to_send) > 0

    def has_buffered(self) -> bool:
        """Whether bytes are here that no select will tell of: in TLS, already decrypted."""
        connection = self.socket()
        return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0

    def leave(self) -> None:
        """Say DISCONNECT and wait until the broker has read it, with all acknowledgements before.

        Closed with something unread on our side, TCP would reset the connection, and the broker
        would lose what it has not read yet.
        """
        connection = self.socket()
        if not isinstance(connection, socket.socket):
            return
        self._to_send += DISCONNECT
        deadline = time.monotonic() + LEAVE_MAX_S
        with contextlib.suppress(OSError, ValueError):
            while (left_s := deadline - time.monotonic()) > 0:
                writing = [connection] if self._to_send else []
                readable, writable, _ = select.select([connection], writing, [], left_s)
                if readable and not connection.recv(READ_BYTES):
                    break
                if writable:
                    self.loop_write()
        self._sock_close()

    def _handle(self, data: bytes) -> None:
        """Every whole packet of `data`; the rest is kept. Raises BadPacketError."""
        place, size = 0, len(data)
        while size - place > 1:
            length = data[place + 1]
            if length < 0x80:  # noqa: PLR2004  in one byte, as in every PUBACK
                begin, end = place + 2, place + 2 + length
            else:
                span = body_of(data, place)
                if span is None:
                    break
                begin, end = span
            if end > size:
                break
            first = data[place]
            kind = first & KIND
            if kind == PUBLISH:
                self.on_publish_in(incoming(data, first, begin, end))
            elif kind == PUBACK and length >= PACKET_ID_BYTES:
                self._acknowledged(data[begin] << 8 | data[begin + 1])
            elif not self._paho_handles(first, data[begin:end]):
                return  # the connection is gone, and what came on it
            place = end
        self._rest = data[place:]

    def _paho_handles(self, first: int, body: bytes) -> bool:
        """Hand paho a packet as if it had read it; whether the connection still lives."""
        self._in_packet["command"] = first
        self._in_packet["remaining_length"] = len(body)
        self._in_packet["packet"] = bytearray(body)
        try:
            code = self._packet_handle()
        except MalformedPacket as error:
            raise BadPacketError(str(error)) from error
        if code > 0 and self.socket() is not None:
            self._loop_rc_handle(code)
        return self.socket() is not None

    def _packet_queue(
        self,
        command: int,
        packet: bytes | bytearray,
        mid: int,
        qos: int,
        info: MQTTMessageInfo | None = None,
    ) -> MQTTErrorCode:
        del command, mid, qos, info
        self._to_send += packet
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_close(self) -> None:
        # what is due on an old connection is nothing on the next: packet ids live again
        self._rest, self._to_send, self._window = b"", bytearray(), 0
        super()._sock_close()

    def _acknowledged(self, mid: int) -> None:
        if self._published.pop(mid, None) is not None and self._waiting:
            self._send_waiting()

    def _send_waiting(self) -> None:
        while self._waiting and len(self._published) < self._window:
            self._send(*self._waiting.pop(next(iter(self._waiting))))

    def _send(self, topic: str, payload: bytes, retain: bool, expires_s: int | None) -> None:  # noqa: FBT001
        mid = self._mid_generate()
        while mid in self._published:
            mid = self._mid_generate()
        packet = publish_of(topic, payload, mid, retain=retain, expires_s=expires_s)
        self._published[mid] = packet
        self._to_send += packet


def _nothing(_client: Client, _data: Any, _sock: Any) -> None:  # noqa: ANN401  paho's
    """Its being there is what counts."""
