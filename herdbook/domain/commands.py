"""The orders the register obeys. All times are aware UTC."""

from dataclasses import dataclass
from datetime import datetime

from contracts.animal_event import DetectorTuned, FenceDrawn
from contracts.ids import AnimalId, CollarId, FarmId
from herdbook.domain.facts import AnimalFact


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAnimal:
    """Let an animal be known, or its attributes be these from now on."""

    animal_id: AnimalId
    farm_id: FarmId
    external_id: str
    name: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCalving:
    """Say that the animal calved at calved_at. parity: her calvings with it, None = unknown."""

    animal_id: AnimalId
    farm_id: FarmId
    calved_at: datetime
    parity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFact:
    """Say what happened to the animal, as the event that it becomes."""

    animal_id: AnimalId
    farm_id: FarmId
    fact: AnimalFact


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawFence:
    """Let a fence stand, or stand elsewhere."""

    farm_id: FarmId
    fence: FenceDrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFence:
    """Let a fence stand no more."""

    farm_id: FarmId
    fence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneDetector:
    """Let a detector judge this farm by limits of its own; by none: by those of its card."""

    farm_id: FarmId
    tuned: DetectorTuned


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCollar:
    """Say that the animal wears the collar since worn_from, which may lie in the past."""

    collar_id: CollarId
    animal_id: AnimalId
    farm_id: FarmId
    worn_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCollar:
    """Say that whoever wore the collar at worn_to wears it no longer."""

    collar_id: CollarId
    farm_id: FarmId
    worn_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCollar:
    """Give the collar credentials of its own in the MQTT broker."""

    collar_id: CollarId
    farm_id: FarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeCollar:
    """Take the collar's credentials away."""

    collar_id: CollarId
    farm_id: FarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterStation:
    """Say that a station measures barn or weather for the farm since measures_from."""

    collar_id: CollarId
    farm_id: FarmId
    measures_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTime:
    """Let the farm, which imports its past, have told everything up to `to`."""

    farm_id: FarmId
    to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GoLive:
    """Say that the farm has told all its past."""

    farm_id: FarmId


CollarCommand = AssignCollar | RemoveCollar | AddCollar | RevokeCollar | RegisterStation
FarmCommand = MoveTime | GoLive | DrawFence | RemoveFence | TuneDetector
AnimalCommand = RegisterAnimal | RecordCalving | RecordFact
Command = AnimalCommand | CollarCommand
