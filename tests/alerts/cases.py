"""Builders of this room: one cow with fever, and what may be ordered about her case."""

from datetime import datetime, timedelta
from typing import Any

from alerts import AcknowledgeAlert, CloseAlert, ReleaseAlert, ResolveAlert
from alerts.domain.alert import (
    Alert,
    AlertEvent,
    actor_of,
    alert_id_of,
    alert_stream,
    decide,
    evolve,
)
from alerts.domain.commands import Command, RecordDetection
from alerts.intake import ACTOR
from contracts.alert_event import Outcome
from contracts.detection import Condition, Detection, Phase
from contracts.ids import Subject, SubjectKind, UserId
from tests.builders import FARM, MORNING

COW = Subject(SubjectKind.ANIMAL, "nl-0017")
STREAM = alert_stream(FARM, COW, Condition.FEVER)
FIRST, SECOND = alert_id_of(STREAM, 1), alert_id_of(STREAM, 2)


def found(detection_id: str = "d-1", revision: int = 1, phase: Phase = Phase.ONSET) -> Detection:
    """One revision of what the machine found."""
    return Detection(
        detection_id=detection_id,
        revision=revision,
        subject_kind=SubjectKind.ANIMAL,
        condition=Condition.FEVER,
        phase=phase,
        onset_at=MORNING,
        known_at=MORNING + timedelta(hours=revision),
        detector="fever",
        detector_version=1,
    )


def machine(
    detection_id: str = "d-1", revision: int = 1, phase: Phase = Phase.ONSET
) -> RecordDetection:
    """The same as an order."""
    return RecordDetection(stream=STREAM, detection=found(detection_id, revision, phase))


def order(**said: Any) -> dict[str, Any]:  # noqa: ANN401  any field of a command
    """The fields that all orders of people share."""
    at: datetime = said.pop("at", MORNING + timedelta(hours=2))
    given = {
        "alert_id": FIRST,
        "farm_id": FARM,
        "subject": COW,
        "condition": Condition.FEVER,
        "by": UserId("u-1"),
        "at": at,
    }
    return given | said


def acknowledge(**said: Any) -> AcknowledgeAlert:  # noqa: ANN401  any field
    """Take the case on."""
    return AcknowledgeAlert(**order(**said))


def release(**said: Any) -> ReleaseAlert:  # noqa: ANN401  any field
    """Give it back."""
    return ReleaseAlert(**order(**said))


def resolve(**said: Any) -> ResolveAlert:  # noqa: ANN401  any field
    """Say that it is over."""
    return ResolveAlert(**order(**said))


def close(**said: Any) -> CloseAlert:  # noqa: ANN401  any field
    """Judge it."""
    return CloseAlert(**order(**({"outcome": Outcome.CONFIRMED} | said)))


def after(*commands: Command) -> tuple[Alert | None, list[AlertEvent]]:
    """The state and the events that followed from these orders, one after the other."""
    alert: Alert | None = None
    events: list[AlertEvent] = []
    for command in commands:
        for event in decide(alert, command):
            alert = evolve(alert, event, actor(command))
            events.append(event)
    return alert, events


def actor(command: Command) -> str:
    """Who stands in the envelope of what follows on an order."""
    return ACTOR if isinstance(command, RecordDetection) else actor_of(command.by)
