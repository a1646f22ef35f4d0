"""Uploads from the MQTT broker, each together with what its PUBACK needs.

The bridge's thread selects itself, reads once a turn and writes once (`mqtt_client.py`).

A session that the broker has kept is not subscribed again while its messages come. Artemis 2.53
makes a new consumer of a second SUBSCRIBE, delivers anew what was on its way to the old one,
ignores those PUBACKs, and never counts them against our receive maximum: with so many under way at
that moment it sent nothing more (1,500 of 5,000 uploads came). So a filter is subscribed to when
the session is new, or when for QUIET_S nothing came on it, and nothing can be under way.
"""

import random
import select
import socket
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.adapters.mqtt_client import NO_RECEIVE_MAXIMUM, TurnClient
from gateway.adapters.mqtt_packets import Incoming
from gateway.ports import Arrived

log = structlog.get_logger()

CONNECT_MAX_S = 3.0
RETRY_MIN_S = 0.1
RETRY_MAX_S = 5.0
TELL_DROPPED_EVERY_S = 10.0
FILTERS_KEPT = 100
QUIET_S = 0.5  # a session with a backlog delivers within milliseconds of CONNACK
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


class MqttSource:
    """One MQTT 5 session at the broker, kept up for ever. For one thread."""

    def __init__(
        self, login: MqttLogin, *, mqtt_filter: str, more_filters: tuple[str, ...] = ()
    ) -> None:
        self._filters = (mqtt_filter, *more_filters)
        self._unheard = self._filters  # of this connection: neither granted nor proven
        self._arrived: list[Arrived] = []
        self._epoch = 0
        self._dropped = 0
        self._tell_dropped_at = 0.0  # monotonic
        self._retry_at = 0.0  # monotonic
        self._failures = 0
        self._subscribe_at: float | None = None
        self.subscribed = False
        self._client = _client_of(login)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish_in = self._on_publish_in

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
        if arrived.epoch == self._epoch and arrived.qos and self._client.socket() is not None:
            self._client.acknowledge(arrived.mid)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool, expires_s: int | None = None
    ) -> None:
        """Publish at QoS 1, after a reconnect too; dropped beyond PUBLISHES_WAITING_MAX.

        expires_s: after so many seconds the broker need not deliver it any more.
        """
        if not self._client.tell(topic, payload, retain=retain, expires_s=expires_s):
            self._dropped += 1
            if time.monotonic() >= self._tell_dropped_at:
                self._tell_dropped_at = time.monotonic() + TELL_DROPPED_EVERY_S
                log.warning("answers_dropped", dropped=self._dropped, mqtt_topic=topic)

    def close(self) -> None:
        """Send what waits and leave in order."""
        self._client.leave()

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
        self._client.subscribe([(one, options) for one in self._unheard])

    def _heard(self, *filters: str) -> None:
        """These filters are ours at the broker: it granted them, or delivers what they match."""
        self._unheard = tuple(one for one in self._unheard if one not in filters)
        if not self._unheard:
            self._subscribe_at, self.subscribed = None, True
            log.info("mqtt_subscribed", mqtt_filters=self._filters)

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
        receive_maximum = getattr(properties, "ReceiveMaximum", NO_RECEIVE_MAXIMUM)
        self._client.resume(receive_maximum, session_present=flags.session_present)
        log.info("mqtt_connected", session_present=flags.session_present, epoch=self._epoch)
        self._unheard = self._filters
        if flags.session_present:
            self._subscribe_at = time.monotonic() + QUIET_S
        else:
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
        if refused:
            # two first members of one shared subscription race at Artemis, and one is refused
            self._subscribe_at = time.monotonic() + random.uniform(0.2, 1.0)  # noqa: S311
            log.warning("mqtt_subscribe_refused", mqtt_filters=self._unheard, reasons=refused)
        else:
            self._heard(*self._unheard)

    def _on_publish_in(self, came: Incoming) -> None:
        for one in self._unheard:
            if _matches(one, came.mqtt_topic):
                self._heard(one)
        self._arrived.append(Arrived(*came, self._epoch))

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


def _matches(mqtt_filter: str, mqtt_topic: str) -> bool:
    plain, prefix = _plain(mqtt_filter)
    # paho's own matching costs as much as all else of a PUBLISH
    return mqtt_topic.startswith(prefix) and bool(topic_matches_sub(plain, mqtt_topic))


@lru_cache(FILTERS_KEPT)
def _plain(mqtt_filter: str) -> tuple[str, str]:
    """A filter without the name of its share group, and how all that it matches begins."""
    shared = mqtt_filter.startswith("$share/")
    plain = mqtt_filter.split("/", 2)[2] if shared else mqtt_filter
    return plain, plain.split("/+", 1)[0].split("/#", 1)[0]


def _client_of(login: MqttLogin) -> TurnClient:
    client = TurnClient(
        CallbackAPIVersion.VERSION2,
        client_id=login.client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
    )
    client.username_pw_set(login.user, login.password)
    if login.tls:
        client.tls_set(ca_certs=None if login.ca_file is None else str(login.ca_file))
    client.connect_timeout = CONNECT_MAX_S
    client.on_socket_open = _without_delay
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
