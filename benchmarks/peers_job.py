"""`herd bench peers-job`: the job on which stream processors were compared, done by our parts.

The job: readings of a topic of its own (Confluent header, Avro, eight optional floats), one
detector (ewma.py), what it finds is written out unchanged, exactly once. Ours: columns from the
wire (contracts/column_sheet.py), keys to rows (pipeline/tables.py), the poll and the transactions
of the pipeline's adapters, and its recovery: a snapshot is written in a batch's own transaction;
whoever starts takes the newest, replays silently to the committed offset, and goes live. What is
not ours of the pipeline is the loop: its worker judges herds by ticks, and this job has neither.
Nobody waits for its answers, so a batch may be committed while the next is read (OVERLAP=1): one
commit under way at most, and if it fails the process ends, with all state that ran ahead of it.

Its driver sets the environment (GROUP, OUT, TOPIC, N) and reads the line `RESULT {…}`.
"""

import io
import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from benchmarks.ewma import Ewma
from contracts.column_sheet import SheetReader
from contracts.columns import TextColumn
from contracts.topics import KafkaTopic
from pipeline.adapters.input_log import SESSION_MS, spans_of
from pipeline.adapters.transactions import Transactions
from pipeline.ports import Record, Span
from runtime import security
from runtime.consume import Limits, collect_seldom, poll_batch
from runtime.kafka import new_consumer

SIGNALS = ("temp", "activity", "rumination", "eating", "lying", "lat", "lon", "battery")
SCHEMA_ID = 1
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Reading",
    "fields": [
        {"name": "event_id", "type": "string"},
        {"name": "event_type", "type": "string"},
        {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "aggregate_id", "type": "string"},
        {"name": "actor", "type": "string"},
        {
            "name": "payload",
            "type": {
                "type": "record",
                "name": "P",
                "fields": [{"name": name, "type": ["null", "float"]} for name in SIGNALS],
            },
        },
    ],
}
# what the job looks at; all else is passed over, as Avro's resolution does
WANTED = SCHEMA | {"fields": [SCHEMA["fields"][3], SCHEMA["fields"][5]]}

PARTITIONS = 6  # of its topics
BATCH_RECORDS = 30_000
GATHER_S = 0.02  # a batch that is not full waits so long: it is a race to catch up
SNAPSHOT_RECORDS = 500_000  # a second of replay
WARM_RECORDS = 100_000
ASK_MAX_S = 20.0


