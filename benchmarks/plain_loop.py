"""The pipeline as a plain poll loop: what the columns are measured against.

`poll()` one record, fastavro to a dictionary, scalar detectors (plain_herd.py), a transaction of
5,000 records: exactly once, as the engine is. It is spared what an engine has beside: it joins no
group, keeps no snapshots, and begins with nothing learnt.

`python -m benchmarks.plain_loop` is asked by one JSON object on stdin and answers on stdout.
"""

import json
import os
import sys
import time
from datetime import datetime
from io import BytesIO
from typing import Any

import fastavro
from confluent_kafka import Consumer, Message, TopicPartition

from benchmarks.plain_herd import PlainHerds
from contracts.columns import micros
from contracts.messages import BY_PAYLOAD
from contracts.reading import CollarReading
from contracts.serde import HEADER, SchemaIds, Serde
from contracts.tick import Tick
from contracts.topics import DETECTIONS, HOURS, READINGS
from pipeline.adapters.transactions import TRANSACTION_MAX_MS
from runtime.kafka import new_consumer, new_producer
from runtime.registry import RegistrySchemaIds

GROUP = "herd-bench-plain"
TRANSACTION_RECORDS = 5_000
CALL_MAX_S = 10.0

_READING, _TICK = BY_PAYLOAD[CollarReading].event_type, BY_PAYLOAD[Tick].event_type


class PlainReader:
    """Values of one partition, one by one, into its herds."""

    def __init__(self, schema_ids: SchemaIds) -> None:
        self.herds = PlainHerds()
        self._ids = schema_ids
        self._schemas: dict[bytes, Any] = {}

    def take(self, value: bytes) -> None:
        """Decode one record and judge it."""
        head = value[: HEADER.size]
        if head not in self._schemas:
            writer = self._ids.writer_schema(int.from_bytes(head[1:], "big"))
            self._schemas[head] = fastavro.parse_schema(writer or {})
        source = BytesIO(value)
        source.seek(HEADER.size)
        record: Any = fastavro.schemaless_reader(source, self._schemas[head], None)
        at: datetime = record["timestamp"]
        if record["event_type"] == _READING:
            received_us = micros(record["payload"]["received_at"])
            self.herds.reading(record, micros(at), received_us)
        elif record["event_type"] == _TICK:
            self.herds.tick(micros(at), record["event_id"])


class _Loop:
    def __init__(self, asked: dict[str, Any]) -> None:
        ids = RegistrySchemaIds(asked["registry_url"])
        ids.register_all()
        self._serde = Serde(ids)
        self._readers = {int(p): PlainReader(ids) for p in asked["spans"]}
        self._left = {int(p): end - begin for p, (begin, end) in asked["spans"].items()}
        self._consumer: Consumer = new_consumer(asked["bootstrap"], GROUP)
        slot = f"bench-plain-{min(self._readers)}"
        # the limits of the worker's own transactions
        limits: dict[str, Any] = {"transaction.timeout.ms": TRANSACTION_MAX_MS}
        limits["delivery.timeout.ms"] = TRANSACTION_MAX_MS
        self._producer = new_producer(
            asked["bootstrap"], linger_ms=2.0, **{"transactional.id": slot, **limits}
        )
        self._producer.init_transactions(CALL_MAX_S)
        self._consumer.assign(
            [TopicPartition(READINGS.name, int(p), b) for p, (b, _) in asked["spans"].items()]
        )

    def run(self) -> dict[str, float]:
        """Until all of it is committed."""
        begun_s, cpu_s, count = time.time(), _cpu_s(), 0
        while any(left > 0 for left in self._left.values()):
            self._producer.begin_transaction()
            ends: dict[int, int] = {}
            for _ in range(TRANSACTION_RECORDS):
                message = self._consumer.poll(1.0 if any(self._left.values()) else 0.0)
                if message is None:
                    break
                count += self._take(message, ends)
            places = [TopicPartition(READINGS.name, p, end) for p, end in ends.items()]
            if places:
                group = self._consumer.consumer_group_metadata()
                self._producer.send_offsets_to_transaction(places, group, CALL_MAX_S)
            self._producer.commit_transaction(CALL_MAX_S)
        ended_s = time.time()
        return {"begun_s": begun_s, "ended_s": ended_s, "records": count, "cpu_s": _cpu_s() - cpu_s}

    def _take(self, message: Message, ends: dict[int, int]) -> int:
        partition, offset, value = message.partition(), message.offset(), message.value()
        if message.error() is not None or partition is None or offset is None or value is None:
            raise RuntimeError(f"the readings could not be read: {message.error()}")
        ends[partition] = offset + 1
        if self._left[partition] <= 0:
            return 0  # beyond what was asked for
        self._left[partition] -= 1
        reader = self._readers[partition]
        reader.take(value)
        herds = reader.herds
        if herds.told or herds.hours:
            for kafka_topic, told in ((DETECTIONS, herds.told), (HOURS, herds.hours)):
                for event in told:
                    value, key = self._serde.encode(event), event.aggregate_id
                    self._producer.produce(kafka_topic.name, value, key, partition)
                    self._producer.poll(0)
            herds.told, herds.hours = [], []
        return 1


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system


def main() -> None:
    """Do as asked, once told to go."""
    loop = _Loop(json.loads(sys.stdin.readline()))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    json.dump(loop.run(), sys.stdout)


if __name__ == "__main__":
    main()
