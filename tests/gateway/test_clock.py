"""Herd-clock: log time moves on, the register is copied, and a wrong clock writes nothing."""

from datetime import timedelta

import pytest

from contracts.animal_event import AnimalRegistered, FarmLive, FarmTimeMoved
from contracts.clock import FakeClock
from contracts.context import Context
from contracts.ids import AnimalId
from contracts.tick import DeafSpan, Tick
from gateway.clock import ClockAheadError
from gateway.copies import RegisterEvent
from gateway.hearing import Hearing
from tests.builders import FARM, MORNING, a_tick, an_event
from tests.gateway.clock_in_memory import MemoryLog, a_clock, always_heard


def an_animal_of_the_register(offset: int, partition: int = 3) -> RegisterEvent:
    """A registration, at its place in the register's topic."""
    payload = AnimalRegistered(animal_id=AnimalId("nl-0017"), external_id="NL 0017", name="Bontje")
    return RegisterEvent(partition, offset, an_event(payload))


def test_each_owned_partition_ticks_and_no_other() -> None:
    """Two owners of one partition would only repeat; none would stop its farms' timers."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3, 7)

    a_clock(log, time).turn(0.0)

    assert set(log.records) == {3, 7}
    (tick,) = log.ticks(3)
    assert (tick.aggregate_id, tick.farm_id, tick.actor) == ("partition:3", None, "herd-clock")
    assert (tick.timestamp, tick.payload.deaf_spans) == (MORNING, ())


def test_without_partitions_nothing_is_written() -> None:
    """A member that waits for its group must be silent."""
    time = FakeClock(MORNING)
    log = MemoryLog(time)
    clock = a_clock(log, time)

    clock.turn(0.0)

    assert log.records == {}
    assert not clock.ticking


def test_a_tick_comes_every_five_seconds() -> None:
    """Every detector's timer is as coarse as this."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    clock = a_clock(log, time)
    for second in range(11):
        clock.turn(float(second))
        time.advance(timedelta(seconds=1))

    seconds = [(tick.timestamp - MORNING).total_seconds() for tick in log.ticks(3)]

    assert seconds == [0, 5, 10]


def test_the_registers_events_are_copied_with_their_place() -> None:
    """Readers skip what they have applied by that place, so a copy may come twice."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    log.to_copy = [an_animal_of_the_register(17)]
    source = log.to_copy[0].event

    a_clock(log, time).turn(0.0)

    (copy,) = [event for event, _ in log.records[3] if isinstance(event.payload, Context)]
    assert copy.payload.source_offset == 17
    assert copy.payload.source_event_type == "animal.registered.v1"
    assert '"name":"Bontje"' in copy.payload.details_json
    assert (copy.farm_id, copy.aggregate_id) == (FARM, "nl-0017")
    assert (copy.causation_id, copy.timestamp) == (source.event_id, source.timestamp)
    assert log.commits == 1


def test_an_event_copied_twice_is_the_same_event() -> None:
    """A crash between copy and commit copies again."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    clock = a_clock(log, time)
    twice = an_animal_of_the_register(17)
    for _ in range(2):
        log.to_copy = [twice]
        clock.turn(0.0)

    copies = [event for event, _ in log.records[3] if isinstance(event.payload, Context)]

    assert len(copies) == 2
    assert copies[0] == copies[1]


def test_a_farm_that_imports_its_past_gets_ticks_of_its_own() -> None:
    """Its log time is where the register moved it; the partition's ticks go on beside."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    moved_to = MORNING - timedelta(days=14)
    moved = an_event(FarmTimeMoved(to_at=moved_to), aggregate_id=FARM)
    live = an_event(FarmLive(imported_to_at=moved_to), aggregate_id=FARM)
    log.to_copy = [RegisterEvent(3, 17, moved), RegisterEvent(3, 18, live)]

    a_clock(log, time).turn(0.0)

    said = [(type(event.payload), event.farm_id, event.timestamp) for event, _ in log.records[3]]
    assert said == [
        (Context, FARM, MORNING),
        (Tick, FARM, moved_to),
        (Context, FARM, MORNING),
        (Tick, None, MORNING),
    ]


def test_a_farms_own_tick_written_twice_is_the_same_event() -> None:
    """A crash between copy and commit copies again."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    clock = a_clock(log, time)
    moved = RegisterEvent(3, 17, an_event(FarmTimeMoved(to_at=MORNING - timedelta(days=14))))
    for _ in range(2):
        log.to_copy = [moved]
        clock.turn(0.0)

    first, second = [
        event for event, _ in log.records[3] if type(event.payload) is Tick and event.farm_id
    ]

    assert first == second


