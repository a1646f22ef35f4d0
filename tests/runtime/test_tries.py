"""A failing batch: the record's own fault costs it alone, nobody's fault costs only time."""

import operator
from collections import Counter

import psycopg
import pytest
from confluent_kafka import KafkaError, KafkaException
from hypothesis import given
from hypothesis import strategies as st
from psycopg_pool import PoolTimeout

from contracts.dead_letter import Reason, Rejected
from runtime.tries import SLOW_IN_A_ROW_MAX, Fault, Received, Tries, awaited, fault_of
from tests.builders import a_reading


class Handler:
    """Keeps what it was given; a record of `failing` fails so many times, then gets through."""

    def __init__(self, failing: dict[int, int]) -> None:
        self.failing = dict(failing)
        self.handled: list[Received] = []
        self.calls = 0

    def handle(self, batch: list[Received]) -> None:
        """All or nothing, as an append is."""
        self.calls += 1
        for received in batch:
            if self.failing.get(received.offset, 0) > 0:
                # only alone can it be told whose fault it is
                self.failing[received.offset] -= len(batch) == 1
                raise ValueError(f"offset {received.offset} does not fit")
        self.handled += batch


class Bench:
    """Tries over a handler, with what was buried and how often it rested."""

    def __init__(self, failing: dict[int, int], tries_max: int = 5) -> None:
        self.handler = Handler(failing)
        self.buried: list[tuple[Received, Rejected, int]] = []
        self.rests: list[float] = []
        self.tries = Tries(self.handler.handle, self.bury, self.rests.append, tries_max=tries_max)

    def bury(self, received: Received, why: Rejected, tries: int) -> None:
        """Note a record that was given up."""
        self.buried.append((received, why, tries))

    @property
    def handled(self) -> list[int]:
        """The offsets that got through, in that order."""
        return [received.offset for received in self.handler.handled]


def a_batch(*animals: str) -> list[Received]:
    """One record an animal, offsets from 0."""
    return [
        Received(a_reading(animal=animal), "herd.readings.v1", 3, offset)
        for offset, animal in enumerate(animals)
    ]


def test_a_record_that_fails_a_few_times_gets_through_and_holds_up_nobody_else() -> None:
    """A conflict with another process heals by itself."""
    bench = Bench({2: 3})

    bench.tries.take(a_batch("a", "b", "c", "d", "e"))

    assert bench.handled == [0, 1, 3, 4, 2]
    assert bench.buried == []
    assert len(bench.rests) == 3


def test_a_record_that_never_gets_through_is_buried_after_its_last_try() -> None:
    """With its reason and how often it was tried."""
    bench = Bench({1: 99})

    bench.tries.take(a_batch("a", "b", "c"))

    [(received, why, tries)] = bench.buried
    assert bench.handled == [0, 2]
    assert (received.offset, why.reason, tries) == (1, Reason.HANDLER_FAILED, 5)
    assert why.detail == "ValueError: offset 1 does not fit"
    assert len(bench.rests) == 4
    assert bench.rests == sorted(bench.rests)


def test_later_records_of_the_same_subject_wait_for_it() -> None:
    """An alert's end is not handled before its beginning; buried, it holds up nobody any more."""
    heals, never = Bench({1: 2}), Bench({1: 99})

    for bench in (heals, never):
        bench.tries.take(a_batch("a", "cow", "b", "cow", "c", "cow"))

    assert heals.handled == [0, 2, 4, 1, 3, 5]
    assert never.handled == [0, 2, 4, 3, 5]


def test_a_store_that_is_away_is_waited_for_and_is_no_records_try() -> None:
    """Postgres was restarted for a minute: nothing is buried, nothing is halved."""
    away = [psycopg.OperationalError("server closed the connection")] * 20
    asked: list[int] = []

    def handle(batch: list[Received]) -> None:
        asked.append(len(batch))
        if away:
            raise away.pop()

    rests: list[float] = []
    Tries(handle, lambda *_: pytest.fail("nothing to bury"), rests.append).take(a_batch("a", "b"))

    assert asked == [2] * 21
    assert len(rests) == 20
    assert max(rests) <= 5.0


def test_our_own_fault_ends_the_loop_before_anything_is_buried() -> None:
    """A table that is missing would bury the whole log."""

    def handle(_batch: list[Received]) -> None:
        raise psycopg.errors.UndefinedTable("relation events does not exist")

    tries = Tries(handle, lambda *_: pytest.fail("nothing to bury"), lambda _seconds: None)

    with pytest.raises(psycopg.errors.UndefinedTable):
        tries.take(a_batch("a", "b"))


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (PoolTimeout("no connection within 5 s"), Fault.NOBODYS),
        (psycopg.errors.AdminShutdown("terminating connection"), Fault.NOBODYS),
        (psycopg.errors.DiskFull("no space left on device"), Fault.NOBODYS),
        (psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT"), Fault.NOBODYS),
        (psycopg.errors.DeadlockDetected("deadlock detected"), Fault.NOBODYS),
        (KafkaException(KafkaError(KafkaError._TRANSPORT)), Fault.NOBODYS),
        (ConnectionRefusedError(), Fault.NOBODYS),
        (KafkaException(KafkaError(KafkaError._FATAL, "fenced", fatal=True)), Fault.OURS),
        (psycopg.errors.InsufficientPrivilege("permission denied"), Fault.OURS),
        (MemoryError(), Fault.OURS),
        (psycopg.errors.QueryCanceled("statement timeout"), Fault.SLOW),
        (psycopg.errors.ProgramLimitExceeded("index row size exceeds"), Fault.RECORDS),
        (KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)), Fault.RECORDS),
        (psycopg.DataError("invalid input syntax"), Fault.RECORDS),
        (KeyError("no such condition"), Fault.RECORDS),
    ],
)
def test_whose_fault_an_error_is(error: Exception, fault: Fault) -> None:
    """Decided by name: a wrong guess buries a log, or stops one for ever."""
    assert fault_of(error) is fault


