"""Heat stress: a farm's case, by its air and by what its herd does."""

from typing import Any

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import SubjectKind
from pipeline.air import thi_of
from pipeline.state import PartitionState
from tests.pipeline.logs import run, values_of
from tests.pipeline.weeks import Measures, after_a_week, days_after, state_after_a_week, when

HOT, MILD = {"ambient_c": 29.0, "humidity_pct": 45.0}, {"ambient_c": 18.0, "humidity_pct": 60.0}
SEVERE = {"ambient_c": 34.0, "humidity_pct": 50.0}


def day(
    warm: Measures, *, first: int = 10, last: int = 20, lying: float = 0.8, warmer_c: float = 0.3
) -> Any:  # noqa: ANN401  a change
    """The herd's day with such an afternoon, and what it does in it."""

    def change(_animal: str, hour: int, measures: Measures) -> Measures:
        if not first <= hour % 24 < last:
            return measures | MILD
        shown = {
            "lying_minutes": measures["lying_minutes"] * lying,
            "temperature_c": measures["temperature_c"] + warmer_c,
        }
        return measures | warm | shown

    return change


def heats(log: list[Event[Any]]) -> list[Event[Detection]]:
    """What is told of heat."""
    told = after_a_week(log).detections
    heat = [event for event in told if event.payload.condition is Condition.HEAT_STRESS]
    return [event for event in heat if event.payload.phase is not Phase.UPDATE]


def test_the_air_of_these_tests_is_what_they_say() -> None:
    """THI by NRC 1971: 72 is the classic limit, 78 is severe."""
    assert thi_of(**MILD) < 68
    assert 72 < thi_of(**HOT) < 78 < thi_of(**SEVERE)


def test_hours_of_hot_air_that_the_herd_feels_are_one_case_of_the_farm() -> None:
    """Twelve animals, one alert, with the air and what they do of their usual."""
    begins, ends = heats(days_after(1.2, day(HOT)))

    said = {one.signal: one for one in begins.payload.evidence}
    assert (begins.payload.subject_kind, begins.aggregate_id) == (SubjectKind.FARM, "farm-a")
    assert begins.payload.onset_at == when(10)
    assert (said["thi"].value, said["thi"].limit) == (76.3, 72.0)
    assert said["herd_lying_minutes_pct"].value == -20.0
    assert ends.payload.phase is Phase.END
    assert ends.payload.known_at == when(23 + 1 / 3)


def test_a_herd_that_does_as_ever_does_not_suffer() -> None:
    """A barn with fans and showers is warm by its sensor, and its cows lie."""
    assert heats(days_after(1.2, day(HOT, lying=1.0, warmer_c=0.0))) == []


def test_severe_air_needs_nobody_to_show_it() -> None:
    """At 34 °C nobody waits until they pant."""
    begins, _ = heats(days_after(1.2, day(SEVERE, lying=1.0, warmer_c=0.0)))

    assert begins.payload.known_at == when(12 + 1 / 3)


def test_a_warm_noon_is_none() -> None:
    """Three hours pass without harm."""
    assert heats(days_after(1.2, day(HOT, first=11, last=14))) == []


def test_where_nobody_measures_the_air_nothing_is_said() -> None:
    """A herd that is warmer may have a fever; without the air nobody knows."""
    assert heats(days_after(1.2, day({}))) == []


def test_a_wave_of_days_is_a_case_a_day_wherever_the_log_is_cut() -> None:
    """Nights are cool; a snapshot in the middle changes nothing."""
    log = days_after(2.2, day(HOT))
    whole = [(event.event_id, event.payload) for event in heats(log)]

    state, first = run(values_of(log[:400]), batch=30, state=state_after_a_week())
    state = PartitionState.from_arrays(state.to_arrays())
    rest = run(values_of(log[400:]), batch=30, state=state)[1]

    told = {event.event_id: event.payload for event in [*first, *rest]}
    assert [(name, told[name]) for name, _ in whole] == whole
    assert [payload.phase for _, payload in whole] == [Phase.ONSET, Phase.END] * 2
