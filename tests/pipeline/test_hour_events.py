"""A judged hour as an event: what was measured, what is usual, and why a detector kept silent."""

from collections.abc import Sequence

import numpy as np

from contracts.columns import columns_of
from contracts.envelope import Event
from contracts.hour import HOUR_SIGNALS, AnimalHour
from pipeline.detectors.base import Verdict
from pipeline.detectors.rumination_drop import RuminationDrop
from pipeline.hour_events import LATE, HourTeller
from pipeline.hours import OPEN_HOURS
from pipeline.signals import COUNTED, SIGNALS
from pipeline.state import PartitionState
from pipeline.tables import HOUR_US
from tests.builders import a_reading
from tests.pipeline.test_hours import parts_of

HOUR = 24 * 5 + 7
ROWS = np.array([0])


def a_state() -> PartitionState:
    """One animal with one hour heard, whose usual level is known."""
    state = PartitionState()
    state.take_in(columns_of([(0, a_reading())]))
    state.hours.add(parts_of([(0, HOUR * HOUR_US, 3600, 2000, False)]))
    for day in range(3):
        state.baselines.learn(ROWS, 24 * day + 7, np.full((1, len(SIGNALS)), 18.0 + day))
    return state


def told_by(
    state: PartitionState,
    verdicts: Sequence[Verdict] = (),
    places: dict[int, int] | None = None,
) -> list[Event[AnimalHour]]:
    """What is told of the hour with one detector's scores."""
    specs = [RuminationDrop().spec]
    teller = HourTeller(state.animals, state.hours, state.baselines, lambda _: specs)
    told = teller.tell(ROWS, HOUR, 9 * HOUR_US, "tick-1", verdicts, places)
    return [event for hours in told for event in hours.events()]


def test_it_tells_value_usual_and_spread_of_what_is_measured_or_usually_is() -> None:
    """A chart draws her band where it is known, and no line for what her collar cannot measure."""
    state = a_state()
    verdict = Verdict(np.array([12.34567]), [None], *(np.zeros(1, np.bool_),) * 3)

    (told,) = told_by(state, [verdict], {0: 0})

    signals = {signal.signal: signal for signal in told.payload.signals}
    assert set(signals) == set(HOUR_SIGNALS)
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

    (told,) = told_by(state)

    names = {signal.signal for signal in told.payload.signals}
    assert names == set(HOUR_SIGNALS) - {"steps", "temperature_c"}


def test_an_hour_told_again_says_that_readings_came_late() -> None:
    """Its values are new, its scores are not: none is better than an old one beside new values."""
    state = a_state()

    told = [event for _ in range(2) for event in told_by(state)]

    assert [event.payload.revision for event in told] == [1, 2]
    assert told[0].event_id != told[1].event_id
    assert {score.why_not for score in told[1].payload.scores} == {LATE}
    assert not state.hours.table["changed"].any()


def test_of_nobody_nothing_is_told() -> None:
    """A herd whose collars were all silent has no such hour."""
    state = a_state()
    nobody = ROWS[:0]

    assert (
        HourTeller(state.animals, state.hours, state.baselines, lambda _: []).tell(
            nobody, HOUR, 0, ""
        )
        == []
    )
