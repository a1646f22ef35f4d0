"""Uploads with nothing odd in them, which nearly all are: parsed and checked in one pass. Pure.

Here the parser knows every bound too, so that an upload is one call. It says yes or nothing:
whatever is odd, in the least of its readings, goes the careful way of `native.py`, which alone
knows reasons. A test holds the two against one another.
"""

from functools import lru_cache
from typing import Annotated, Any, cast

import msgspec

from contracts.ids import is_id
from gateway.upload import (
    COUNT_MAX,
    INTERVAL_MAX_S,
    PHYSICAL_RANGES,
    READINGS_MAX,
    ROUNDING_MINUTES,
    TIME_MIN,
    Aware,
    Sample,
    Upload,
)

SITES_KEPT = 1000

Count = Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]


def _bounded(low: float, high: float) -> object:
    return Annotated[float, msgspec.Meta(ge=low, le=high)] | None


_fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
    ("time", Aware),
    ("seq", Count),
    ("interval_s", Annotated[int, msgspec.Meta(ge=1, le=INTERVAL_MAX_S)]),
    *((name, _bounded(*bounds), None) for name, bounds in PHYSICAL_RANGES.items()),
]
_Plain = cast(
    "type[Sample]",
    msgspec.defstruct("_Plain", _fields, bases=(Sample,), frozen=True, kw_only=True, gc=False),
)


class _Message(msgspec.Struct, frozen=True):
    boot_id: Count
    readings: Annotated[
        tuple[_Plain, ...],  # type: ignore[valid-type]  # made from the table of ranges
        msgspec.Meta(min_length=1, max_length=READINGS_MAX),
    ]
    sent_at: Aware | None = None
    station_id: str | None = None
    farm_id: str | None = None
    collar_id: str | None = None


_message = msgspec.json.Decoder(_Message)
_is_id = lru_cache(SITES_KEPT)(is_id)


def decode(payload: bytes) -> Upload | None:
    """The upload, if all of it is as it should be; None if a closer look is needed."""
    try:
        message = _message.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    samples: tuple[Sample, ...] = message.readings
    if message.station_id is not None and not _is_id(message.station_id):
        return None
    if not all(map(_is_plain, samples)):
        return None
    return Upload(
        boot_id=message.boot_id,
        sent_at=message.sent_at,
        station_id=message.station_id,
        samples=samples,
        bad=(),
        farm_id=message.farm_id,
        collar_id=message.collar_id,
    )


def _is_plain(sample: Sample) -> bool:
    """What the parser cannot tell: bounds that hang on one another, or are no numbers."""
    site = sample.temperature_site
    if sample.time < TIME_MIN or (site is not None and not _is_id(site)):
        return False
    longest = sample.interval_s / 60 + ROUNDING_MINUTES
    return (
        (sample.rumination_minutes or 0.0) <= longest
        and (sample.eating_minutes or 0.0) <= longest
        and (sample.lying_minutes or 0.0) <= longest
        and (sample.drinking_minutes or 0.0) <= longest
    )
