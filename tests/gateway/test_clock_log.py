"""Herd-clock on the real Kafka: its own time is told, and the newest tick is found again."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.animal_event import AnimalRegistered, FarmTimeMoved
from contracts.context import Context
from contracts.ids import AnimalId, CollarId, FarmId, new_id
from contracts.serde import FixedSchemaIds, Serde
from contracts.tick import Tick
from contracts.topics import ANIMALS, READINGS, partition_of_farm
from farmbox.box import Addresses
from gateway.adapters.clock_log import KafkaClockLog
from gateway.adapters.mover_log import KafkaMoverLog
from gateway.copies import RegisterEvent
from gateway.moves import Move
from runtime.kafka import Outbox, new_producer, send_event
from tests.builders import a_reading, a_tick, an_event
from tests.gateway.surroundings import Process, serde_of
from tests.kafka_reader import events_in
from tests.waiting import eventually


@pytest.fixture
def farm_id() -> FarmId:
    """A farm of its own."""
    return FarmId(f"farm-{new_id()[:8]}")


@pytest.fixture
def log(box: Addresses) -> Iterator[KafkaClockLog]:
    """A member of a group of its own."""
    one = KafkaClockLog(
        box.kafka_bootstrap, serde_of(box), instance="test", group=f"clock-{new_id()}"
    )
    yield one
    one.close()


def test_kafkas_own_time_of_what_was_written_comes_back(log: KafkaClockLog) -> None:
    """It is what our clock is held against."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)

    (appended_at,) = log.append([(5, a_tick(before, partition=5))])

    assert before <= appended_at <= datetime.now(UTC)


def test_a_member_that_is_told_to_leave_while_it_joins_leaves(box: Addresses) -> None:
    """A stop that hangs ends as a kill after 15 seconds, and as a failure in the log."""
    before_s = time.monotonic()
    for _ in range(5):
        joining = KafkaClockLog(
            box.kafka_bootstrap, serde_of(box), instance="test", group=f"clock-{new_id()}"
        )
        joining.append([(5, a_tick(datetime.now(UTC), partition=5))])
        joining.close()

    assert time.monotonic() - before_s < 20


def test_the_newest_tick_of_a_partition_is_found_behind_readings(
    log: KafkaClockLog, farm_id: FarmId
) -> None:
    """A new owner must know when its partition was last heard."""
    partition = partition_of_farm(farm_id)
    ticks = [a_tick(datetime.now(UTC), partition=partition) for _ in range(2)]
    own = replace(a_tick(datetime.now(UTC), partition=partition), farm_id=farm_id)
    log.append([(partition, tick) for tick in (*ticks, own)])
    readings = [a_reading(seq=seq, farm=farm_id) for seq in range(1, 801)]
    log.append([(partition, reading) for reading in readings])

    newest = log.newest_tick(partition)

    assert newest is not None
    assert newest.event == ticks[1]
    assert abs(newest.appended_at - newest.event.timestamp) < timedelta(seconds=20)


def test_the_registers_events_come_with_their_place_and_once_committed_never_again(
    box: Addresses, farm_id: FarmId
) -> None:
    """At least once before the commit, and not after it."""
    group, partition = f"clock-{new_id()}", partition_of_farm(farm_id)
    payload = AnimalRegistered(animal_id=AnimalId("nl-1"), external_id="NL 1")
    first, second = (an_event(payload, farm_id=farm_id) for _ in range(2))
    outbox, serde = Outbox(new_producer(box.kafka_bootstrap)), serde_of(box)
    send_event(outbox, serde, ANIMALS, first)
    outbox.flush()
    log = KafkaClockLog(box.kafka_bootstrap, serde, instance="one", group=group)
    eventually(lambda: first in [one.event for one in _of(log)], why="the register's event")
    log.commit()
    log.close()
    send_event(outbox, serde, ANIMALS, second)
    outbox.flush()

    again = KafkaClockLog(box.kafka_bootstrap, serde, instance="one", group=group)
    found = eventually(lambda: _of(again), why="the second event")
    again.close()

    mine = [one for one in found if one.event.farm_id == farm_id]
    assert [one.event for one in mine] == [second]
    assert mine[0].partition == partition


def test_herd_clock_killed_and_started_again_has_its_partitions_at_once(
    box: Addresses, farm_id: FarmId, tmp_path: Path
) -> None:
    """While no partition ticks no timer of any detector moves."""
    process = Process(box, tmp_path, "HERD_CLOCK_", "gateway", "clock")
    outbox, serde = Outbox(new_producer(box.kafka_bootstrap)), serde_of(box)
    partition = partition_of_farm(farm_id)
    process.start()
    process.kill()
    killed_s = time.monotonic()
    payload = AnimalRegistered(animal_id=AnimalId("nl-1"), external_id="NL 1", name="Bontje")
    registered = an_event(payload, farm_id=farm_id)
    send_event(outbox, serde, ANIMALS, registered)
    moved_to = datetime.now(UTC).replace(microsecond=0) - timedelta(days=14)
    moved = an_event(FarmTimeMoved(to_at=moved_to), aggregate_id=farm_id, farm_id=farm_id)
    send_event(outbox, serde, ANIMALS, moved)
    outbox.flush()

    process.start()

    assert time.monotonic() - killed_s < 20
    copies = eventually(
        lambda: [
            event
            for event in events_in(box, READINGS, [partition])
            if isinstance(event.payload, Context) and event.causation_id == registered.event_id
        ],
        why="the context copy",
    )
    assert '"name":"Bontje"' in copies[0].payload.details_json
    own = eventually(
        lambda: [
            event
            for event in events_in(box, READINGS, [partition])
            if type(event.payload) is Tick and event.farm_id == farm_id
        ],
        why="the farm's own tick",
    )
    assert {(event.timestamp, event.causation_id) for event in own} == {(moved_to, moved.event_id)}
    ticks = [
        event
        for event in events_in(box, READINGS, [partition])
        if type(event.payload) is Tick and event.farm_id is None
    ]
    assert ticks[-1].actor == "herd-clock"
    assert process.stop() == 0


def _of(log: KafkaClockLog) -> list[RegisterEvent]:
    return log.register_events()


class SaidSoError(Exception):
    """A sign of life was given."""


def said() -> None:
    """Ends what it interrupts."""
    raise SaidSoError


def test_while_kafka_is_away_herd_clocks_writers_give_signs_of_life() -> None:
    """Kafka may be away for two minutes; the watchdog ended all of herd-clock after one."""
    nowhere, schema_ids = "127.0.0.1:1", FixedSchemaIds()
    clock_log = KafkaClockLog(nowhere, Serde(schema_ids), instance="test", progress=said)
    mover_log = KafkaMoverLog(nowhere, schema_ids, said)
    value = Serde(schema_ids).encode(a_reading())
    move = Move(CollarId("c-17"), 0, "nl-0017", "nl-0018", 1, value)

    with pytest.raises(SaidSoError):
        clock_log.append([(5, a_tick(datetime.now(UTC), partition=5))])
    with pytest.raises(SaidSoError):
        mover_log.append(5, [move])
    mover_log.close()
