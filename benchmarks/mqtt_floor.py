"""The floor of the gateway's bench, a process of its own: stock paho that only acknowledges.

No subclass, no settings but the ones that the gateway has too: MQTT 5, the same receive maximum,
the same kind of session. It does nothing with a message but count it; paho acknowledges it.

`python -m benchmarks.mqtt_floor` is asked by one JSON object on stdin and answers with one on
stdout. With `messages` 0 it only makes its session and subscription.
"""

import json
import os
import sys
import time
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

QUIET_MAX_S = 60.0  # without a message that is due
SESSION_S = 3600


class Floor:
    """One session that acknowledges at once; `take` returns when `messages` came."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.count = 0
        self.subscribed = False
        self.connected_s = 0.0
        self._filter: str = asked["mqtt_filter"]
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=asked["client_id"],
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        self.client.username_pw_set(asked["user"], asked["password"])
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: setattr(self, "subscribed", True)
        self.client.on_message = self._on_message
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        wishes.SessionExpiryInterval = SESSION_S
        wishes.ReceiveMaximum = asked["receive_maximum"]
        self.client.connect(asked["host"], asked["port"], clean_start=False, properties=wishes)

    def take(self, messages: int) -> float:
        """Acknowledge so many; seconds from being let in to the last acknowledgement."""
        heard_s, count = time.monotonic(), self.count
        while self.count < messages or not self.subscribed:
            self.client.loop(0.1)
            now_s = time.monotonic()
            if self.count > count:
                heard_s, count = now_s, self.count
            if now_s - heard_s > QUIET_MAX_S:
                raise TimeoutError(f"{count} of {messages} messages came, then none")
        while self.client.want_write():
            self.client.loop_write()
        took_s = time.monotonic() - self.connected_s
        self.client.disconnect()
        return took_s

    def _on_connect(self, client: Client, _data: object, flags: ConnectFlags, *_: object) -> None:
        self.connected_s = time.monotonic()
        if flags.session_present:
            self.subscribed = True  # anew, Artemis would count no PUBACK of what is under way
            return
        client.subscribe(self._filter, options=SubscribeOptions(qos=1, retainHandling=2))

    def _on_message(self, _client: Client, _data: object, _message: MQTTMessage) -> None:
        self.count += 1


def main() -> None:
    """Do as asked."""
    asked = json.load(sys.stdin)
    took_s = Floor(asked).take(asked["messages"])
    cpu = os.times()
    json.dump({"took_s": took_s, "cpu_s": cpu.user + cpu.system}, sys.stdout)


if __name__ == "__main__":
    main()
