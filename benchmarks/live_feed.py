"""Readings as they come in: laid out beforehand, then sent at their pace, with fevers among them.

`python -m benchmarks.live_feed` is asked by one JSON object on stdin, says `ready` when all records
are made, begins at the next line, and answers with when each third hot reading was handed to Kafka.
"""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.made_herds import HerdSizes, made_herds
from contracts.serde import Serde
from contracts.topics import READINGS
from runtime.kafka import new_producer
from runtime.registry import RegistrySchemaIds

SUCCESSIVE = 3  # hot readings to a fever

Many = list[dict[str, bytes]]


def main() -> None:
    """Do as asked, once told to go."""
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    made, planted = _made(asked)
    producer = new_producer(
        asked["bootstrap"], **{"queue.buffering.max.messages": 400_000, "linger.ms": 2}
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    begun_s, begun_monotonic_s = time.time(), time.monotonic()
    sent_s: dict[str, float] = {}
    late_s = 0.0
    for number, of_slice in enumerate(made):
        due_s = begun_monotonic_s + number * asked["slice_s"]
        late_s = max(late_s, time.monotonic() - due_s)
        time.sleep(max(0.0, due_s - time.monotonic()))
        for partition, messages in of_slice:
            now_s = time.time()
            for event_id in planted.get((number, partition), ()):
                sent_s[event_id] = now_s
            producer.produce_batch(READINGS.name, messages, partition=partition)
        producer.poll(0)
    left = producer.flush(30)
    records = sum(len(messages) for of_slice in made for _, messages in of_slice)
    said = {"sent_s": sent_s, "records": records, "left": left, "late_s": late_s}
    json.dump({**said, "begun_s": begun_s, "ended_s": time.time()}, sys.stdout)


def _made(
    asked: dict[str, Any],
) -> tuple[list[list[tuple[int, Many]]], dict[tuple[int, int], list[str]]]:
    """By slice the records of each partition; and by (slice, partition) the ids of third ones."""
    sizes, slices, fevers = HerdSizes(**asked["herd"]), asked["slices"], asked["fevers"]
    ids = RegistrySchemaIds(asked["registry_url"])
    ids.register_all()
    serde, herds = Serde(ids), made_herds(sizes, datetime.now(UTC))
    hot: dict[tuple[int, int], set[int]] = {}
    planted: dict[tuple[int, int], list[str]] = {}
    room = slices - (SUCCESSIVE - 1) * sizes.slices
    for fever in range(fevers):
        first, partition = fever * room // fevers, fever % sizes.partitions
        turns = range(first % sizes.slices, sizes.animals, sizes.slices)
        animal = turns[fever // sizes.partitions * 7 % len(turns)]
        for nth in range(SUCCESSIVE):
            hot.setdefault((first + nth * sizes.slices, partition), set()).add(animal)
        third = first + (SUCCESSIVE - 1) * sizes.slices
        event_ids = herds[partition].event_ids(third, [animal])
        planted.setdefault((third, partition), []).extend(event_ids)
    made = []
    for number in range(slices):
        of_slice = []
        for herd in herds:
            some = frozenset(hot.get((number, herd.partition), ()))
            records = herd.records(number, serde, some)
            of_slice.append((herd.partition, [{"key": k, "value": v} for k, v in records]))
        made.append(of_slice)
    return made, planted


if __name__ == "__main__":
    main()
