"""Where log and register differ, a reading is moved: once, and to no other farm."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.animal_event import ANIMAL, STATION, Assignment, CollarAssignments
from contracts.column_reader import ColumnReader
from contracts.columns import micros
from contracts.envelope import Event
from contracts.ids import AnimalId, CollarId, FarmId
from contracts.reading import NOBODY, CollarReading
from contracts.serde import FixedSchemaIds, Serde
from gateway.moves import (
    FAR_BACK_US,
    Move,
    Register,
    Scan,
    differs_from_us,
    halves,
    worn_by,
    wrong_collars,
)
from tests.builders import FARM, MORNING, a_reading, a_tick

SERDE, READER = Serde(FixedSchemaIds()), ColumnReader(FixedSchemaIds())
A, B = AnimalId("nl-1"), AnimalId("nl-2")
COLLAR = CollarId("c-17")
OTHER = FarmId("farm-b")
Span = tuple[AnimalId, float, float | None]  # animal, from and to in minutes of the morning


def when(minute: float) -> datetime:
    """So many minutes after the morning."""
    return MORNING + timedelta(minutes=minute)


def a_list(
    *spans: Span,
    version: int = 1,
    collar: CollarId = COLLAR,
    farm: FarmId = FARM,
    kind: str = ANIMAL,
) -> CollarAssignments:
    """A collar's list."""
    worn = tuple(
        Assignment(
            animal_id=animal,
            farm_id=farm,
            worn_from=when(begin),
            worn_to=None if end is None else when(end),
            kind=kind,
        )
        for animal, begin, end in spans
    )
    return CollarAssignments(collar_id=collar, assignments=worn, version=version)


def scanned(log: Sequence[Event[Any]], *lists: CollarAssignments, batch: int = 100) -> Scan:
    """A scan of the whole log for the collars of these lists."""
    worn = {told.collar_id: worn_by(told) for told in lists}
    scan = Scan(worn, dict.fromkeys(worn, FAR_BACK_US))
    values = [SERDE.encode(event) for event in log]
    for start in range(0, len(values), batch):
        some = values[start : start + batch]
        offsets = range(start, start + len(some))
        scan.take(READER.read(some).readings, offsets, some)
    return scan


def moved(moves: Iterable[Move]) -> list[Event[CollarReading]]:
    """The events that a mover writes for them."""
    return [move.applied_to(SERDE.decode(move.value)) for move in moves]


def worn_as(log: Iterable[Event[Any]]) -> dict[str, str]:
    """event_id → whom it counts for, told as the contract has it, one record after the other."""
    subjects: dict[str, str] = {}
    last: dict[tuple[Any, str], tuple[int, int]] = {}
    for event in log:
        if not isinstance(event.payload, CollarReading):
            continue
        reading = event.payload
        if reading.taken_by is None or reading.first_offset is None:
            subjects.setdefault(event.event_id, event.aggregate_id)
            continue
        order, who = (reading.taken_by, reading.first_offset), (event.farm_id, reading.collar_id)
        if who not in last or order > last[who]:
            last[who] = order
            subjects[event.event_id] = event.aggregate_id
    return subjects


def readings(
    animal: AnimalId,
    count: int,
    *,
    first: int = 1,
    **said: Any,  # noqa: ANN401  fields of a reading
) -> list[Event[Any]]:
    """Readings every five minutes."""
    return [a_reading(animal=animal, seq=seq, **said) for seq in range(first, first + count)]


def test_a_list_says_who_wore_the_collar_at_every_moment() -> None:
    """Ends are exclusive; between two animals nobody wears it."""
    worn = worn_by(a_list((A, 0, 10), (B, 20, None)))

    asked = [-1.0, 0.0, 9.99, 10.0, 19.99, 20.0, 9999.0]
    told = [worn.subject(FARM, micros(when(minute))) for minute in asked]

    assert told == [NOBODY, A, A, NOBODY, NOBODY, B, B]


def test_a_reading_is_never_given_to_another_farm() -> None:
    """Its log is the farm's own: where the register names another's animal, it is nobody's here."""
    worn = worn_by(a_list((A, 0, None), farm=OTHER))

    assert worn.subject(FARM, micros(when(5))) == NOBODY
    assert worn.subject(OTHER, micros(when(5))) == A


def test_a_station_is_worn_by_nobody() -> None:
    """A weather station that was taken for a collar measured no animal."""
    worn = worn_by(a_list((AnimalId(COLLAR), 0, None), kind=STATION))

    assert worn.subject(FARM, micros(when(5))) == NOBODY


