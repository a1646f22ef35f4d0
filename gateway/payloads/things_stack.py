"""Uplinks as The Things Stack v3 hands them on, over MQTT or as a webhook. Pure.

Its JSON leaves out empty fields: 0, false and "". A webhook has the same body as the MQTT message,
and the kind of a message is the name of its one key besides ids and times. EUIs are upper case.
Source: The Things Stack documentation, data formats, MQTT server and webhooks.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from contracts.dead_letter import Reason, Rejected
from gateway.payloads import lorawan
from gateway.payloads.lorawan import MAC_PORT, Aside, Uplink
from gateway.upload import Aware

UP = "up"
# MQTT levels behind the device, and keys of a webhook's body, that carry no readings
TOPICS = ("join", "down", "service", "location")
KEYS = (
    "join_accept", "downlink_ack", "downlink_nack", "downlink_sent", "downlink_failed",
    "downlink_queued", "downlink_queue_invalidated", "location_solved", "service_data",
    "uplink_normalized",
)  # fmt: skip


class _Application(msgspec.Struct, frozen=True):
    application_id: str = ""


class _Ids(msgspec.Struct, frozen=True):
    device_id: str = ""
    application_ids: _Application = _Application()
    dev_eui: str = ""
    dev_addr: str = ""


class _Version(msgspec.Struct, frozen=True):
    brand_id: str = ""
    model_id: str = ""


class _Uplink(msgspec.Struct, frozen=True):
    f_port: int = MAC_PORT
    f_cnt: int = 0
    frm_payload: str = ""
    decoded_payload: Any = None
    rx_metadata: Any = None
    received_at: Aware | None = None
    version_ids: _Version = _Version()


class _Message(msgspec.Struct, frozen=True):
    end_device_ids: _Ids
    received_at: Aware | None = None
    uplink_message: _Uplink | None = None
    simulated: bool = False


_message = msgspec.json.Decoder(_Message)
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])


def parse_topic(server_topic: str) -> tuple[str, str, str] | None:
    """(kind, application, device) of `v3/{app}[@{tenant}]/devices/{device}/{kind}`; or None."""
    match server_topic.split("/"):
        case ["v3", application, "devices", device, "up"]:
            return UP, application.partition("@")[0], device
        case ["v3", application, "devices", device, kind, *_]:
            what = kind if kind in TOPICS else "other"
            return what, application.partition("@")[0], device
    return None


def decode(
    message: bytes,
    received_at: datetime,
    *,
    kind: str = UP,
    named: tuple[str, str] | None = None,
) -> Uplink | Aside | Rejected:
    """The frame in a message. Never raises, whatever the bytes.

    received_at: ours, where the server tells no time. named: (application, device) of the MQTT
    topic, None over HTTP: a message that says it is another's is refused.
    """
    if kind != UP:
        return Aside(kind)
    told = lorawan.parsed(message, _message)
    if isinstance(told, Rejected):
        return told
    if told.uplink_message is None:
        return _other(message)
    ids = told.end_device_ids
    if named is not None and named != (ids.application_ids.application_id, ids.device_id):
        return Rejected(
            Reason.BAD_MQTT_TOPIC,
            "application_id and device_id of the message are not those of its topic",
        )
    if told.simulated:
        return Aside("simulated")  # typed by somebody, measured by nobody
    return _uplink(ids, told.uplink_message, told.received_at or received_at)


def _other(message: bytes) -> Aside | Rejected:
    # fields that are skipped are not looked at: bytes that are no text show only here
    keys = lorawan.parsed(message, _keys)
    if isinstance(keys, Rejected):
        return keys
    for key in KEYS:
        if key in keys:
            return Aside(key)
    return Rejected(Reason.WRONG_TYPE, "the message holds no uplink_message")


def _uplink(ids: _Ids, told: _Uplink, received_at: datetime) -> Uplink | Aside | Rejected:
    dev_eui = lorawan.dev_eui_of(ids.dev_eui)
    if dev_eui is None:
        return Rejected(Reason.WRONG_TYPE, "end_device_ids.dev_eui is not 16 hex digits")
    address = lorawan.session_of(ids.dev_addr, told.f_cnt)
    if isinstance(address, Rejected):
        return address
    frame = lorawan.frame_of(
        told.f_port, told.frm_payload, told.decoded_payload, told.received_at or received_at
    )
    if isinstance(frame, Rejected):
        return frame
    if lorawan.is_mac_only(frame):
        return Aside("mac_only")
    version = told.version_ids
    names = (
        lorawan.decoder_name(version.brand_id, version.model_id),
        lorawan.decoder_name(ids.application_ids.application_id),
    )
    return Uplink(
        dev_eui=dev_eui,
        dev_addr=address,
        f_cnt=told.f_cnt,
        frame=frame,
        decoder_names=tuple(name for name in names if name),
        named=False,
        station_id=lorawan.heard_best(_receivers(told.rx_metadata)),
    )


def _receivers(rx_metadata: object) -> Iterator[tuple[object, object]]:
    for one in rx_metadata if isinstance(rx_metadata, list) else ():
        if isinstance(one, dict):
            ids = one.get("gateway_ids")
            yield (ids.get("gateway_id") if isinstance(ids, dict) else None), one.get("rssi")
