"""A reading that was moved counts for whom it belongs to today, and for nobody else: openly."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.detection import Condition, Phase
from contracts.envelope import Event
from contracts.reading import NOBODY
from pipeline.detectors.base import Change, Limit, Measured, Spec
from pipeline.features import Signals
from pipeline.hours import OPEN_HOURS
from pipeline.state import PartitionState
from pipeline.tables import Column, Table
from tests.builders import MORNING, a_reading, a_tick
from tests.pipeline.few import FEW
from tests.pipeline.logs import (
    assert_revisions_go_up,
    moved,
    run_all,
    told_by,
    values_of,
)
from tests.pipeline.weeks import (
    HERD,
    LEARNT_DAYS,
    MIDNIGHT,
    Measures,
    a_day,
    after_a_week,
    days_after,
    hour_of,
    reading_of,
    tick_at,
    when,
)

A, B = "nl-1", "nl-2"
BUSY = Spec(
    "busy",
    1,
    Condition.PREDATOR_PANIC,
    (Limit("activity", 300.0, "1", "a test"),),
    signals=("activity",),
)
WHEN_TOLD = MIDNIGHT + timedelta(hours=1, minutes=30)
COUNTS = ("readings", "heard", "sum", "seconds", "warmth", "warmths")


def hot(animal: str, *, first: int = 1, count: int = 3, collar: str = "c-17") -> list[Event[Any]]:
    """Feverish readings every five minutes from MORNING, by seq."""
    return [
        a_reading(
            animal=animal, collar=collar, seq=seq, temperature_c=41.0, temperature_site="rumen"
        )
        for seq in range(first, first + count)
    ]


def moves_of(log: Sequence[Event[Any]], right: dict[str, str], by: int = 1) -> list[Event[Any]]:
    """What a mover writes of a log without repeats: right is the animal by event_id."""
    return [
        moved(event, right[event.event_id], by=by, first_offset=offset)
        for offset, event in enumerate(log)
        if event.event_id in right and right[event.event_id] != event.aggregate_id
    ]


def hours_held(state: PartitionState) -> dict[tuple[str, str, int], list[Any]]:
    """(farm, animal, hour) → what its bin holds; hours of which nothing is left are no hours."""
    table = state.hours.table
    found = {}
    for row in range(len(state.animals)):
        farm, animal = state.animals.key(row)
        for slot in range(OPEN_HOURS):
            if table["heard"][row, slot]:
                key = (farm.decode(), animal.decode(), int(table["hour"][row, slot]))
                found[key] = [np.asarray(table[name][row, slot]).tolist() for name in COUNTS]
    return found


collars = st.tuples(
    st.integers(0, 2),  # the collar
    st.integers(0, 400),  # minutes from the morning
    st.sampled_from([300, 900, 3600, 7200]),  # seconds that it covers
    st.sampled_from([None, 38.6, 41.2]),
    st.integers(0, 3),  # whom it was taken for
    st.integers(0, 3),  # whose it is: 3 = nobody's
)


def _reading(seq: int, drawn: tuple[Any, ...], animal: int) -> Event[Any]:
    collar, minute, interval_s, celsius, _, _ = drawn
    return a_reading(
        animal=f"nl-{animal}",
        collar=f"c-{collar}",
        seq=seq,
        time=MORNING + timedelta(minutes=minute),
        interval_s=interval_s,
        temperature_c=celsius,
        temperature_site=celsius and "rumen",
        rumination_minutes=2.5,
    )


@given(
    st.lists(collars, max_size=25),
    st.lists(st.integers(0, 600), max_size=4),
    st.lists(st.integers(0, 600), max_size=3),
    st.integers(1, 12),
    st.integers(1, 4),
)
@settings(max_examples=80, deadline=None)
def test_hours_after_the_moves_are_those_of_a_log_that_was_right_from_the_start(
    drawn: list[Any], ticks: list[int], later_ticks: list[int], batch: int, movers: int
) -> None:
    """Promise 2: judgements follow the register as of today, however often it is told."""
    wrong = [_reading(seq, one, one[4] % 3) for seq, one in enumerate(drawn)]
    right = {
        event.event_id: NOBODY if one[5] == 3 else f"nl-{one[5]}"
        for event, one in zip(wrong, drawn, strict=True)
    }
    moves = moves_of(wrong, right)
    # every mover tells the same, each at a pace of its own, in the order of the log
    told = [event for event in moves for _ in range(movers)] + moves
    ticked = [a_tick(MORNING + timedelta(minutes=minute)) for minute in ticks]
    after = [a_tick(MORNING + timedelta(minutes=minute)) for minute in later_ticks]
    log = [*wrong[:10], *ticked, *wrong[10:], *told[: len(moves)], *after, *told[len(moves) :]]

    state, _ = run_all(values_of(log), batch=batch)

    right_log = [_reading(seq, one, one[5]) for seq, one in enumerate(drawn) if one[5] != 3]
    expected, _ = run_all(values_of(right_log))
    assert hours_held(state) == hours_held(expected)
    counted = {who: n for who, n in state.counted_by_animal().items() if n}
    assert counted == expected.counted_by_animal()


def test_a_list_that_is_set_right_twice_ends_where_the_last_one_says() -> None:
    """Somebody mistyped the animal: the newer list has a higher version."""
    log = hot(A)
    to_b = [moved(one, B, by=2, first_offset=n) for n, one in enumerate(log)]
    back = [moved(one, A, by=3, first_offset=n, taken_from=B) for n, one in enumerate(log)]

    state, _ = run_all(values_of([*log, *to_b, *back, *to_b]), batch=2)

    expected, _ = run_all(values_of(log))
    assert hours_held(state) == hours_held(expected)
    assert {k: n for k, n in state.counted_by_animal().items() if n} == {("farm-a", A): 3}


def test_both_animals_hours_are_told_again() -> None:
    """A chart that had her neighbour's morning must not keep it."""
    log = [event for hour in range(2) for event in hour_of(hour, herd=HERD[:1])]
    moves = [moved(one, HERD[1], by=1, first_offset=n) for n, one in enumerate(log)]

    told = run_all(values_of([*log, tick_at(3.5), *moves, tick_at(3.6)]))[1].hour_events()

    latest = {(e.aggregate_id, e.timestamp.hour): e.payload for e in told}
    assert [
        (p.revision, p.readings, p.coverage_share)
        for (who, _), p in latest.items()
        if who == HERD[0]
    ] == [(2, 0, 0.0)] * 2
    assert [
        (p.revision, p.readings, p.coverage_share)
        for (who, _), p in latest.items()
        if who == HERD[1]
    ] == [(1, 1, 1.0)] * 2
    assert all(s.value is None for s in latest[HERD[0], 0].signals)


