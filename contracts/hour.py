"""A judged hour: what one animal did in it, beside what is usual for her. `herd.hours.v1`.

Charts, read models and backtests live on it: raw readings are kept 400 days, hours for ever.
"""

from dataclasses import dataclass
from datetime import datetime

from contracts.detection import Condition
from contracts.ids import derived_id

# The signals of an hour, each a column of a reading, and their units in UCUM.
HOUR_SIGNALS = {
    "temperature_c": "Cel",
    "rumination_minutes": "min",
    "eating_minutes": "min",
    "lying_minutes": "min",
    "drinking_minutes": "min",
    "steps": "1",
    "activity": "1",
}


# Of an animal's hours, in days, after which it is known what is usual for her at any hour of the
# day; a page that says "day 3 of 7" counts them.
LEARNING_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class HourSignal:
    """One signal in one hour. None = not measured, or not known yet.

    value: the mean body temperature in Cel; of all other signals the sum, scaled to a whole hour
    where only a part of it was heard. usual, spread: her own level at this hour of the day and its
    standard deviation, as they were known when the hour was judged.
    """

    signal: str
    value: float | None = None
    usual: float | None = None
    spread: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HourScore:
    """How far one detector was from telling something: it tells at score >= limit.

    score None = not judged, and why_not says why (`no_baseline`, `too_few_hours`, …). partial: the
    herd's median it was held against was fixed before all of the herd's readings were in.
    """

    detector: str
    condition: Condition
    unit: str
    score: float | None = None
    limit: float | None = None
    why_not: str | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalHour:
    """One hour of one animal; the envelope's timestamp is hour_at, its begin (aware UTC).

    revision: 1, 2, 3 …: late readings change an hour, the highest counts. known_at: log time of
    the judgement. readings: how many count. coverage_share: of the hour, 0 to 1. learnt_days: whole
    days of hers that were heard so far, no further than LEARNING_DAYS; None = not told then.
    """

    hour_at: datetime
    revision: int
    known_at: datetime
    readings: int
    coverage_share: float
    signals: tuple[HourSignal, ...] = ()
    scores: tuple[HourScore, ...] = ()
    learnt_days: int | None = None


def hour_event_id(farm_id: str, animal_id: str, hour_at: datetime, revision: int) -> str:
    """The event_id of one revision of an hour: told again, it is the same event."""
    return derived_id("hour", farm_id, animal_id, int(hour_at.timestamp()), revision)
