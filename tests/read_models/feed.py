"""A feed of alert events made by hand, and a log that hands it out as Kafka would."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.alert_event import (
    AlertAcknowledged,
    AlertClosed,
    AlertRaised,
    AlertReleased,
    AlertResolved,
    Outcome,
    Priority,
)
from contracts.detection import Condition, Evidence
from contracts.envelope import Stored
from contracts.ids import FarmId, SubjectKind, derived_id
from contracts.messages import BY_PAYLOAD
from contracts.topics import ALERTS, PARTITIONS, KafkaTopic, partition_of_farm
from read_models.base import LogRecord, LogSlice, Offsets, Place
from tests.builders import FARM, MORNING, an_event

START = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)


def a_raised(alert_id: str, **said: Any) -> AlertRaised:  # noqa: ANN401  any field of the event
    """The first fever of an animal."""
    values: dict[str, Any] = {
        "number": 1,
        "subject_kind": SubjectKind.ANIMAL,
        "condition": Condition.FEVER,
        "priority": Priority.URGENT,
        "detection_id": derived_id("test", alert_id),
        "revision": 1,
        "evidence": (
            Evidence(signal="temperature_c", unit="Cel", value=40.6, limit=39.7, at=MORNING),
        ),
    }
    return AlertRaised(alert_id=alert_id, **(values | said))


@dataclass
class Feed:
    """An event store's feed: positions without gaps, each record appended 10 ms later."""

    epoch: str = "epoch-a"
    position: int = 0
    appended_at: datetime = START
    records: list[LogRecord] = field(default_factory=list)

    def add(self, payload: Any, *, farm: FarmId = FARM, **envelope: Any) -> LogRecord:  # noqa: ANN401
        """The next event, a minute after the one before."""
        self.position += 1
        self.appended_at += timedelta(milliseconds=10)
        given: dict[str, Any] = {
            "timestamp": MORNING + timedelta(minutes=self.position),
            "event_id": derived_id("test", self.epoch, self.position),
        }
        event = an_event(payload, farm_id=farm, **(given | envelope))
        stored = Stored(self.epoch, self.position, "alert:test", 1, event.timestamp)
        record = LogRecord(event, stored, self.appended_at)
        self.records.append(record)
        return record

    def raised(self, alert_id: str, **said: Any) -> LogRecord:  # noqa: ANN401  fields of both
        """A case begins."""
        farm, animal = said.pop("farm", FARM), said.pop("animal", "nl-0017")
        return self.add(a_raised(alert_id, **said), farm=farm, aggregate_id=animal)

    def acknowledged(self, alert_id: str, *, farm: FarmId = FARM) -> LogRecord:
        """Somebody took it on."""
        return self.add(AlertAcknowledged(alert_id=alert_id), farm=farm, actor="user:anna")

    def released(self, alert_id: str, *, farm: FarmId = FARM) -> LogRecord:
        """Whoever took it on gives it back."""
        return self.add(AlertReleased(alert_id=alert_id), farm=farm, actor="user:anna")

    def resolved(self, alert_id: str, *, farm: FarmId = FARM) -> LogRecord:
        """Its cause is over."""
        return self.add(AlertResolved(alert_id=alert_id), farm=farm)

    def closed(self, alert_id: str, *, farm: FarmId = FARM, **envelope: Any) -> LogRecord:  # noqa: ANN401
        """Somebody judged it."""
        payload = AlertClosed(alert_id=alert_id, outcome=Outcome.CONFIRMED, note="38.5 again")
        return self.add(payload, farm=farm, actor="user:anna", **envelope)


class MemoryLog:
    """LogReader over lists, one a place, handed out in slices of `batch_max` records.

    topics: those it reads; records of others are not for it.
    """

    def __init__(self, *topics: KafkaTopic, batch_max: int = 500) -> None:
        self.topics = topics or (ALERTS,)
        self.places: dict[Place, list[LogRecord]] = {
            Place(topic.name, partition): []
            for topic in self.topics
            for partition in range(PARTITIONS)
        }
        self.batch_max = batch_max
        self.reads = 0
        self._next: dict[Place, int] = {}

    def take(self, records: list[LogRecord]) -> None:
        """Append records as the relays would: into their topic, into their farm's partition."""
        for record in records:
            self.places[place_of(record)].append(record)

    def read_from(self, offsets: Offsets) -> None:
        """Go on at these offsets."""
        self._next = {place: offsets.get(place, 0) for place in self.places}
        self.reads += 1

    def poll(self) -> list[LogSlice]:
        """The next slice of every place that has one."""
        pieces = []
        for place, start in self._next.items():
            records = self.places[place][start : start + self.batch_max]
            if records:
                self._next[place] = start + len(records)
                placed = (replace(one, offset=n) for n, one in enumerate(records, start))
                pieces.append(LogSlice(place, start + len(records), tuple(placed)))
        return pieces

    def ends(self) -> Offsets:
        """How long each list is."""
        return {place: len(records) for place, records in self.places.items()}

    def reached(self, offsets: Offsets, ends: Offsets) -> bool:
        """A list has no offsets without records."""
        return all(offsets.get(place, 0) >= end for place, end in ends.items())

    def heard_at(self) -> datetime | None:
        """A time after everything appended."""
        return START + timedelta(days=1)


def place_of(record: LogRecord) -> Place:
    """Where a relay puts an event."""
    topic = BY_PAYLOAD[type(record.event.payload)].kafka_topic
    return Place(topic.name, partition_of_farm(FarmId(str(record.event.farm_id))))
