"""The Kafka half of the AsyncAPI document, from the tables in contracts."""

from datetime import timedelta
from typing import Any

from contracts.messages import MESSAGES, MessageType
from contracts.topics import ALL, PARTITIONS, KafkaTopic

Part = dict[str, Any]

BINDING = "0.5.0"
AVRO = "application/vnd.apache.avro+json;version=1.9.0"  # newest that AsyncAPI 3.1 knows by name
SCHEMAS = "../../contracts/schemas"  # from docs/wire_format

KEYS = {
    "herd.collars.v1": "The collar's id.",
    "herd.snapshots.v1": "partition/input_offset/owner_epoch/chunk",
    "herd.dead-letters.v1": "As its source; a decision's is the letter's id.",
}
KEY_OF_OTHERS = "The id of whom it is about; a tick's is partition:{n}."


def kafka_channels() -> Part:
    """One channel a Kafka topic."""
    return {_name(topic): _channel(topic) for topic in ALL}


def kafka_messages() -> Part:
    """One message an event type, its payload the Avro schema itself."""
    return {_message_name(message): _message(message) for message in MESSAGES}


def kafka_operations() -> Part:
    """Reading each topic; those that are written from outside are none of a client's business."""
    return {
        f"read_{_name(topic)}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{_name(topic)}"},
            "summary": f"Read {topic.name}.",
            "tags": [{"name": "consumer"}],
        }
        for topic in ALL
        if _carried(topic)
    }


def _channel(topic: KafkaTopic) -> Part:
    configuration: Part = {"cleanup.policy": ["compact" if topic.compacted else "delete"]}
    if not topic.compacted:
        days = topic.retention_days
        configuration["retention.ms"] = (
            -1 if days is None else int(timedelta(days=days).total_seconds() * 1000)
        )
    return {
        "address": topic.name,
        "servers": [{"$ref": "#/servers/kafka"}],
        "description": _kept(topic),
        "messages": {
            _message_name(message): {"$ref": f"#/components/messages/{_message_name(message)}"}
            for message in _carried(topic)
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "topicConfiguration": configuration,
                "bindingVersion": BINDING,
            }
        },
    }


def _kept(topic: KafkaTopic) -> str:
    if topic.compacted:
        kept = "The newest record of each key is kept for ever."
    elif topic.retention_days is None:
        kept = "Kept for ever."
    else:
        kept = f"Kept for {topic.retention_days} days."
    where = "collar" if topic.name == "herd.collars.v1" else "farm"
    rule = f"Partition: crc32({where}_id) % {PARTITIONS}." if _carried(topic) else ""
    ours = "" if _carried(topic) else "The pipeline's own state, in no format of a contract."
    return " ".join(filter(None, (kept, rule, ours)))


def _message(message: MessageType) -> Part:
    return {
        "name": message.event_type,
        "title": message.payload.__name__,
        "summary": (message.payload.__doc__ or "").split("\n", 1)[0],
        "contentType": "application/avro",
        "payload": {
            "schemaFormat": AVRO,
            "schema": {"$ref": f"{SCHEMAS}/{message.schema_stem}.avsc"},
        },
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": KEYS.get(message.kafka_topic.name, KEY_OF_OTHERS),
                },
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": "TopicRecordNameStrategy",
                "bindingVersion": BINDING,
            }
        },
    }


def _carried(topic: KafkaTopic) -> list[MessageType]:
    return [message for message in MESSAGES if message.kafka_topic is topic]


def _name(topic: KafkaTopic) -> str:
    """`herd.dead-letters.v1` as a key of the document."""
    return topic.name.removesuffix(".v1").replace(".", "_").replace("-", "_")


def _message_name(message: MessageType) -> str:
    return message.payload.__name__
