"""Hours that change are judged again: what late readings make, unmake, move is told openly."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.hour import AnimalHour
from pipeline.canonical import canonical
from pipeline.detectors.sustained import SETTLED, Machine
from pipeline.hours import OPEN_HOURS, Heard, HourBins
from pipeline.state import PartitionState
from pipeline.tables import Longs
from pipeline.telling import Told
from pipeline.verdicts import Fold, refold
from tests.pipeline.few import FEW
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import (
    HERD,
    LEARNT_DAYS,
    MIDNIGHT,
    Measures,
    days_after,
    eventful,
    state_after_a_week,
    tick_at,
    unchanged,
    when,
)

SHE = HERD[5]
START = 24 * LEARNT_DAYS
Late = Callable[[str, int], bool]  # animal, hour after the week


def restless(animal: str, hour: int, measures: Measures) -> Measures:
    """One animal's oestrus."""
    if animal == SHE and 6 <= hour < 21:
        return measures | {"activity": measures["activity"] * 3, "rumination_minutes": 12.0}
    return measures


def held_back(log: Iterable[Event[Any]], late: Late, until: float) -> list[Event[Any]]:
    """The same log, but what is late comes all at once, so many hours after the week."""
    log = list(log)
    first = log[0].timestamp

    def is_late(event: Event[Any]) -> bool:
        hour = round((event.timestamp - first).total_seconds() / 3600)
        return event.farm_id is not None and late(event.aggregate_id, hour)

    backlog = [event for event in log if is_late(event)]
    before, after = cut((event for event in log if not is_late(event)), until)
    return [*before, *backlog, *after]


def told_of(log: Iterable[Event[Any]], batch: int = 10_000) -> tuple[PartitionState, Told]:
    """After an ordinary week."""
    return run_all(values_of(log), batch=batch, state=state_after_a_week(FEW))


def heats(told: Told) -> list[Event[Detection]]:
    """Her oestrus, without what is told again every six hours."""
    return [
        event
        for event in told.detections
        if event.payload.condition is Condition.OESTRUS and event.aggregate_id == SHE
    ]


def turns(told: Told) -> list[tuple[str, int, Phase, datetime]]:
    """All that was told of hours, but what was measured."""
    found = [event.payload for event in told.detections]
    return [
        (one.detection_id, one.revision, one.phase, one.onset_at)
        for one in found
        if one.condition in {Condition.OESTRUS, Condition.RUMINATION_DROP}
    ]


def newest(told: Told) -> dict[tuple[str, Any], AnimalHour]:
    """The highest revision of each hour."""
    return {(e.aggregate_id, e.timestamp): e.payload for e in told.hour_events()}


def phases(events: Iterable[Event[Detection]]) -> list[Phase]:
    """In the order they were told."""
    return [event.payload.phase for event in events]


LOG = days_after(1.5, restless)


def test_a_station_that_was_offline_ends_with_the_scores_of_one_that_was_not() -> None:
    """Five hours of the herd come all at once: each hour is judged as it would have been.

    Within a hundredth: what is usual has learnt the hours that settled meanwhile.
    """
    state, told = told_of(LOG)

    backlog = held_back(LOG, lambda _, hour: 8 <= hour < 13, 13.6)
    late_state, late = told_of(backlog)

    undisturbed, found = newest(told), newest(late)
    assert found.keys() == undisturbed.keys()
    for key, hour in found.items():
        for score, expected in zip(hour.scores, undisturbed[key].scores, strict=True):
            if not score.partial:
                assert score.why_not == expected.why_not
                assert score.score == pytest.approx(expected.score, abs=0.01 * (score.limit or 0))
    assert any(score.partial for hour in found.values() for score in hour.scores)
    last, wanted = heats(late)[-1].payload, heats(told)[-1].payload
    assert (last.detection_id, last.phase) == (wanted.detection_id, wanted.phase)
    assert late_state.counted_by_animal() == state.counted_by_animal()


def test_late_readings_make_an_episode() -> None:
    """Her collar had no radio while she was in heat: it is told once it has."""
    log = held_back(LOG, lambda who, hour: who == SHE and 3 <= hour < 30, 31.2)

    found = heats(told_of(log)[1])

    expected = heats(told_of(LOG)[1])
    assert phases(found) == [Phase.ONSET, Phase.END]
    assert found[0].payload.detection_id == expected[0].payload.detection_id
    assert [event.payload.revision for event in found] == [1, 2]


