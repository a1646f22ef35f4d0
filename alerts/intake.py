"""The intake: detections → cases, one append a batch, each message handled once.

Everything it writes is derived from the detection (ids, times, actor), so that the same log of
detections gives byte-equal cases again, whatever the batches and however often one is repeated.
"""

from collections.abc import Sequence
from typing import Any

import structlog

from alerts.domain.alert import (
    UNSTORABLE,
    Alert,
    AlertEvent,
    alert_stream,
    decide,
    evolve,
)
from alerts.domain.commands import RecordDetection
from alerts.handlers import CONFLICTS_MAX, alert_event, fold_stored
from contracts.clock import Clock
from contracts.dead_letter import Reason, Rejected
from contracts.detection import Detection
from contracts.envelope import Event
from contracts.ids import FarmId, Subject, derived_id, is_id
from contracts.serde import Serde
from contracts.topics import DEAD_LETTERS
from event_store.port import Append, EventStore, VersionConflictError
from runtime.kafka import Outbox, dead_letter
from runtime.tries import Received

log = structlog.get_logger()

CONSUMER = "alerts-intake"  # in the inbox: never to be renamed, or every message is new again
ACTOR = "alerts"
SERVICE = "alerts"


class Intake:
    """Hands batches of detections to the event store; bad ones go to the dead letters."""

    def __init__(self, store: EventStore, serde: Serde, letters: Outbox, clock: Clock) -> None:
        self._store = store
        self._serde = serde
        self._letters = letters
        self._clock = clock

    def handle(self, batch: list[Received]) -> None:
        """Take a batch in; returns when it is stored. Repeating it changes nothing."""
        fitting: list[Event[Detection]] = []
        for received in batch:
            rejected = misfit(received.event)
            if rejected is None:
                fitting.append(received.event)
            else:
                self._bury(received, rejected)
        stored = take_in(self._store, fitting)
        log.info("detections_taken_in", detections=len(batch), events=stored)

    def _bury(self, received: Received, rejected: Rejected) -> None:
        origin = f"kafka:{received.kafka_topic}/{received.partition}/{received.offset}"
        letter = dead_letter(
            rejected,
            self._serde.encode(received.event),
            origin=origin,
            service=SERVICE,
            farm_id=received.event.farm_id,
            received_at=self._clock.now(),
        )
        self._letters.send(
            DEAD_LETTERS, received.partition, letter.aggregate_id, self._serde.encode(letter)
        )
        log.warning("detection_rejected", reason=rejected.reason, origin=origin)


def take_in(store: EventStore, detections: Sequence[Event[Detection]]) -> int:
    """Store what follows from these detections, in their order; how many events that were.

    Raises VersionConflictError if others kept changing the same cases CONFLICTS_MAX times.
    """
    for tries_left in reversed(range(CONFLICTS_MAX)):
        try:
            return len(store.append(_decided(store, detections)).events)
        except VersionConflictError:
            if not tries_left:
                raise
    return 0


def _decided(store: EventStore, detections: Sequence[Event[Detection]]) -> list[Append]:
    """Each detection decided on what is stored and on the detections before it in the batch."""
    streams = [_stream_of(event) for event in detections]
    loaded = store.load_many(list(dict.fromkeys(streams)))
    alerts: dict[str, Alert | None] = {s: fold_stored(events) for s, events in loaded.items()}
    versions = {stream: len(events) for stream, events in loaded.items()}
    appends: list[Append] = []
    for stream, event in zip(streams, detections, strict=True):
        decided = decide(alerts[stream], RecordDetection(stream=stream, detection=event.payload))
        appends.append(
            Append(
                stream,
                versions[stream],
                tuple(_follows(payload, n, event) for n, payload in enumerate(decided)),
                (CONSUMER, event.event_id),
            )
        )
        versions[stream] += len(decided)
        for payload in decided:
            alerts[stream] = evolve(alerts[stream], payload, ACTOR)
    return appends


def _follows(payload: AlertEvent, number: int, detection: Event[Detection]) -> Event[Any]:
    return alert_event(
        payload,
        event_id=derived_id("alert-event", detection.event_id, number),
        at=detection.payload.known_at,
        actor=ACTOR,
        farm_id=_farm_of(detection),
        subject_id=detection.aggregate_id,
        causation_id=detection.event_id,
    )


def _stream_of(event: Event[Detection]) -> str:
    subject = Subject(event.payload.subject_kind, event.aggregate_id)
    return alert_stream(_farm_of(event), subject, event.payload.condition)


def _farm_of(event: Event[Detection]) -> FarmId:
    if event.farm_id is None:
        raise ValueError(f"detection {event.event_id} has no farm: misfit() lets none pass")
    return event.farm_id


def misfit(event: Event[Any]) -> Rejected | None:
    """Why no case can follow from what was read; None if one can."""
    if not isinstance(event.payload, Detection):
        return Rejected(Reason.WRONG_TYPE, f"{event.event_type} is no detection")
    named = {
        "farm_id": event.farm_id or "",
        "aggregate_id": event.aggregate_id,
        "event_id": event.event_id,
        "detection_id": event.payload.detection_id,
    }
    for name, value in named.items():
        if not is_id(value):
            return Rejected(Reason.OUT_OF_RANGE, f"{name} {value[:60]!r} is no id of ours")
    if event.payload.revision < 1:
        return Rejected(Reason.OUT_OF_RANGE, f"revision {event.payload.revision} is below 1")
    for evidence in event.payload.evidence:
        if UNSTORABLE.search(evidence.signal + evidence.unit):
            return Rejected(Reason.OUT_OF_RANGE, "the evidence names hold NUL")
    return None
