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

    The last three stand only in a reading that was moved, because the register learnt who wore the
    collar after the reading was in the log: it counts for the envelope's subject (NOBODY where no
    animal wore it) and no longer for taken_from. taken_by: version of the collar's list that says
    so. first_offset: where the reading was first, in this partition. Moves of a collar stand in
    the order of (taken_by, first_offset): one not above the last is a repeat.
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
    taken_from: str | None = None
    taken_by: int | None = None
    first_offset: int | None = None


NOBODY = "_"  # no id: the subject of a reading that was taken from an animal and given to none


@dataclass(frozen=True, slots=True, kw_only=True)
class StationReading:
    """What a station in barn or field measured at the envelope's timestamp; None = not measured.

    Sent, counted and repeated as a collar's readings are; its subject is the station itself.
    """

    station_id: str
    boot_id: int
    seq: int
    received_at: datetime
    sent_at: datetime | None = None
    clock: str = CLOCK_OK
    interval_s: int
    ambient_c: float | None = None
    humidity_pct: float | None = None
    battery_v: float | None = None
