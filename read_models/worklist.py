"""The worklist: what needs somebody now. A pure fold of alert events into rows, one a case.

Closed cases leave the list and stay readable by id, at most CLOSED_KEPT_MAX a farm and
CLOSED_KEPT_DAYS long, counted in the log's own time so that every replay keeps the same ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

import msgspec

from contracts.alert_event import (
    AlertAcknowledged,
    AlertAmended,
    AlertClosed,
    AlertRaised,
    AlertReleased,
    AlertReopened,
    AlertResolved,
    Outcome,
    Priority,
)
from contracts.detection import Condition, Evidence
from contracts.envelope import Event, Stored, cloud_event
from contracts.ids import FarmId, SubjectKind

FOLD_VERSION = 2  # one more with every change of what the fold answers: the projector rebuilds
CLOSED_KEPT_MAX = 1000  # a farm; older ones are in the animal's history
CLOSED_KEPT_DAYS = 30
FEED_MAX = 10_000  # changes a farm: a screen that slept through more loads the list anew

AlertPayload = (
    AlertRaised
    | AlertAmended
    | AlertAcknowledged
    | AlertReleased
    | AlertResolved
    | AlertReopened
    | AlertClosed
)


class Status(StrEnum):
    """Where a case stands. resolved: the cause is over; closed: people have judged it."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One case as a screen shows it. Times are aware UTC; *_by are actors as `user:{id}`.

    number: the n-th case of this subject and condition. evidence: of the newest revision.
    position: of the newest event folded into it. onset_at: when the cause began, the newest time
    it did; None in cases from before it was told. retracted: it is over because it never was, as
    later data showed.
    """

    alert_id: str
    farm_id: FarmId
    subject_kind: SubjectKind
    subject_id: str
    condition: Condition
    number: int
    priority: Priority
    status: Status
    detection_id: str
    revision: int
    evidence: tuple[Evidence, ...]
    raised_at: datetime
    updated_at: datetime
    position: int
    onset_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    retracted: bool = False
    closed_by: str | None = None
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    note: str | None = None


_urgency = {priority: place for place, priority in enumerate(Priority)}
_row: msgspec.json.Decoder[AlertRow] = msgspec.json.Decoder(AlertRow)
_rows: msgspec.json.Decoder[list[AlertRow]] = msgspec.json.Decoder(list[AlertRow])


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a farm as screens get it.

    previous: the farm's position before it, so that a reader sees a gap. data: JSON, the event
    in CloudEvents names with the case's row after it as `alert`.
    """

    farm_id: FarmId
    epoch: str
    position: int
    previous: int
    data: str


@dataclass(frozen=True, slots=True)
class WorklistView:
    """A farm's open cases at one position. as_of: up to when everything is in it, None unknown."""

    epoch: str
    position: int
    as_of: datetime | None
    alerts: tuple[AlertRow, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A farm's next changes, and where it stands: behind its last change if there are more.

    position may lie before the reader's own: a Redis that lost its newest second is told it anew.
    """

    epoch: str
    position: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Canonical:
    """A farm's rows for comparing two replays: equal logs give equal lines at equal positions."""

    epoch: str
    position: int
    lines: tuple[str, ...]


def fold(row: AlertRow | None, event: Event[Any], stored: Stored) -> AlertRow | None:
    """The case after one event. What is stored has happened: nothing is judged here.

    None if an event speaks of a case whose beginning was never seen; it changes nothing then.
    """
    payload: AlertPayload = event.payload
    if isinstance(payload, AlertRaised):
        return _raised(payload, event, stored)
    if row is None:
        return None
    row = replace(row, updated_at=event.timestamp, position=stored.position)
    match payload:
        case AlertAmended():
            row = replace(
                row,
                detection_id=payload.detection_id,
                revision=payload.revision,
                evidence=payload.evidence,
            )
        case AlertAcknowledged():
            row = replace(
                row,
                status=Status.ACKNOWLEDGED,
                acknowledged_by=event.actor,
                acknowledged_at=event.timestamp,
            )
        case AlertReleased():
            row = replace(row, status=Status.OPEN, acknowledged_by=None, acknowledged_at=None)
        case AlertResolved():
            row = _resolved(row, payload, event.timestamp)
        case AlertReopened():
            row = _reopened(row, payload)
        case AlertClosed():
            row = _closed(row, payload, event)
        case _:
            assert_never(payload)
    return row


def _raised(payload: AlertRaised, event: Event[Any], stored: Stored) -> AlertRow:
    return AlertRow(
        alert_id=payload.alert_id,
        farm_id=FarmId(str(event.farm_id)),
        subject_kind=payload.subject_kind,
        subject_id=event.aggregate_id,
        condition=payload.condition,
        number=payload.number,
        priority=payload.priority,
        status=Status.OPEN,
        detection_id=payload.detection_id,
        revision=payload.revision,
        evidence=payload.evidence,
        raised_at=event.timestamp,
        updated_at=event.timestamp,
        position=stored.position,
        onset_at=payload.onset_at,
    )


def _resolved(row: AlertRow, payload: AlertResolved, at: datetime) -> AlertRow:
    return replace(
        row,
        status=Status.RESOLVED,
        # told again when it turns out why it is over
        resolved_at=row.resolved_at if row.status is Status.RESOLVED else at,
        retracted=payload.retracted,
        detection_id=payload.detection_id or row.detection_id,
        revision=payload.revision or row.revision,  # people who resolve name no detection
    )


def _closed(row: AlertRow, payload: AlertClosed, event: Event[Any]) -> AlertRow:
    return replace(
        row,
        status=Status.CLOSED,
        closed_by=event.actor,
        closed_at=event.timestamp,
        outcome=payload.outcome,
        note=payload.note,
    )


def _reopened(row: AlertRow, payload: AlertReopened) -> AlertRow:
    """A new onset is nobody's yet, whoever had taken on the one before."""
    return replace(
        row,
        status=Status.OPEN,
        detection_id=payload.detection_id,
        revision=payload.revision,
        evidence=payload.evidence,
        onset_at=payload.onset_at or row.onset_at,
        acknowledged_by=None,
        acknowledged_at=None,
        resolved_at=None,
        retracted=False,
    )


def change_data(event: Event[Any], row: AlertRow | None) -> str:
    """The JSON of one change: the event in CloudEvents names, and the case's row after it."""
    data = cloud_event(event, msgspec.to_builtins(event.payload))
    data["alert"] = None if row is None else msgspec.to_builtins(row)
    return msgspec.json.encode(data).decode()


def row_to_json(row: AlertRow) -> str:
    """A row as it is kept."""
    return msgspec.json.encode(row).decode()


def row_from_json(text: str) -> AlertRow:
    """The row in a text of row_to_json; raises msgspec.ValidationError."""
    return _row.decode(text)


def rows_from_json(text: str) -> list[AlertRow]:
    """The rows in a JSON array of such texts; raises msgspec.ValidationError."""
    return _rows.decode(text)


def by_urgency(rows: Iterable[AlertRow]) -> tuple[AlertRow, ...]:
    """Most pressing first, then the longest waiting; alert_id settles ties for good."""
    return tuple(
        sorted(rows, key=lambda row: (_urgency[row.priority], row.raised_at, row.alert_id))
    )


def canonical_lines(rows: Iterable[AlertRow]) -> tuple[str, ...]:
    """Sorted lines of business fields: without positions, which belong to the log."""
    lines = []
    for row in rows:
        fields: dict[str, object] = msgspec.to_builtins(row)
        del fields["position"]
        lines.append(msgspec.json.encode(fields, order="sorted").decode())
    return tuple(sorted(lines))
