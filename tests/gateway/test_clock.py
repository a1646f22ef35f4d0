"""Herd-clock: log time moves on, the register is copied, and a wrong clock writes nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.animal_event import AnimalRegistered, FarmLive, FarmTimeMoved
from contracts.clock import FakeClock
from contracts.context import Context
from contracts.envelope import Event
from contracts.ids import AnimalId
from contracts.tick import DeafSpan, Tick
from gateway.clock import ClockAheadError, HerdClock, WrittenTick
from gateway.copies import RegisterEvent
from gateway.hearing import Hearing
from gateway.standstill import Standstill
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


class SlowLog(MemoryLog):
    """A log of which an append or a look may take long: what happens meanwhile is the test's."""

    def __init__(self, kafka_clock: FakeClock, *owned: int) -> None:
        super().__init__(kafka_clock, *owned)
        self.appends = self.looks = 0
        self.meanwhile: dict[str, Callable[[], None]] = {}

    def append(self, records: Sequence[tuple[int, Event[Any]]]) -> list[datetime]:
        """Wait first, as a record does for its partition's leader."""
        self.appends += 1
        self.meanwhile.pop(f"append {self.appends}", lambda: None)()
        return super().append(records)

    def newest_tick(self, partition: int) -> WrittenTick | None:
        """Look, and then go on after a while."""
        self.looks += 1
        found = super().newest_tick(partition)
        self.meanwhile.pop("look", lambda: None)()
        return found


class Waited:
    """A member of one partition, as herd-clock is wired; its time passes where the test says so."""

    def __init__(self) -> None:
        self.time = FakeClock(MORNING)
        self.log = SlowLog(self.time, 3)
        self.hearing = Hearing(deaf_after_s=20.0, now=MORNING, monotonic_s=0.0)
        self.standstill = Standstill()
        self.clock = a_clock(self.log, self.time, self.hearing, self.standstill, deaf_after_s=20.0)

    @property
    def second(self) -> float:
        """Monotonic, and since the morning."""
        return (self.time.now() - MORNING).total_seconds()

    def passes(self, seconds: int) -> None:
        """Time in which the threads beside the ticking one live on."""
        for _ in range(seconds):
            self.time.advance(timedelta(seconds=1))
            self.standstill.alive(self.second)

    def stands_still(self, seconds: int, other: HerdClock | None = None) -> None:
        """Time in which nothing of ours runs; another may tick."""
        for _ in range(seconds):
            self.time.advance(timedelta(seconds=1))
            if other is not None:
                other.turn(self.second)
        self.standstill.alive(self.second)

    def probe(self) -> None:
        """One that is answered at once."""
        token = str(self.second).encode()
        self.hearing.sent(token, self.second, self.time.now())
        self.hearing.answered(token, self.second, self.time.now())

    def turn(self) -> None:
        """One round, now."""
        self.clock.turn(self.second)

    def told_s(self) -> list[tuple[float, float]]:
        """The deaf spans in all of its log, in seconds since the morning."""
        spans = [span for tick in self.log.ticks(3) for span in tick.payload.deaf_spans]
        return [
            ((one.began_at - MORNING).total_seconds(), (one.ended_at - MORNING).total_seconds())
            for one in spans
        ]


def test_a_tick_that_waited_long_for_kafka_forgets_no_outage() -> None:
    """A partition's leader is away, so no upload is confirmed either: one case, no silent herd."""
    waited = Waited()
    waited.turn()
    waited.passes(5)
    waited.probe()
    waited.log.meanwhile[f"append {waited.log.appends + 2}"] = lambda: waited.passes(30)
    waited.turn()
    waited.probe()
    waited.passes(1)
    waited.turn()

    assert waited.told_s() == [(5.0, 35.0)]


def test_a_long_look_into_the_log_is_not_followed_by_another() -> None:
    """It would never end, and nothing would be heard meanwhile that is not forgotten again."""
    waited = Waited()
    waited.log.meanwhile["look"] = lambda: waited.passes(30)
    waited.turn()
    waited.passes(5)
    waited.turn()

    assert waited.log.looks == 1
    assert waited.told_s() == [(0.0, 35.0)]


def test_a_standstill_within_a_turn_is_no_outage_where_another_ticked() -> None:
    """Most of its time herd-clock waits within a turn: that is where it is stopped."""
    waited = Waited()
    other = a_clock(waited.log, waited.time)
    waited.turn()
    waited.passes(5)
    waited.probe()
    number = waited.log.appends + 1
    waited.log.meanwhile[f"append {number}"] = lambda: waited.stands_still(60, other)
    for _ in range(3):
        waited.turn()
        waited.probe()
        waited.passes(1)

    assert waited.log.ticks(3)[-1].timestamp > MORNING + timedelta(seconds=64)
    assert waited.told_s() == []
