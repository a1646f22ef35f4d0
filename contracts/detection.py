"""A detection: what the machine found about one subject. The event of `herd.detections.v1`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.ids import SubjectKind, derived_id


class Condition(StrEnum):
    """What can be found, in one spelling for code, CSV and JSON."""

    FEVER = "fever"
    HYPOTHERMIA = "hypothermia"
    RUMINATION_DROP = "rumination_drop"
    FEEDING_DROP = "feeding_drop"
    DRINKING_STOPPED = "drinking_stopped"
    ILLNESS = "illness"
    MASTITIS = "mastitis"
    METRITIS = "metritis"
    KETOSIS = "ketosis"
    DISPLACED_ABOMASUM = "displaced_abomasum"
    OESTRUS = "oestrus"
    CALVING = "calving"
    CALVING_PROLONGED = "calving_prolonged"
    LAMENESS = "lameness"
    DOWN = "down"
    HEAT_STRESS = "heat_stress"
    PREDATOR_PANIC = "predator_panic"
    GEOFENCE_ESCAPE = "geofence_escape"
    THEFT = "theft"
    COLLAR_SILENT = "collar_silent"
    COLLAR_FAULT = "collar_fault"
    BATTERY_LOW = "battery_low"
    STATION_SILENT = "station_silent"
    HERD_OUTBREAK = "herd_outbreak"
    SYSTEM_DEAF = "system_deaf"


class Phase(StrEnum):
    """Where in its episode a detection stands. Level-triggered: an open one is told again.

    RETRACTED: it would never have begun, had all been known: readings came late, or were not hers.
    A revision may follow each of these, END and RETRACTED too.
    """

    ONSET = "onset"
    UPDATE = "update"
    END = "end"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One measured value that carried the judgement, with the limit it was held against.

    usual: what is usual for this subject, in the same unit; None = not known.
    """

    signal: str
    unit: str
    value: float
    limit: float | None = None
    at: datetime
    usual: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One revision of one episode of a condition; the envelope's timestamp is `onset_at`.

    detection_id: fixed at the first onset. revision: 1, 2, 3 …, each tells the whole state.
    known_at: log time of the judgement. detector_version: changes when its answers may.
    """

    detection_id: str
    revision: int
    subject_kind: SubjectKind
    condition: Condition
    phase: Phase
    onset_at: datetime
    known_at: datetime
    detector: str
    detector_version: int
    evidence: tuple[Evidence, ...] = ()


def detection_event_id(detection_id: str, revision: int) -> str:
    """The event_id of one revision: sent again after a restore, it is the same event."""
    return derived_id("detection", detection_id, revision)
