"""What a context record says, checked: a bad one must cost nothing but itself. Pure.

The register writes its events by their schemas; whoever else writes into the readings may write
anything, and a record that cannot be read would end every worker that comes to it, for ever.
"""

import dataclasses
from datetime import datetime
from typing import Any

import msgspec

from contracts.context import Context
from contracts.messages import BY_EVENT_TYPE


def details_of(context: Context) -> dict[str, Any] | None:
    """The payload of the source event as JSON would hold it; None: it is not what its type says."""
    message = BY_EVENT_TYPE.get(context.source_event_type)
    if message is None:
        return None
    try:
        payload = msgspec.json.decode(context.details_json, type=message.payload)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    times = (getattr(payload, field.name) for field in dataclasses.fields(payload))
    if any(isinstance(at, datetime) and at.tzinfo is None for at in times):
        return None  # a time without an offset is nobody's time
    details: dict[str, Any] = msgspec.to_builtins(payload)
    return details
