"""A case: what may follow on an order (decide), and what an event makes of it (evolve).

The stream of a case is (farm, subject, cause); cases are numbered in it and only the newest can be
open. Detections are level-triggered and may be told again, late or out of order; `decide` is
idempotent by itself: whatever a detection led to is remembered in the state, so that the same
revision or an older one never changes anything again. The store's inbox is the second lock.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from alerts.domain.commands import (
    AcknowledgeAlert,
    CloseAlert,
    Command,
    PeoplesCommand,
    RecordDetection,
    ReleaseAlert,
    ResolveAlert,
)
from alerts.domain.errors import (
    AlertClosedError,
    AlertNotFoundError,
    AlertResolvedError,
    AlertTakenOnError,
    CorruptStreamError,
    NoteRefusedError,
)
from alerts.domain.policy import priority_of
from contracts.alert_event import (
    AlertAcknowledged,
    AlertAmended,
    AlertClosed,
    AlertRaised,
    AlertReleased,
    AlertReopened,
    AlertResolved,
    Outcome,
)
from contracts.detection import Condition, Detection, Phase
from contracts.ids import FarmId, Subject, UserId, checked_id, derived_id

CATEGORY = "alert"
NOTE_CHARS_MAX = 2000  # a page; whoever needs more writes a report
# PostgreSQL cannot store the first in JSON, UTF-8 cannot hold the second
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")

AlertEvent = (
    AlertRaised
    | AlertAmended
    | AlertAcknowledged
    | AlertReleased
    | AlertResolved
    | AlertReopened
    | AlertClosed
)


class Status(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The newest case of a stream.

    revisions: of each detection that this case knows, the newest that changed it. earlier: the
    detections of the cases before. resolved_by_people: a machine's next word does not undo it.
    retracted: it is over because it never was. taken_by: the actor who took it on, None = nobody
    has, or nobody knows who.
    """

    alert_id: str
    number: int
    status: Status = Status.OPEN
    resolved_by_people: bool = False
    retracted: bool = False
    taken_by: str | None = None
    outcome: Outcome | None = None
    note: str | None = None
    revisions: Mapping[str, int] = field(default_factory=dict)
    earlier: frozenset[str] = frozenset()


def alert_stream(farm_id: FarmId, subject: Subject, condition: Condition) -> str:
    """The stream that holds all cases of one subject and one cause, one after the other.

    Raises InvalidIdError: with a colon in it an id would reach into another farm's stream.
    """
    farm, subject_id = checked_id("farm", farm_id), checked_id("subject", subject.id)
    return f"{CATEGORY}:{farm}:{subject.kind}:{subject_id}:{condition}"


def alert_id_of(stream: str, number: int) -> str:
    """The id of the number-th case of a stream."""
    return derived_id("alert", stream, number)


def actor_of(user_id: UserId) -> str:
    """A person as events name him."""
    return f"user:{user_id}"


def fold(events: Iterable[tuple[AlertEvent, str]]) -> Alert | None:
    """The state after these events, each with its actor; None if there are none."""
    alert: Alert | None = None
    for event, actor in events:
        alert = evolve(alert, event, actor)
    return alert


def decide(alert: Alert | None, command: Command) -> tuple[AlertEvent, ...]:
    """Which events follow when `command` meets the case; none if it changes nothing.

    Raises a subclass of AlertError for an order that cannot be carried out.
    """
    match command:
        case RecordDetection():
            return _record(alert, command.stream, command.detection)
        case AcknowledgeAlert():
            return _acknowledge(_looked_at(alert, command))
        case ReleaseAlert():
            return _release(_looked_at(alert, command), command)
        case ResolveAlert():
            return _resolve(_looked_at(alert, command))
        case CloseAlert():
            return _close(_looked_at(alert, command), command)
        case _:
            assert_never(command)


