"""A dead letter: what could not be read or attributed, kept with its reason until decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a message or record went to the dead letters; stable, scripts filter by it."""

    NOT_JSON = "not_json"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    TOO_MANY_READINGS = "too_many_readings"
    CLOCK = "clock"
    UNKNOWN_COLLAR = "unknown_collar"
    NOT_WORN = "not_worn"
    WRONG_FARM = "wrong_farm"
    BAD_MQTT_TOPIC = "bad_mqtt_topic"
    UNKNOWN_SCHEMA = "unknown_schema"
    DAMAGED_AVRO = "damaged_avro"
    HANDLER_FAILED = "handler_failed"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bad data as a value: why, and a sentence that names the field and what was expected."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One undeliverable message. The envelope's event_id is its letter id.

    origin: `mqtt:{mqtt_topic}` or `kafka:{kafka_topic}/{partition}/{offset}`. raw: its bytes.
    tries: how often it was attempted, first included. received_at: aware UTC.
    """

    reason: Reason
    detail: str
    origin: str
    service: str
    received_at: datetime
    tries: int
    raw: bytes
