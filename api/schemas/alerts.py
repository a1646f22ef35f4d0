"""Cases over the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from alerts import NOTE_CHARS_MAX
from api.schemas.base import Received, Sent, Text
from contracts.alert_event import Outcome, Priority
from contracts.detection import Condition
from contracts.ids import SubjectKind
from read_models import Status


class EvidenceOut(Sent):
    """One measured value that carried the judgement; unit in UCUM. usual: hers, in that unit."""

    signal: str
    unit: str
    value: float
    limit: float | None
    at: datetime
    usual: float | None


class AlertOut(Sent):
    """One case. onset_at: when its cause began, None in cases from before that was told."""

    alert_id: str
    farm_id: str
    subject_kind: SubjectKind
    subject_id: str
    condition: Condition
    number: int
    priority: Priority
    status: Status
    detection_id: str
    revision: int
    evidence: list[EvidenceOut]
    onset_at: datetime | None = None
    raised_at: datetime
    updated_at: datetime
    position: int
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    retracted: bool = False
    closed_by: str | None
    closed_at: datetime | None
    outcome: Outcome | None
    note: str | None


class AlertListOut(Sent):
    """A farm's cases that are not closed, most pressing first, as of one position of one epoch."""

    epoch: str
    position: int
    as_of: datetime | None
    alerts: list[AlertOut]


class CloseIn(Received):
    """The judgement that closes a case."""

    outcome: Outcome
    note: Annotated[Text, Field(max_length=NOTE_CHARS_MAX)] | None = None


class CaseOut(Sent):
    """Where a case stands after an order, and since which position of the log."""

    alert_id: str
    status: Status
    position: int
