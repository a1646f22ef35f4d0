"""The AsyncAPI 3.1 document: how collars, stations and LoRaWAN servers speak to a farm, and Kafka.

An operation is told from the view of whom its tag names: what a `collar` sends the `gateway`
receives. Both stand here, so that either side can be generated from one document.
"""

from typing import Any

from contracts.topics import LORAWAN_FILTER, MQTT_CHANNELS, MQTT_READINGS_FILTER
from gateway.payloads.native import UPLOAD_BYTES_MAX
from gateway.published import examples, schemas
from gateway.published.kafka_side import (
    BINDING,
    kafka_channels,
    kafka_messages,
    kafka_operations,
)

Part = dict[str, Any]

MQTT_BINDING = "0.2.0"
KEEPALIVE_S = 60

DESCRIPTION = (
    "A collar keeps each reading until the gateway's answer on `…/ack` names its seq or a higher "
    "one of the same boot. A PUBACK comes from the MQTT broker and proves nothing about the log. "
    "One upload is in flight: the next goes out after the answer, or the same again after a "
    "timeout (3 s, doubling to 30 s, with jitter). A repeat counts once. See docs/collar_maker.md."
)

PARAMETERS: Part = {
    "farm": {
        "description": "The farm's id: 1 to 40 of a-z, 0-9 and '-'.",
        "examples": ["home"],
    },
    "collar": {
        "description": "The collar's or weather station's id, also its user: 1 to 40 of a-z, 0-9 "
        "and '-'.",
        "examples": ["c-17"],
    },
    "server_topic": {
        "description": "The LoRaWAN server's own topic, of as many levels as it has.",
        "examples": ["application/1/device/0102030405060708/event/up"],
    },
}

SUMMARIES = {
    "readings": "Uploads of readings.",
    "ack": "How far everything is safe. Retained for a collar of the register: one that was away "
    "learns it at once.",
    "rejects": "What was refused, and why.",
    "status": "Whether the collar is connected; retained.",
}


