"""From decisions to the worklist without Kafka in between: the event store's log, folded."""

from datetime import UTC, datetime

from redis import Redis

from alerts.domain.alert import alert_stream, decide
from alerts.domain.commands import RecordDetection
from alerts.handlers import alert_event, fold_stored
from contracts.ids import FarmId, Subject
from contracts.topics import partition_of_farm
from event_store.memory import MemoryEventStore
from event_store.port import Append
from read_models.adapters.redis import RedisWorklistStore
from read_models.base import LogRecord, LogSlice
from tests.builders import FARM, a_detection


class Chain:
    """Detections in, rows in Redis out. Nothing is folded before `project` is called."""

    def __init__(self, redis: Redis) -> None:
        self.store = MemoryEventStore()
        self.worklist_store = RedisWorklistStore(redis)
        generation = self.worklist_store.begin("", None)
        self.worklist_store.swap(generation, {})
        self.generation = generation
        self.position = 0
        self.project()

    def detected(self, animal: str = "nl-0017", *, farm: FarmId = FARM) -> str:
        """A fever is found and its case raised (not yet folded); the alert_id."""
        event = a_detection(animal=animal, farm=farm)
        subject = Subject(event.payload.subject_kind, animal)
        stream = alert_stream(farm, subject, event.payload.condition)
        loaded = self.store.load(stream)
        decided = decide(
            fold_stored(loaded), RecordDetection(stream=stream, detection=event.payload)
        )
        events = tuple(
            alert_event(
                payload,
                event_id=f"{stream}/{len(loaded) + number}",
                at=event.timestamp,
                actor="alerts",
                farm_id=farm,
                subject_id=animal,
            )
            for number, payload in enumerate(decided)
        )
        if events:
            self.store.append([Append(stream, len(loaded), events)])
        case = fold_stored(self.store.load(stream))
        assert case is not None
        return case.alert_id

    def project(self) -> int:
        """Fold what is new in the log; the log's position."""
        for event in self.store.read(self.position, 10_000):
            stored = event.stored
            assert stored is not None
            self.position = stored.position
            partition = partition_of_farm(FarmId(str(event.farm_id)))
            record = LogRecord(event, stored, datetime.now(UTC))
            offset = self.generation.offsets.get(partition, 0) + 1
            piece = LogSlice(partition, offset, (record,))
            if event.event_type.startswith("alert."):
                self.generation = self.worklist_store.apply(self.generation, piece)
        self.worklist_store.heard(self.generation, datetime.now(UTC))
        return self.position

    def raised(self, animal: str = "nl-0017", *, farm: FarmId = FARM) -> str:
        """A case that is on the worklist; the alert_id."""
        alert_id = self.detected(animal, farm=farm)
        self.project()
        return alert_id
