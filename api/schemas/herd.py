"""Animals over the wire: who they are, how they are, what was measured, what happened to them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.alerts import AlertOut
from api.schemas.base import Sent
from contracts.alert_event import Outcome, Priority
from contracts.detection import Condition

Values = list[float | None]  # one a step; None = not measured, or not known


class MissingParts(Sent):
    """An answer that is still worth giving while a store is away.

    missing: what could not be asked: `latest`, `analytics`, `history` or `worklist`; their parts
    are null or empty then, and that says nothing about the farm.
    """

    missing: list[str] = Field(default_factory=list)


class FarmOut(Sent):
    """One farm that the user may see."""

    farm_id: str
    name: str | None
    animals: int


class FarmListOut(Sent):
    """All of them."""

    farms: list[FarmOut]


class AnimalCardOut(Sent):
    """Who she is. tag: what stands on her ear tag's picture, up to 4 characters."""

    animal_id: str
    external_id: str | None
    name: str | None
    group: str | None
    tag: str
    parity: int | None
    calved_at: datetime | None
    collar_id: str | None
    last_heard_at: datetime | None


class SparkOut(Sent):
    """A signal's last hours beside what is usual for her; unit in UCUM, one value every step_s."""

    signal: str
    unit: str
    start: datetime
    step_s: int
    values: Values
    usual: Values
    spread: Values


class TrackOut(Sent):
    """How a condition's closed cases of this farm were judged. last: newest first, up to 10."""

    closed: int
    right: int
    last: list[Outcome]


class PulseOut(Sent):
    """How fresh what we hear is. heard: animals with a reading in the hour before the newest.

    animals: of the register; None = it could not be asked.
    """

    newest_reading_at: datetime | None
    newest_received_at: datetime | None
    heard: int
    animals: int | None


class CaseOnBoardOut(Sent):
    """An open case with all that a card shows; animal None = it is about no animal."""

    alert: AlertOut
    animal: AnimalCardOut | None
    spark: SparkOut | None
    track: TrackOut | None


class DoneOut(Sent):
    """A closed case."""

    alert: AlertOut
    animal: AnimalCardOut | None


class BoardOut(MissingParts):
    """The morning's screen. now: the farm's time. epoch, position: where the socket goes on."""

    epoch: str
    position: int
    as_of: datetime | None
    now: datetime
    pulse: PulseOut | None
    cases: list[CaseOnBoardOut]
    done: list[DoneOut]


class AnimalInListOut(Sent):
    """An animal, and how pressing the worst of her open cases is."""

    animal: AnimalCardOut
    worst: Priority | None


class AnimalListOut(MissingParts):
    """The animals that fit, worst first. more: there are others."""

    animals: list[AnimalInListOut]
    more: bool


class LatestOut(Sent):
    """Her newest reading: measures by the columns of a reading."""

    at: datetime
    received_at: datetime
    measures: dict[str, float]


class AnimalPageOut(MissingParts):
    """One animal: who she is, her open cases, her newest reading, the conditions' track records."""

    animal: AnimalCardOut
    now: datetime
    cases: list[AlertOut]
    latest: LatestOut | None
    track: dict[Condition, TrackOut]


class SignalOut(Sent):
    """One signal by the hour; unit in UCUM."""

    name: str
    unit: str
    values: Values
    usual: Values
    spread: Values


class ScoreOut(Sent):
    """How far a detector was from telling something; score None = not judged, why_not says why."""

    detector: str
    condition: Condition
    score: float | None
    limit: float | None
    unit: str
    why_not: str | None


class SignalsOut(Sent):
    """Her hours from start to end. coverage: the share of each hour that was heard.

    learnt_days: days of hers heard so far, of the learning_days after which every detector knows
    what is usual for her; None = not told.
    """

    start: datetime
    end: datetime
    step_s: int
    signals: list[SignalOut]
    coverage: Values
    scores: list[ScoreOut]
    scores_at: datetime | None
    learnt_days: int | None
    learning_days: int


class EventOut(Sent):
    """Something that happened to her; data: the event's payload."""

    event_id: str
    type: str
    occurred_at: datetime
    recorded_at: datetime
    position: int
    actor: str
    data: dict[str, Any]


class EventListOut(Sent):
    """Newest first. more: there are older ones, ask with before = the last position."""

    events: list[EventOut]
    more: bool