class JobSettings(BaseSettings):
    """What the driver of the comparison sets."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    group: str = Field(default="herd-peers-job", description="Consumer group, and slot.")
    topic: str = Field(default="bench_in", description="Where the readings are.")
    out: str = Field(default="bench_out", description="Where to write what was found.")
    n: int = Field(default=600_000, ge=1, description="Readings in the topic.")
    overlap: bool = Field(default=False, description="Commit beside the next batch's reading.")
    batch: int = Field(default=BATCH_RECORDS, ge=1, description="Largest batch, records.")


def run(tell: Callable[[str], None], kafka: str) -> dict[str, Any]:
    """Work the topic off; the keys of `bench peers-job`, told as RESULT too."""
    job = _Job(kafka, JobSettings())
    try:
        result = job.run()
    finally:
        job.close()
    tell(f"RESULT {json.dumps(result)}")
    return result


@dataclass(slots=True)
class _Partition:
    """live_from: what is below was told before. saved: where its newest snapshot ends."""

    state: Ewma
    next_offset: int
    live_from: int
    saved: int


@dataclass(slots=True)
class _Course:
    """When it began, warmed up and ended, POSIX seconds; readings judged so far."""

    readings: int = 0
    outputs: int = 0
    began: float = 0.0
    warm: float = 0.0
    readings_warm: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def spent(self, what: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[what] = self.seconds.get(what, 0.0) + now - since
        return now


class _Job:
    """One member of the group, until every reading of the topic is committed."""

    def __init__(self, kafka: str, settings: JobSettings) -> None:
        self._settings = settings
        self._source, self._out = KafkaTopic(settings.topic), KafkaTopic(settings.out)
        self._snapshots = KafkaTopic(f"{settings.group}-snapshots", compacted=True)
        self._kafka = kafka
        more: dict[str, Any] = {
            "group.instance.id": settings.group,
            "session.timeout.ms": SESSION_MS,
            "auto.offset.reset": "error",
        }
        self._consumer: Consumer = new_consumer(kafka, settings.group, **more)
        self._transactions = Transactions(
            kafka, settings.group, self._consumer.consumer_group_metadata, self._source
        )
        self._reader = SheetReader(WANTED, {SCHEMA_ID: SCHEMA}.get)
        self._partitions: dict[int, _Partition] = {}
        self._course = _Course()
        self._pool = ThreadPoolExecutor(1, "commit")
        self._under_way: Future[None] | None = None

    def run(self) -> dict[str, Any]:
        """Until all is committed; what was measured."""
        self._make_snapshots_topic()
        collect_seldom()
        self._transactions.open()
        self._consumer.subscribe([self._source.name], on_assign=self._assigned)
        limits = Limits(self._settings.batch, 0.1, GATHER_S)
        course = self._course
        while sum(one.next_offset for one in self._partitions.values()) < self._settings.n:
            since = time.perf_counter()
            messages = poll_batch(self._consumer, limits)
            if not messages:
                continue
            course.began = course.began or time.time()
            since = course.spent("consume", since)
            spans = spans_of(messages)
            since = course.spent("access", since)
            records = [record for span in spans for record in self._judged(span)]
            since = time.perf_counter()
            records += self._snapshots_due()
            offsets = {
                span.partition: self._partitions[span.partition].next_offset for span in spans
            }
            self._commit(records, offsets)
            course.spent("commit", since)
            if not course.warm and course.readings >= min(WARM_RECORDS, self._settings.n // 6):
                course.warm, course.readings_warm = time.time(), course.readings
        self._committed()
        return self._result(time.time())

    def close(self) -> None:
        """Leave Kafka."""
        self._pool.shutdown()
        self._consumer.close()

    def _commit(self, records: list[Record], offsets: dict[int, int]) -> None:
        self._committed()
        self._under_way = self._pool.submit(self._transactions.commit, records, offsets)
        if not self._settings.overlap:
            self._committed()

    def _committed(self) -> None:
        """Wait for the commit under way; its failure is ours."""
        if self._under_way is not None:
            self._under_way.result()
        self._under_way = None

    def _judged(self, span: Span) -> list[Record]:
        """What the span's readings tell; nothing of those that were told before."""
        since = time.perf_counter()
        owned, values = self._partitions[span.partition], [value or b"" for value in span.values]
        sheet = self._reader.read(values)
        if sheet.odd.any():
            raise ValueError(f"a reading of {self._source.name} cannot be read")
        since = self._course.spent("decode", since)
        animals = TextColumn(sheet.buffer, sheet.starts[0], sheet.ends[0])
        fired = np.nonzero(owned.state.fired(animals, sheet.floats.T))[0].tolist()
        owned.next_offset = span.offsets[-1] + 1
        told = [
            Record(self._out, span.partition, animals.at(i) or "", values[i])
            for i in fired
            if span.offsets[i] >= owned.live_from
        ]
        self._course.readings += len(values)
        self._course.outputs += len(told)
        self._course.spent("state", since)
        return told

    def _snapshots_due(self) -> list[Record]:
        """States to keep: they are committed together with the offset that they stand for."""
        records = []
        for number, owned in self._partitions.items():
            if owned.next_offset - owned.saved >= SNAPSHOT_RECORDS // len(self._partitions):
                file = io.BytesIO()
                offset = np.array([owned.next_offset], np.int64)
                np.savez(file, allow_pickle=False, offset=offset, **owned.state.to_arrays())
                records.append(Record(self._snapshots, number, str(number), file.getvalue()))
                owned.saved = owned.next_offset
        return records

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """Newest snapshot, silent replay to the committed offset, then live."""
        saved = self._newest([place.partition for place in places])
        starts = []
        for place in consumer.committed(places, timeout=ASK_MAX_S):
            start, state = saved.get(place.partition, (0, Ewma(len(SIGNALS))))
            owned = _Partition(state, start, max(place.offset, 0), start)
            self._partitions[place.partition] = owned
            starts.append(TopicPartition(self._source.name, place.partition, start))
        consumer.assign(starts)

    def _newest(self, partitions: list[int]) -> dict[int, tuple[int, Ewma]]:
        """(offset, state) of the newest snapshot of each partition that has one."""
        more: dict[str, Any] = {"enable.partition.eof": True}
        consumer: Consumer = new_consumer(self._kafka, f"{self._settings.group}-restore", **more)
        consumer.assign([TopicPartition(self._snapshots.name, p, 0) for p in partitions])
        found: dict[int, bytes] = {}
        left = set(partitions)
        while left:
            for message in consumer.consume(100, 1.0):
                error, partition, value = message.error(), message.partition(), message.value()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its name
                    left.discard(partition or 0)
                elif error is not None:
                    raise KafkaException(error)
                elif partition is not None and value is not None:
                    found[partition] = value
        consumer.close()
        return {partition: _unpacked(value) for partition, value in found.items()}

    def _make_snapshots_topic(self) -> None:
        admin = AdminClient({"bootstrap.servers": self._kafka, **security.kafka()})
        name = self._snapshots.name
        if name not in admin.list_topics(timeout=ASK_MAX_S).topics:
            config = {"cleanup.policy": "compact"}
            made = admin.create_topics([NewTopic(name, PARTITIONS, 1, config=config)])
            made[name].result(timeout=ASK_MAX_S)

    def _result(self, ended: float) -> dict[str, Any]:
        course = self._course
        return {
            "readings_per_s": round(course.readings / (ended - course.began)),
            "cpu_s": round(time.process_time(), 2),
            "outputs": course.outputs,
            "n": course.readings,
            "t0": course.began,
            "tw": course.warm or None,
            "nw": course.readings_warm,
            "t1": ended,
            "batch_records": self._settings.batch,
            "seconds": {what: round(spent, 2) for what, spent in course.seconds.items()},
        }


def _unpacked(value: bytes) -> tuple[int, Ewma]:
    with np.load(io.BytesIO(value), allow_pickle=False) as arrays:
        offset = int(arrays["offset"][0])
        return offset, Ewma.from_arrays({name: arrays[name] for name in arrays.files})
