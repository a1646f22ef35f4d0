"""Learning through the engine: day by day, told with each hour; what drifts, and what is stuck."""

from functools import cache

import numpy as np

from contracts.hour import LEARNING_DAYS, AnimalHour
from pipeline.detectors.base import Detector
from pipeline.signals import SIGNALS
from pipeline.state import PartitionState
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import HERD, Measures, hour_of, tick_at, weeks

NOBODY: tuple[Detector, ...] = ()  # what is learnt hangs on no detector
NEWCOMER = HERD[0]
JOINS = 48  # hours after the others


def newcomer_late(animal: str, hour: int, measures: Measures) -> Measures | None:
    """One joins two days after the others; her activity sensor hangs from her third day on."""
    if animal != NEWCOMER:
        return measures
    stuck = {"activity": 77.0} if hour >= JOINS + 48 else {}
    return None if hour < JOINS else measures | stuck


@cache
def learnt(days: int = 10) -> tuple[PartitionState, dict[tuple[str, int], AnimalHour]]:
    """The state after so many days, and each animal's told hours by hours from the first."""
    state, told = run_all(values_of(weeks(days, newcomer_late)), state=PartitionState(NOBODY))
    events = told.hour_events()
    first = min(int(event.payload.hour_at.timestamp()) // 3600 for event in events)
    return state, {
        (event.aggregate_id, int(event.payload.hour_at.timestamp()) // 3600 - first): event.payload
        for event in events
    }


def test_an_hour_says_how_many_days_are_learnt_and_what_is_usual_follows() -> None:
    """A page says "day 3 of 7" of the whole herd, and of the heifer that came later."""
    _, hours = learnt()

    days = [hours[HERD[1], 24 * day + 23].learnt_days for day in range(9)]
    newcomers = [hours[NEWCOMER, JOINS + 24 * day + 23].learnt_days for day in range(7)]

    assert days == [min(day + 1, LEARNING_DAYS) for day in range(9)]
    assert newcomers == [day + 1 for day in range(7)]
    known = {
        signal.signal: signal.usual is not None
        for signal in hours[HERD[1], 24 * LEARNING_DAYS].signals
    }
    assert all(known.values())
    assert all(signal.usual is None for signal in hours[HERD[1], 24 * 5].signals)


def test_what_a_stuck_sensor_says_is_not_learnt() -> None:
    """Hours of one value beyond the first few teach nothing, and the other sensors still do."""
    state, _ = learnt()
    row = state.animals.find((b"farm-a", NEWCOMER.encode()))

    days = state.baselines.table["days"][row].sum(axis=1)
    of = dict(zip(SIGNALS, days.tolist(), strict=True))

    assert of["steps"] == of["rumination_minutes"] > 96
    assert 48 <= of["activity"] <= 48 + 12


def test_learning_hangs_on_no_cut_of_the_log() -> None:
    """Days are closed by the farm's clock, not by batches."""
    values = values_of([*weeks(5), *hour_of(120), tick_at(150.0)])

    whole, cut = (
        run_all(values, batch=batch, state=PartitionState(NOBODY))[0] for batch in (10_000, 37)
    )

    for name, array in whole.baselines.table.to_arrays(len(HERD)).items():
        again = cut.baselines.table.to_arrays(len(HERD))[name]
        assert array.tobytes() == again.tobytes(), name
    assert np.isfinite(whole.baselines.table["scale"][: len(HERD)]).any()