def _record(alert: Alert | None, stream: str, detection: Detection) -> tuple[AlertEvent, ...]:
    detection_id = detection.detection_id
    retracted = detection.phase is Phase.RETRACTED
    ended = retracted or detection.phase is Phase.END
    known = alert.revisions.get(detection_id) if alert else None
    # nobody was told of what never was: that it was not is no news
    unheard = retracted and known is None
    if unheard or (
        alert is not None
        and (
            detection_id in alert.earlier
            or (
                known is not None and (detection.revision <= known or alert.status is Status.CLOSED)
            )
        )
    ):
        return ()  # told before, or about a case that people have judged
    if alert is None or alert.status is Status.CLOSED:
        raised = _raised(alert, stream, detection)
        # an episode whose onset was never heard is told by its end: a short case, not none
        return (raised, _resolved(raised.alert_id, detection)) if ended else (raised,)
    if alert.status is not Status.RESOLVED:
        if ended and known is not None:
            return (_resolved(alert.alert_id, detection),)
        return (_amended(alert.alert_id, detection),)
    return _record_of_resolved(alert, detection, ended=ended)


def _record_of_resolved(
    alert: Alert, detection: Detection, *, ended: bool
) -> tuple[AlertEvent, ...]:
    """ended: it is over too, or never was."""
    retracted = detection.phase is Phase.RETRACTED
    known = detection.detection_id in alert.revisions
    if ended and retracted != alert.retracted and set(alert.revisions) == {detection.detection_id}:
        return (_resolved(alert.alert_id, detection),)  # the case is of it alone: why it is over
    if ended or (alert.resolved_by_people and known):
        return (_amended(alert.alert_id, detection),)
    return (_reopened(alert.alert_id, detection),)


def _raised(alert: Alert | None, stream: str, detection: Detection) -> AlertRaised:
    number = alert.number + 1 if alert else 1
    return AlertRaised(
        alert_id=alert_id_of(stream, number),
        number=number,
        subject_kind=detection.subject_kind,
        condition=detection.condition,
        priority=priority_of(detection.condition),
        detection_id=detection.detection_id,
        revision=detection.revision,
        evidence=detection.evidence,
        onset_at=detection.onset_at,
    )


def _amended(alert_id: str, detection: Detection) -> AlertAmended:
    return AlertAmended(
        alert_id=alert_id,
        detection_id=detection.detection_id,
        revision=detection.revision,
        evidence=detection.evidence,
    )


def _reopened(alert_id: str, detection: Detection) -> AlertReopened:
    return AlertReopened(
        alert_id=alert_id,
        detection_id=detection.detection_id,
        revision=detection.revision,
        evidence=detection.evidence,
        onset_at=detection.onset_at,
    )


def _resolved(alert_id: str, detection: Detection) -> AlertResolved:
    return AlertResolved(
        alert_id=alert_id,
        detection_id=detection.detection_id,
        revision=detection.revision,
        retracted=detection.phase is Phase.RETRACTED,
    )


def _looked_at(alert: Alert | None, command: PeoplesCommand) -> Alert:
    """The case that a person's order is about, if it still is the newest one."""
    if alert is None:
        raise AlertNotFoundError(command.alert_id)
    if command.alert_id != alert.alert_id:
        stream = alert_stream(command.farm_id, command.subject, command.condition)
        if any(command.alert_id == alert_id_of(stream, n) for n in range(1, alert.number)):
            raise AlertClosedError(command.alert_id)
        raise AlertNotFoundError(command.alert_id)
    return alert


def _acknowledge(alert: Alert) -> tuple[AlertEvent, ...]:
    match alert.status:
        case Status.OPEN:
            return (AlertAcknowledged(alert_id=alert.alert_id),)
        case Status.ACKNOWLEDGED:
            return ()  # a second click or a retried request changes nothing
        case Status.RESOLVED:
            raise AlertResolvedError(alert.alert_id)
        case Status.CLOSED:
            raise AlertClosedError(alert.alert_id, alert.outcome)
        case _:
            assert_never(alert.status)


def _release(alert: Alert, command: ReleaseAlert) -> tuple[AlertEvent, ...]:
    match alert.status:
        case Status.OPEN:
            return ()  # given back already, or never taken on: it is as he wants it
        case Status.ACKNOWLEDGED:
            if not command.by_owner and alert.taken_by != actor_of(command.by):
                raise AlertTakenOnError(alert.alert_id)
            return (AlertReleased(alert_id=alert.alert_id),)
        case Status.RESOLVED:
            raise AlertResolvedError(alert.alert_id)
        case Status.CLOSED:
            raise AlertClosedError(alert.alert_id, alert.outcome)
        case _:
            assert_never(alert.status)


