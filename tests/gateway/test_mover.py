"""The mover: when log and register are held against each other, and what comes of it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from contracts.column_reader import ColumnReader
from contracts.columns import micros
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId
from contracts.reading import NOBODY
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import partition_of_farm
from gateway import mover as module
from gateway.mover import AFTER_S, Mover, Records
from gateway.moves import Move, Register
from tests.builders import FARM, MORNING, a_reading, a_tick
from tests.gateway.test_moves import A, B, a_list, readings
from tests.pipeline.logs import run_all
from tests.pipeline.test_moving import hours_held

OURS = partition_of_farm(FARM)
OTHER = FarmId("farm-c")
THEIRS = partition_of_farm(OTHER)
SERDE, READER = Serde(FixedSchemaIds()), ColumnReader(FixedSchemaIds())
PIECE = 4


class MemoryMoverLog:
    """A MoverLog in memory. Records are appended when they occurred."""

    def __init__(self) -> None:
        self.logs: dict[int, list[Event[Any]]] = {OURS: [], THEIRS: []}
        self.scans: list[tuple[int, int]] = []  # partition, records read

    def records(
        self, partition: int, since_us: int, wanted: Callable[[bytes], bool]
    ) -> Iterator[Records]:
        """Those since then, a few at a time."""
        log = self.logs[partition]
        offsets = [n for n, event in enumerate(log) if micros(event.timestamp) >= since_us]
        self.scans.append((partition, len(offsets)))
        for start in range(0, len(offsets), PIECE):
            values = {n: SERDE.encode(log[n]) for n in offsets[start : start + PIECE]}
            some = {n: value for n, value in values.items() if wanted(value)}
            batch = READER.read(list(some.values()))
            yield Records(batch.readings, list(some), list(some.values()))

    def append(self, partition: int, moves: Sequence[Move]) -> None:
        """Append the moved readings."""
        for move in moves:
            self.logs[partition].append(move.applied_to(SERDE.decode(move.value)))

    def moved(self, partition: int = OURS) -> list[tuple[str, str | None]]:
        """(to, from) of each moved reading, in order."""
        return [
            (event.aggregate_id, event.payload.taken_from)
            for event in self.logs[partition]
            if getattr(event.payload, "taken_by", None) is not None
        ]


@pytest.fixture
def log() -> MemoryMoverLog:
    """An empty log."""
    return MemoryMoverLog()


@pytest.fixture
def register() -> Register:
    """A register that has been read: one collar, worn by one animal since the morning."""
    known = Register()
    known.apply(a_list((A, 0, None)))
    return known


def a_mover(log: MemoryMoverLog, register: Register) -> Mover:
    """A mover that nobody asks to stop."""
    return Mover(log, register, lambda: True)


def test_what_is_typed_in_late_is_moved_within_seconds(
    log: MemoryMoverLog, register: Register
) -> None:
    """Promise 2: charts within a minute, judgements back to late_max."""
    mover = a_mover(log, register)
    log.logs[OURS] += readings(A, 4)
    mover.turn(frozenset({OURS}), 0.0)
    assert log.moved() == []

    register.apply(a_list((A, 0, 12), (B, 12, None), version=2))
    mover.turn(frozenset({OURS}), 100.0)
    mover.turn(frozenset({OURS}), 100.0 + AFTER_S[0])

    assert log.moved() == [(B, A), (B, A)]


def test_what_a_gateway_lets_in_by_the_old_list_is_moved_by_a_later_look(
    log: MemoryMoverLog, register: Register
) -> None:
    """Lists reach gateways one after the other; one may have been stopped for a while."""
    mover = a_mover(log, register)
    mover.turn(frozenset({OURS}), 0.0)
    register.apply(a_list((B, 0, None), version=2))
    mover.turn(frozenset({OURS}), 100.0)
    for number, after_s in enumerate(AFTER_S):
        assert len(log.moved()) == number
        log.logs[OURS] += readings(A, 1, first=10 + number)
        mover.turn(frozenset({OURS}), 100.0 + after_s)

    assert log.moved() == [(B, A)] * len(AFTER_S)
    scans = len(log.scans)
    mover.turn(frozenset({OURS}), 10_000.0)
    assert len(log.scans) == scans


def test_a_new_owner_finds_what_changed_while_nobody_looked(
    log: MemoryMoverLog, register: Register
) -> None:
    """Herd-clock was down when the register was set right; it looks once more, for gateways."""
    log.logs[OURS] += [a_tick(MORNING), *readings(B, 2), *readings(A, 2, collar="unknown")]
    mover = a_mover(log, register)

    mover.turn(frozenset({OURS}), 0.0)
    log.logs[OURS] += readings(B, 1, first=3)
    mover.turn(frozenset({OURS}), AFTER_S[-1])
    mover.turn(frozenset({OURS}), 1000.0)

    assert log.moved() == [(A, B)] * 3


def test_a_partition_that_is_not_ours_is_left_to_its_owner(
    log: MemoryMoverLog, register: Register
) -> None:
    """And is looked over as a whole by whoever gains it."""
    mover = a_mover(log, register)
    log.logs[OURS] += readings(A, 1)
    mover.turn(frozenset(), 0.0)
    register.apply(a_list((B, 0, None), version=2))
    mover.turn(frozenset(), 1.0)
    mover.turn(frozenset({THEIRS}), 2.5)
    assert log.moved() == []

    mover.turn(frozenset({OURS, THEIRS}), 3.0)

    assert log.moved() == [(B, A)]


def test_a_collar_that_went_to_another_farm_leaves_its_readings_to_nobody(
    log: MemoryMoverLog, register: Register
) -> None:
    """Each farm's log is its own: nothing goes over, and nothing stays where it is not right."""
    mover = a_mover(log, register)
    log.logs[OURS] += readings(A, 3)
    mover.turn(frozenset({OURS, THEIRS}), 0.0)

    register.apply(a_list((AnimalId("theirs"), 8, None), farm=OTHER, version=2))
    mover.turn(frozenset({OURS, THEIRS}), 1.0)
    mover.turn(frozenset({OURS, THEIRS}), 2.5)

    assert log.moved(OURS) == [(NOBODY, A)] * 3
    assert log.logs[THEIRS] == []


