"""What goes over the wire, and nothing else: requests refuse unknown fields and odd characters."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from alerts import NOTE_CHARS_MAX
from contracts.alert_event import Outcome, Priority
from contracts.detection import Condition
from contracts.ids import ID_PATTERN, SubjectKind
from read_models import Status

ATTRIBUTE_CHARS_MAX = 100
# PostgreSQL cannot store NUL; half a surrogate pair is no character at all
NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


def _is_text(value: str) -> str:
    if NOT_TEXT.search(value):
        raise ValueError("holds characters that no text has (NUL)")
    return value


Text = Annotated[str, AfterValidator(_is_text)]
Attribute = Annotated[Text, Field(min_length=1, max_length=ATTRIBUTE_CHARS_MAX)]
Id = Annotated[str, Field(pattern=f"^{ID_PATTERN.pattern}$", description="a-z, 0-9 and '-'")]


class Received(BaseModel):
    """A request's body: fields that are not ours are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sent(BaseModel):
    """A body of ours, read from the dataclass of the same fields."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class EvidenceOut(Sent):
    """One measured value that carried the judgement; unit in UCUM."""

    signal: str
    unit: str
    value: float
    limit: float | None
    at: datetime


class AlertOut(Sent):
    """One case."""

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
    raised_at: datetime
    updated_at: datetime
    position: int
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
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


class AnimalIn(Received):
    """An animal to register. animal_id: a new UUID if it is left out; external_id: its ear tag."""

    animal_id: Id | None = None
    external_id: Attribute | None = None
    name: Attribute | None = None
    group: Attribute | None = None


class AnimalOut(Sent):
    """The animal is known from now on by this id; position None = it was known just so."""

    animal_id: str
    position: int | None


class AssignmentIn(Received):
    """Which animal wears the collar, since when (now, if left out; may lie in the past)."""

    animal_id: Id
    worn_from: AwareDatetime | None = None


class AssignmentOut(Sent):
    """The assignment stands; position None = it stood already."""

    collar_id: str
    animal_id: str
    worn_from: datetime
    position: int | None


class ProblemOut(BaseModel):
    """A refusal, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []
