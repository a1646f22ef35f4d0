"""Workers of the pipeline as processes, herds that send without a pause, and what must come of it.

Each herd is a farm of its own in a partition of its own, with ticks of its own, so that whatever
else lies in that partition says nothing to it. What the workers told of a herd, however many there
were and whatever became of them, is held against one undisturbed run over the same bytes.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from confluent_kafka import Consumer, TopicPartition

from contracts.column_reader import ColumnReader
from contracts.envelope import Event
from contracts.ids import FarmId, new_id
from contracts.serde import SchemaIds, Serde
from contracts.topics import DETECTIONS, HOURS, READINGS, partition_of_farm
from farmbox.box import Addresses
from pipeline.adapters.input_log import GROUP
from pipeline.adapters.seats import seats_of
from pipeline.adapters.snapshots import newest_state
from pipeline.canonical import canonical
from runtime.kafka import Outbox, new_consumer, new_producer
from runtime.registry import RegistrySchemaIds
from tests.builders import a_reading, a_tick
from tests.gateway.surroundings import Process
from tests.kafka_reader import events_of
from tests.pipeline.logs import run_all
from tests.waiting import eventually

OURS = (1, 4, 7, 10)  # a share of each of two workers, of three, of four
ANIMALS = 6
ROUNDS_MAX = 3000  # of five minutes each
SETTLED_MAX_S = 90.0  # a session and an open transaction run out one after the other, with leisure
LOOK_EVERY_S = 0.05
SMALL: Mapping[str, object] = {
    "BATCH_RECORDS_MAX": 200,
    "COMMIT_EVERY_S": 0,
    "SNAPSHOT_RECORDS_MAX": 500,
    "SNAPSHOT_EVERY_S": 1,
}


class Workers:
    """Worker processes by their slots; all are gone at the end."""

    def __init__(self, box: Addresses, directory: Path) -> None:
        self._box, self._directory = box, directory
        self._processes: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Kill -9 for all who are left."""
        for process in self._processes:
            process.kill()

    def spawn(self, slot: int, **settings: object) -> Process:
        """One more, not waited for: `settings` by their names, over small batches."""
        directory = self._directory / f"{len(self._processes)}-in-{slot}"
        directory.mkdir()
        given = {**SMALL, "SLOT": f"pipeline-{slot}"}
        given |= {name.upper(): value for name, value in settings.items()}
        process = Process(self._box, directory, "HERD_PIPELINE_", "pipeline", settings=given)
        self._processes.append(process)
        process.spawn()
        return process

    def start(self, slot: int, **settings: object) -> Process:
        """One more, with a share of its own."""
        process = self.spawn(slot, **settings)
        eventually(process.is_ready, within_s=SETTLED_MAX_S, why=f"a worker in slot {slot} works")
        return process

    def stop(self) -> list[int]:
        """Ask whoever is left to stop; their exit statuses."""
        return [process.stop() for process in self._processes if not process.has_ended()]

    def restores(self) -> Counter[int]:
        """How often each partition was taken up, by anybody."""
        return Counter(
            line["partition"]
            for process in self._processes
            for line in said(process, "partition_assigned")
        )


def said(process: Process, event: str) -> list[dict[str, Any]]:
    """The lines of a process' log that tell of an event."""
    lines = [line for line in process.log().splitlines() if line.startswith("{")]
    return [told for line in lines if (told := json.loads(line)).get("event") == event]


class Herd:
    """A farm in one partition: what it has sent, and what must have come of it."""

    def __init__(self, box: Addresses, schema_ids: SchemaIds, partition: int) -> None:
        names = (FarmId(f"farm-{new_id()[:8]}") for _ in range(1000))
        self.farm = next(farm for farm in names if partition_of_farm(farm) == partition)
        self.partition = partition
        self.values: list[bytes] = []
        self.rounds = 0
        self.end = 0  # of the partition, once all is sent
        self._box, self._schema_ids, self._serde = box, schema_ids, Serde(schema_ids)
        self._start = datetime.now(UTC) - timedelta(minutes=5 * ROUNDS_MAX)

    def next_round(self) -> list[bytes]:
        """The tick and the readings of the next five minutes; one reading in 20 repeats."""
        n, time_ = self.rounds, self._start + timedelta(minutes=5 * self.rounds)
        events: list[Event[Any]] = [replace(a_tick(time_), farm_id=self.farm)]
        for animal in range(ANIMALS):
            name = f"{self.farm}-{animal}"
            hot = animal % 3 == 0 and n % 48 > 24  # for two hours of four
            reading = a_reading(
                farm=self.farm,
                animal=name,
                collar=name,
                seq=n,
                time=time_,
                temperature_c=41.0 if hot else 38.6,
                temperature_site="rumen",
            )
            events += [reading] * (2 if (n + animal) % 20 == 0 else 1)
        values = [self._serde.encode(event) for event in events]
        self.values += values
        self.rounds += 1
        return values

    def saved(self) -> bool:
        """Whether the newest snapshot holds all that was sent."""
        found = newest_state(self._box.kafka_bootstrap, self.partition)
        return found is not None and found[1] == self.end

    def assert_told_and_counted_once(self, restores: int) -> None:
        """As one undisturbed run; only a restore sends a detection again, and then unchanged."""
        reader = ColumnReader(self._schema_ids)
        state, expected = run_all(self.values, reader=reader)
        told = events_of(self._box, DETECTIONS, self.farm)
        copies = Counter(event.event_id for event in told)
        found = newest_state(self._box.kafka_bootstrap, self.partition)
        assert found is not None
        counted = {k: n for k, n in found[0].counted_by_animal().items() if k[0] == self.farm}

        assert expected.detections
        assert canonical(told) == canonical(expected.detections)
        assert len(copies) == len(set(map(repr, told)))
        assert max(copies.values()) <= 1 + restores
        assert events_of(self._box, HOURS, self.farm) == expected.hour_events()
        assert counted == state.counted_by_animal()
        assert set(counted.values()) == {self.rounds}


