"""A judged hour as an event: what was measured, what is usual, and why a detector kept silent."""

import numpy as np

from pipeline.baselines import SIGNALS
from pipeline.detectors.base import Verdict
from pipeline.detectors.rumination_drop import RuminationDrop
from pipeline.hour_events import LATE, HourTeller
from pipeline.hours import COUNTED, OPEN_HOURS
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from tests.pipeline.test_hours import parts_of

HOUR = 24 * 5 + 7
ROWS = np.array([0])


def a_state() -> PartitionState:
    """One animal with one hour heard, whose usual level is known."""
    state = PartitionState()
    state.animals.of([(b"farm-a", b"nl-0017")])
    for table in state.tables():
        table.reach(1)
    state.hours.add(parts_of([(0, HOUR * HOUR_US, 3600, 2000, False)]))
    for day in range(3):
        state.baselines.learn(ROWS, 24 * day + 7, np.full((1, len(SIGNALS)), 18.0 + day))
    return state


def teller(state: PartitionState) -> HourTeller:
    """Tells hours with one detector's scores."""
    return HourTeller(state.animals, state.hours, state.baselines, [RuminationDrop.spec])


def test_it_tells_value_usual_and_spread_of_what_is_measured_or_usually_is() -> None:
    """A chart draws her band where it is known, and no line for what her collar cannot measure."""
    state = a_state()
    verdict = Verdict(np.array([12.34567]), [None], [], {})

    (told,) = teller(state).tell(ROWS, HOUR, 9 * HOUR_US, "tick-1", [verdict], {0: 0})

    signals = {signal.signal: signal for signal in told.payload.signals}
    assert set(signals) == set(SIGNALS)
    assert signals["steps"].value == 20.0
    assert signals["temperature_c"].value is None
    assert signals["steps"].usual == 19.0
    assert signals["steps"].spread == 0.816
    assert [(s.score, s.limit, s.unit) for s in told.payload.scores] == [(12.346, 20.0, "%")]
    assert told.causation_id == "tick-1"


def test_what_is_neither_measured_nor_usual_is_left_out() -> None:
    """Most collars measure four of the seven."""
    state = a_state()
    state.baselines.table["days"][0] = 0
    state.hours.table["seconds"][0, HOUR % OPEN_HOURS, COUNTED.index("steps")] = 0

    (told,) = teller(state).tell(ROWS, HOUR, 9 * HOUR_US, "tick-1")

    names = {signal.signal for signal in told.payload.signals}
    assert names == set(SIGNALS) - {"steps", "temperature_c"}


def test_an_hour_told_again_says_that_readings_came_late() -> None:
    """Its values are new, its scores are not: none is better than an old one beside new values."""
    state = a_state()
    tells = teller(state)

    told = [tells.tell(ROWS, HOUR, 9 * HOUR_US, "tick-1")[0] for _ in range(2)]

    assert [event.payload.revision for event in told] == [1, 2]
    assert told[0].event_id != told[1].event_id
    assert {score.why_not for score in told[1].payload.scores} == {LATE}
    assert not state.hours.table["changed"].any()
