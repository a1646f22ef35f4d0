"""States of herds that have been heard for weeks, made without hearing them.

The engine meets every animal by one reading and a tick; then the arrays that would have filled over
82 hours and two weeks are written at once: hours heard and told, what is usual learnt. Eight
million readings through the engine would say the same, and take longer than what is measured.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np
from confluent_kafka import Producer
from numpy.typing import NDArray

from benchmarks.kafka_box import KafkaBox
from benchmarks.made_herds import SEED, USUAL, HerdSizes, MadeHerd
from contracts.column_reader import ColumnReader
from contracts.columns import micros
from contracts.serde import SchemaIds, Serde
from contracts.topics import DETECTIONS, HOURS, SNAPSHOTS
from pipeline.engine import step
from pipeline.hours import HOUR_S, OPEN_HOURS, QUARTERS
from pipeline.signals import COUNTED, SIGNALS, TEMPERATURE
from pipeline.snapshots import Draft, Ends, Written
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from runtime.kafka import DELIVERY_MAX_MS, new_producer

READINGS_AN_HOUR = 12  # at five minutes
DAYS_LEARNT = 14
LEVEL_SHARE = 0.3  # of a day's spread: a level that was learnt from two weeks
SLICE_BYTES = 8 << 20


def full_state(sizes: HerdSizes, partition: int, at: datetime, ids: SchemaIds) -> PartitionState:
    """The state of a partition's herd as of a moment, every open hour and baseline filled."""
    # a boot before the log's: its first readings are no repeats
    herd = MadeHerd(partition, replace(sizes, boot_id=sizes.boot_id - 1), at)
    serde, state = Serde(ids), PartitionState()
    reader = ColumnReader(ids)
    for number in range(sizes.slices):
        step(state, reader.read([value for _, value in herd.records(number, serde)]))
    draw = np.random.default_rng([SEED, partition])
    rows = np.arange(len(state.animals))
    place = {animal_id.encode(): place for place, (_, animal_id) in enumerate(herd.animals)}
    own = herd.own[[place[state.animals.key(row)[1]] for row in rows.tolist()]]
    levels = {
        name: usual + own[:, column] if name == TEMPERATURE else usual * own[:, column]
        for column, (name, (usual, _)) in enumerate(USUAL.items())
    }
    _fill_hours(state, rows, levels, micros(at) // HOUR_US, draw)
    table, shape = state.baselines.table, (len(rows), 24)
    for column, signal in enumerate(SIGNALS):
        spread = USUAL[signal][1]
        level = levels[signal][:, None] + LEVEL_SHARE * spread * draw.normal(0.0, 1.0, shape)
        table["level"][rows, column] = level
        table["variance"][rows, column] = spread**2
    table["days"][rows] = DAYS_LEARNT
    return state


def _fill_hours(
    state: PartitionState,
    rows: NDArray[np.int64],
    levels: dict[str, NDArray[np.float64]],
    now: int,
    draw: np.random.Generator,
) -> None:
    """Each hour before now in its place of the ring, heard and told."""
    table = state.hours.table
    hours = np.arange(now - OPEN_HOURS + 8, now)  # the ring's head stays free for what comes
    at = np.ix_(rows, hours % OPEN_HOURS)
    table["hour"][at] = hours
    table["readings"][at] = READINGS_AN_HOUR
    table["heard"][at] = HOUR_S
    for column, signal in enumerate(COUNTED):
        noise = USUAL[signal][1] * draw.normal(0.0, 1.0, (len(rows), len(hours)))
        centi = (levels[signal][:, None] + noise) * 100
        table["sum"][at[0], at[1], column] = np.maximum(centi, 0)
    table["seconds"][at] = HOUR_S
    each = READINGS_AN_HOUR // QUARTERS
    table["warmth"][at] = np.rint(levels[TEMPERATURE] * 100 * each)[:, None, None]
    table["warmths"][at] = each
    table["revision"][at] = 1
    table["changed"][at] = False


def save(box: KafkaBox, state: PartitionState, partition: int, input_offset: int) -> int:
    """Write a snapshot of a state as of input_offset, as a worker's is written; its bytes."""
    ends = Ends(*(box.ends(topic)[partition] for topic in (SNAPSHOTS, DETECTIONS, HOURS)))
    draft = Draft(state, partition, input_offset, owner_epoch=1, ends=ends)
    producer = new_producer(box.bootstrap, linger_ms=20.0)
    while not draft.complete:
        _send(producer, partition, draft.slice(SLICE_BYTES))
    _, last = draft.finish()
    _send(producer, partition, last)
    return draft.bytes_total


def _send(producer: Producer, partition: int, records: Iterable[Written]) -> None:
    for key, value in records:
        producer.produce(SNAPSHOTS.name, value, key, partition)
    if producer.flush(DELIVERY_MAX_MS / 1000):
        raise RuntimeError("Kafka did not take a snapshot")