class Herds:
    """A herd in each of some partitions, and how far workers have committed them."""

    def __init__(self, box: Addresses, partitions: Sequence[int] = OURS) -> None:
        schema_ids = RegistrySchemaIds(str(box.registry_url))
        self.herds = [Herd(box, schema_ids, partition) for partition in partitions]
        self._box = box
        self._stop, self._failed = threading.Event(), list[BaseException]()
        self._sent: dict[int, int] = {}  # by partition, the offset behind what Kafka confirmed
        self._committed: dict[int, int] = {}
        self._moved_at: dict[int, float] = {}
        self._longest_s = 0.0

    @contextmanager
    def under_load(self, rounds_per_s: float = 12.0) -> Iterator[None]:
        """Sends round after round until it is left, which waits until all of it is committed."""

        def send() -> None:
            outbox = Outbox(new_producer(self._box.kafka_bootstrap))
            while not self._stop.wait(1 / rounds_per_s):
                self.send_round(outbox)

        with self.watched(), self._beside(send):
            yield
        self.wait_until_committed()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Notes how far workers have committed, and how long they stand still."""
        settings = {"isolation.level": "read_uncommitted"}  # stable offsets would wait for workers

        def watch() -> None:
            consumer = new_consumer(self._box.kafka_bootstrap, GROUP, **settings)
            try:
                while not self._stop.wait(LOOK_EVERY_S):
                    self._look(consumer)
            finally:
                consumer.close()

        with self._beside(watch):
            yield

    def goes_on(self) -> float:
        """Waits until what is sent from now on is committed, too.

        Returns the longest that a herd has waited since this was last asked, seconds.
        """
        eventually(lambda: len(self._sent) == len(self.herds), why="all send")
        from_now = dict(self._sent)
        eventually(
            lambda: all(self._committed.get(p, 0) > end for p, end in from_now.items()),
            within_s=SETTLED_MAX_S,
            why=f"{self._committed} goes on beyond {from_now}",
        )
        longest_s, self._longest_s = self._longest_s, 0.0
        return longest_s

    def wait_until_sent(self, rounds: int) -> None:
        """So many rounds more."""
        target = max(herd.rounds for herd in self.herds) + rounds
        eventually(
            lambda: all(herd.rounds >= target for herd in self.herds), within_s=60, why="all send"
        )

    def wait_until_nobody_is_in_the_group(self) -> None:
        """Until the sessions of all who were killed are over."""
        bootstrap = self._box.kafka_bootstrap
        eventually(
            lambda: not seats_of(bootstrap), within_s=SETTLED_MAX_S, why="the group is empty"
        )

    def send_round(self, outbox: Outbox) -> None:
        """The next five minutes of every herd, confirmed."""
        for herd in self.herds:
            for value in herd.next_round():
                outbox.send(READINGS, herd.partition, herd.farm, value, self._confirmed)
        outbox.flush()

    def wait_until_committed(self) -> None:
        """Once all is sent: until all is committed."""
        for herd in self.herds:
            herd.end = self._sent[herd.partition]
        consumer = new_consumer(self._box.kafka_bootstrap, GROUP)
        try:
            eventually(
                lambda: self._look(consumer) == self._sent,
                within_s=SETTLED_MAX_S,
                why=f"{self._committed} becomes {self._sent}",
            )
        finally:
            consumer.close()

    def assert_told_and_counted_once(self, workers: Workers) -> None:
        """Has everything saved, lets the workers leave, and looks at what they told. See Herd."""
        for herd in self.herds:
            eventually(herd.saved, within_s=60, why=f"partition {herd.partition} is saved")
        assert set(workers.stop()) == {0}
        restores = workers.restores()
        for herd in self.herds:
            herd.assert_told_and_counted_once(restores[herd.partition])

    def _confirmed(self, message: Any) -> None:  # noqa: ANN401  a Message
        self._sent[message.partition()] = message.offset() + 1

    def _look(self, consumer: Consumer) -> dict[int, int]:
        places = [TopicPartition(READINGS.name, herd.partition) for herd in self.herds]
        found = {place.partition: place.offset for place in consumer.committed(places, timeout=20)}
        now = time.monotonic()
        for partition, offset in found.items():
            if self._committed.get(partition) != offset:
                self._committed[partition], self._moved_at[partition] = offset, now
            self._longest_s = max(self._longest_s, now - self._moved_at[partition])
        return found

    @contextmanager
    def _beside(self, work: Callable[[], None]) -> Iterator[None]:
        """In a thread of its own; a test that lost its load must not pass."""

        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                self._failed.append(error)
                raise

        thread = threading.Thread(target=guarded)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(SETTLED_MAX_S)
        assert not self._failed
