"""Uplinks as ChirpStack v4 hands them on, over MQTT or HTTP, in its JSON encoding. Pure.

proto3's JSON leaves out what is zero: `fCnt` is absent on the first frame of a session, `fPort`
and `data` where there are none. Times have nanoseconds.
Source: ChirpStack v4, integration.proto and its documentation of events and MQTT topics.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from contracts.dead_letter import Reason, Rejected
from contracts.ids import CollarId
from gateway.payloads import lorawan
from gateway.payloads.lorawan import MAC_PORT, Aside, Uplink
from gateway.upload import Aware

UP = "up"
EVENTS = ("join", "status", "ack", "txack", "log", "location", "integration")
DECODER_TAG = "herd_decoder"  # of a device or its profile: names the decoder, and nothing else may


class _Device(msgspec.Struct, frozen=True, rename="camel"):
    dev_eui: str = ""
    device_profile_name: str = ""
    tags: dict[str, str] = {}


class _Message(msgspec.Struct, frozen=True, rename="camel"):
    device_info: _Device
    time: Aware | None = None
    dev_addr: str = ""
    f_cnt: int = 0
    f_port: int = MAC_PORT
    data: str = ""
    object: Any = None
    rx_info: Any = None


_message = msgspec.json.Decoder(_Message)


def parse_topic(server_topic: str) -> tuple[str, CollarId] | None:
    """(event, device) of `application/{id}/device/{dev_eui}/event/{event}`; None: none of those.

    A command to a device, which a bridge may carry along, is the event `command`.
    """
    match server_topic.split("/"):
        case ["application", _, "device", dev_eui, "event" | "command" as kind, event]:
            device = lorawan.dev_eui_of(dev_eui)
            if device is None:
                return None
            return (event if kind == "event" else kind), device
    return None


def decode(
    message: bytes, received_at: datetime, *, event: str, device: CollarId | None = None
) -> Uplink | Aside | Rejected:
    """The frame in a message. Never raises, whatever the bytes.

    received_at: ours, where the server tells no time. device: whom the MQTT topic names, None over
    HTTP: a message that says it is another's is refused.
    """
    if event != UP:
        return Aside(event if event in EVENTS else "other")
    told = lorawan.parsed(message, _message)
    if isinstance(told, Rejected):
        return told
    return _uplink(told, received_at, device)


def _uplink(
    told: _Message, received_at: datetime, device: CollarId | None
) -> Uplink | Aside | Rejected:
    dev_eui = lorawan.dev_eui_of(told.device_info.dev_eui)
    if dev_eui is None:
        return Rejected(Reason.WRONG_TYPE, "deviceInfo.devEui is not 16 hex digits")
    if device not in (None, dev_eui):
        return Rejected(
            Reason.BAD_MQTT_TOPIC, f"the message says it is of {dev_eui}, its topic of {device}"
        )
    address = lorawan.session_of(told.dev_addr, told.f_cnt)
    if isinstance(address, Rejected):
        return address
    frame = lorawan.frame_of(told.f_port, told.data, told.object, told.time or received_at)
    if isinstance(frame, Rejected):
        return frame
    if lorawan.is_mac_only(frame):
        return Aside("mac_only")
    named = told.device_info.tags.get(DECODER_TAG, "")
    return Uplink(
        dev_eui=dev_eui,
        dev_addr=address,
        f_cnt=told.f_cnt,
        frame=frame,
        decoder_names=_names(named or told.device_info.device_profile_name),
        named=bool(named),
        station_id=lorawan.heard_best(_receivers(told.rx_info)),
    )


def _names(name: str) -> tuple[str, ...]:
    found = lorawan.decoder_name(name)
    return (found,) if found else ()


def _receivers(rx_info: object) -> Iterator[tuple[object, object]]:
    for one in rx_info if isinstance(rx_info, list) else ():
        if isinstance(one, dict):
            yield one.get("gatewayId"), one.get("rssi")