def test_moved_hours_are_told_at_the_next_tick_not_at_the_next_line() -> None:
    """Whoever has just set the register right looks whether the curve follows."""
    log = hour_of(0, herd=HERD[:1])
    moves = [moved(one, HERD[1], by=1, first_offset=n) for n, one in enumerate(log)]
    ticks = [a_tick(WHEN_TOLD + timedelta(seconds=s)) for s in (10, 15)]
    values = values_of([*log, tick_at(1.5), *moves, *ticks])

    told = run_all(values, batch=1)[1].hour_events()

    for batch in (2, 3, 100):
        assert run_all(values, batch=batch)[1].hour_events() == told
    again = told[1:]
    assert [(e.aggregate_id, e.payload.revision) for e in again] == [(HERD[0], 2), (HERD[1], 1)]
    assert {e.payload.known_at for e in again} == {ticks[0].timestamp}
    assert {e.causation_id for e in again} == {ticks[0].event_id}


def test_a_late_reading_before_that_tick_is_told_with_them_however_the_log_is_cut() -> None:
    """The moves may lie in one batch, the tick that tells them in the next."""
    log = hour_of(0, herd=HERD[:3], change=lambda who, _, m: None if who == HERD[2] else m)
    moves = [moved(log[0], HERD[1], by=1, first_offset=0)]
    late = reading_of(HERD[2], 0, a_day(HERD[2], 0))
    tick = a_tick(WHEN_TOLD + timedelta(seconds=10))
    values = values_of([*log, tick_at(1.5), *moves, late, tick, tick_at(2.5)])

    told = run_all(values, batch=1)[1].hour_events()

    assert {e.aggregate_id for e in told if e.causation_id == tick.event_id} == set(HERD[:3])
    for batch in (2, 4, 100):
        assert run_all(values, batch=batch)[1].hour_events() == told


