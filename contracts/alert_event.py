"""The events of a case: a detection that somebody works on. The feed `herd.alerts.v1`.

Severity, priority and cause speak ICAR's language (icarAttentionEventResource); a case's stream
is (farm, subject, cause) and cases are numbered in it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.detection import Condition, Evidence
from contracts.ids import SubjectKind


class Priority(StrEnum):
    """ICAR attention priority, most pressing first."""

    CRITICAL = "critical"
    URGENT = "urgent"
    NORMAL = "normal"
    INFORMATIONAL = "informational"


class Outcome(StrEnum):
    """What people found: the judgement that closes a case."""

    CONFIRMED = "confirmed"
    OTHER_FINDING = "other_finding"
    NOTHING_FOUND = "nothing_found"
    DEVICE_FAULT = "device_fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """A case begins. number: 1, 2, 3 … within its stream; alert_id is derived from both.

    onset_at: when the cause began, aware UTC; None in events from before it was told.
    """

    alert_id: str
    number: int
    subject_kind: SubjectKind
    condition: Condition
    priority: Priority
    detection_id: str
    revision: int
    evidence: tuple[Evidence, ...] = ()
    onset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAmended:
    """Later data changed what is known of an open case: its newest revision and evidence."""

    alert_id: str
    detection_id: str
    revision: int
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAcknowledged:
    """The envelope's actor took the case on."""

    alert_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReleased:
    """The envelope's actor gives back a case that was taken on: it is open again."""

    alert_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertResolved:
    """The cause is over: by the detection's end, or said so by the envelope's actor.

    retracted: it never was: readings that came late, or were not hers, unmade the detection.
    """

    alert_id: str
    detection_id: str | None = None
    revision: int | None = None
    retracted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReopened:
    """A new onset of the same cause before anybody closed the case."""

    alert_id: str
    detection_id: str
    revision: int
    evidence: tuple[Evidence, ...] = ()
    onset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertClosed:
    """The case is over for people; outcome is their judgement."""

    alert_id: str
    outcome: Outcome
    note: str | None = None
