"""The orders a case obeys: people's, and the one that follows from a detection."""

from dataclasses import dataclass
from datetime import datetime

from contracts.alert_event import Outcome
from contracts.detection import Condition, Detection
from contracts.ids import FarmId, Subject, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCommand:
    """Which case, by whom, when.

    farm_id, subject and condition name the stream, as the worklist shows them; alert_id says
    which case of it the person looked at. at: aware UTC. command_id: the same for a repeat of the
    same order (an Idempotency-Key); None = every order is a new one.
    """

    alert_id: str
    farm_id: FarmId
    subject: Subject
    condition: Condition
    by: UserId
    at: datetime
    command_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlert(AlertCommand):
    """Take the case on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAlert(AlertCommand):
    """Give back a case that was taken on. by_owner: an owner may, whoever had taken it."""

    by_owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveAlert(AlertCommand):
    """Say that the cause is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAlert(AlertCommand):
    """Judge the case: what was found. note: up to NOTE_CHARS_MAX characters."""

    outcome: Outcome
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDetection:
    """Let a case follow from what the machine found. stream: the case's, see `alert_stream`."""

    stream: str
    detection: Detection


PeoplesCommand = AcknowledgeAlert | ReleaseAlert | ResolveAlert | CloseAlert
Command = PeoplesCommand | RecordDetection
