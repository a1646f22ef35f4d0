"""A private Kafka for benches of the pipeline: logs laid, offsets set back, workers started."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from benchmarks.processes import Measured, Watched
from contracts.topics import DETECTIONS, HOURS, PARTITIONS, READINGS, SNAPSHOTS, KafkaTopic
from farmbox.box import Box
from herd.services import OWN_SPECS, OwnSpec
from pipeline.adapters.input_log import GROUP
from runtime.kafka import DELIVERY_MAX_MS, ensure_topics, new_consumer, new_producer
from runtime.registry import RegistrySchemaIds
from runtime.retry import retried

ASK_MAX_S = 20.0
GROUP_EMPTY_MAX_S = 30.0  # a static member that left keeps its place for its session of 8 s
PRODUCE_MANY = 5_000
Records = list[tuple[bytes, bytes]]

WORKER = next(one for one in OWN_SPECS if one.name == "pipeline")


class KafkaBox:
    """A running box of which only Kafka and the registry are busy."""

    def __init__(self, box: Box, directory: Path) -> None:
        self._box, self._directory = box, directory
        self.bootstrap = box.addresses.kafka_bootstrap
        self.registry_url = str(box.addresses.registry_url)
        self.schema_ids = RegistrySchemaIds(self.registry_url)
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap})
        self._onlooker: Consumer = new_consumer(
            self.bootstrap, GROUP, **{"isolation.level": "read_uncommitted"}
        )

    def close(self) -> None:
        """Let go of Kafka."""
        self._onlooker.close()

    def broker(self) -> Watched:
        """The CPU of Kafka from now on."""
        pid = self._box.services["kafka"].pid
        if pid is None:
            raise RuntimeError("Kafka has ended")
        return Watched(pid)

    def lay(self, slices: Iterable[tuple[int, Records]]) -> None:
        """Write records (key, value) into the readings, by partition; as fast as Kafka takes."""
        producer = new_producer(
            self.bootstrap, linger_ms=20.0, **{"queue.buffering.max.messages": 400_000}
        )
        for partition, records in slices:
            for begin in range(0, len(records), PRODUCE_MANY):
                messages = [{"key": k, "value": v} for k, v in records[begin:][:PRODUCE_MANY]]
                while messages:
                    producer.produce_batch(READINGS.name, messages, partition=partition)
                    producer.poll(0)
                    # what found no room is marked so
                    messages = [m for m in messages if m.pop("_error", None) is not None]
                    if messages:
                        producer.poll(0.05)
        if producer.flush(DELIVERY_MAX_MS / 1000):
            raise RuntimeError("Kafka did not take all of the log")

    def ends(self, kafka_topic: KafkaTopic = READINGS) -> dict[int, int]:
        """The next offset of each partition."""
        return {
            partition: self._onlooker.get_watermark_offsets(
                TopicPartition(kafka_topic.name, partition), timeout=ASK_MAX_S
            )[1]
            for partition in range(PARTITIONS)
        }

    def committed(self) -> dict[int, int]:
        """How far the workers have come, by partition; 0 before the first commit."""
        places = [TopicPartition(READINGS.name, partition) for partition in range(PARTITIONS)]
        found = self._onlooker.committed(places, timeout=ASK_MAX_S)
        return {place.partition: max(0, place.offset) for place in found}

    def set_back(self, begin: Mapping[int, int]) -> None:
        """Have the workers' group begin there, once its last member is gone."""
        places = [TopicPartition(READINGS.name, p, offset) for p, offset in begin.items()]
        deadline = time.monotonic() + GROUP_EMPTY_MAX_S
        while True:
            asked = self._admin.alter_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(GROUP, places)]
            )
            try:
                done = asked[GROUP].result(ASK_MAX_S)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
            else:
                if all(place.error is None for place in done.topic_partitions):
                    return
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the group's offsets could not be set: {done}")
            time.sleep(0.25)

    def drop(self, *topics: KafkaTopic) -> None:
        """Delete all records of these topics: nobody restores from another run's snapshots."""
        for topic in topics:
            ends = self.ends(topic)
            places = [TopicPartition(topic.name, p, end) for p, end in ends.items() if end]
            if not places:
                continue
            for place in self._admin.delete_records(places).values():
                place.result(ASK_MAX_S)

    def forget_runs(self, begin: Mapping[int, int]) -> None:
        """As before the first run: no snapshot, nothing told, nothing read."""
        self.set_back(begin)
        with suppress(KafkaException):  # Kafka deletes nothing of a compacted topic alone
            self.drop(SNAPSHOTS)
        self.drop(DETECTIONS, HOURS)

    def worker(
        self,
        slot: str,
        fields: Mapping[str, str] | None = None,
        *,
        module: str = "",
        more: Mapping[str, str] | None = None,
    ) -> Measured:
        """A worker's process, not started. module: what runs in its place; more: environment."""
        given = {
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "REGISTRY_URL": self.registry_url,
            "SLOT": slot,
            **(fields or {}),
        }
        spec = OwnSpec(WORKER.name, (module,), WORKER.prefix) if module else WORKER
        return Measured(WORKER.name, self._directory / slot, given, spec, more)


@contextmanager
def kafka_box(directory: Path, tell: Callable[[str], None]) -> Iterator[KafkaBox]:
    """A private box with our topics."""
    tell("starting a private box")
    with Box(directory / "box", mqtt_port=None, clickhouse=False) as box:
        ensure_topics(box.addresses.kafka_bootstrap)
        found = KafkaBox(box, directory)
        try:
            found.schema_ids.register_all()
            # a topic that was just made is known to its leader a moment later than to who made it
            retried(found.ends, on=KafkaException, total_max_s=ASK_MAX_S)
            yield found
        finally:
            found.close()