def test_a_bulk_import_is_one_scan_of_what_can_have_changed(
    log: MemoryMoverLog, register: Register
) -> None:
    """Two thousand lists must not read three days two thousand times."""
    collars = [CollarId(f"c-{n}") for n in range(40)]
    for collar in collars:
        register.apply(a_list((A, 0, None), collar=collar))
        log.logs[OURS] += readings(A, 3, collar=collar)
    mover = a_mover(log, register)
    mover.turn(frozenset({OURS}), 0.0)
    log.scans.clear()

    for collar in collars:
        register.apply(a_list((A, 0, 12), (B, 12, None), collar=collar, version=2))
    mover.turn(frozenset({OURS}), 1.0)
    mover.turn(frozenset({OURS}), 2.5)

    assert len(log.scans) == 1
    assert log.moved() == [(B, A)] * 40


def test_two_changes_of_one_collar_are_looked_at_from_the_earlier_on(
    log: MemoryMoverLog, register: Register
) -> None:
    """The second touches less: what the first one touched has to be moved as well."""
    mover = a_mover(log, register)
    log.logs[OURS] += readings(A, 6)
    mover.turn(frozenset({OURS}), 0.0)

    register.apply(a_list((A, 0, 8), (B, 8, None), version=2))
    register.apply(a_list((A, 0, 8), (B, 8, 23), version=3))
    mover.turn(frozenset({OURS}), 1.0)
    mover.turn(frozenset({OURS}), 2.5)

    assert log.moved() == [(B, A)] * 3 + [(NOBODY, A)] * 2


def test_a_scan_that_would_hold_too_much_is_done_in_halves(
    log: MemoryMoverLog, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded whatever is imported."""
    monkeypatch.setattr(module, "READINGS_HELD_MAX", 6)
    collars = [CollarId(f"c-{n}") for n in range(9)]
    for collar in collars:
        register.apply(a_list((B, 0, None), collar=collar))
        log.logs[OURS] += readings(A, 3, collar=collar)

    a_mover(log, register).turn(frozenset({OURS}), 0.0)

    assert log.moved() == [(B, A)] * 27


def test_two_movers_at_once_and_the_hours_are_those_of_a_log_that_was_right(
    log: MemoryMoverLog, register: Register
) -> None:
    """An owner that does not know yet that it is none any more: doubles are repeats."""
    times = [MORNING + timedelta(minutes=5 * n) for n in range(1, 40)]
    log.logs[OURS] += [
        a_reading(animal=A, seq=n, time=time, temperature_c=38.6, temperature_site="rumen")
        for n, time in enumerate(times, 1)
    ]
    register.apply(a_list((A, 0, 61), (B, 61, 122), version=2))
    before, movers = len(log.logs[OURS]), [a_mover(log, register), a_mover(log, register)]
    told: list[list[Event[Any]]] = []
    for mover in movers:
        mover.turn(frozenset({OURS}), 0.0)
        told.append(log.logs[OURS][before:])
        del log.logs[OURS][before:]

    assert told[0] == told[1]
    log.logs[OURS] += [event for pair in zip(*told, strict=True) for event in pair]
    state, _ = run_all([SERDE.encode(event) for event in log.logs[OURS]], batch=7)
    animals = [A] * 12 + [B] * 12 + [None] * 15
    right = [
        a_reading(animal=animal, seq=n, time=time, temperature_c=38.6, temperature_site="rumen")
        for n, (time, animal) in enumerate(zip(times, animals, strict=True), 1)
        if animal
    ]
    assert hours_held(state) == hours_held(run_all([SERDE.encode(one) for one in right])[0])
