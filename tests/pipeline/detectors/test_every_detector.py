"""What every detector of the registry must keep, whatever it looks for."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.conditions import CARDS
from contracts.detection import Condition
from contracts.reading import MEASUREMENTS
from pipeline.canonical import canonical
from pipeline.detectors.base import (
    ByHearing,
    ByHerd,
    ByHour,
    ByReading,
    ByTime,
    Change,
    Detector,
    UnknownLimitError,
)
from pipeline.detectors.registry import ALL
from pipeline.detectors.sustained import AROUND
from pipeline.hours import OPEN_HOURS
from pipeline.inhibition import Rules
from pipeline.state import PartitionState
from pipeline.tables import Table
from pipeline.telling import Told
from pipeline.verdicts import herd_hour
from tests.builders import FARM
from tests.conftest import FULL_SIZE
from tests.pipeline.detectors.made import AnyReading, made_readings, signals_of
from tests.pipeline.detectors.whole_lives import (
    LEARNT_HOURS,
    after_learning,
    learnt,
    log_of,
    measured_names,
    ordinary,
    troubled,
)
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import Measures

FORMS = (ByReading, ByHour, ByHerd, ByTime, ByHearing)
HOURS = 48  # after the ordinary days
BYTES_OF_A_DETECTOR_MAX = 250  # of an animal: two dozen detectors within two kilobytes and a half
every_detector = pytest.mark.parametrize("detector", ALL, ids=lambda d: d.spec.name)
every_by_hour = pytest.mark.parametrize(
    "detector", [d for d in ALL if isinstance(d, ByHour)], ids=lambda d: d.spec.name
)


@every_detector
def test_its_card_can_be_judged_by_a_vet(detector: Detector) -> None:
    """A number nobody can trace cannot be judged; a signal nobody measures is never there."""
    spec = detector.spec

    assert spec.limits
    assert all(limit.source and limit.unit for limit in spec.limits)
    assert len({limit.name for limit in spec.limits}) == len(spec.limits)
    assert set(spec.signals) <= set(MEASUREMENTS)
    assert spec.version >= 1
    assert spec.card is CARDS[spec.condition]


@every_detector
def test_a_farms_own_limits_make_the_same_detector(detector: Detector) -> None:
    """A farm's threshold, a back-test and a shadow are this class with another card."""
    made: Any = type(detector)
    values = {limit.name: limit.value * 1.5 + 1 for limit in detector.spec.limits}

    tuned = made(detector.spec.tuned(values))

    assert {limit.name: limit.value for limit in tuned.spec.limits} == values
    assert made().spec == detector.spec
    assert tuned.memory == detector.memory
    if isinstance(detector, ByHour):
        assert tuned.medians == detector.medians
        assert tuned.window_hours == detector.window_hours
    with pytest.raises(UnknownLimitError, match=detector.spec.name):
        detector.spec.tuned({"no_such_limit": 1.0})


def test_names_and_conditions_are_told_apart() -> None:
    """The name keys memory, episodes and the actor; condition and subject the detection's id."""
    assert len({detector.spec.name for detector in ALL}) == len(ALL)
    subjects = {(detector.spec.condition, detector.spec.subject_kind) for detector in ALL}
    assert len(subjects) == len(ALL)


@every_detector
def test_each_judges_in_exactly_one_form(detector: Detector) -> None:
    """A detector of two forms would be asked twice, one of none never."""
    assert sum(isinstance(detector, form) for form in FORMS) == 1


@every_detector
def test_what_it_remembers_of_an_animal_is_bounded(detector: Detector) -> None:
    """A million animals have to fit."""
    assert Table(detector.memory).bytes_per_row <= BYTES_OF_A_DETECTOR_MAX


@every_by_hour
def test_what_an_hour_is_held_against_is_still_there(detector: ByHour) -> None:
    """A window longer than the ring would read other hours; a condition nobody notes bars none."""
    hourly = {one.spec.condition for one in ALL if isinstance(one, ByHour)}

    assert 1 <= detector.window_hours < OPEN_HOURS
    assert all(1 <= hours <= detector.window_hours for _, hours in detector.medians)
    assert detector.hold.bars <= {*hourly, *AROUND}
    assert detector.spec.condition not in detector.hold.bars


@every_detector
def test_what_keeps_it_quiet_is_somebodys_to_find(detector: Detector) -> None:
    """An hourly one asks the byte of its hour, all others the open episodes."""
    found_by = {one.spec.condition for one in ALL}

    assert detector.spec.quiet_while <= {*found_by, Condition.HERD_OUTBREAK, Condition.HEAT_STRESS}
    if isinstance(detector, ByHour):
        assert detector.spec.quiet_while <= {*AROUND}


def test_who_is_explained_turns_after_what_explains() -> None:
    """Else one cow has two cases for an hour, of which one was never needed."""
    rules = Rules.of([one for one in ALL if isinstance(one, ByHour)])

    assert sorted(rules.order) == list(range(len(rules.detectors)))