def test_while_the_way_in_is_closed_the_ticks_say_so() -> None:
    """Ticks need neither gateway nor MQTT broker: without this 300 collars would seem silent."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    hearing = Hearing(deaf_after_s=20.0, now=MORNING, monotonic_s=0.0)
    clock = a_clock(log, time, hearing)
    for second in range(0, 31, 5):
        clock.turn(float(second))
        time.advance(timedelta(seconds=5))

    spans = [tick.payload.deaf_spans for tick in log.ticks(3)]

    assert spans[:5] == [()] * 5
    assert [(one.began_at, one.ended_at) for (one,) in spans[5:]] == [
        (MORNING, MORNING + timedelta(seconds=25)),
        (MORNING, MORNING + timedelta(seconds=30)),
    ]


def test_a_new_owner_is_as_deaf_as_the_one_before_until_it_hears() -> None:
    """Herd-clock may be started again while the gateway is down."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    was_deaf = DeafSpan(began_at=MORNING - timedelta(minutes=5), ended_at=MORNING)
    log.append([(3, a_tick(MORNING, partition=3, deaf=(was_deaf,)))])
    time.advance(timedelta(seconds=6))
    hearing = always_heard(time)
    clock = a_clock(log, time, hearing)
    clock.turn(0.0)
    hearing.sent(b"one", 1.0, time.now())
    hearing.answered(b"one", 1.0, time.now())
    time.advance(timedelta(seconds=5))
    clock.turn(5.0)

    spans = [tick.payload.deaf_spans for tick in log.ticks(3)]

    until = MORNING + timedelta(seconds=6)
    assert spans == [(was_deaf,), (DeafSpan(began_at=MORNING, ended_at=until),), ()]


def test_a_new_owner_tells_how_long_nobody_was_heard() -> None:
    """Silence that was our own outage must not make 300 silent collars."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    log.append([(3, a_tick(MORNING, partition=3))])
    time.advance(timedelta(minutes=10))

    a_clock(log, time).turn(0.0)

    last = log.ticks(3)[-1]
    span = DeafSpan(began_at=MORNING, ended_at=MORNING + timedelta(minutes=10))
    assert last.payload.deaf_spans == (span,)


def test_a_short_pause_is_no_deafness() -> None:
    """A restart of a few seconds is what happens every day."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    log.append([(3, a_tick(MORNING, partition=3))])
    time.advance(timedelta(seconds=59))

    a_clock(log, time).turn(0.0)

    assert [tick.payload.deaf_spans for tick in log.ticks(3)] == [(), ()]


def test_a_halt_of_the_same_owner_is_told_too() -> None:
    """Kafka may be away for minutes while the process lives on."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    clock = a_clock(log, time)
    clock.turn(0.0)
    time.advance(timedelta(minutes=3))
    clock.turn(180.0)

    spans = log.ticks(3)[-1].payload.deaf_spans

    assert spans == (DeafSpan(began_at=MORNING, ended_at=MORNING + timedelta(minutes=3)),)


def test_a_fast_farm_clock_invents_no_deafness() -> None:
    """The demo's clock runs 60 times as fast: five seconds are five minutes there."""
    farm, kafka = FakeClock(MORNING - timedelta(hours=2)), FakeClock(MORNING)
    log = MemoryLog(kafka, 3)
    clock = a_clock(log, farm)
    for second in (0.0, 5.0, 10.0):
        clock.turn(second)
        farm.advance(timedelta(minutes=5))
        kafka.advance(timedelta(seconds=5))

    assert [tick.payload.deaf_spans for tick in log.ticks(3)] == [(), (), ()]


def test_a_clock_ahead_of_kafkas_writes_no_tick_and_ends() -> None:
    """Log time never goes back: one tick from the future would stop every timer until then."""
    kafka = FakeClock(MORNING)
    log = MemoryLog(kafka, 3, 7)
    log.append([(7, a_tick(MORNING, partition=7))])
    clock = a_clock(log, FakeClock(MORNING + timedelta(seconds=2.1)))

    with pytest.raises(ClockAheadError, match=r"2\.1 s ahead"):
        clock.turn(0.0)

    assert [tick.timestamp for tick in log.ticks(3) + log.ticks(7)] == [MORNING]


def test_a_clock_that_jumps_ahead_later_writes_no_further_tick() -> None:
    """A clock may be set wrong while we run."""
    time, kafka = FakeClock(MORNING), FakeClock(MORNING)
    log = MemoryLog(kafka, 3)
    clock = a_clock(log, time)
    clock.turn(0.0)
    time.advance(timedelta(hours=1))

    with pytest.raises(ClockAheadError):
        clock.turn(5.0)

    assert [tick.timestamp for tick in log.ticks(3)] == [MORNING]


def test_a_member_that_stood_still_does_not_call_the_time_deaf_in_which_another_ticked() -> None:
    """A stopped process has heard nothing: that is no outage of the farm's way in."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    hearing = Hearing(deaf_after_s=60.0, now=MORNING, monotonic_s=0.0)
    hearing.sent(b"probe", 0.0, MORNING)
    hearing.answered(b"probe", 0.1, MORNING)
    stopped, other = a_clock(log, time, hearing), a_clock(log, time)
    stopped.turn(0.0)
    for second in range(0, 600, 5):
        other.turn(float(second))
        time.advance(timedelta(seconds=5))

    stopped.turn(600.0)
    stopped.turn(605.0)

    assert log.ticks(3)[-1].timestamp == MORNING + timedelta(seconds=600)
    assert [tick.payload.deaf_spans for tick in log.ticks(3) if tick.payload.deaf_spans] == []


def test_a_member_that_stood_still_alone_tells_the_time_in_which_nobody_ticked() -> None:
    """Nobody can say whether the way in was open then: no timer may count it."""
    time = FakeClock(MORNING)
    log = MemoryLog(time, 3)
    alone = a_clock(log, time)
    alone.turn(0.0)
    time.advance(timedelta(seconds=600))

    alone.turn(600.0)

    (span,) = log.ticks(3)[-1].payload.deaf_spans
    assert (span.began_at, span.ended_at) == (MORNING, MORNING + timedelta(seconds=600))
