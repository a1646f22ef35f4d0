"""What was told of episodes beside what verdicts say now."""

import numpy as np
import pytest

from contracts.detection import Condition, Phase
from pipeline import differences as module
from pipeline.differences import differences
from pipeline.episodes import Moment
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from pipeline.telling import new_episode
from pipeline.verdicts import Run
from tests.pipeline.weeks import HERD, state_after_a_week

FARM = "farm-a"
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
    state = state_after_a_week()
    (detector,) = (one for one in state.by_hour if one.spec.condition is DROP)
    name, row = detector.spec.name, state.animals.find((FARM.encode(), HERD[5].encode()))
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
