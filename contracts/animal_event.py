"""The events of the register: animals, their collars, the farm. The feed `herd.animals.v1`.

`herd.collars.v1` holds what gateways need of it: each collar's whole list of assignments.
"""

from dataclasses import dataclass
from datetime import datetime

from contracts.ids import AnimalId, CollarId, FarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalRegistered:
    """An animal is known from now on; ear tag, name and group are attributes, free to change."""

    animal_id: AnimalId
    external_id: str
    name: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalRenamed:
    """Attributes of a known animal changed to these (all of them, also the unchanged)."""

    animal_id: AnimalId
    external_id: str
    name: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalCalved:
    """She calved at calved_at (aware UTC). parity: her calvings so far, None = not known."""

    animal_id: AnimalId
    calved_at: datetime
    parity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalInseminated:
    """She was inseminated, or served by a bull, at inseminated_at (aware UTC)."""

    animal_id: AnimalId
    inseminated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalPregnancyChecked:
    """Somebody looked whether she is pregnant. due_at: the day she is due, None = not said."""

    animal_id: AnimalId
    checked_at: datetime
    pregnant: bool
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalDriedOff:
    """She is milked no more since dried_off_at, until she calves."""

    animal_id: AnimalId
    dried_off_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalTreated:
    """She was treated, vaccinated, trimmed or the like. reason: in the words of whoever did it."""

    animal_id: AnimalId
    treated_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalDiagnosed:
    """Somebody who looked at her found this. condition: a value of contracts.detection."""

    animal_id: AnimalId
    diagnosed_at: datetime
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalMoved:
    """She was moved into another group (pen, paddock) at moved_at."""

    animal_id: AnimalId
    group: str
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """A corner of a fence, WGS 84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceDrawn:
    """A fence stands, or was drawn anew: whoever is in its group (None = all) belongs inside.

    corners: in order, three at least; the last is joined to the first.
    """

    fence_id: str
    name: str
    group: str | None = None
    corners: tuple[Corner, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceRemoved:
    """A fence stands no more."""

    fence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedLimit:
    """Another value of one of a detector's limits, in the limit's unit."""

    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorTuned:
    """The farm's own limits of a detector, all of them; none = those of its card again."""

    detector: str
    limits: tuple[TunedLimit, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmTimeMoved:
    """A farm that imports its past has told everything up to to_at: its log time moves there."""

    to_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmLive:
    """The farm has imported its past: from here on the ticks of its partition are its own."""

    imported_to_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollarAdded:
    """A collar got credentials of its own in the MQTT broker; the secret is stored nowhere here."""

    collar_id: CollarId


@dataclass(frozen=True, slots=True, kw_only=True)
class CollarRevoked:
    """A collar's credentials were taken from the MQTT broker."""

    collar_id: CollarId


@dataclass(frozen=True, slots=True, kw_only=True)
class CollarAssigned:
    """The animal wears the collar since worn_from (aware UTC, may lie in the past)."""

    collar_id: CollarId
    animal_id: AnimalId
    worn_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CollarRemoved:
    """The animal wore the collar until worn_to (aware UTC, exclusive)."""

    collar_id: CollarId
    animal_id: AnimalId
    worn_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRegistered:
    """A station in barn or field measures for the farm since measures_from (aware UTC)."""

    station_id: CollarId
    measures_from: datetime


ANIMAL, STATION = "animal", "station"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One span in which one animal wore the collar: [worn_from, worn_to), None = still.

    kind STATION: nobody wears it, it measures barn or weather; animal_id is its own id then.
    """

    animal_id: AnimalId
    farm_id: FarmId
    worn_from: datetime
    worn_to: datetime | None = None
    kind: str = ANIMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class CollarAssignments:
    """All that is known of a collar, oldest first: the newest record of a key says everything.

    version: how many events of the collar's stream it is made of; higher = newer.
    """

    collar_id: CollarId
    assignments: tuple[Assignment, ...] = ()
    version: int = 0