def test_one_bad_record_of_five_hundred_costs_few_calls() -> None:
    """Each call is a commit in the store: halving, not one by one."""
    bench = Bench({321: 99})

    bench.tries.take(a_batch(*(f"cow-{number}" for number in range(500))))

    assert len(bench.handled) == 499
    assert bench.handler.calls < 30


@given(
    animals=st.lists(st.sampled_from("abc"), min_size=1, max_size=12),
    failing=st.dictionaries(st.integers(0, 11), st.integers(1, 7), max_size=4),
)
def test_each_record_is_handled_or_buried_once_and_each_subject_in_order(
    animals: list[str], failing: dict[int, int]
) -> None:
    """Whatever fails how often."""
    bench = Bench(failing)
    batch = a_batch(*animals)

    bench.tries.take(batch)

    buried = [received.offset for received, _, _ in bench.buried]
    assert Counter(bench.handled + buried) == Counter(range(len(batch)))
    assert sorted(buried) == [n for n in range(len(batch)) if failing.get(n, 0) >= 5]
    for animal in set(animals):
        own = [r.offset for r in bench.handler.handled if r.event.aggregate_id == animal]
        assert own == sorted(own)
    assert all(map(operator.eq, [tries for *_, tries in bench.buried], [5] * len(buried)))


class Locked:
    """Tries over a store of which statements are cut off: all for a while, some for ever."""

    def __init__(self, *, calls: int = 0, slow: frozenset[int] = frozenset()) -> None:
        self.locked_calls, self.slow = calls, slow
        self.calls = 0
        self.handled: list[int] = []
        self.buried: list[tuple[int, int]] = []
        self.signs: list[str] = []
        self.tries = Tries(
            self.handle,
            lambda received, _why, tries: self.buried.append((received.offset, tries)),
            lambda _seconds: self.signs.append("rest"),
            beat=lambda: self.signs.append("beat"),
        )

    def handle(self, batch: list[Received]) -> None:
        """All or nothing, after the ten seconds of a statement."""
        self.calls += 1
        self.signs.append("statement")
        offsets = [received.offset for received in batch]
        if self.calls <= self.locked_calls or self.slow.intersection(offsets):
            raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")
        self.handled += offsets


@pytest.mark.parametrize("records", [1, 2, 4, 8, 50])
@pytest.mark.parametrize("calls", [1, 6, 12, 40])
def test_a_store_that_is_locked_for_everybody_costs_no_record(records: int, calls: int) -> None:
    """Somebody holds a lock for two minutes, or the disk is slow: good records are not buried."""
    locked = Locked(calls=calls)

    locked.tries.take(a_batch(*(f"cow-{number}" for number in range(records))))

    assert locked.buried == []
    assert sorted(locked.handled) == list(range(records))


@pytest.mark.parametrize("slow", [0, 3, 7])
def test_a_record_that_is_slow_while_others_get_through_is_buried_soon(slow: int) -> None:
    """Its statement would be cut off for ever, and each time it holds up the others."""
    locked = Locked(slow=frozenset({slow}))

    locked.tries.take(a_batch(*(f"cow-{number}" for number in range(8))))

    assert locked.buried == [(slow, 5)]
    assert sorted(locked.handled) == [one for one in range(8) if one != slow]
    assert locked.calls < 15


def test_a_record_that_is_alone_is_judged_after_a_quarter_of_an_hour() -> None:
    """Nobody can say whose fault it is, and the log has to go on some time."""
    locked = Locked(slow=frozenset({0}))

    locked.tries.take(a_batch("cow"))

    assert locked.buried == [(0, 5)]
    assert locked.calls == SLOW_IN_A_ROW_MAX + 5


def test_each_statement_of_a_halved_batch_is_preceded_by_a_sign_of_life() -> None:
    """Fifteen of ten seconds each are more than a watchdog waits."""
    locked = Locked(calls=30, slow=frozenset({3}))

    locked.tries.take(a_batch(*(f"cow-{number}" for number in range(8))))

    before = [locked.signs[n - 1] for n, sign in enumerate(locked.signs) if sign == "statement"]
    assert len(before) > 30
    assert set(before) == {"beat"}
    # and a member that is not heard of for long is put out of its group: each cut off one rests
    assert locked.signs.count("rest") >= 30


def test_whoever_has_no_records_waits_for_a_slow_store_as_for_one_that_is_away() -> None:
    """The relay reads: there is nothing that it could bury."""
    slow = [psycopg.errors.QueryCanceled("canceling statement due to statement timeout")] * 100
    rests: list[float] = []

    def read() -> str:
        if slow:
            raise slow.pop()
        return "read"

    assert awaited(read, rests.append) == "read"
    assert len(rests) == 100