def _resolve(alert: Alert) -> tuple[AlertEvent, ...]:
    match alert.status:
        case Status.OPEN | Status.ACKNOWLEDGED:
            return (AlertResolved(alert_id=alert.alert_id),)
        case Status.RESOLVED:
            return ()
        case Status.CLOSED:
            raise AlertClosedError(alert.alert_id, alert.outcome)
        case _:
            assert_never(alert.status)


def _close(alert: Alert, command: CloseAlert) -> tuple[AlertEvent, ...]:
    if command.note is not None and len(command.note) > NOTE_CHARS_MAX:
        raise NoteRefusedError(
            alert.alert_id, f"has {len(command.note)} characters, at most {NOTE_CHARS_MAX}"
        )
    if command.note is not None and UNSTORABLE.search(command.note):
        raise NoteRefusedError(alert.alert_id, "holds characters that no text has (NUL)")
    if alert.status is Status.CLOSED:
        if (alert.outcome, alert.note) == (command.outcome, command.note):
            return ()  # the same judgement again
        raise AlertClosedError(alert.alert_id, alert.outcome)
    return (AlertClosed(alert_id=alert.alert_id, outcome=command.outcome, note=command.note),)


def evolve(alert: Alert | None, event: AlertEvent, actor: str) -> Alert:  # noqa: PLR0911  a way out for each event
    """Apply one stored event. Reads no clock, judges nothing: what is stored has happened.

    actor: who did it, as its envelope says.
    Raises CorruptStreamError where an event cannot follow on the state.
    """
    if isinstance(event, AlertRaised):
        return _next_case(alert, event)
    if alert is None or alert.status is Status.CLOSED or event.alert_id != alert.alert_id:
        raise CorruptStreamError(event, alert)
    match event, alert.status:
        case AlertAmended(), _:
            return _knowing(alert, event.detection_id, event.revision)
        case AlertAcknowledged(), Status.OPEN:
            return replace(alert, status=Status.ACKNOWLEDGED, taken_by=actor)
        case AlertReleased(), Status.ACKNOWLEDGED:
            return replace(alert, status=Status.OPEN, taken_by=None)
        case AlertResolved(), Status.OPEN | Status.ACKNOWLEDGED:
            by_people = event.detection_id is None
            resolved = replace(
                alert,
                status=Status.RESOLVED,
                resolved_by_people=by_people,
                retracted=event.retracted,
            )
            return _knowing(resolved, event.detection_id, event.revision)
        case AlertResolved(), Status.RESOLVED if event.retracted != alert.retracted:
            told_anew = replace(alert, retracted=event.retracted)
            return _knowing(told_anew, event.detection_id, event.revision)
        case AlertReopened(), Status.RESOLVED:
            reopened = replace(
                alert,
                status=Status.OPEN,
                resolved_by_people=False,
                retracted=False,
                taken_by=None,
            )
            return _knowing(reopened, event.detection_id, event.revision)
        case AlertClosed(), _:
            return replace(alert, status=Status.CLOSED, outcome=event.outcome, note=event.note)
        case _:
            raise CorruptStreamError(event, alert)


def _next_case(alert: Alert | None, event: AlertRaised) -> Alert:
    if event.number != (alert.number + 1 if alert else 1):
        raise CorruptStreamError(event, alert)
    if alert is not None and alert.status is not Status.CLOSED:
        raise CorruptStreamError(event, alert)
    return Alert(
        alert_id=event.alert_id,
        number=event.number,
        revisions={event.detection_id: event.revision},
        earlier=alert.earlier | alert.revisions.keys() if alert else frozenset(),
    )


def _knowing(alert: Alert, detection_id: str | None, revision: int | None) -> Alert:
    if detection_id is None or revision is None:
        return alert
    return replace(alert, revisions={**alert.revisions, detection_id: revision})