def test_where_spans_overlap_the_one_that_began_last_counts_as_at_the_gateway() -> None:
    """Both have to answer alike, or readings would be moved for ever."""
    worn = worn_by(a_list((A, 0, None), (B, 10, 20)))

    assert [worn.subject(FARM, micros(when(m))) for m in (5, 15, 25)] == [A, B, A]


def test_two_lists_differ_from_the_first_moment_that_they_tell_apart() -> None:
    """Only what can have changed is looked at again."""
    old = worn_by(a_list((A, 0, None)))

    assert differs_from_us(old, worn_by(a_list((A, 0, None), version=2))) is None
    assert differs_from_us(old, worn_by(a_list((A, 0, 30), (B, 30, None)))) == micros(when(30))
    assert differs_from_us(old, worn_by(a_list((A, -60, None)))) == micros(when(-60))
    assert differs_from_us(old, worn_by(a_list((A, 0, None), farm=OTHER))) == micros(when(0))


def test_the_first_list_of_a_collar_changes_nothing() -> None:
    """What it sent before was let in by no gateway: those are letters, sent again by people."""
    register = Register()

    register.apply(a_list((A, 0, None)))

    assert register.changes() == []


def test_a_changed_list_names_all_farms_whose_logs_may_hold_readings_of_it() -> None:
    """The farm that lost the collar has to be told as well."""
    register = Register()
    register.apply(a_list((A, 0, None)))
    register.apply(a_list((B, 10, None), farm=OTHER, version=2))

    (change,) = register.changes()

    assert (change.collar_id, change.since_us) == (COLLAR, micros(when(0)))
    assert change.farms == {FARM, OTHER}
    assert register.changes() == []


def test_a_list_that_comes_late_says_nothing() -> None:
    """The relay may tell an older one again."""
    register = Register()
    register.apply(a_list((B, 0, None), version=4))

    register.apply(a_list((A, 0, None), version=3))

    assert register.changes() == []
    assert register.worn[COLLAR].version == 4


def test_a_reading_under_the_wrong_animal_is_moved_and_stays_itself() -> None:
    """Only whom it counts for changes: its id, its time and what it measured are as before."""
    log = [a_tick(MORNING), *readings(A, 3, temperature_c=38.5)]

    moves = scanned(log, a_list((A, 0, 12), (B, 12, None), version=7)).moves()

    (event,) = moved(moves)
    assert event == replace(
        log[3],
        aggregate_id=B,
        payload=replace(log[3].payload, taken_from=A, taken_by=7, first_offset=3),
    )


def test_what_was_moved_stays_there() -> None:
    """A second look finds nothing, whoever looks."""
    log, told = readings(A, 3), a_list((B, 0, None), version=2)
    moves = moved(scanned(log, told).moves())

    assert len(moves) == 3
    assert scanned([*log, *moves], told).moves() == []
    # a mover that was killed after the first one goes on with the second
    assert moved(scanned([*log, *moves[:1]], told).moves()) == moves[1:]


def test_a_repeat_under_another_animal_moves_nothing() -> None:
    """The upload came again when the gateway knew better; the first record counts."""
    first, again = readings(A, 1), readings(B, 1)

    assert scanned([*first, *again], a_list((A, 0, None))).moves() == []
    assert [m.taken_from for m in scanned([*first, *again], a_list((B, 0, None))).moves()] == [A]


def test_what_nobody_wore_is_nobodys_and_comes_home_later() -> None:
    """Taken off too early by a slip of the pen, and set right."""
    log, off = readings(A, 2), a_list((A, 0, 6), version=2)
    away = moved(scanned(log, off).moves())

    home = moved(scanned([*log, *away], a_list((A, 0, None), version=3)).moves())

    assert [(e.aggregate_id, e.payload.taken_from) for e in away] == [(NOBODY, A)]
    assert [(e.aggregate_id, e.payload.taken_from) for e in home] == [(A, NOBODY)]
    assert [e.payload.first_offset for e in home] == [1]


def test_a_move_that_readers_would_not_apply_is_not_written_for_ever() -> None:
    """A version that does not rise (from a register of before) must cost no disk."""
    log = readings(A, 2)
    later = moved(scanned(log, a_list((B, 0, None), version=2)).moves())[1:]

    assert scanned([*log, *later], a_list((B, 0, None), version=2)).moves() == []


def test_a_move_by_an_older_list_that_comes_late_is_not_believed() -> None:
    """Another mover was stopped for a while: readers take what it writes for a repeat."""
    log = readings(A, 2)
    to_b = moved(scanned(log, a_list((B, 0, None), version=2)).moves())
    back = moved(scanned([*log, *to_b], a_list((A, 0, None), version=3)).moves())

    assert len(back) == 2
    assert scanned([*log, *to_b, *back, *to_b], a_list((A, 0, None), version=3)).moves() == []


