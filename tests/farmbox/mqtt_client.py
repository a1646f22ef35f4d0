"""A small MQTT 5 client for tests: each call waits for the broker's answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.waiting import eventually

T = TypeVar("T")

ANSWER_MAX_S = 10.0
SESSION_KEPT_S = 3600


@dataclass(frozen=True)
class Received:
    """One message as it came in."""

    topic: str
    payload: bytes
    retained: bool


@dataclass
class Answers:
    """What the broker said, by packet id."""

    connected: list[str] = field(default_factory=list)
    session_present: bool = False
    disconnected: list[str] = field(default_factory=list)
    subscribed: dict[int, str] = field(default_factory=dict)
    published: dict[int, str] = field(default_factory=dict)


class MqttClient:
    """Connects at once; `connected` is the reason the broker gave."""

    def __init__(
        self,
        address: tuple[str, int],
        user: str | None,
        password: str | None,
        *,
        client_id: str,
        keep_session: bool = False,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.answers = Answers()
        self.received: list[Received] = []
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5)
        client.username_pw_set(user, password)
        if will is not None:
            client.will_set(will[0], will[1], qos=1)
        self._wire(client)
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        session.SessionExpiryInterval = SESSION_KEPT_S if keep_session else 0
        client.connect(*address, clean_start=not keep_session, properties=session)
        client.loop_start()
        self._client = client
        self.connected = self._until(lambda: self.answers.connected[-1:])[0]

    def subscribe(self, *topics: str, retain_handling: int = 0) -> str:
        """The broker's reasons, each topic in a packet of its own at QoS 1, all sent at once.

        retain_handling: 0 = retained messages are wanted.
        """
        options = SubscribeOptions(qos=1, retainHandling=retain_handling)
        sent = [self._client.subscribe(topic, options=options)[1] for topic in topics]
        answered = self.answers.subscribed
        self._until(lambda: all(packet_id in answered for packet_id in sent))
        return ", ".join(answered[packet_id or 0] for packet_id in sent)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> str:
        """The reason of the PUBACK, or of the disconnection that came in its place."""
        return self.publish_all([(topic, payload)], retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, bytes]], *, retain: bool = False) -> str:
        """Messages all sent at once; the reason of each, or that we were cut off."""
        before = len(self.answers.disconnected)
        sent = [
            self._client.publish(topic, payload, qos=1, retain=retain).mid
            for topic, payload in messages
        ]
        answered, cut_off = self.answers.published, self.answers.disconnected
        self._until(lambda: cut_off[before:] or all(packet_id in answered for packet_id in sent))
        return ", ".join(cut_off[before:] or [answered[packet_id] for packet_id in sent])

    def payloads(self) -> list[bytes]:
        """What came in so far."""
        return [message.payload for message in self.received]

    def close(self) -> None:
        """Leave in good order: the broker sends no will."""
        self._client.disconnect()
        self._client.loop_stop()

    def vanish(self) -> None:
        """Break the connection as a lost radio would: the broker sends the will."""
        self._client.loop_stop()
        sock: Any = self._client.socket()
        if sock is not None:  # the broker may have closed it already
            sock.close()

    def _until(self, check: Callable[[], T | None]) -> T:
        return eventually(check, within_s=ANSWER_MAX_S, why="no answer of the broker")

    def _wire(self, client: paho.Client) -> None:
        answers = self.answers

        def on_connect(_c: Any, _u: Any, flags: Any, reason: Any, _p: Any) -> None:  # noqa: ANN401 (paho's shape)
            answers.session_present = flags.session_present
            answers.connected.append(str(reason))

        def on_disconnect(_c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:  # noqa: ANN401 (paho's shape)
            answers.disconnected.append(str(reason))

        def on_subscribe(_c: Any, _u: Any, mid: int, reasons: Any, _p: Any) -> None:  # noqa: ANN401 (paho's shape)
            answers.subscribed[mid] = str(reasons[0])

        def on_publish(_c: Any, _u: Any, mid: int, reason: Any, _p: Any) -> None:  # noqa: ANN401 (paho's shape)
            answers.published[mid] = str(reason)

        def on_message(_c: Any, _u: Any, message: paho.MQTTMessage) -> None:  # noqa: ANN401 (paho's shape)
            self.received.append(Received(message.topic, bytes(message.payload), message.retain))

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_subscribe = on_subscribe
        client.on_publish = on_publish
        client.on_message = on_message
