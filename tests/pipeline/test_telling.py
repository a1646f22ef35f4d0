"""How a detector's change becomes a detection, with what is usual for her beside it."""

import numpy as np

from contracts.columns import columns_of
from contracts.detection import Phase
from pipeline.detectors.base import NO_READING, Change, Measured
from pipeline.detectors.fever import Fever
from pipeline.signals import SIGNALS
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from pipeline.telling import told_change
from tests.builders import a_reading

HOT = Measured("temperature_c", "Cel", 29 * HOUR_US, 41.0, 40.0)


def a_state(days: int) -> PartitionState:
    """One animal, whose hour of the day was learnt so often."""
    state = PartitionState()
    state.take_in(columns_of([(0, a_reading())]))
    for day in range(days):
        state.baselines.learn(np.array([0]), 24 * day + 5, np.full((1, len(SIGNALS)), 38.634))
    return state


def test_a_temperature_is_told_beside_what_is_usual_at_that_hour() -> None:
    """41.0 °C is read with 38.6 °C beside it, or with nothing while that is not known."""
    change = Change(Phase.ONSET, 0, NO_READING, HOT.at_us, (HOT,))

    (known,) = told_change(a_state(3), change, Fever(), HOT.at_us, "reading-1")
    (unknown,) = told_change(a_state(2), change, Fever(), HOT.at_us, "reading-1")

    assert [evidence.usual for evidence in known.payload.evidence] == [38.63]
    assert [evidence.usual for evidence in unknown.payload.evidence] == [None]


def test_an_end_closes_the_episode_its_onset_opened() -> None:
    """One detection from onset to end, each with its cause."""
    state = a_state(0)
    onset = Change(Phase.ONSET, 0, NO_READING, HOT.at_us, (HOT,))
    end = Change(Phase.END, 0, NO_READING, 0, (HOT,))

    (began,) = told_change(state, onset, Fever(), HOT.at_us, "reading-1")
    (ended,) = told_change(state, end, Fever(), HOT.at_us + HOUR_US, "reading-9")

    assert ended.payload.detection_id == began.payload.detection_id
    assert (ended.payload.revision, ended.causation_id) == (2, "reading-9")
    assert not state.episodes.is_open("fever", 0)
