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
    RATE_LIMITED = "rate_limited"
    SEQ_REUSED = "seq_reused"
    UNKNOWN_DECODER = "unknown_decoder"
    DECODER_FAILED = "decoder_failed"
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

    origin: `mqtt:{mqtt_topic}`, `http:{path}` or `kafka:{kafka_topic}/{partition}/{offset}`.
    raw: its bytes. tries: how often it was attempted, first included. received_at: aware UTC.
    collar_id: whose it was, None = cannot be told.
    """

    reason: Reason
    detail: str
    origin: str
    service: str
    received_at: datetime
    tries: int
    raw: bytes
    collar_id: str | None = None


# What is decided about a letter: events of its own topic and partition, keyed by its id.


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRetryAsked:
    """The letter is to go the normal way again; carries what that needs, so nothing is looked up.

    tries: before this one.
    """

    letter_id: str
    origin: str
    received_at: datetime
    tries: int
    raw: bytes


class RetryOutcome(StrEnum):
    """What came of a retry. TAKEN ends the letter; REFUSED leaves it open, one try older."""

    TAKEN = "taken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRetried:
    """What came of it; reason and detail when it was refused again.

    readings: that stand in the log by it, also those that were there already.
    """

    letter_id: str
    outcome: RetryOutcome
    tries: int
    readings: int
    reason: Reason | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDiscarded:
    """The envelope's actor decided that the letter is worth nothing."""

    letter_id: str
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterExpired:
    """Nobody decided on the letter within kept_days."""

    letter_id: str
    kept_days: int
