"""Builders: name only what matters to the test; the rest is an ordinary animal and day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.detection import Condition, Detection, Evidence, Phase, detection_event_id
from contracts.envelope import Event
from contracts.ids import CollarId, FarmId, SubjectKind, derived_id, new_id, reading_event_id
from contracts.messages import event_type_of
from contracts.reading import CollarReading
from contracts.tick import DeafSpan, Tick

FARM = FarmId("farm-a")
MORNING = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    """The aware UTC time in an ISO 8601 text."""
    return datetime.fromisoformat(text)


def an_event(payload: Any, **envelope: Any) -> Event[Any]:  # noqa: ANN401  any payload of ours
    """An event around a payload; every field of the envelope may be named."""
    given: dict[str, Any] = {
        "event_id": new_id(),
        "event_type": event_type_of(type(payload)),
        "timestamp": MORNING,
        "aggregate_id": "nl-0017",
        "actor": "test",
        "farm_id": FARM,
    }
    return Event(**(given | envelope), payload=payload)


def a_reading(
    *,
    animal: str = "nl-0017",
    collar: str = "c-17",
    boot_id: int = 1,
    seq: int = 1,
    time: datetime | None = None,
    farm: FarmId = FARM,
    **measured: Any,  # noqa: ANN401  any column of a reading
) -> Event[CollarReading]:
    """One reading; without a time, five minutes after the one before (by seq)."""
    when = time or MORNING + timedelta(minutes=5 * seq)
    received: datetime = measured.pop("received_at", when + timedelta(seconds=1))
    payload = CollarReading(
        collar_id=CollarId(collar),
        boot_id=boot_id,
        seq=seq,
        received_at=received,
        interval_s=measured.pop("interval_s", 300),
        **measured,
    )
    return an_event(
        payload,
        event_id=reading_event_id(CollarId(collar), boot_id, seq),
        timestamp=when,
        aggregate_id=animal,
        actor=f"collar:{collar}",
        farm_id=farm,
    )


def a_tick(time: datetime, *, partition: int = 0, deaf: tuple[DeafSpan, ...] = ()) -> Event[Tick]:
    """A partition's tick at `time`."""
    return an_event(
        Tick(writer="test", deaf_spans=deaf),
        timestamp=time,
        aggregate_id=f"partition:{partition}",
        actor="herd-clock",
        farm_id=None,
    )


def a_detection(
    *,
    animal: str = "nl-0017",
    onset: datetime = MORNING,
    revision: int = 1,
    phase: Phase = Phase.ONSET,
    farm: FarmId = FARM,
    **said: Any,  # noqa: ANN401  any field of a detection
) -> Event[Detection]:
    """One revision of a fever of an animal."""
    detection_id = said.pop("detection_id", derived_id("test", farm, animal, onset.isoformat()))
    values: dict[str, Any] = {
        "subject_kind": SubjectKind.ANIMAL,
        "condition": Condition.FEVER,
        "known_at": onset + timedelta(minutes=1),
        "detector": "fever",
        "detector_version": 1,
        "evidence": (
            Evidence(signal="temperature_c", unit="Cel", value=40.6, limit=39.7, at=onset),
        ),
    }
    payload = Detection(
        detection_id=detection_id, revision=revision, phase=phase, onset_at=onset, **(values | said)
    )
    return an_event(
        payload,
        event_id=detection_event_id(detection_id, revision),
        timestamp=onset,
        aggregate_id=animal,
        actor="pipeline:fever",
        farm_id=farm,
    )
