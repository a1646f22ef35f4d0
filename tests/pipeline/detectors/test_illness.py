"""Illness: a score with its reasons, told once an animal, and taken over by a name."""

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from pipeline.detectors.illness import SPEC
from tests.pipeline.detectors.test_fusion import ILL, changed
from tests.pipeline.weeks import HERD, Change, Measures, after_a_week, days_after, when

FALLS = {"rumination_minutes": 0.6, "eating_minutes": 0.6, "activity": 0.75}


def found(days: float, change: Change) -> list[Event[Detection]]:
    """What is told of illness after an ordinary week."""
    told = after_a_week(days_after(days, change)).detections
    return [event for event in told if event.payload.condition is Condition.ILLNESS]


def test_an_ill_animal_is_told_within_a_day_with_what_changed_and_by_how_much() -> None:
    """The strongest sign stands first, the score out of a hundred last."""
    onset, *_ = found(1.5, changed(**FALLS))

    assert (onset.aggregate_id, onset.payload.phase) == (ILL, Phase.ONSET)
    assert when(12) < onset.payload.known_at < when(30)
    *signs, score = onset.payload.evidence
    assert {one.signal for one in signs} >= {"rumination_minutes", "eating_minutes"}
    assert all(one.usual is not None and one.limit is not None for one in signs)
    assert (score.signal, score.unit, score.limit) == ("illness_score", "1", SPEC.value("score"))
    assert SPEC.value("score") <= score.value <= 100


def test_it_is_over_once_she_is_as_usual() -> None:
    """The case ends with its cause."""

    def for_a_day(animal: str, hour: int, measures: Measures) -> Measures:
        return changed(**FALLS)(animal, hour, measures) or {} if hour < 30 else measures

    told = found(4.5, for_a_day)
    assert [event.payload.phase for event in told].count(Phase.ONSET) == 1
    assert told[-1].payload.phase is Phase.END


def test_a_hot_day_for_all_makes_nobody_ill() -> None:
    """The herd's median takes off what weather and feed do to all of them."""

    def hot(animal: str, _hour: int, measures: Measures) -> Measures:
        assert animal in HERD
        return measures | {name: measures[name] * factor for name, factor in FALLS.items()}

    assert found(2, hot) == []
