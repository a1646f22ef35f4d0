"""Uploads from the MQTT broker, each together with what its PUBACK needs.

paho's own threads and its `loop()` are not used: a callback that raises there ends a thread in
silence, and `loop()` reads one packet for each select. Here the bridge's thread selects itself,
reads through a buffer (paho asks the socket for single bytes) and writes once a turn.
"""

import random
import select
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.bridge import Arrived

log = structlog.get_logger()

READ_BYTES = 65_536
CONNECT_MAX_S = 3.0
RETRY_MIN_S = 0.1
RETRY_MAX_S = 5.0
PUBLISHES_WAITING_MAX = 10_000  # answers beyond are dropped: the collars ask again
NO_RECEIVE_MAXIMUM = 65_535  # MQTT 5: what a broker means that names none
NOT_SENT_BY_SUBSCRIBING = 2  # MQTT 5 retain handling: retained uploads are not replayed


@dataclass(frozen=True, slots=True)
class MqttLogin:
    """Where the broker is and who we are. client_id names the session that the broker keeps."""

    host: str
    port: int
    user: str
    password: str
    client_id: str
    keepalive_s: int = 15
    session_s: int = 86_400
    receive_maximum: int = 1000
    tls: bool = False
    ca_file: Path | None = None  # with tls: who may vouch for the broker; None = the machine's list


class BufferedClient(Client):
    """paho's client, reading up to READ_BYTES at once and heeding the broker's receive maximum."""

    _buffered = b""
    _read_to = 0

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._read_to >= len(self._buffered):
            self._buffered, self._read_to = super()._sock_recv(READ_BYTES), 0
        part = self._buffered[self._read_to : self._read_to + bufsize]
        self._read_to += len(part)
        return part

    def _sock_close(self) -> None:
        self._buffered, self._read_to = b"", 0  # the rest of an old connection is no packet
        super()._sock_close()

    def heed(self, receive_maximum: int) -> None:
        """Publish at most this many ahead: a broker ends a connection that exceeds it.

        paho ignores what the broker says in CONNACK, and refuses to be told once connected.
        """
        self._max_inflight_messages = receive_maximum

    def has_buffered(self) -> bool:
        """Whether bytes are here that no select will tell of: ours, or in TLS already decrypted."""
        connection = self.socket()
        decrypted = connection.pending() if isinstance(connection, ssl.SSLSocket) else 0
        return self._read_to < len(self._buffered) or decrypted > 0


