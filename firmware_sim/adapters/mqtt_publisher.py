"""The collars' MQTT 5 sessions: one a collar, or many collars over one station's connection.

All of them in one thread over one selector. A session starts clean: what the broker would keep,
the collar's own buffer keeps better, and its last answer is retained and comes with subscribing.
"""

import json
import random
import secrets
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contracts.ids import CollarId
from contracts.topics import mqtt_topic, parse_mqtt_topic
from firmware_sim.herd import Heard, Worn

log = structlog.get_logger()

KEEPALIVE_S = 15
CLIENT_ID_BYTES = 8  # random ones, behind the collar's own id
CONNECT_MAX_S = 3.0
RETRY_MIN_S = 0.2
RETRY_MAX_S = 3.0
MISC_EVERY_S = 1.0  # keepalives are looked after this often


class _Answer(msgspec.Struct):
    boot_id: int
    seq: int


class MqttSessions:
    """The Sessions of a herd. station: (user, password) of one connection for all collars."""

    def __init__(
        self,
        host: str,
        port: int,
        worn: Sequence[Worn],
        *,
        station: tuple[str, str] | None = None,
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._heard: list[Heard] = []
        self._misc_at_s = 0.0
        address = (host, port)
        # whoever knows a client id can cut its connection: each start takes one nobody can guess
        start = secrets.token_hex(CLIENT_ID_BYTES)
        if station is None:
            self._lines = [
                _Line(self, address, one.user, one.password, f"{one.collar_id}-{start}", [one])
                for one in worn
            ]
        else:
            self._lines = [_Line(self, address, *station, f"station-{station[0]}-{start}", worn)]
        self._line_of = {one.collar_id: line for line in self._lines for one in line.worn}

    def turn(self, wait_s: float) -> list[Heard]:
        """Serve all sessions, at most `wait_s`; what collars were told."""
        now_s = time.monotonic()
        for line in self._lines:
            line.keep_up(now_s)
        for key, events in self._selector.select(wait_s):
            key.data.serve(events)
        if now_s >= self._misc_at_s:
            self._misc_at_s = now_s + MISC_EVERY_S
            for line in self._lines:
                line.misc()
        heard, self._heard = self._heard, []
        return heard

    def publish(self, collar_id: CollarId, payload: bytes) -> bool:
        """Hand over an upload; False while the collar has no connection."""
        return self._line_of[collar_id].publish(collar_id, payload)

    def close(self) -> None:
        """Leave in order, so that no will is published."""
        for line in self._lines:
            line.close()
        self._selector.close()

    def hear(self, heard: Heard) -> None:
        """A line was told something."""
        self._heard.append(heard)

    def watch(self, sock: Any, line: "_Line", *, writing: bool) -> None:  # noqa: ANN401  paho's SocketLike
        """Wake for this socket."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
        try:
            self._selector.modify(sock, events, line)
        except KeyError:
            self._selector.register(sock, events, line)

    def forget(self, sock: socket.socket) -> None:
        """The socket is about to be closed."""
        with suppress(KeyError, ValueError):  # never watched, or closed by the other side first
            self._selector.unregister(sock)


class _Line:
    """One connection and the collars that speak over it."""

    def __init__(
        self,
        sessions: MqttSessions,
        address: tuple[str, int],
        user: str,
        password: str,
        client_id: str,
        worn: Sequence[Worn],
    ) -> None:
        self.worn = worn
        self._by_id = {one.collar_id: one for one in worn}
        self._sessions = sessions
        self._retry_at_s = 0.0
        self._failures = 0
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.username_pw_set(user, password)
        client.connect_timeout = CONNECT_MAX_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_open = self._on_open
        client.on_socket_close = self._on_close
        client.on_socket_register_write = self._on_writing
        client.on_socket_unregister_write = self._on_written
        if len(worn) == 1:
            client.will_set(self._topic(worn[0], "status"), b'{"online":false}', 1, retain=True)
        client.connect_async(*address, keepalive=KEEPALIVE_S, clean_start=True)

    def keep_up(self, now_s: float) -> None:
        """Connect if there is no connection and it is time to try."""
        if self._client.socket() is not None or now_s < self._retry_at_s:
            return
        try:
            self._client.reconnect()
        except OSError as error:
            self._back_off(str(error))

    def serve(self, events: int) -> None:
        """Read and write what the socket has and takes."""
        if events & selectors.EVENT_READ:
            self._client.loop_read()
        if events & selectors.EVENT_WRITE and self._client.socket() is not None:
            self._client.loop_write()

    def misc(self) -> None:
        """Keepalive."""
        if self._client.socket() is not None:
            self._client.loop_misc()

    def publish(self, collar_id: CollarId, payload: bytes) -> bool:
        """Publish an upload of one collar at QoS 1."""
        if not self._client.is_connected():
            return False
        topic = self._topic(self._by_id[collar_id], "readings")
        return self._client.publish(topic, payload, qos=1).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        """Say goodbye."""
        if self._client.is_connected():
            self._client.disconnect()
            self._client.loop_write()

    def _topic(self, worn: Worn, channel: str) -> str:
        return mqtt_topic(worn.farm_id, worn.collar_id, channel)

    def _back_off(self, why: str) -> None:
        longest_s = min(RETRY_MAX_S, RETRY_MIN_S * 2 ** min(self._failures, 10))
        self._failures += 1
        # jitter: a herd must not come back in one instant
        self._retry_at_s = time.monotonic() + random.uniform(longest_s / 2, longest_s)  # noqa: S311
        log.debug("collar_disconnected", collar_id=self.worn[0].collar_id, why=why)

    def _on_connect(
        self,
        client: Client,
        _data: Any,  # noqa: ANN401  paho's signature
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.warning("collar_refused", user=client.username, reason=str(reason))
            return
        self._failures = 0
        client.drop_out_messages()  # the collar itself decides what is sent again
        for one in self.worn:
            client.subscribe([(self._topic(one, "ack"), 1), (self._topic(one, "rejects"), 1)])
            self._sessions.hear(Heard(one.collar_id))
        if len(self.worn) == 1:
            client.publish(self._topic(self.worn[0], "status"), b'{"online":true}', 1, retain=True)

    def _on_subscribe(
        self,
        client: Client,
        _data: Any,  # noqa: ANN401
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            # without answers nothing is ever freed; a new credential's rights come a second late
            log.warning("collar_hears_nothing", user=client.username, reason=str(reasons[0]))
            client.disconnect()

    def _on_message(
        self,
        _client: Client,
        _data: Any,  # noqa: ANN401
        message: MQTTMessage,
    ) -> None:
        address = parse_mqtt_topic(message.topic)
        if address is None:
            return
        if address.channel == "rejects":
            told = json.loads(message.payload)
            log.warning("reading_refused", collar_id=address.collar_id, **told)
            return
        answer = msgspec.json.decode(message.payload, type=_Answer)
        self._sessions.hear(Heard(address.collar_id, answer.boot_id, answer.seq))

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,  # noqa: ANN401
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._back_off(str(reason))

    def _on_open(self, _client: Client, _data: Any, sock: Any) -> None:  # noqa: ANN401
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sessions.watch(sock, self, writing=False)

    def _on_close(self, _client: Client, _data: Any, sock: Any) -> None:  # noqa: ANN401
        self._sessions.forget(sock)

    def _on_writing(self, _client: Client, _data: Any, sock: Any) -> None:  # noqa: ANN401
        self._sessions.watch(sock, self, writing=True)

    def _on_written(self, _client: Client, _data: Any, sock: Any) -> None:  # noqa: ANN401
        if self._client.socket() is sock:  # not while it is being closed
            self._sessions.watch(sock, self, writing=False)
