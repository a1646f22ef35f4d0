"""Our own outage is one case a farm, not one for each collar that could not be heard."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from contracts.ids import FarmId, SubjectKind
from contracts.tick import DeafSpan
from tests.builders import FARM, MORNING, a_reading, a_tick
from tests.pipeline.logs import run_all, told_by, values_of

OTHER = FarmId("farm-b")


def when(minute: float) -> Any:  # noqa: ANN401  an aware time
    """So many minutes after the morning."""
    return MORNING + timedelta(minutes=minute)


def heard(minute: float) -> Event[Any]:
    """A tick that tells of nothing."""
    return a_tick(when(minute))


def deaf(since: float, minute: float) -> Event[Any]:
    """A tick at `minute`: nobody could be heard since then."""
    return a_tick(when(minute), deaf=(DeafSpan(began_at=when(since), ended_at=when(minute)),))


def speaks(farm: FarmId = FARM, seq: int = 1) -> Event[Any]:
    """A reading of the morning."""
    return a_reading(farm=farm, collar=f"c-{farm}", animal=f"of-{farm}", seq=seq, time=MORNING)


def deafness(log: list[Event[Any]]) -> list[Event[Detection]]:
    """The cases of system_deaf in a log, which tells the same in batches of one."""
    told = [e for e in told_by(log) if e.payload.condition is Condition.SYSTEM_DEAF]
    singly = run_all(values_of(log), batch=1)[1].detections
    assert [e for e in singly if e.payload.condition is Condition.SYSTEM_DEAF] == told
    return told


def minutes(event: Event[Detection]) -> float:
    """For how long nobody could be heard, as it says."""
    (measured,) = event.payload.evidence
    assert (measured.signal, measured.unit, measured.limit) == ("deaf_minutes", "min", 2.0)
    return measured.value


def test_an_outage_of_two_minutes_is_one_case_of_each_farm() -> None:
    """The farmer must know that we hear nobody, and that his collars are not to blame."""
    log = [speaks(), speaks(OTHER), heard(1), deaf(1, 2.9), deaf(1, 3), deaf(1, 3.1), deaf(1, 20)]

    told = deafness(log)

    assert [(e.aggregate_id, e.farm_id) for e in told] == [(FARM, FARM), (OTHER, OTHER)]
    assert {(e.payload.phase, e.payload.subject_kind) for e in told} == {
        (Phase.ONSET, SubjectKind.FARM)
    }
    assert {e.timestamp for e in told} == {when(1)}
    assert {e.payload.known_at for e in told} == {when(3)}
    assert [minutes(e) for e in told] == [2.0, 2.0]
    assert told[0].causation_id == log[4].event_id


def test_it_is_over_when_somebody_could_be_heard_for_a_minute() -> None:
    """One open case per cause: it ends by itself, and says how long it was."""
    told = deafness([speaks(), heard(1), deaf(1, 9), heard(9.5), heard(10), heard(10.5)])

    assert [(e.payload.phase, e.payload.revision) for e in told] == [
        (Phase.ONSET, 1),
        (Phase.END, 2),
    ]
    assert told[0].payload.detection_id == told[1].payload.detection_id
    assert told[1].payload.known_at == when(10)
    assert minutes(told[1]) == 8.0


def test_half_a_minute_is_nobodys_business() -> None:
    """A gateway that is started anew is back before anybody could act."""
    assert deafness([speaks(), heard(1), deaf(1, 1.5), heard(9), deaf(9, 10.9), heard(15)]) == []


def test_a_way_in_that_flickers_is_one_outage() -> None:
    """Three restarts in a row are what the farmer's night looks like from his bed."""
    log = [speaks(), heard(1), deaf(1, 2.2), heard(2.5), deaf(2.6, 3.5), heard(4), deaf(4.2, 6)]

    told = deafness([*log, heard(6.5), heard(7)])

    assert [e.payload.phase for e in told] == [Phase.ONSET, Phase.END]
    assert told[0].timestamp == when(1)
    assert minutes(told[1]) == 3.9


def test_an_outage_told_when_it_was_over_is_a_short_case() -> None:
    """Whoever writes ticks was away himself: the first tick after tells what was."""
    told = deafness([speaks(), heard(1), deaf(1, 40), heard(41), heard(42)])

    assert [(e.payload.phase, e.payload.known_at) for e in told] == [
        (Phase.ONSET, when(40)),
        (Phase.END, when(41)),
    ]


def test_the_same_spans_told_twice_are_one_case_and_a_later_outage_is_another() -> None:
    """Two writers tell the same, one of them late."""
    log = [speaks(), heard(1), deaf(1, 9), deaf(1, 9), heard(10), deaf(1, 10), heard(11)]

    told = deafness([*log, deaf(1, 9), heard(20), deaf(20, 23), heard(24)])

    assert [(e.payload.phase, e.timestamp) for e in told] == [
        (Phase.ONSET, when(1)),
        (Phase.END, when(1)),
        (Phase.ONSET, when(20)),
        (Phase.END, when(20)),
    ]


def test_a_farm_that_imports_its_past_misses_nobody() -> None:
    """What it tells was never on its way to us."""
    own = replace(heard(-600), farm_id=FARM)

    assert deafness([speaks(OTHER), own, speaks(), heard(1), deaf(1, 9)])[0].farm_id == OTHER
    assert len(deafness([speaks(OTHER), own, speaks(), heard(1), deaf(1, 9)])) == 1


def test_a_farm_that_has_not_spoken_yet_cannot_be_missed() -> None:
    """Its first reading comes after the outage, perhaps in the same batch."""
    assert deafness([heard(1), deaf(1, 9), heard(9.5), speaks(), heard(20)]) == []


def test_a_long_outage_is_told_again_as_long_as_it_lasts() -> None:
    """A detection that was lost on its way costs hours, never the alert."""
    told = deafness([speaks(), heard(1), *[deaf(1, minute) for minute in range(2, 800, 7)]])

    assert [e.payload.phase for e in told] == [Phase.ONSET, Phase.UPDATE, Phase.UPDATE]
    assert minutes(told[1]) > 360


def test_three_hundred_collars_are_no_silent_ones_meanwhile() -> None:
    """That is what the one case stands for."""
    herd = [a_reading(animal=f"nl-{n}", collar=f"c-{n}", time=MORNING) for n in range(300)]

    told = told_by([*herd, heard(1), *[deaf(1, minute) for minute in range(5, 300, 5)]])

    assert {e.payload.condition for e in told} == {Condition.SYSTEM_DEAF}
