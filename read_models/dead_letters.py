"""What became of each dead letter: folded from its own topic, where decisions about it stand. Pure.

A letter is open until somebody gets it through (taken), throws it away, or nobody decides in time
(expired). What was taken stands in the log: no later decision takes that back, and it overrules
any before. The bytes stay in Kafka, at the letter's place; a row is small, whatever was sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec

from contracts.dead_letter import (
    DeadLetter,
    LetterDiscarded,
    LetterExpired,
    LetterRetried,
    LetterRetryAsked,
    Reason,
    RetryOutcome,
)
from contracts.envelope import Event

FOLD_VERSION = 1  # one more with every change of what the fold answers: the projector rebuilds
STEPS_MAX = 20  # of one letter, the newest: somebody may ask for it again and again
NAME_MAX = 100  # characters of a name that a letter tells; ids of ours have 40


class LetterState(StrEnum):
    """Where a letter stands."""

    OPEN = "open"
    TAKEN = "taken"
    DISCARDED = "discarded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LetterRecord:
    """One record of the dead letters. appended_at: Kafka's own time of it, aware UTC."""

    event: Event[Any]
    partition: int
    offset: int
    appended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was done about a letter, by whom. did: asked, asked_repaired, taken, refused,
    discarded or expired; told: why, in words.
    """

    event_id: str
    at: datetime
    by: str
    did: str
    told: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """A letter as people read it. size: of its bytes; partition, offset: where those lie.

    received_at: by whoever could not use it; appended_at: when Kafka took the letter. Both and
    decided_at are aware UTC. readings: that stand in the log by it. steps: oldest first.
    """

    letter_id: str
    farm_id: str | None
    collar_id: str | None
    reason: Reason
    detail: str
    origin: str
    service: str
    received_at: datetime
    appended_at: datetime
    tries: int
    size: int
    raw_sha256: str
    partition: int
    offset: int
    state: LetterState = LetterState.OPEN
    decided_at: datetime | None = None
    decided_by: str | None = None
    readings: int = 0
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which letters are meant; None = any. since: received then or later, aware UTC."""

    farm_id: str | None = None
    collar_id: str | None = None
    reason: Reason | None = None
    service: str | None = None
    state: LetterState | None = LetterState.OPEN
    since: datetime | None = None


_row: msgspec.json.Decoder[LetterRow] = msgspec.json.Decoder(LetterRow)


def fold(row: LetterRow | None, record: LetterRecord) -> LetterRow | None:
    """The row after one more record; None for what is about a letter that nobody has.

    The log holds each record at least once: a repeat changes nothing.
    """
    event = record.event
    if isinstance(event.payload, DeadLetter):
        return row or _letter(event.payload, record)
    if row is None or any(step.event_id == event.event_id for step in row.steps):
        return row
    return _told(row, event)


def _told(row: LetterRow, event: Event[Any]) -> LetterRow:
    match event.payload:
        case LetterRetryAsked() as asked:
            repaired = _hash(asked.raw) != row.raw_sha256
            return _stepped(row, event, "asked_repaired" if repaired else "asked")
        case LetterRetried() as retried:
            return _retried(row, event, retried)
        case LetterDiscarded(why=why):
            told = None if why is None else _clean(why)
            return _decided(_stepped(row, event, "discarded", told), event, LetterState.DISCARDED)
        case LetterExpired(kept_days=days):
            told = f"nobody decided within {days} days"
            return _decided(_stepped(row, event, "expired", told), event, LetterState.EXPIRED)
        case _:
            return row


def _letter(payload: DeadLetter, record: LetterRecord) -> LetterRow:
    event = record.event
    return LetterRow(
        letter_id=event.aggregate_id,
        farm_id=_name(event.farm_id),
        collar_id=_name(payload.collar_id),
        reason=payload.reason,
        detail=_clean(payload.detail),
        origin=_clean(payload.origin),
        service=_clean(payload.service)[:NAME_MAX],
        received_at=payload.received_at,
        appended_at=record.appended_at,
        tries=payload.tries,
        size=len(payload.raw),
        raw_sha256=_hash(payload.raw),
        partition=record.partition,
        offset=record.offset,
    )


def _retried(row: LetterRow, event: Event[Any], retried: LetterRetried) -> LetterRow:
    told = None if retried.detail is None else _clean(retried.detail)
    tries = max(row.tries, retried.tries)
    if retried.outcome is RetryOutcome.REFUSED:
        again = replace(row, tries=tries)
        if retried.reason is not None:  # without one it is still the old one; told stands below
            again = replace(again, reason=retried.reason, detail=told or row.detail)
        return _stepped(again, event, "refused", told)
    taken = replace(row, tries=tries, readings=max(row.readings, retried.readings))
    return _decided(_stepped(taken, event, "taken", told), event, LetterState.TAKEN)


def _decided(row: LetterRow, event: Event[Any], state: LetterState) -> LetterRow:
    overrules = state is LetterState.TAKEN and row.state is not LetterState.TAKEN
    if row.state is not LetterState.OPEN and not overrules:
        return row
    by = _clean(event.actor)[:NAME_MAX]
    return replace(row, state=state, decided_at=event.timestamp, decided_by=by)


def _stepped(row: LetterRow, event: Event[Any], did: str, told: str | None = None) -> LetterRow:
    by = _clean(event.actor)[:NAME_MAX]
    step = Step(event_id=event.event_id, at=event.timestamp, by=by, did=did, told=told)
    return replace(row, steps=(*row.steps, step)[-STEPS_MAX:])


def _name(name: str | None) -> str | None:
    return None if name is None else _clean(name)[:NAME_MAX]


def _clean(text: str) -> str:
    """Without NUL, which no text of PostgreSQL holds and any sender can write."""
    return text.replace("\0", "\ufffd")


def _hash(raw: bytes) -> str:
    return sha256(raw).hexdigest()


def row_to_json(row: LetterRow) -> bytes:
    """A row as the store keeps it."""
    return msgspec.json.encode(row)


def row_from_json(text: str) -> LetterRow:
    """The row in a text of `row_to_json`."""
    return _row.decode(text)


def canonical_lines(rows: Iterable[LetterRow]) -> tuple[str, ...]:
    """All of them as sorted lines, for comparing two replays."""
    return tuple(sorted(row_to_json(row).decode() for row in rows))