def document() -> Part:
    """The whole document, in the order in which it is read."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Herdlog",
            "version": "1.0.0",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": _mqtt_channels() | kafka_channels(),
        "operations": _mqtt_operations() | kafka_operations(),
        "components": {
            "schemas": {
                "Upload": _inside(schemas.upload_schema()),
                "Answer": _inside(schemas.answer_schema()),
                "Reject": _inside(schemas.reject_schema()),
                "Status": _inside(schemas.status_schema()),
            },
            "messages": _mqtt_messages() | kafka_messages(),
            "parameters": PARAMETERS,
            "securitySchemes": {
                "password": {
                    "type": "userPassword",
                    "description": "User: the collar's id. Password: of `herd collar add` or "
                    "`herd import --credentials`. It reaches the collar's own topics, no others.",
                },
                "scram": {
                    "type": "scramSha512",
                    "description": "One user a consumer, with what it may read and no more.",
                },
            },
        },
    }


def _servers() -> Part:
    variables = {"host": {"description": "The farm's name or address.", "default": "localhost"}}
    mqtt_bindings = {
        "mqtt": {
            "cleanSession": True,  # answers are retained: a session would keep nothing more
            "keepAlive": KEEPALIVE_S,
            "maximumPacketSize": UPLOAD_BYTES_MAX + 1024,
            "lastWill": {
                "topic": "herd/v1/{farm}/{collar}/status",
                "qos": 1,
                "message": '{"online":false}',
                "retain": True,
            },
            "bindingVersion": MQTT_BINDING,
        }
    }
    mqtt: Part = {
        "protocolVersion": "5.0",
        "variables": variables,
        "security": [{"$ref": "#/components/securitySchemes/password"}],
        "bindings": mqtt_bindings,
    }
    return {
        "mqtts": {
            "host": "{host}:8883",
            "protocol": "secure-mqtt",
            "description": "MQTT 5 with TLS. 3.1.1 is let in, too.",
        }
        | mqtt,
        "mqtt": {
            "host": "{host}:1883",
            "protocol": "mqtt",
            "description": "Without TLS: within one machine, or a network that is trusted.",
        }
        | mqtt,
        "kafka": {
            "host": "{host}:9092",
            "protocol": "kafka-secure",
            "variables": variables,
            "security": [{"$ref": "#/components/securitySchemes/scram"}],
            "bindings": {"kafka": {"schemaRegistryVendor": "confluent", "bindingVersion": BINDING}},
        },
    }


def _mqtt_channels() -> Part:
    named = {"readings": "Upload", "ack": "Answer", "rejects": "Reject", "status": "Status"}
    own = {channel: _own_channel(channel, named[channel]) for channel in MQTT_CHANNELS}
    return own | {
        "lorawan": {
            "address": LORAWAN_FILTER.replace("+", "{farm}").replace("#", "{server_topic}"),
            "servers": _on_mqtt(),
            "summary": "Uplinks of ChirpStack v4 and The Things Stack v3, as they publish them. "
            "See docs/lorawan.md.",
            "messages": {"Uplink": {"$ref": "#/components/messages/Uplink"}},
            "parameters": _parameters("farm", "server_topic"),
        }
    }


def _own_channel(channel: str, message: str) -> Part:
    address = MQTT_READINGS_FILTER.replace("+", "{farm}", 1).replace("+", "{collar}", 1)
    return {
        "address": address.replace("readings", channel),
        "servers": _on_mqtt(),
        "summary": SUMMARIES[channel],
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "parameters": _parameters("farm", "collar"),
    }


def _mqtt_operations() -> Part:
    """Each channel from both ends, and the one thing that a LoRaWAN server does."""
    answered = {
        "channel": {"$ref": "#/channels/ack"},
        "messages": [{"$ref": "#/channels/ack/messages/Answer"}],
    }
    return {
        "sendReadings": _operation("send", "readings", "collar")
        | {"summary": "Send what is not answered yet, one upload at a time.", "reply": answered},
        "receiveAnswer": _operation("receive", "ack", "collar")
        | {"summary": "Forget the readings up to this one."},
        "receiveRejects": _operation("receive", "rejects", "collar")
        | {"summary": "Learn what was refused. Rejected readings are answered, too."},
        "sendStatus": _operation("send", "status", "collar", retain=True)
        | {"summary": "Say that the collar is there; its will says when it is not."},
        "takeReadings": _operation("receive", "readings", "gateway")
        | {"summary": "Put them into the log: shared among gateways, repeats and all."},
        "answer": _operation("send", "ack", "gateway", retain=True)
        | {"summary": "Once Kafka has confirmed everything of an upload, and not before."},
        "reject": _operation("send", "rejects", "gateway")
        | {"summary": "Tell of each reading that went to the dead letters."},
        "sendUplink": _operation("send", "lorawan", "lorawan-server")
        | {"summary": "Hand on what a device sent; with a base station's credential."},
    }


def _operation(action: str, channel: str, whose: str, *, retain: bool = False) -> Part:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "tags": [{"name": whose}],
        "bindings": {"mqtt": {"qos": 1, "retain": retain, "bindingVersion": MQTT_BINDING}},
    }


def _mqtt_messages() -> Part:
    return {
        "Upload": _message("Upload", examples.UPLOADS),
        "Answer": _message("Answer", {"safe_up_to_41": examples.ANSWER}),
        "Reject": _message("Reject", examples.REJECTS),
        "Status": _message("Status", examples.STATUSES),
        "Uplink": {
            "name": "Uplink",
            "title": "Uplink of a LoRaWAN server",
            "contentType": "application/json",
            "payload": {"type": "object"},
        },
    }


def _message(schema: str, shown: dict[str, Part]) -> Part:
    return {
        "name": schema,
        "title": schema,
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{schema}"},
        "examples": [{"name": name, "payload": payload} for name, payload in shown.items()],
    }


def _inside(schema: Part) -> Part:
    """A schema without its dialect: within the document AsyncAPI's own is meant."""
    return {key: value for key, value in schema.items() if key != "$schema"}


def _on_mqtt() -> list[Part]:
    return [{"$ref": "#/servers/mqtts"}, {"$ref": "#/servers/mqtt"}]


def _parameters(*names: str) -> Part:
    return {name: {"$ref": f"#/components/parameters/{name}"} for name in names}
