"""Hours judged with what the register told: as it stood then, known as it is now."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest

from contracts.animal_event import AnimalCalved, AnimalPregnancyChecked
from contracts.context import Context
from contracts.detection import Condition, Phase
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.ids import AnimalId
from contracts.messages import event_type_of
from pipeline.detectors.base import Detector, Limit, Measured, Spec, Verdict
from pipeline.detectors.sustained import MEMORY, Hold
from pipeline.herd_hour import HerdHour
from pipeline.state import PartitionState
from pipeline.tables import Column
from pipeline.telling import Told
from tests.builders import an_event
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import HERD, hour_of, tick_at, unchanged, when

SHE, ANOTHER = HERD[3], HERD[4]
START = 24 * 7
DUE = Spec("due", 1, Condition.CALVING, (Limit("days", 1.0, "d", "a test"),))
UNSAID = "nobody_told"


class Due:
    """Whoever is due within a day, by the register alone."""

    memory: Mapping[str, Column] = MEMORY
    window_hours = 6
    medians: ClassVar[tuple[tuple[str, int], ...]] = ()
    hold = Hold(onset_hours=2, end_hours=1)

    def __init__(self, spec: Spec = DUE) -> None:
        self.spec = spec

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """See ByHour."""
        days = herd.life.days_to_due
        over = days <= self.spec.value("days")
        why_not = [UNSAID if np.isnan(one) else None for one in days.tolist()]
        return Verdict(-days, why_not, over, ~over, np.zeros(len(days), np.bool_))

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """See ByHour."""
        days = float(herd.life.days_to_due[place])
        return (Measured("days_to_due", "d", herd.ends_us, days, self.spec.value("days")),)


DETECTORS: tuple[Detector, ...] = (Due(),)


def told_to_the_register(offset: int, payload: Any) -> Event[Context]:  # noqa: ANN401  of contracts.animal_event
    """Its copy in the readings."""
    return an_event(
        Context(
            source_offset=offset,
            source_event_id=f"e-{offset}",
            source_event_type=event_type_of(type(payload)),
            details_json=msgspec.json.encode(payload).decode(),
        ),
        event_id=f"context-{offset}",
    )


CHECKED = told_to_the_register(
    1,
    AnimalPregnancyChecked(
        animal_id=AnimalId(SHE), checked_at=when(-2400), pregnant=True, due_at=when(30)
    ),
)
CALVED = told_to_the_register(2, AnimalCalved(animal_id=AnimalId(SHE), calved_at=when(12)))


def hours(first: int, last: int, without: str = "") -> list[Event[Any]]:
    """The herd's hours after the week, and a tick after each."""
    herd = [animal for animal in HERD if animal != without]
    return [
        event
        for hour in range(START + first, START + last)
        for event in (*hour_of(hour, unchanged, herd), tick_at(hour + 1.5))
    ]


def run(log: list[Event[Any]], batch: int = 10_000) -> Told:
    """What is told of it, from a snapshot after each batch."""
    state, told, values = PartitionState(DETECTORS), Told(), values_of(log)
    for start in range(0, len(values), batch):
        state = PartitionState.from_arrays(state.to_arrays(), DETECTORS)
        _, some = run_all(values[start : start + batch], state=state)
        told.detections += some.detections
        told.hours += some.hours
    return told


def newest(told: Told, animal: str) -> dict[int, AnimalHour]:
    """Her hours, counted from the week's end, as they were told last."""
    found = [event for event in told.hour_events() if event.aggregate_id == animal]
    span = (when(1) - when(0)).total_seconds()
    return {round((e.timestamp - when(0)).total_seconds() / span): e.payload for e in found}


def test_what_is_told_before_her_first_reading_is_known_of_her() -> None:
    """A farm's register is older than its collars."""
    told = run([CHECKED, *hours(0, 20)])

    (onset,) = told.detections[:1]
    assert (onset.aggregate_id, onset.payload.phase) == (SHE, Phase.ONSET)
    assert onset.timestamp == when(5)
    assert {hour.scores[0].why_not for hour in newest(told, ANOTHER).values()} == {UNSAID}


def test_an_hour_is_judged_by_what_was_told_before_it_was_judged() -> None:
    """Whoever is told late is judged late: no hour before it is made anew by the register."""
    told = run([*hours(0, 8), CHECKED, *hours(8, 12)])

    scores = {hour: one.scores[0].score for hour, one in newest(told, SHE).items()}
    assert scores[7] is None
    assert scores[8] == pytest.approx(-(30 - 9) / 24, abs=0.01)


def test_a_calving_takes_nothing_back_that_was_said_before_it() -> None:
    """She was about to calve, and did: a late reading of that morning must not unsay it."""
    late = [event for event in hours(0, 12) if event.aggregate_id == SHE][8:]
    before = [event for event in hours(0, 12) if event not in late]

    told = run([CHECKED, *before, *hours(12, 13), CALVED, *late, *hours(13, 18)])

    phases = [event.payload.phase for event in told.detections]
    assert phases[0] is Phase.ONSET
    assert Phase.RETRACTED not in phases
    scores = {hour: one.scores[0].score for hour, one in newest(told, SHE).items()}
    assert scores[10] is not None
    assert scores[12] is None


@pytest.mark.parametrize("batch", [1, 10, 37])
def test_what_the_register_says_does_not_hang_on_batches_or_crashes(batch: int) -> None:
    """It is in the snapshot, and acts at its place in the log."""
    log = [*hours(0, 3), CHECKED, CHECKED, *hours(3, 9), CALVED, *hours(9, 20)]

    assert run(log, batch) == run(log)
