"""Waits until the MQTT broker honours a new credential: it reads its files again once a second."""

import threading
import time

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

ATTEMPT_MAX_S = 2.0
PAUSE_S = 0.25


def wait_until_let_in(
    host: str, port: int, *, user: str, password: str, mqtt_topic: str | None, within_s: float
) -> bool:
    """Whether `user` could connect and subscribe to `mqtt_topic` (one of its own) in time.

    None = it may hear nothing: whether it could connect.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if _let_in(host, port, user, password, mqtt_topic):
            return True
        time.sleep(PAUSE_S)
    return False


def _let_in(host: str, port: int, user: str, password: str, mqtt_topic: str | None) -> bool:
    granted = threading.Event()

    def subscribed(
        _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if not any(reason.is_failure for reason in reasons):
            granted.set()

    def connected(
        client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if mqtt_topic is not None:
            client.subscribe(mqtt_topic, 1)
        elif not reason.is_failure:
            granted.set()

    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"{user}-probe",
        protocol=MQTTProtocolVersion.MQTTv5,
        reconnect_on_failure=False,
    )
    client.username_pw_set(user, password)
    client.on_subscribe = subscribed
    client.on_connect = connected
    try:
        client.connect(host, port)
    except OSError:
        return False
    client.loop_start()
    try:
        return granted.wait(ATTEMPT_MAX_S)
    finally:
        client.disconnect()
        client.loop_stop()
