"""No water: one case of the farm, begun within hours and over when they drink."""

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import SubjectKind
from pipeline.detectors.no_water import NoWater
from pipeline.state import PartitionState
from tests.builders import FARM
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import HERD, LEARNT_DAYS, Measures, days_after, weeks, when


def told(since: int, until: int, herd: tuple[str, ...] = HERD) -> list[Event[Detection]]:
    """What is told of a day and a half in which some drink nothing for some hours."""

    def change(animal: str, hour: int, measures: Measures) -> Measures:
        dry = animal in herd and since <= hour < until
        return {"drinking_minutes": 0.0 if dry else measures["drinking_minutes"]}

    log = [*weeks(LEARNT_DAYS), *days_after(1.5, change)]
    return run_all(values_of(log), state=PartitionState((NoWater(),)))[1].detections


def test_a_herd_that_drinks_nothing_is_one_case_of_the_farm() -> None:
    """A frozen pipe: told the same morning, over once it is thawed."""
    found = told(6, 20)

    phases = [event.payload.phase for event in found]
    assert (phases[0], phases[-1], phases.count(Phase.ONSET)) == (Phase.ONSET, Phase.END, 1)
    onset = found[0].payload
    assert (onset.condition, onset.subject_kind) == (
        Condition.DRINKING_STOPPED,
        SubjectKind.FARM,
    )
    assert found[0].aggregate_id == FARM
    assert when(9) < onset.known_at < when(13)
    assert when(20) < found[-1].payload.known_at < when(25)
    assert (onset.evidence[0].signal, onset.evidence[0].usual) == ("herd_drinking_pct", 100.0)
    assert onset.evidence[0].value < 15


def test_a_few_that_do_not_drink_are_no_failure_of_the_water() -> None:
    """Those are told one by one."""
    assert told(6, 30, HERD[:4]) == []


def test_a_herd_too_small_to_say_is_not_judged() -> None:
    """Of fewer than ten animals hours without a drink are chance."""
    few = HERD[:6]

    def change(animal: str, _hour: int, measures: Measures) -> Measures | None:
        return {"drinking_minutes": 0.0} if animal in few and measures else None

    log = [*weeks(LEARNT_DAYS), *days_after(1, change)]
    assert run_all(values_of(log), state=PartitionState((NoWater(),)))[1].detections == []