def test_an_hour_that_was_never_told_and_is_empty_is_told_to_nobody() -> None:
    """The register was set right before the hour was over: there is nothing to take back."""
    log = hour_of(0, herd=HERD[:1])
    moves = [moved(one, HERD[1], by=1, first_offset=n) for n, one in enumerate(log)]

    told = run_all(values_of([tick_at(0.5), *log, *moves, tick_at(1.5), tick_at(2)]))[
        1
    ].hour_events()

    assert [(e.aggregate_id, e.payload.revision) for e in told] == [(HERD[1], 1)]


def test_a_fever_ends_for_the_wrong_animal_and_begins_for_the_right_one() -> None:
    """Somebody would look at a healthy animal, and nobody at the ill one."""
    log = hot(A)
    moves = [moved(one, B, by=1, first_offset=n) for n, one in enumerate(log)]

    begun, ended, anew = told_by([a_tick(MORNING), *log, *moves])

    assert (begun.aggregate_id, begun.payload.phase) == (A, Phase.ONSET)
    assert (ended.aggregate_id, ended.payload.phase) == (A, Phase.RETRACTED)
    assert ended.payload.detection_id == begun.payload.detection_id
    assert ended.causation_id == moves[0].event_id
    assert (anew.aggregate_id, anew.payload.phase) == (B, Phase.ONSET)
    assert anew.payload.onset_at == begun.payload.onset_at


def test_a_fever_that_is_moved_away_and_back_goes_on_from_what_was_told() -> None:
    """Whoever keeps the highest revision must not go on reading that she never was ill."""
    log = hot(A)
    away = [moved(one, B, by=2, first_offset=n) for n, one in enumerate(log)]
    back = [moved(one, A, by=3, first_offset=n, taken_from=B) for n, one in enumerate(log)]

    state, first = run_all(values_of([a_tick(MORNING), *log, *away]))
    state = PartitionState.from_arrays(state.to_arrays())
    told = [*first.detections, *run_all(values_of(back), state=state)[1].detections]

    assert_revisions_go_up(told)
    hers = [event.payload for event in told if event.aggregate_id == A]
    assert [(one.revision, one.phase) for one in hers] == [
        (1, Phase.ONSET),
        (2, Phase.RETRACTED),
        (3, Phase.ONSET),
    ]
    assert len({one.detection_id for one in hers}) == 1


def test_a_fever_that_was_over_begins_again_with_the_same_readings_under_a_higher_revision() -> (
    None
):
    """All of it was moved away after its end, which retracts nothing, and came back."""
    cool = [
        a_reading(animal=A, seq=seq, temperature_c=38.4, temperature_site="rumen")
        for seq in range(4, 7)
    ]
    log = [*hot(A), *cool]
    away = [moved(one, B, by=2, first_offset=n) for n, one in enumerate(log)]
    back = [moved(one, A, by=3, first_offset=n, taken_from=B) for n, one in enumerate(log)]

    told = told_by([a_tick(MORNING), *log, *reversed(away), *back])

    hers = [event.payload for event in told if event.aggregate_id == A]
    assert [(one.revision, one.phase) for one in hers] == [
        (1, Phase.ONSET),
        (2, Phase.END),
        (3, Phase.ONSET),
        (4, Phase.END),
    ]
    assert len({one.detection_id for one in hers}) == 1