class MqttSource:
    """One MQTT 5 session at the broker, kept up for ever. For one thread."""

    def __init__(self, login: MqttLogin, *, mqtt_filter: str) -> None:
        self._filter = mqtt_filter
        self._arrived: list[Arrived] = []
        self._epoch = 0
        self._retry_at = 0.0  # monotonic
        self._failures = 0
        self._subscribe_at: float | None = None
        self.subscribed = False
        self._client = _client_of(login)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def epoch(self) -> int:
        """The number of connections so far."""
        return self._epoch

    def turn(self, wait_s: float, *, reading: bool = True) -> list[Arrived]:
        """Serve the connection; what arrived, waiting at most `wait_s` for something to.

        reading: whether to take anything more from the socket. Without, TCP pushes back; longer
        than the keepalive, it costs the connection.
        """
        if self._client.socket() is None:
            self._connect(wait_s)
        elif self._subscribe_at is not None and time.monotonic() >= self._subscribe_at:
            self._subscribe()
        self._serve(wait_s, reading=reading)
        arrived, self._arrived = self._arrived, []
        return arrived

    def acknowledge(self, arrived: Arrived) -> None:
        """PUBACK; dropped if the connection it came on is gone: its packet id may live again."""
        if arrived.epoch == self._epoch and self._client.socket() is not None:
            self._client.ack(arrived.mid, arrived.qos)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool, expires_s: int | None = None
    ) -> None:
        """Publish at QoS 1, after a reconnect too; dropped beyond PUBLISHES_WAITING_MAX.

        expires_s: after so many seconds the broker need not deliver it any more.
        """
        wishes = None
        if expires_s is not None:
            wishes = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
            wishes.MessageExpiryInterval = expires_s
        told = self._client.publish(topic, payload, qos=1, retain=retain, properties=wishes)
        if told.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            log.warning("answer_dropped", mqtt_topic=topic, waiting_max=PUBLISHES_WAITING_MAX)

    def close(self) -> None:
        """Send what waits and leave in order."""
        self._client.on_disconnect = None  # nobody waits for this one to come back
        if self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop_write()

    def _serve(self, wait_s: float, *, reading: bool) -> None:
        sock = self._client.socket()
        if not isinstance(sock, socket.socket):
            return
        if self._client.want_write():
            self._client.loop_write()
        writing = [sock] if self._client.want_write() else []
        try:
            readable, writable, _ = select.select([sock] if reading else [], writing, [], wait_s)
        except (OSError, ValueError):
            return  # closed while it was written to: the next turn connects again
        if readable:
            self._client.loop_read()
            while self._client.has_buffered() and self._client.socket() is not None:
                self._client.loop_read()
        if writable or self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _connect(self, wait_s: float) -> None:
        left_s = self._retry_at - time.monotonic()
        if left_s > 0:
            select.select([], [], [], min(left_s, wait_s))
            return
        try:
            self._client.reconnect()
        except OSError as error:
            self._client.loop_misc()
            self._back_off(str(error))

    def _back_off(self, why: str) -> None:
        self.subscribed = False
        longest_s = min(RETRY_MAX_S, RETRY_MIN_S * 2 ** min(self._failures, 10))
        # jitter: a hundred clients of one broker must not come back in the same instant
        wait_s = random.uniform(longest_s / 2, longest_s)  # noqa: S311  no secret
        self._failures += 1
        self._retry_at = time.monotonic() + wait_s
        log.warning("mqtt_connection_lost", why=why, retry_in_s=round(wait_s, 2))

    def _subscribe(self) -> None:
        self._subscribe_at = None
        options = SubscribeOptions(qos=1, retainHandling=NOT_SENT_BY_SUBSCRIBING)
        self._client.subscribe(self._filter, options=options)

    def _on_connect(
        self,
        _client: Client,
        _data: Any,  # noqa: ANN401  paho's signature
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.error("mqtt_refused_us", reason=str(reason))  # paho closes, and we back off
            return
        self._epoch += 1
        self._failures = 0
        self._client.heed(getattr(properties, "ReceiveMaximum", NO_RECEIVE_MAXIMUM))
        log.info("mqtt_connected", session_present=flags.session_present, epoch=self._epoch)
        self._subscribe()

    def _on_subscribe(
        self,
        _client: Client,
        _data: Any,  # noqa: ANN401
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        self.subscribed = not refused
        if refused:
            # two first members of one shared subscription race at Artemis, and one is refused
            self._subscribe_at = time.monotonic() + random.uniform(0.2, 1.0)  # noqa: S311
            log.warning("mqtt_subscribe_refused", mqtt_filter=self._filter, reasons=refused)
        else:
            log.info("mqtt_subscribed", mqtt_filter=self._filter)

    def _on_message(
        self,
        _client: Client,
        _data: Any,  # noqa: ANN401
        message: MQTTMessage,
    ) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # no topic of ours: a dead letter like any other
        self._arrived.append(
            Arrived(topic, bytes(message.payload), message.mid, message.qos, self._epoch)
        )

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,  # noqa: ANN401
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._subscribe_at = None
        self._back_off(str(reason))


def _client_of(login: MqttLogin) -> BufferedClient:
    client = BufferedClient(
        CallbackAPIVersion.VERSION2,
        client_id=login.client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        manual_ack=True,
    )
    client.username_pw_set(login.user, login.password)
    if login.tls:
        client.tls_set(ca_certs=None if login.ca_file is None else str(login.ca_file))
    client.connect_timeout = CONNECT_MAX_S
    client.max_queued_messages_set(PUBLISHES_WAITING_MAX)
    client.on_socket_open = _without_delay
    # with a writer registered paho queues what it is told; the turn sends it together
    client.on_socket_register_write = _nothing
    wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
    wishes.SessionExpiryInterval = login.session_s
    wishes.ReceiveMaximum = login.receive_maximum
    client.connect_async(
        login.host,
        login.port,
        keepalive=login.keepalive_s,
        clean_start=False,
        properties=wishes,
    )
    return client


def _without_delay(_client: Client, _data: Any, sock: Any) -> None:  # noqa: ANN401  paho's
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _nothing(_client: Client, _data: Any, _sock: Any) -> None:  # noqa: ANN401  paho's
    """Its being there is what counts."""