def test_a_moved_reading_says_where_it_was_first_though_the_scan_begins_behind_that() -> None:
    """Three days ago it came; since then it was moved, and now again."""
    log = readings(A, 3)
    to_b = moved(scanned(log, a_list((B, 0, None), version=2)).moves())

    again = scanned([a_tick(MORNING), *to_b], a_list((A, 0, None), version=3)).moves()

    assert [move.first_offset for move in again] == [0, 1, 2]


def test_readings_before_the_change_are_left() -> None:
    """Their records may begin before the scan: whom they count for nobody can say."""
    log, told = readings(A, 4), a_list((B, 0, None))
    scan = Scan({COLLAR: worn_by(told)}, {COLLAR: micros(log[2].timestamp)})
    values = [SERDE.encode(event) for event in log]
    scan.take(READER.read(values).readings, range(4), values)

    assert [move.first_offset for move in scan.moves()] == [2, 3]
    assert scan.begins_us < micros(log[2].timestamp)


def test_other_collars_are_passed_over_undecoded() -> None:
    """One late assignment must not cost decoding the whole herd's days."""
    scan = scanned([], a_list((A, 0, None)))

    assert scan.may_concern(SERDE.encode(readings(A, 1)[0]))
    assert not scan.may_concern(SERDE.encode(readings(A, 1, collar="c-99")[0]))
    assert not scan.may_concern(SERDE.encode(a_tick(MORNING)))


def test_a_collar_that_stands_wrong_anywhere_is_found() -> None:
    """A new owner looks over everything, whatever it was that changed."""
    worn = {
        told.collar_id: worn_by(told)
        for told in (a_list((A, 0, None)), a_list((A, 0, None), collar=CollarId("c-2")))
    }
    log = [*readings(A, 2), *readings(A, 2, collar="c-2"), *readings(B, 1, collar="unknown")]
    values = [SERDE.encode(event) for event in log]

    assert wrong_collars(worn, READER.read(values).readings) == set()
    values.append(SERDE.encode(readings(B, 1, first=9, collar="c-2")[0]))
    assert wrong_collars(worn, READER.read(values).readings) == {"c-2"}


def test_halves_hold_every_collar_once() -> None:
    """A scan that is too much is done in two."""
    one, other = halves([CollarId(f"c-{n}") for n in range(7)])

    assert sorted([*one, *other]) == [f"c-{n}" for n in range(7)]
    assert abs(len(one) - len(other)) == 1


_lists = st.lists(
    st.tuples(st.sampled_from([A, B]), st.integers(0, 12), st.integers(1, 8)), max_size=3
).map(lambda spans: [(animal, 5.0 * at, 5.0 * (at + long)) for animal, at, long in spans])


@given(
    st.lists(_lists, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 14), st.integers(0, 1)), max_size=40),
    st.integers(1, 7),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_however_lists_change_and_movers_meet_the_log_says_what_the_register_says_today(
    history: list[list[Span]], sent: list[tuple[int, int, int]], batch: int, data: st.DataObject
) -> None:
    """Promise 2, with gateways that are behind, uploads that repeat, and movers killed half-way."""
    lists = [
        a_list(*spans, version=version, collar=CollarId(f"c-{collar}"))
        for version, spans in enumerate(history, 1)
        for collar in (0, 1)
    ]
    log: list[Event[Any]] = []
    for behind, seq, collar in sent:
        told = lists[2 * min(behind, len(history) - 1) + collar]
        animal = worn_by(told).subject(FARM, micros(when(5.0 * seq)))
        if animal != NOBODY:  # the gateway lets in what somebody wore, as far as it knows
            log.append(a_reading(animal=animal, collar=f"c-{collar}", seq=seq))
        if data.draw(st.integers(0, 9)) == 0:
            at = data.draw(st.integers(0, len(history) - 1))
            some = moved(scanned(log, *lists[2 * at : 2 * at + 2], batch=batch).moves())
            killed_at, twice = data.draw(st.integers(0, len(some))), data.draw(st.integers(1, 2))
            log += [event for event in some[:killed_at] for _ in range(twice)]
    newest = lists[-2:]

    log += moved(scanned(log, *newest, batch=batch).moves())

    assert scanned(log, *newest).moves() == []
    today = {told.collar_id: worn_by(told) for told in newest}
    for event in log:
        right = today[event.payload.collar_id].subject(FARM, micros(event.timestamp))
        assert worn_as(log)[event.event_id] == right