def test_a_fever_that_began_with_her_own_readings_stays_hers() -> None:
    """Only what came after she lost the collar was not hers."""
    own, others = hot(A), hot(A, first=4, count=2)
    moves = [moved(one, B, by=1, first_offset=3 + n) for n, one in enumerate(others)]
    later = [a_tick(MORNING + timedelta(hours=h, minutes=20)) for h in range(8)]

    told = [
        e
        for e in told_by([*own, *others, *moves, *later])
        if e.payload.condition is Condition.FEVER
    ]

    assert [(e.aggregate_id, e.payload.phase) for e in told] == [
        (A, Phase.ONSET),
        (A, Phase.UPDATE),
    ]
    # her newest readings are forgotten: it is told with those it began with
    assert told[1].payload.evidence == told[0].payload.evidence


def test_two_hot_readings_of_another_are_no_beginning_of_her_fever() -> None:
    """A run that was counted on a neighbour's readings is forgotten with them."""
    log = hot(A, count=2)
    moves = [moved(one, NOBODY, by=1, first_offset=n) for n, one in enumerate(log)]

    assert told_by([*log, *moves, *hot(A, first=3, count=2, collar="c-18")]) == []


def test_a_reading_that_no_animal_wore_counts_for_none() -> None:
    """The collar lay in the barn office; `_` is no animal that anybody could look for."""
    log = hot(A)
    moves = [moved(one, NOBODY, by=1, first_offset=n) for n, one in enumerate(log)]

    state, told = run_all(values_of([*log, *moves]))

    assert hours_held(state) == {}
    assert state.counted_by_animal() == {("farm-a", A): 0}
    assert [e.payload.phase for e in told.detections] == [Phase.ONSET, Phase.RETRACTED]


def test_what_nobody_wore_may_find_its_animal_later() -> None:
    """First the collar was taken off too early, then the right day was typed in."""
    log = hot(A)
    away = [moved(one, NOBODY, by=2, first_offset=n) for n, one in enumerate(log)]
    home = [moved(one, A, by=3, first_offset=n, taken_from=NOBODY) for n, one in enumerate(log)]

    state, _ = run_all(values_of([*log, *away, *home]))

    assert hours_held(state) == hours_held(run_all(values_of(log))[0])


def test_a_move_is_no_sign_of_life() -> None:
    """The collar spoke hours ago: that it was another's changes nothing about its silence."""
    log = hot(A)
    silent = [a_tick(MORNING + timedelta(minutes=m)) for m in (20, 50, 80, 110)]
    moves = [moved(one, A, by=2, first_offset=n, taken_from=B) for n, one in enumerate(log)]

    told = told_by([*log, *silent, *moves, a_tick(MORNING + timedelta(minutes=125))])

    silence = [e for e in told if e.payload.condition is Condition.COLLAR_SILENT]
    assert [(e.aggregate_id, e.payload.phase) for e in silence] == [(A, Phase.ONSET)]


def test_whose_last_sign_of_life_was_anothers_is_not_missed() -> None:
    """Her collar was off, a gateway did not know yet: an hour later she would be called silent."""
    log = hot(A)
    moves = [moved(one, B, by=2, first_offset=n) for n, one in enumerate(log)]
    ticks = [a_tick(MORNING + timedelta(minutes=m)) for m in (20, 50, 80, 110)]

    told = told_by([*log, *moves, *ticks])

    assert [e for e in told if e.payload.condition is Condition.COLLAR_SILENT] == []
    told = told_by([*log, *moves, *hot(A, first=4, collar="c-18"), *ticks, *ticks])
    silent = [e for e in told if e.payload.condition is Condition.COLLAR_SILENT]
    assert [e.aggregate_id for e in silent] == [A]


def test_what_is_later_than_late_max_is_moved_in_no_hour() -> None:
    """It is charted where it belongs; nothing that was judged can change any more."""
    log = hot(A)
    moves = [moved(one, B, by=1, first_offset=n) for n, one in enumerate(log)]
    late = a_tick(MORNING + timedelta(hours=73))

    before, _ = run_all(values_of([*log, late]))
    after, told = run_all(values_of([*log, late, *moves]))

    assert hours_held(after) == hours_held(before)
    assert [e.payload.phase for e in told.detections if e.payload.condition is Condition.FEVER] == [
        Phase.ONSET,
        Phase.UPDATE,
    ]


