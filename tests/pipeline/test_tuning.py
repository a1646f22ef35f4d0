"""A farm's own limits: told by the register, from their place in the log on, and of no other."""

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from contracts.animal_event import DetectorTuned, TunedLimit
from contracts.columns import columns_of
from contracts.context import Context
from contracts.detection import Condition, Phase
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.messages import event_type_of
from pipeline.judging import parts_by_farm
from pipeline.state import PartitionState
from pipeline.tuning import UNKNOWN_DETECTOR, Tuning
from tests.builders import FARM, MORNING, a_reading, a_tick, an_event
from tests.pipeline.few import FEW
from tests.pipeline.logs import run_all, temperatures, values_of
from tests.pipeline.weeks import HERD, Measures, days_after, state_after_a_week

OTHER = FarmId("farm-b")


def tuned(detector: str, offset: int = 1, farm: str = FARM, **limits: float) -> Event[Context]:
    """The farm's own limits of a detector, as the register's copy says it."""
    payload = DetectorTuned(
        detector=detector,
        limits=tuple(TunedLimit(name=name, value=value) for name, value in limits.items()),
    )
    return an_event(
        Context(
            source_offset=offset,
            source_event_id="e",
            source_event_type=event_type_of(DetectorTuned),
            details_json=msgspec.json.encode(payload).decode(),
        ),
        farm_id=FarmId(farm),
        event_id=f"tuned-{farm}-{offset}",
    )


def told_by(log: list[Event[Any]], batch: int = 1000) -> list[Event[Any]]:
    """What FEW say of a log."""
    return run_all(values_of(log), batch=batch, state=PartitionState(FEW))[1].detections


@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_a_farms_limit_holds_from_its_place_on_and_for_no_other_farm(batch: int) -> None:
    """One vet wants to hear at 39.8 °C; the neighbour in the same partition does not."""
    warm = [39.9] * 3
    both = [
        event
        for pair in zip(
            temperatures(*warm, animal="a-1", collar="a-1"),
            temperatures(*warm, animal="b-1", collar="b-1", farm=OTHER),
            strict=True,
        )
        for event in pair
    ]
    later = temperatures(*[39.9] * 6, animal="a-2", collar="a-2")[3:]
    log = [*both, tuned("fever", rumen_c=39.8), *later]

    told = told_by(log, batch)

    (onset,) = told
    assert (onset.aggregate_id, onset.farm_id) == ("a-2", FARM)
    assert {evidence.limit for evidence in onset.payload.evidence} == {39.8}


def test_no_limits_are_those_of_the_card_again() -> None:
    """What was tried in spring is put back in summer."""
    readings = temperatures(*[39.9] * 6)
    log = [tuned("fever", rumen_c=39.8), tuned("fever", offset=2), *readings]

    assert told_by(log) == []


def test_what_this_build_does_not_know_is_left_as_it_is() -> None:
    """The register outlives detectors and their limits: a worker must not die of its memory."""
    tuning = Tuning(FEW)

    known = tuning.tune(
        "farm-a", {"detector": "fever", "limits": [{"name": "core_c", "value": 39}]}
    )
    detector = tuning.tune("farm-a", {"detector": "gout", "limits": []})
    limit = tuning.tune("farm-a", {"detector": "fever", "limits": [{"name": "x", "value": 1}]})

    assert known is None
    assert detector == UNKNOWN_DETECTOR
    assert "has no limit x" in str(limit)
    assert tuning.of("farm-a").by_name["fever"].spec.value("core_c") == 39
    assert tuning.of("farm-b") is tuning.common


def restless(animal: str, hour: int, measures: Measures) -> Measures:
    """Half as active again as usual: no case by the card's limit of 1.6."""
    if animal == HERD[5] and hour >= 2:
        return measures | {"activity": measures["activity"] * 1.5, "rumination_minutes": 12.0}
    return measures


@pytest.mark.parametrize("batch", [7, 1000])
def test_hours_are_judged_by_the_farms_limit_and_tell_it(batch: int) -> None:
    """The page must not show the limit of the card beside a case that the farm's own made."""
    log = days_after(1, restless)
    mine = tuned("oestrus", activity_factor=1.3)
    state = state_after_a_week(FEW)
    values, told = values_of([mine, *log]), []
    hours = []
    for start in range(0, len(values), batch):
        if batch < len(values):
            state = PartitionState.from_arrays(state.to_arrays(), FEW)
        _, some = run_all(values[start : start + batch], state=state)
        told += some.detections
        hours += some.hour_events()

    of_card = run_all(values_of(log), state=state_after_a_week(FEW))[1]

    assert [e for e in of_card.detections if e.payload.phase is Phase.ONSET] == []
    (onset,) = [e for e in told if e.payload.phase is Phase.ONSET]
    assert (onset.aggregate_id, onset.payload.condition) == (HERD[5], Condition.OESTRUS)
    limits = {s.limit for h in hours for s in h.payload.scores if s.detector == "oestrus"}
    assert limits == {1.3}


def test_nobody_pays_for_limits_that_no_farm_has() -> None:
    """Farms with limits of their own are judged apart; without any, all at once."""
    state = PartitionState(FEW)
    farms = [FARM, OTHER, FARM]
    readings = [a_reading(animal=f"n-{n}", farm=farm) for n, farm in enumerate(farms)]
    rows = state.take_in(columns_of(list(enumerate(readings)))).row

    assert parts_by_farm(state, rows) == [(state.tuning.common, None)]
    state.tuning.tune(OTHER, {"detector": "fever", "limits": [{"name": "core_c", "value": 39.0}]})
    (common, most), (own, some) = parts_by_farm(state, rows)

    assert common is state.tuning.common
    assert own is state.tuning.of(OTHER)
    assert np.array(most).tolist() == [True, False, True]
    assert np.array(some).tolist() == [False, True, False]


def test_silence_is_waited_for_as_long_as_the_farm_says() -> None:
    """A barn with a dead zone may ask for two hours."""
    heard = a_reading(time=MORNING)
    ticks = [a_tick(MORNING + timedelta(minutes=5 * n)) for n in range(40)]

    (common,) = told_by([heard, *ticks[:20]])
    patient = told_by([tuned("collar_silent", silent_minutes=120.0), heard, *ticks[:20]])
    later = told_by([tuned("collar_silent", silent_minutes=120.0), heard, *ticks])

    assert common.payload.condition is Condition.COLLAR_SILENT
    assert patient == []
    assert [evidence.limit for evidence in later[0].payload.evidence] == [120.0]
