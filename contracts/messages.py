"""Which messages there are: event type, payload, Kafka topic and schema of each, in one table."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from contracts import alert_event as alert
from contracts import animal_event as animal
from contracts import dead_letter as letter
from contracts import topics
from contracts.context import Context
from contracts.detection import Detection
from contracts.hour import AnimalHour
from contracts.reading import CollarReading, StationReading
from contracts.tick import Tick
from contracts.topics import KafkaTopic

NAMESPACE = "herdlog"


@dataclass(frozen=True, slots=True)
class MessageType:
    """One kind of event. record: the Avro record's full name; schema: file stem in `schemas/`."""

    event_type: str
    payload: type[Any]
    kafka_topic: KafkaTopic

    @property
    def record(self) -> str:
        """The full name of the Avro record."""
        return f"{NAMESPACE}.{self.payload.__name__}"

    @property
    def schema_stem(self) -> str:
        """The name of the schema's file, without its ending."""
        name = self.payload.__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")

    @property
    def subject(self) -> str:
        """The subject in the schema registry."""
        return topics.subject_name(self.kafka_topic.name, self.record)


MESSAGES = (
    MessageType("collar.reading.v1", CollarReading, topics.READINGS),
    MessageType("station.reading.v1", StationReading, topics.READINGS),
    MessageType("log.tick.v1", Tick, topics.READINGS),
    MessageType("log.context.v1", Context, topics.READINGS),
    MessageType("herd.detection.v1", Detection, topics.DETECTIONS),
    MessageType("animal.hour.v1", AnimalHour, topics.HOURS),
    MessageType("alert.raised.v1", alert.AlertRaised, topics.ALERTS),
    MessageType("alert.amended.v1", alert.AlertAmended, topics.ALERTS),
    MessageType("alert.acknowledged.v1", alert.AlertAcknowledged, topics.ALERTS),
    MessageType("alert.released.v1", alert.AlertReleased, topics.ALERTS),
    MessageType("alert.resolved.v1", alert.AlertResolved, topics.ALERTS),
    MessageType("alert.reopened.v1", alert.AlertReopened, topics.ALERTS),
    MessageType("alert.closed.v1", alert.AlertClosed, topics.ALERTS),
    MessageType("animal.registered.v1", animal.AnimalRegistered, topics.ANIMALS),
    MessageType("animal.renamed.v1", animal.AnimalRenamed, topics.ANIMALS),
    MessageType("animal.calved.v1", animal.AnimalCalved, topics.ANIMALS),
    MessageType("animal.inseminated.v1", animal.AnimalInseminated, topics.ANIMALS),
    MessageType("animal.pregnancy-checked.v1", animal.AnimalPregnancyChecked, topics.ANIMALS),
    MessageType("animal.dried-off.v1", animal.AnimalDriedOff, topics.ANIMALS),
    MessageType("animal.treated.v1", animal.AnimalTreated, topics.ANIMALS),
    MessageType("animal.diagnosed.v1", animal.AnimalDiagnosed, topics.ANIMALS),
    MessageType("animal.moved.v1", animal.AnimalMoved, topics.ANIMALS),
    MessageType("fence.drawn.v1", animal.FenceDrawn, topics.ANIMALS),
    MessageType("fence.removed.v1", animal.FenceRemoved, topics.ANIMALS),
    MessageType("detector.tuned.v1", animal.DetectorTuned, topics.ANIMALS),
    MessageType("farm.time-moved.v1", animal.FarmTimeMoved, topics.ANIMALS),
    MessageType("farm.live.v1", animal.FarmLive, topics.ANIMALS),
    MessageType("collar.added.v1", animal.CollarAdded, topics.ANIMALS),
    MessageType("collar.revoked.v1", animal.CollarRevoked, topics.ANIMALS),
    MessageType("collar.assigned.v1", animal.CollarAssigned, topics.ANIMALS),
    MessageType("collar.removed.v1", animal.CollarRemoved, topics.ANIMALS),
    MessageType("station.registered.v1", animal.StationRegistered, topics.ANIMALS),
    MessageType("collar.assignments.v1", animal.CollarAssignments, topics.COLLARS),
    MessageType("log.dead-letter.v1", letter.DeadLetter, topics.DEAD_LETTERS),
    MessageType("log.letter-retry-asked.v1", letter.LetterRetryAsked, topics.DEAD_LETTERS),
    MessageType("log.letter-retried.v1", letter.LetterRetried, topics.DEAD_LETTERS),
    MessageType("log.letter-discarded.v1", letter.LetterDiscarded, topics.DEAD_LETTERS),
    MessageType("log.letter-expired.v1", letter.LetterExpired, topics.DEAD_LETTERS),
)

BY_EVENT_TYPE = {message.event_type: message for message in MESSAGES}
BY_PAYLOAD = {message.payload: message for message in MESSAGES}
BY_RECORD = {message.record: message for message in MESSAGES}


@cache
def schema_text(message: MessageType) -> str:
    """The current Avro schema of a message, as its file holds it."""
    return files("contracts").joinpath("schemas", f"{message.schema_stem}.avsc").read_text("utf-8")


@cache
def schema_of(message: MessageType) -> dict[str, Any]:
    """The same, parsed from JSON."""
    loaded: dict[str, Any] = json.loads(schema_text(message))
    return loaded


def event_type_of(payload: type[Any]) -> str:
    """The event type that carries this payload class."""
    return BY_PAYLOAD[payload].event_type