@pytest.mark.parametrize("clock", ["ok", "ahead"])
def test_a_reading_that_was_never_judged_is_taken_out_of_nothing(clock: str) -> None:
    """A clock that ran ahead was charted only: there is nothing to subtract."""
    own = hot(A, collar="c-18")
    ahead = [
        a_reading(
            animal=A,
            seq=9,
            time=MORNING + timedelta(minutes=9),
            received_at=MORNING + timedelta(minutes=10),
            clock=clock,
        )
    ]
    moves = [moved(one, B, by=1, first_offset=9) for one in ahead]

    state, _ = run_all(values_of([*own, *ahead, *moves]))

    assert hours_held(state)["farm-a", A, int(MORNING.timestamp()) // 3600][0] == len(own)
    assert (("farm-a", B, int(MORNING.timestamp()) // 3600) in hours_held(state)) == (clock == "ok")


def test_an_oestrus_ends_that_began_in_hours_that_were_not_hers() -> None:
    """She would be led to the bull for her neighbour's heat."""

    def restless(animal: str, hour: int, measures: Measures) -> Measures | None:
        if animal == HERD[5] and 6 <= hour < 21:
            return measures | {"activity": measures["activity"] * 3, "rumination_minutes": 12.0}
        return measures

    log = days_after(0.5, restless)
    onset = next(e for e in after_a_week(log, FEW).detections if e.aggregate_id == HERD[5])
    assert (onset.payload.condition, onset.payload.phase) == (Condition.OESTRUS, Phase.ONSET)
    moves = [
        moved(event, NOBODY, by=1, first_offset=offset)
        for offset, event in enumerate(log)
        if event.aggregate_id == HERD[5] and event.payload.seq >= 24 * LEARNT_DAYS + 6
    ]

    tick = tick_at(24 * LEARNT_DAYS + 13.2)

    told = after_a_week([*log, *moves, tick], FEW).detections

    hers = [event for event in told if event.aggregate_id == HERD[5]]
    assert [event.payload.phase for event in hers] == [Phase.ONSET, Phase.RETRACTED]
    assert len({event.payload.detection_id for event in hers}) == 1
    assert hers[1].causation_id == tick.event_id


def test_two_animals_that_were_swapped_are_judged_alike_however_the_log_is_cut() -> None:
    """Each gives and gets in turn: what is forgotten of her before a reading is, what after not."""
    cool = [
        a_reading(animal=B, collar="c-18", seq=seq, temperature_c=38.4, temperature_site="rumen")
        for seq in range(1, 7)
    ]
    log = [event for pair in zip(hot(A, count=6), cool, strict=True) for event in pair]
    swapped = {A: B, B: A}
    moves = [moved(e, swapped[e.aggregate_id], by=1, first_offset=n) for n, e in enumerate(log)]
    later = hot(B, first=7, count=3)
    values = values_of([*log, *moves, *later])

    state, told = run_all(values, batch=1)

    for batch in (2, 5, 100):
        other, told_again = run_all(values, batch=batch)
        assert told_again == told
        assert hours_held(other) == hours_held(state)
    assert [(e.aggregate_id, e.payload.phase) for e in told.detections] == [
        (A, Phase.ONSET),
        (A, Phase.RETRACTED),
        (B, Phase.ONSET),
    ]


def test_hours_taken_away_do_not_make_her_one_of_the_herd() -> None:
    """Who was not heard in a day is not of the herd, whatever a collar was taken for."""
    log = [reading_of(HERD[0], 0, a_day(HERD[0], 0))]
    moves = [moved(log[0], HERD[1], by=1, first_offset=0)]

    state, _ = run_all(values_of([*log, *moves]))

    hour = int(log[0].timestamp.timestamp()) // 3600 - 1
    rows = np.arange(2)
    assert state.hours.holds(rows, hour, hour).tolist() == [False, True]
    assert state.hours.in_hour(rows, hour).tolist() == [False, True]


def test_an_oestrus_begins_that_only_a_fever_of_another_had_barred() -> None:
    """Who is feverish is not said to be in oestrus; the fever was her neighbour's."""

    def restless(animal: str, hour: int, measures: Measures) -> Measures | None:
        if animal == HERD[5]:  # she has no bolus
            measures = measures | {"temperature_c": None}
        if animal == HERD[5] and hour >= 6:
            return measures | {"activity": measures["activity"] * 3, "rumination_minutes": 12.0}
        return measures

    log = days_after(1, restless)
    hot = [
        a_reading(
            animal=HERD[5],
            collar="c-wrong",
            seq=n,
            time=when(2.6) + timedelta(minutes=5 * n),
            temperature_c=41.0,
            temperature_site="rumen",
        )
        for n in range(3)
    ]
    place = next(n for n, event in enumerate(log) if event.timestamp > when(2.6))
    before = [*log[:place], *hot, *log[place:]]
    moves = [moved(one, HERD[7], by=1, first_offset=n) for n, one in enumerate(hot)]

    barred = after_a_week(before, FEW).detections
    told = after_a_week([*before, *moves, tick_at(24 * LEARNT_DAYS + 25.6)], FEW).detections

    assert Condition.OESTRUS not in {event.payload.condition for event in barred}
    hers = [event.payload for event in told if event.aggregate_id == HERD[5]]
    assert [(one.condition, one.phase) for one in hers[-2:]] == [
        (Condition.FEVER, Phase.RETRACTED),
        (Condition.OESTRUS, Phase.ONSET),
    ]


class Busy:
    """Two active readings in a row, of which the second is the evidence."""

    memory: ClassVar = {"run": Column("int8"), "open": Column("bool"), "at_us": Column("int64")}

    def __init__(self, spec: Spec = BUSY) -> None:
        self.spec = spec

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """See ByReading."""
        changes = []
        activity, limit = signals.column("activity"), self.spec.value("activity")
        for place, row in enumerate(signals.row.tolist()):
            if np.isnan(activity[place]):
                continue
            busy = activity[place] >= limit
            memory["run"][row] = min(int(memory["run"][row]) + 1, 2) if busy else 0
            memory["at_us"][row] = signals.occurred_us[place]
            if memory["run"][row] == 2 and not memory["open"][row]:
                memory["open"][row] = True
                at_us, reading = int(memory["at_us"][row]), int(signals.reading[place])
                said = (Measured("activity", "1", at_us, float(activity[place]), limit),)
                changes.append(Change(Phase.ONSET, row, reading, at_us, said))
        return changes

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """See ByReading."""
        if ends or at_us == memory["at_us"][row]:
            memory["run"][row], memory["open"][row] = 0, bool(memory["open"][row]) and not ends

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:  # noqa: ARG002  the form's
        """See ByReading."""
        return ()


@pytest.mark.parametrize("batch", [1, 100])
def test_any_finding_by_readings_is_retracted_with_them(batch: int) -> None:
    """Not only a fever: whatever began with readings that were another animal's never was."""
    busy = [a_reading(animal=A, seq=n, activity=500.0) for n in (1, 2)]
    neck = [
        a_reading(animal=A, seq=n, collar="c-neck", rumination_minutes=3.0, activity=quiet)
        for n, quiet in ((1, None), (2, 20.0))
    ]
    log = [a_tick(MORNING), *busy, *neck]
    detectors = (Busy(),)

    def told(moves: list[Event[Any]]) -> list[tuple[str, Phase]]:
        state = PartitionState(detectors)
        some = run_all(values_of([*log, *moves]), batch=batch, state=state)[1].detections
        return [(event.aggregate_id, event.payload.phase) for event in some]

    rightly = told([moved(one, B, by=1, first_offset=n) for n, one in enumerate(busy)])
    beside = told([moved(one, B, by=1, first_offset=n) for n, one in enumerate(neck)])

    assert rightly == [(A, Phase.ONSET), (A, Phase.RETRACTED), (B, Phase.ONSET)]
    assert beside == [(A, Phase.ONSET)]  # another collar's readings of the same minutes
