"""A reading: one animal, one time, what her collar measured. The event of `herd.readings.v1`."""

from dataclasses import dataclass
from datetime import datetime

from contracts.ids import CollarId

# The sensor columns, in the order of the schema; also the columns of an evaluation file.
MEASUREMENTS = (
    "temperature_c",
    "temperature_site",
    "rumination_minutes",
    "eating_minutes",
    "lying_minutes",
    "lying_bouts",
    "steps",
    "activity",
    "drinking_minutes",
    "heart_rate_bpm",
    "latitude",
    "longitude",
    "ambient_c",
    "humidity_pct",
    "battery_v",
)

CLOCK_OK = "ok"
CLOCK_AHEAD = "ahead"  # stored and charted, never judged


@dataclass(frozen=True, slots=True, kw_only=True)
class CollarReading:
    """What a collar measured at the envelope's timestamp; None = not measured.

    seq: counts readings, +1 each, per boot_id. interval_s: the span that minutes and counts cover,
    ending at the timestamp. received_at: by the gateway, aware UTC. clock: ok | ahead.
    temperature_site: rumen | core | ear | skin | …; only rumen and core are body temperatures.
    """

    collar_id: CollarId
    boot_id: int
    seq: int
    received_at: datetime
    sent_at: datetime | None = None
    station_id: str | None = None
    clock: str = CLOCK_OK
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
