"""Which LoRaWAN server a message is from, by its MQTT topic or its webhook's path. Pure."""

from datetime import datetime

from contracts.dead_letter import Reason, Rejected
from contracts.ids import CollarId, FarmId, is_id
from gateway.payloads import chirpstack, things_stack
from gateway.payloads.lorawan import Aside, Uplink

CHIRPSTACK, THINGS_STACK = "chirpstack", "things-stack"
SERVERS = (CHIRPSTACK, THINGS_STACK)


def on_topic(
    server_topic: str, payload: bytes, received_at: datetime
) -> tuple[Uplink | Aside | Rejected, CollarId | None]:
    """The frame of a message, and whose it is as far as the server's own MQTT topic tells."""
    of_chirpstack = chirpstack.parse_topic(server_topic)
    if of_chirpstack is not None:
        event, device = of_chirpstack
        return chirpstack.decode(payload, received_at, event=event, device=device), device
    of_things_stack = things_stack.parse_topic(server_topic)
    if of_things_stack is not None:
        kind, application, device_id = of_things_stack
        named = (application, device_id)
        return things_stack.decode(payload, received_at, kind=kind, named=named), None
    wrong = Rejected(
        Reason.BAD_MQTT_TOPIC,
        "expected lorawan/v1/{farm}/ and then application/{id}/device/{dev_eui}/event/{event} "
        "or v3/{application}@{tenant}/devices/{device}/up",
    )
    return wrong, None


def over_http(server: str, body: bytes, received_at: datetime) -> Uplink | Aside | Rejected:
    """The frame in the body of a webhook of one of SERVERS; of ChirpStack only its event `up`."""
    if server == CHIRPSTACK:
        return chirpstack.decode(body, received_at, event=chirpstack.UP)
    return things_stack.decode(body, received_at)


def webhook_path(farm_id: FarmId, server: str) -> str:
    """The path that a farm's LoRaWAN server posts to."""
    return f"/v1/uplinks/{farm_id}/{server}"


def parse_webhook_path(path: str) -> tuple[FarmId, str] | None:
    """(farm, server) of a webhook's path; None if it is none."""
    match path.split("/"):
        case ["", "v1", "uplinks", farm, server] if is_id(farm) and server in SERVERS:
            return FarmId(farm), server
    return None
