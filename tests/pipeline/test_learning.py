"""Learning through the engine: day by day, told with each hour; what drifts, and what is stuck."""

from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from contracts.columns import micros
from contracts.envelope import Event
from contracts.hour import LEARNING_DAYS, AnimalHour
from contracts.reading import CollarReading
from pipeline.detectors.base import Detector
from pipeline.signals import SIGNALS
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from pipeline.verdicts import herd_hour
from tests.builders import FARM, a_reading
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import HERD, MIDNIGHT, Measures, a_day, hour_of, tick_at, weeks

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


@pytest.mark.parametrize("minutes", [30, 120])
def test_any_cadence_up_to_two_hours_is_learnt_and_judged(minutes: int) -> None:
    """Half of a bolus's hours hold no reading of their own when it is read every two."""
    days = 8
    log = [
        event
        for step in range(1, days * 24 * 60 // minutes + 1)
        for event in (*of_step(step, minutes), tick_at(step * minutes / 60 + 0.5))
    ]

    state, _ = run_all(values_of(log), state=PartitionState(NOBODY))

    rows = state.rows_of_farm[FARM]
    herd = herd_hour(state, FARM, rows, micros(MIDNIGHT) // HOUR_US + 24 * days - 2)
    assert set(herd.warmth(6).why_not) == {None}
    assert set(herd.window("activity", 12).why_not) == {None}
    assert herd.window("activity", 12).ratio == pytest.approx(np.ones(len(rows)), abs=0.1)
    assert herd.warmth(6).over_c == pytest.approx(np.zeros(len(rows)), abs=0.1)


def of_step(step: int, minutes: int) -> list[Event[CollarReading]]:
    """The herd's readings at the end of one span of so many minutes."""
    return [
        a_reading(
            animal=animal,
            collar=f"c-{animal}",
            seq=step,
            time=MIDNIGHT + timedelta(minutes=step * minutes),
            interval_s=60 * minutes,
            temperature_site="rumen",
            temperature_c=a_day(animal, step)["temperature_c"],
            activity=a_day(animal, step)["activity"] * minutes / 60,
        )
        for animal in HERD[:3]
    ]


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