@pytest.mark.parametrize(
    "detector", [d for d in ALL if isinstance(d, ByReading)], ids=lambda d: d.spec.name
)
@given(st.lists(made_readings, max_size=40), st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_the_answer_does_not_hang_on_where_the_log_is_cut(
    detector: ByReading, readings: list[AnyReading], batch: int
) -> None:
    """Batches are cut elsewhere after a crash; memory must carry everything over."""
    whole, cut = Table(detector.memory), Table(detector.memory)
    whole.reach(8)
    cut.reach(8)

    expected = detector.judge(signals_of(readings), whole)
    found: list[Change] = []
    for start in range(0, len(readings), batch):
        found += detector.judge(signals_of(readings[start : start + batch], start), cut)

    assert found == expected
    for name, array in whole.to_arrays(8).items():
        assert array.tobytes() == cut[name][:8].tobytes(), name
    assert detector.evidence(whole, 0) == detector.evidence(cut, 0)


def names_in(told: Told) -> set[str]:
    """Which detectors said something."""
    return {event.payload.detector for event in told.detections}


@cache
def troubled_days() -> tuple[PartitionState, Told]:
    """Fever, heat, silence, a cow that is down and one that is gone, over ordinary days."""
    return run_all(after_learning(troubled, HOURS), state=learnt(ALL))


def test_the_troubled_days_are_worth_splitting() -> None:
    """A log in which nothing is found would be the same however it is cut."""
    assert len(names_in(troubled_days()[1])) >= 5


@pytest.mark.parametrize("batch", [37, 400] if not FULL_SIZE else [1, 7, 37, 400])
def test_all_of_them_say_the_same_however_the_log_is_cut_and_restored(batch: int) -> None:
    """Snapshots in the middle of episodes, batches across hours: nobody must notice."""
    values, (expected_state, expected) = after_learning(troubled, HOURS), troubled_days()
    state, told = learnt(ALL), Told()

    for start in range(0, len(values), batch):
        state = PartitionState.from_arrays(state.to_arrays())
        _, some = run_all(values[start : start + batch], state=state)
        told.detections += some.detections
        told.hours += some.hours

    assert canonical(told.detections) == canonical(expected.detections)
    assert told.hour_events() == expected.hour_events()
    arrays, wanted = state.to_arrays(), expected_state.to_arrays()
    assert [n for n, array in arrays.items() if array.tobytes() != wanted[n].tobytes()] == []


def test_ordinary_days_are_silent() -> None:
    """Whoever is called out of bed for nothing does not come the second time."""
    _, told = run_all(after_learning(ordinary, HOURS), state=learnt(ALL))

    assert names_in(told) == set()


def test_what_is_judged_by_the_hour_is_silent_on_the_first_day() -> None:
    """Nothing is usual yet: every animal is new, and so is every hour."""

    def on_day_one(animal: str, hour: int, measures: Measures) -> Measures | None:
        return troubled(animal, hour + LEARNT_HOURS, measures)

    _, told = run_all(values_of(log_of(range(30), on_day_one)))

    # a sensor that says one value all day is stuck, whatever is usual
    at_once = {Condition.COLLAR_FAULT, Condition.HEAT_STRESS}
    hourly = [one.spec for one in ALL if isinstance(one, ByHour | ByHerd)]
    patient = {spec.name for spec in hourly if spec.condition not in at_once}
    assert names_in(told) & patient == set()


def test_collars_that_measure_nothing_are_no_sick_cows() -> None:
    """A reading without a value says that the collar lives, and no more."""
    _, told = run_all(values_of(log_of(range(36), only="")))

    assert names_in(told) == set()


@pytest.mark.parametrize("every", [2] if not FULL_SIZE else [2, 3])
def test_sparse_collars_are_judged_and_ordinary_days_are_silent(every: int) -> None:
    """Many real herds send an index every two hours."""
    days = 10 if FULL_SIZE else 4

    state, told = run_all(values_of(log_of(range(24 * days), every=every)))

    assert names_in(told) == set()
    assert state.counted_by_animal()


@pytest.mark.parametrize(
    "signal", measured_names() if FULL_SIZE else ("activity", "eating_minutes")
)
def test_one_signal_alone_neither_breaks_nor_alarms(signal: str) -> None:
    """Some herds have only this; what is not measured is not ill."""
    _, told = run_all(values_of(log_of(range(LEARNT_HOURS if FULL_SIZE else 48), only=signal)))

    assert names_in(told) == set()


@every_by_hour
def test_another_limit_is_another_judgement(detector: ByHour) -> None:
    """A farm turns a screw: it must be one that holds something."""
    state, _ = troubled_days()
    rows = np.array(state.rows_of_farm[FARM])
    made: Any = type(detector)
    hours = state.judged.open_hours(FARM)[-40::8]
    seen = [herd_hour(state, FARM, rows, hour) for hour in hours]

    def judged(one: ByHour) -> list[str]:
        verdicts = [one.judge_hour(herd) for herd in seen]
        return [repr((v.score.tolist(), v.over.tolist(), v.under.tolist())) for v in verdicts]

    expected = judged(detector)

    def differs(*factors: float) -> bool:
        return any(
            judged(made(detector.spec.tuned({limit.name: limit.value * factor}))) != expected
            for limit in detector.spec.limits
            for factor in factors
        )

    verdicts = [detector.judge_hour(herd) for herd in seen]
    if not any(np.isfinite(verdict.score).any() for verdict in verdicts):
        pytest.skip("it asks for more days than these")  # what drifts over weeks
    # where nothing of it happened in these days, nothing at all is needed to speak for it
    assert differs(0.7, 0.1) or differs(0.0)
