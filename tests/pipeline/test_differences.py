"""What was told of episodes beside what verdicts say now."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from pipeline import differences as module
from pipeline.detectors.sustained import put_verdicts
from pipeline.differences import differences
from pipeline.episodes import Moment
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from pipeline.telling import new_episode
from pipeline.verdicts import Run
from tests.pipeline.few import FEW
from tests.pipeline.logs import assert_revisions_go_up, run_all, values_of
from tests.pipeline.weeks import HERD, Measures, days_after, state_after_a_week

FARM, SHE = "farm-a", HERD[5]
DROP = Condition.RUMINATION_DROP


def with_runs(
    monkeypatch: pytest.MonkeyPatch, state: PartitionState, detector: str, runs: list[Run]
) -> None:
    """Let the verdicts of one detector say these runs."""
    of_detectors = [[runs if one.spec.name == detector else []] for one in state.by_hour]
    monkeypatch.setattr(module, "refold", lambda *_: of_detectors)


def test_a_run_that_nobody_was_told_of_and_is_over_leaves_the_open_episode_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A day's buffer came late: she was ill before too, and is ill now."""
    state = state_after_a_week(FEW)
    (detector,) = (one for one in state.by_hour if one.spec.condition is DROP)
    name, row = detector.spec.name, state.animals.find((FARM.encode(), SHE.encode()))
    assert row is not None
    last = state.judged.open_hours(FARM)[-1]
    moment = Moment((last + 1) * HOUR_US, "tick-1")
    began = new_episode(state, detector.spec, row, (last - 10) * HOUR_US, (), moment)
    state.episodes.begin(began)
    runs = [Run(last - 50, last - 48, last - 40), Run(last - 10, last - 8)]
    with_runs(monkeypatch, state, name, runs)

    told = differences(state, FARM, np.array([row]), moment)

    assert [(e.payload.revision, e.payload.phase) for e in told] == [
        (1, Phase.ONSET),
        (2, Phase.END),
    ]
    assert len({e.payload.detection_id for e in told}) == 1
    assert state.episodes.of(name, row) == began
    assert [one.end_hour for one in state.episodes.recent(name, row)] == [last - 40, None]
    assert differences(state, FARM, np.array([row]), moment) == []
    ended = state.episodes.end_in(name, row, last + 1, (), moment).payload
    assert (ended.detection_id, ended.phase) == (began.detection_id, Phase.END)


def restless(animal: str, hour: int, measures: Measures) -> Measures:
    """One animal's oestrus."""
    if animal == SHE and 6 <= hour < 21:
        return measures | {"activity": measures["activity"] * 3, "rumination_minutes": 12.0}
    return measures


def test_what_was_retracted_and_begins_an_hour_later_goes_on_from_what_was_told() -> None:
    """The hour it was told in cannot be judged after all; the next one says the same of her."""
    log = days_after(1.5, restless)
    state, told, place = state_after_a_week(FEW), list[Event[Detection]](), 0
    while not told:
        told += run_all(values_of(log[place : place + 13]), state=state)[1].detections
        place += 13
    row, last = state.animals.find((FARM.encode(), SHE.encode())), state.judged.open_hours(FARM)[-1]
    rows = np.array([row])
    for detector in state.by_hour:
        put_verdicts(state.memories[detector.spec.name], rows, last, np.zeros(1, np.uint8))
    state.around["again"][rows] = True

    tick = replace(log[place - 1], timestamp=log[place - 1].timestamp + timedelta(minutes=10))
    told += run_all(values_of([tick]), state=state)[1].detections
    state = PartitionState.from_arrays(state.to_arrays(), FEW)
    told += run_all(values_of(log[place:]), state=state)[1].detections

    assert_revisions_go_up(told)
    found = [event.payload for event in told if event.aggregate_id == SHE]
    assert [one.phase for one in found[:3]] == [Phase.ONSET, Phase.RETRACTED, Phase.ONSET]
    assert len({one.detection_id for one in found}) == 1
    assert [one.revision for one in found] == list(range(1, len(found) + 1))
    assert found[-1].phase is Phase.END
    assert len(state.episodes.recent("oestrus", int(row or 0))) == 1