def test_an_hour_that_came_late_to_an_open_case_does_not_teach() -> None:
    """What is usual for her would be learnt from her fever."""

    def feverish(animal: str, hour: int, measures: Measures) -> Measures:
        hot = animal == SHE and 3 <= hour < 20
        return measures | {"temperature_c": 41.0} if hot else measures

    log = days_after(1, feverish)
    in_time, _ = told_of(log)
    late, _ = told_of(held_back(log, lambda who, hour: who == SHE and hour == 10, 13.5))

    row = in_time.animals.find((str(LOG[0].farm_id).encode(), SHE.encode()))
    assert row is not None
    slot = int(MIDNIGHT.timestamp() // 3600 + START + 10) % OPEN_HOURS
    assert in_time.hours.table["unusual"][row, slot]
    assert late.hours.table["unusual"][row, slot]


def doubled(
    log: Iterable[Event[Any]], hours: range, activity: float = 0.0, who: Iterable[str] = (SHE,)
) -> list[Event[Any]]:
    """What second collars of theirs measured in these hours: rest, unless said otherwise."""
    found = []
    for event in log:
        if event.aggregate_id in who and event.farm_id is not None:
            hour = event.payload.seq - START
            if hour in hours:
                collar = f"{event.payload.collar_id}-2"
                payload = replace(event.payload, collar_id=collar, activity=activity)
                found.append(replace(event, event_id=f"{event.event_id}-2", payload=payload))
    return found


def cut(log: Iterable[Event[Any]], hour: float) -> tuple[list[Event[Any]], list[Event[Any]]]:
    """A log until so many hours after the week, and from then on."""
    log, at = list(log), tick_at(START + hour).timestamp
    return [one for one in log if one.timestamp <= at], [one for one in log if one.timestamp > at]


def test_late_readings_unmake_an_episode() -> None:
    """What was told is retracted under its own name, with what it was told with."""
    until, _ = cut(LOG, 17)
    onset = heats(told_of(until)[1])[0]

    _, told = told_of([*until, *doubled(LOG, range(17)), tick_at(START + 17.2)])

    *_, retracted = heats(told)
    assert phases([retracted]) == [Phase.RETRACTED]
    assert retracted.payload.detection_id == onset.payload.detection_id
    assert retracted.payload.evidence


def test_late_readings_move_an_onset() -> None:
    """She was at rest at first: the episode keeps its name, and tells when it began after all."""
    until, _ = cut(LOG, 17)

    _, told = told_of([*until, *doubled(LOG, range(3, 9)), tick_at(START + 17.2)])

    onset, *_, last = [event.payload for event in heats(told)]
    assert (onset.phase, last.phase) == (Phase.ONSET, Phase.UPDATE)
    assert (last.detection_id, last.revision) == (onset.detection_id, onset.revision + 1)
    assert last.onset_at > onset.onset_at
    assert last.evidence


def test_late_readings_let_an_episode_go_on() -> None:
    """It was said to be over; she was as restless as before, for her second collar."""
    until, later = cut(days_after(2, restless), 36)
    late = doubled(until, range(24, 36), activity=900.0)

    _, told = told_of([*until, *late, tick_at(START + 36.2), *later])

    found = [event.payload for event in heats(told)]
    kinds = phases(heats(told))
    over = kinds.index(Phase.END)
    assert kinds[over:] == [Phase.END, Phase.UPDATE, Phase.UPDATE, Phase.UPDATE, Phase.END]
    assert {one.detection_id for one in found} == {found[0].detection_id}
    assert [one.revision for one in found] == list(range(1, len(found) + 1))


def test_who_is_judged_again_is_held_against_the_herd_as_it_was() -> None:
    """Eleven of twelve were restless, as came out late: they do not excuse one another by it."""
    until, _ = cut(days_after(1, unchanged), 17)
    others = [animal for animal in HERD if animal != SHE]
    late = doubled(until, range(12), activity=900.0, who=others)

    _, told = told_of([*until, *late, tick_at(START + 17.2)])

    of_hour = {who: hour for (who, at), hour in newest(told).items() if at == when(11)}
    assert of_hour[SHE].revision == 1
    for who in others:
        (score,) = (one for one in of_hour[who].scores if one.condition is Condition.OESTRUS)
        assert score.score is not None
        assert score.score > 3
        assert score.partial


def test_a_herd_too_small_to_say_is_held_against_its_median_once_ten_are_heard() -> None:
    """Nine seemed restless, as the whole pen was: it shows with three collars that come late."""

    def all_restless(_: str, hour: int, measures: Measures) -> Measures:
        if hour < 2:
            return measures
        return measures | {"activity": measures["activity"] * 2, "rumination_minutes": 15.0}

    log = days_after(1, all_restless)
    held = held_back(log, lambda who, hour: who in HERD[:3] and hour >= 2, 20.6)

    undisturbed, told = told_of(log)[1], told_of(held)[1]

    assert not heats(undisturbed)
    assert phases(heats(told)) == [Phase.ONSET, Phase.UPDATE, Phase.RETRACTED]
    key = (SHE, when(15))
    hour, expected = newest(told)[key], newest(undisturbed)[key]
    assert hour.revision == expected.revision + 1
    for score, wanted in zip(hour.scores, expected.scores, strict=True):
        assert score.score == pytest.approx(wanted.score, abs=0.01 * (score.limit or 0))


def test_a_signal_that_no_collar_measures_lets_nobody_look_at_the_herd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its median is never fixed; one animal's late reading is looked at beside no other."""

    def no_eating(_: str, __: int, measures: Measures) -> Measures:
        return measures | {"eating_minutes": None}

    until, _ = cut(days_after(1, no_eating), 17)
    state, _ = told_of(until)
    looked: list[int] = []
    heard = HourBins.heard

    def noting(bins: HourBins, rows: Longs, hours: Longs, signal: str) -> Heard:
        looked.extend([len(rows)] * (len(hours) > 1))  # a window, not an hour that teaches
        return heard(bins, rows, hours, signal)

    monkeypatch.setattr(HourBins, "heard", noting)
    line = tick_at(START + 17.1)  # no further hour is due
    run_all(values_of([*doubled(until, range(12, 13)), line]), state=state)

    assert set(looked) == {1}


def test_a_herd_that_is_heard_once_an_hour_is_told_the_same() -> None:
    """Half the collars speak after grace, hour for hour: each hour is judged twice, and no louder.

    Within a twentieth of the limit: the herd's median is that of whoever was heard in time.
    """
    log = days_after(2, eventful)
    late_ones = (*HERD[::2], SHE)
    held: list[Event[Any]] = []
    hourly: list[Event[Any]] = []
    for event in log:
        if event.farm_id is not None and event.aggregate_id in late_ones:
            held.append(event)
            continue
        hourly.append(event)
        if event.farm_id is None:
            hourly += held
            held = []

    told, late = told_of(log)[1], told_of([*hourly, *held, tick_at(START + 50)])[1]

    assert turns(late) == turns(told)
    undisturbed, found = newest(told), newest(late)
    for key, hour in undisturbed.items():
        for score, expected in zip(found[key].scores, hour.scores, strict=True):
            assert score.why_not == expected.why_not
            assert score.score == pytest.approx(expected.score, abs=0.05 * (score.limit or 0))


def test_what_is_retracted_teaches_again() -> None:
    """Her hours were ordinary ones after all."""
    until, _ = cut(LOG, 17)
    before, _ = told_of(until)
    row = before.animals.find((b"farm-a", SHE.encode()))

    after, _ = told_of([*until, *doubled(LOG, range(17)), tick_at(START + 17.2)])

    assert before.hours.table["unusual"][row].any()
    assert not after.hours.table["unusual"][row].any()


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_what_is_judged_again_does_not_hang_on_batches_or_crashes(batch: int) -> None:
    """Replay after a crash must tell the same amendments."""
    log = held_back(
        days_after(1.5, eventful), lambda who, hour: who in HERD[3:7] and 9 <= hour < 19, 20.3
    )
    values = values_of(log)
    expected_state, expected = told_of(log)
    state, told = state_after_a_week(FEW), Told()

    for start in range(0, len(values), batch):
        if start % (batch * 5) == 0:
            state = PartitionState.from_arrays(state.to_arrays(), FEW)
        _, some = run_all(values[start : start + batch], state=state)
        told.detections += some.detections
        told.hours += some.hours

    assert canonical(told.detections) == canonical(expected.detections)
    assert told.hour_events() == expected.hour_events()
    arrays, wanted = state.to_arrays(), expected_state.to_arrays()
    assert all(array.tobytes() == wanted[name].tobytes() for name, array in arrays.items())


def test_the_machines_now_are_the_fold_of_the_verdicts() -> None:
    """What was moved on hour by hour is what is made anew: nothing is remembered that is not so."""
    state, _ = told_of(days_after(1.5, eventful))
    rows = np.array(state.rows_of_farm["farm-a"])
    unusual = state.hours.table["unusual"][rows].copy()
    before = Fold(state, "farm-a", rows).machines

    refold(state, "farm-a", rows)

    for detector, machine in zip(state.by_hour, before, strict=True):
        memory = state.memories[detector.spec.name]
        assert repr(machine) == repr(Machine.of(memory, rows))
        assert repr(machine) != repr(Machine.of(memory, rows, SETTLED))
    assert (state.hours.table["unusual"][rows] == unusual).all()
