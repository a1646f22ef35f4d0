"""From decisions to the screens without Kafka in between: logs folded into the real stores."""

from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from alerts.domain.alert import alert_stream, decide
from alerts.domain.commands import RecordDetection
from alerts.handlers import alert_event, fold_stored
from contracts.columns import columns_of
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.ids import FarmId, Subject, derived_id
from contracts.reading import CollarReading
from contracts.topics import ALERTS, ANIMALS, HOURS, READINGS, partition_of_farm
from event_store.memory import MemoryEventStore
from event_store.port import Append
from read_models.adapters.clickhouse import ClickHouseAnalyticsStore
from read_models.adapters.postgres import PostgresHistoryStore
from read_models.adapters.redis import RedisWorklistStore
from read_models.adapters.redis_latest import RedisLatestStore
from read_models.adapters.redis_scripts import LATEST_ROOT
from read_models.base import LogRecord, LogSlice, Measured, Place
from tests.builders import FARM, a_detection, a_reading


class Chain:
    """Detections, readings and hours in, answers out. No event is folded before `project`."""

    def __init__(
        self, redis: Redis, history: PostgresHistoryStore, analytics: ClickHouseAnalyticsStore
    ) -> None:
        self.store = MemoryEventStore()
        self._redis = redis
        self._worklist, self._latest = RedisWorklistStore(redis), RedisLatestStore(redis)
        self._history, self._analytics = history, analytics
        self._worklist_at = self._worklist.begin("", None)
        self._latest_at = self._latest.begin("", None)
        self._history_at = history.begin("", None)
        self._worklist.swap(self._worklist_at, {})
        self._latest.swap(self._latest_at, {})
        history.swap(self._history_at, {})
        self.position = 0
        self._seq = 0
        self.project()

    def detected(self, animal: str = "nl-0017", *, farm: FarmId = FARM, **said: Any) -> str:  # noqa: ANN401  any field of a detection
        """A fever is found and its case raised (not yet folded); the alert_id."""
        event = a_detection(animal=animal, farm=farm, **said)
        subject = Subject(event.payload.subject_kind, animal)
        stream = alert_stream(farm, subject, event.payload.condition)
        loaded = self.store.load(stream)
        decided = decide(
            fold_stored(loaded), RecordDetection(stream=stream, detection=event.payload)
        )
        events = tuple(
            alert_event(
                payload,
                event_id=derived_id("test", stream, len(loaded) + number),
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
            of_alerts = event.event_type.startswith("alert.")
            place = Place(
                (ALERTS if of_alerts else ANIMALS).name,
                partition_of_farm(FarmId(str(event.farm_id))),
            )
            record = LogRecord(event, stored, datetime.now(UTC))
            offset = self._history_at.offsets.get(place, 0) + 1
            piece = LogSlice(place, offset, (record,))
            if of_alerts:
                self._worklist_at = self._worklist.apply(self._worklist_at, piece)
            self._history_at = self._history.apply(self._history_at, piece)
        self._worklist.heard(self._worklist_at, datetime.now(UTC))
        return self.position

    def raised(self, animal: str = "nl-0017", *, farm: FarmId = FARM, **said: Any) -> str:  # noqa: ANN401  any field of a detection
        """A case that is on the worklist; the alert_id."""
        alert_id = self.detected(animal, farm=farm, **said)
        self.project()
        return alert_id

    def heard(self, animal: str, *, at: datetime, farm: FarmId = FARM, **measured: Any) -> None:  # noqa: ANN401  any column
        """A reading of this time has come, and is the newest of its animal if it is."""
        self._seq += 1
        reading: Event[CollarReading] = a_reading(
            animal=animal,
            farm=farm,
            seq=self._seq,
            time=at,
            received_at=at + timedelta(seconds=2),
            **(measured or {"temperature_c": 38.6}),
        )
        place = Place(READINGS.name, partition_of_farm(farm))
        piece = Measured({place: self._seq}, columns_of([(0, reading)]))
        self._latest_at = self._latest.apply(self._latest_at, piece)

    def judged(self, *hours: Event[AnimalHour]) -> None:
        """These hours were judged."""
        current = self._analytics.current()
        assert current is not None
        place = Place(HOURS.name, partition_of_farm(FARM))
        ends = {place: current.offsets.get(place, 0) + len(hours)}
        self._analytics.apply(current, Measured(ends, columns_of([]), hours))

    def forget_latest(self) -> None:
        """The latest values are gone, and nobody has built them anew yet."""
        self._redis.delete(f"{LATEST_ROOT}:current")
