"""JSON Schema 2020-12 of what a collar sends and hears, from what the gateway checks.

What a schema lets through the gateway takes, of a collar that is known and whose clock is right.
Two things JSON Schema cannot say: minutes are at most the interval (and one for rounding), and an
upload is at most 256 KiB.
"""

from typing import Any

import msgspec

from contracts.ids import ID_PATTERN
from gateway.payloads.native import UPLOAD_BYTES_MAX
from gateway.published import fields
from gateway.upload import (
    COUNT_MAX,
    INTERVAL_MAX_S,
    PHYSICAL_RANGES,
    READINGS_MAX,
    TIME_MIN,
    Sample,
)

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = f"^{ID_PATTERN.pattern}$"
REQUIRED_OF_READING = ("seq", "time", "interval_s")

# Days that there are, from the year after the first that the gateway takes: an offset may reach
# into the year before.
_YEAR = f"(?:{TIME_MIN.year // 10}[1-9]|19[89][0-9]|[2-9][0-9]{{3}})"
_LEAP = (
    "(?:19(?:72|76|8[048]|9[26])|[2-9][0-9](?:0[48]|[2468][048]|[13579][26])"
    "|(?:[2468][048]|[3579][26])00)"
)
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rf"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
TIME = rf"^{_DAY}T{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|[+-]{_CLOCK})$"


def upload_schema() -> Schema:
    """One message on `…/readings`."""
    of_upload = fields.OF_UPLOAD
    return {
        "$schema": DIALECT,
        "title": "Upload",
        "description": "One message of a collar or weather station: its readings, oldest first. At "
        f"most {UPLOAD_BYTES_MAX} bytes. Fields that are not named here are passed over, so that "
        "newer firmware may speak to an older gateway.",
        "type": "object",
        "required": ["boot_id", "readings"],
        "properties": {
            "boot_id": _count(of_upload["boot_id"]),
            "sent_at": _optional(_time(of_upload["sent_at"])),
            "station_id": _optional(_id(of_upload["station_id"])),
            "farm_id": _optional(_id(of_upload["farm_id"])),
            "collar_id": _optional(_id(of_upload["collar_id"])),
            "readings": {
                "description": of_upload["readings"],
                "type": "array",
                "minItems": 1,
                "maxItems": READINGS_MAX,
                "items": reading_schema(),
            },
        },
    }


def reading_schema() -> Schema:
    """One reading; a field that is absent or null was not measured."""
    return {
        "title": "Reading",
        "description": "One time. A field that is absent or null was not measured.",
        "type": "object",
        "required": list(REQUIRED_OF_READING),
        "properties": {
            field.name: _of_reading(field.name, fields.OF_READING[field.name])
            for field in msgspec.structs.fields(Sample)
        },
    }


def answer_schema() -> Schema:
    """One message on `…/ack`."""
    return {
        "$schema": DIALECT,
        "title": "Answer",
        "description": "Everything of this boot up to this seq is in the log, or in the dead "
        "letters: the collar may forget it.",
        "type": "object",
        "required": ["boot_id", "seq"],
        "properties": {
            "boot_id": _count("Of the upload."),
            "seq": _count("The highest seq of the upload."),
        },
    }


def reject_schema() -> Schema:
    """One message on `…/rejects`."""
    return {
        "$schema": DIALECT,
        "title": "Reject",
        "description": "A reading, or a whole upload, that went to the dead letters, where people "
        "find it. Without a seq the upload could not be read and is not answered: sending the same "
        "bytes again is refused again.",
        "type": "object",
        "required": ["boot_id", "seq", "reason", "detail"],
        "properties": {
            "boot_id": _optional(_count("Of the upload; null = cannot be told.")),
            "seq": _optional(
                _count("Of the reading, or the highest of the upload; null = cannot be told.")
            ),
            "reason": {
                "description": "Why. New reasons may be added.",
                "oneOf": [
                    {"const": reason.value, "description": meaning}
                    for reason, meaning in fields.TOLD.items()
                ],
            },
            "detail": {
                "description": "A sentence for people: which field, and what was expected.",
                "type": "string",
            },
        },
    }


def status_schema() -> Schema:
    """One message on `…/status`."""
    return {
        "$schema": DIALECT,
        "title": "Status",
        "description": "Whether the collar is connected: retained, and false by its will.",
        "type": "object",
        "required": ["online"],
        "properties": {"online": {"type": "boolean"}},
    }


def _of_reading(name: str, description: str) -> Schema:
    if name == "seq":
        return _count(description)
    if name == "time":
        return _time(description)
    if name == "interval_s":
        return {
            "description": description,
            "type": "integer",
            "minimum": 1,
            "maximum": INTERVAL_MAX_S,
        }
    if name == "temperature_site":
        return _optional(_id(description))
    low, high = PHYSICAL_RANGES[name]
    number = {"description": description, "type": "number", "minimum": low, "maximum": high}
    return _optional(number)


def _count(description: str) -> Schema:
    return {"description": description, "type": "integer", "minimum": 0, "maximum": COUNT_MAX}


def _id(description: str) -> Schema:
    return {"description": description, "type": "string", "pattern": ID}


def _time(description: str) -> Schema:
    return {"description": description, "type": "string", "format": "date-time", "pattern": TIME}


def _optional(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}
