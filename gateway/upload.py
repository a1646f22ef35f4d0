"""An upload: one message of a collar, decoded, whatever payload format it came in. Pure.

A bad reading costs only itself, so it stands beside the good ones, with the bytes that would
send it again alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated

import msgspec

from contracts.dead_letter import Reason, Rejected
from contracts.ids import is_id
from contracts.reading import MEASUREMENTS
from gateway.letter_ids import content_of, content_of_all

READINGS_MAX = 500  # an upload; more would make one answer wait for too much
COUNT_MAX = 2**53  # beyond it a JSON number is no longer exact in most languages
INTERVAL_MAX_S = 86_400  # a reading covers at most a day
TIME_MIN = datetime(1970, 1, 1, tzinfo=UTC)  # before it a time is an unset clock
INTERVALS_KEPT = 100  # a herd's collars have one or two
ROUNDING_MINUTES = 1.0  # a collar may round minutes up beyond its interval
PRINTED_BELOW = 1e300

Aware = Annotated[datetime, msgspec.Meta(tz=True)]  # a time without an offset is nobody's time

# What a sensor on an animal can show at all; beyond it the sensor is broken, not the animal.
# Inclusive bounds, in the unit of the column's name. They also keep float32 from overflowing.
PHYSICAL_RANGES: dict[str, tuple[float, float]] = {
    "temperature_c": (-50, 80),
    "rumination_minutes": (0, 1440),
    "eating_minutes": (0, 1440),
    "lying_minutes": (0, 1440),
    "lying_bouts": (0, 1440),
    "steps": (0, 200_000),
    "activity": (0, 1e9),  # each maker's own scale
    "drinking_minutes": (0, 1440),
    "heart_rate_bpm": (5, 400),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "ambient_c": (-80, 80),
    "humidity_pct": (0, 100),
    "battery_v": (0, 100),
}
MINUTES = ("rumination_minutes", "eating_minutes", "lying_minutes", "drinking_minutes")


class Sample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reading as a collar tells it; the columns are those of contracts/reading.py."""

    seq: int
    time: datetime
    interval_s: int
    temperature_c: float | None = None
    temperature_site: str | None = None
    rumination_minutes: float | None = None
    eating_minutes: float | None = None
    lying_minutes: float | None = None
    lying_bouts: float | None = None
    steps: float | None = None
    activity: float | None = None
    drinking_minutes: float | None = None
    heart_rate_bpm: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    ambient_c: float | None = None
    humidity_pct: float | None = None
    battery_v: float | None = None

    def content(self) -> bytes:
        """What tells it from another reading of its number; of one within its bounds."""
        return content_of(self.time, self.interval_s, _all_measured(self))


_all_measured = attrgetter(*MEASUREMENTS)


@dataclass(frozen=True, slots=True)
class BadSample:
    """A reading that cannot be used; seq None = not even that could be read.

    raw: an upload that carries this reading alone, as it came; or, where there are too many to be
    looked at, all of them, and seq is the last. content: what tells it from another of its number.
    """

    seq: int | None
    rejected: Rejected
    raw: bytes
    content: bytes


class Upload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one message of a collar says: its usable readings in their order, and the others.

    farm_id, collar_id: what it says of itself, None = nothing; compared, never believed.
    raw: the message, where one reading cannot be cut out of it; None = it can.
    """

    boot_id: int
    sent_at: datetime | None
    station_id: str | None
    samples: tuple[Sample, ...]
    bad: tuple[BadSample, ...]
    farm_id: str | None = None
    collar_id: str | None = None
    raw: bytes | None = None

    def last_seq(self) -> int | None:
        """The highest seq in it, good or bad; None if none could be read."""
        seqs = [sample.seq for sample in self.samples]
        if not self.bad:
            return max(seqs, default=None)
        seqs += [bad.seq for bad in self.bad if bad.seq is not None]
        return max(seqs, default=None)

    def content(self) -> bytes:
        """What tells it from another upload, however often it is sent."""
        good = [sample.content() for sample in self.samples]
        return content_of_all(good + [bad.content for bad in self.bad])


def out_of_range(sample: Sample) -> Rejected | None:
    """Why a sample cannot be true of any animal; None if it can."""
    if not 0 <= sample.seq <= COUNT_MAX:
        return _beyond("seq", sample.seq, 0, COUNT_MAX)
    if not 1 <= sample.interval_s <= INTERVAL_MAX_S:
        return _beyond("interval_s", sample.interval_s, 1, INTERVAL_MAX_S)
    if sample.time < TIME_MIN:
        return Rejected(Reason.OUT_OF_RANGE, f"time {sample.time} is before 1970: clock not set")
    site = sample.temperature_site
    if site is not None and not is_id(site):
        return Rejected(Reason.OUT_OF_RANGE, "temperature_site: 1 to 40 of a-z, 0-9 and '-'")
    return _measured_out_of_range(sample)


def _measured_out_of_range(sample: Sample) -> Rejected | None:
    for value, (column, low, high) in zip(
        _measured(sample), _ranges(sample.interval_s), strict=True
    ):
        if value is not None and not low <= value <= high:
            return _beyond(column, value, low, high)
    return None


_measured = attrgetter(*PHYSICAL_RANGES)


@lru_cache(INTERVALS_KEPT)
def _ranges(interval_s: int) -> tuple[tuple[str, float, float], ...]:
    """(column, low, high) in the order of PHYSICAL_RANGES, minutes within the interval."""
    minutes_max = interval_s / 60 + ROUNDING_MINUTES
    return tuple(
        (column, low, min(high, minutes_max) if column in MINUTES else high)
        for column, (low, high) in PHYSICAL_RANGES.items()
    )


def _beyond(field: str, value: float, low: float, high: float) -> Rejected:
    # JSON's integers have no end, and one beyond float's cannot even be printed as one
    shown = f"{value:g}" if abs(value) < PRINTED_BELOW else "of hundreds of digits"
    return Rejected(Reason.OUT_OF_RANGE, f"{field} {shown} is outside {low:g} … {high:g}")
