"""Down: a bout without end is told within six hours, a good rest never."""

import pytest

from contracts.detection import Phase
from pipeline.detectors.down import SPEC, Down
from pipeline.detectors.successive import UNDER
from tests.pipeline.detectors.seen import Seen, Watch, cut, every

USUAL = {"activity": 120.0, "steps": 100.0, "eating_minutes": 13.0, "rumination_minutes": 21.0}
HOUR = 60.0


def lying(minutes: float, *, chews: bool = True, **other: float) -> dict[str, float]:
    """What a cow at rest measures in so many minutes."""
    rest = {"lying_minutes": minutes, "steps": 0.0, "eating_minutes": 0.0}
    return rest | {"rumination_minutes": minutes / 2 if chews else 0.0} | other


def standing(minutes: float) -> dict[str, float]:
    """And one at the trough."""
    return {"lying_minutes": 0.0, "steps": minutes * 3, "eating_minutes": minutes / 2}


@pytest.mark.parametrize("cadence", [1, 5, 10, 15, 30, 60, 120])
@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5, 0.9], ids=str)
@pytest.mark.parametrize("chews", [True, False], ids=["ruminating", "idle"])
def test_all_are_known_within_six_hours(cadence: int, offset: float, *, chews: bool) -> None:
    """Whatever the cadence, and wherever within a reading she went down."""
    lay = (1 - offset) * cadence
    partly = lying(lay, chews=chews) | {"steps": 3 * offset * cadence, "lying_bouts": 1.0}
    day = [
        *every(cadence, 0, 2 * HOUR, standing(cadence)),
        Seen(2 * HOUR + cadence, partly, interval_minutes=cadence),
        *every(cadence, 2 * HOUR + cadence, 12 * HOUR, lying(cadence, chews=chews)),
    ]

    ((phase, minute),) = Watch(Down(), USUAL).told(day)

    went_down = 2 * HOUR + cadence - lay
    assert phase is Phase.ONSET
    assert 3.9 * HOUR < minute - went_down <= 6 * HOUR


@pytest.mark.parametrize("cadence", [5, 10, 60, 120])
def test_a_good_rest_is_none(cadence: int) -> None:
    """Three hours of lying, a quarter of an hour on her legs, and three more."""
    hours = [
        *every(cadence, 0, 4 * HOUR - cadence, lying(cadence)),
        *every(cadence, 4 * HOUR - cadence, 4 * HOUR, standing(cadence)),
        *every(cadence, 4 * HOUR, 8 * HOUR - cadence, lying(cadence)),
        *every(cadence, 8 * HOUR - cadence, 9 * HOUR, standing(cadence)),
    ]

    assert Watch(Down(), USUAL).told(hours) == []


def test_getting_up_between_two_readings_is_seen_by_the_count_of_bouts() -> None:
    """She turned over: the minutes say nothing of it, the count of bouts does."""
    turned = [
        Seen(one.minute, lying(5, lying_bouts=float(one.minute == 3 * HOUR)), interval_minutes=5)
        for one in every(5, 0, 6 * HOUR, {})
    ]

    assert Watch(Down(), USUAL).told(turned) == []


@pytest.mark.parametrize("signal", ["steps", "activity"])
def test_without_lying_stillness_beside_her_usual_is_judged(signal: str) -> None:
    """Many collars measure one number only, in units of their own."""
    still = every(10, 0, 8 * HOUR, {signal: 0.4})
    alive = every(10, 0, 8 * HOUR, {signal: 8.0})

    assert [phase for phase, _ in Watch(Down(), USUAL).told(still)] == [Phase.ONSET]
    assert Watch(Down(), USUAL).told(alive) == []


def test_what_is_usual_has_to_be_known_for_that() -> None:
    """A sensor that always says nought is a sensor, not a cow."""
    assert Watch(Down()).told(every(10, 0, 8 * HOUR, {"activity": 0.0})) == []


def test_who_eats_or_walks_while_her_collar_says_lying_is_not_down() -> None:
    """A posture that hangs stuck is contradicted by all the rest."""
    eats = every(10, 0, 12 * HOUR, lying(10, eating_minutes=2.0))
    walks = every(10, 0, 12 * HOUR, lying(10) | {"steps": 15.0})

    assert Watch(Down(), USUAL).told(eats) == []
    assert Watch(Down(), USUAL).told(walks) == []


def test_hours_that_nobody_heard_are_not_counted_as_lying() -> None:
    """Out of reach of the station she may have walked about."""
    apart = [*every(10, 0, 3 * HOUR, lying(10)), *every(10, 6 * HOUR, 9 * HOUR, lying(10))]

    assert Watch(Down(), USUAL).told(apart) == []


def test_it_is_over_when_she_is_on_her_legs_and_not_by_a_struggle() -> None:
    """Whoever has help her up sees it end; one that tries in vain stays down."""
    down = every(10, 0, 8 * HOUR, lying(10, chews=False))
    tries = every(10, 8 * HOUR, 8 * HOUR + 10, standing(10))
    still = every(10, 8 * HOUR + 10, 9 * HOUR, lying(10, chews=False))
    up = every(10, 9 * HOUR, 10 * HOUR, standing(10))

    told = Watch(Down(), USUAL).told([*down, *tries, *still, *up])

    assert [phase for phase, _ in told] == [Phase.ONSET, Phase.END]
    assert told[1][1] == 9 * HOUR + 20


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_the_answer_does_not_hang_on_where_the_log_is_cut(batch: int) -> None:
    """Bouts last for hours: most of one lies in what is remembered."""
    day = [*every(10, 0, 7 * HOUR, lying(10)), *every(10, 7 * HOUR, 9 * HOUR, standing(10))]
    whole, pieces = Watch(Down(), USUAL), Watch(Down(), USUAL)

    assert cut(pieces, day, batch) == whole.told(day) != []
    for name, array in whole.memory.to_arrays(1).items():
        assert array.tobytes() == pieces.memory[name][:1].tobytes(), name


def test_late_and_repeated_readings_do_not_stand_between() -> None:
    """A letter of the morning, when she stood, comes in the middle of her bout."""
    bout = every(10, HOUR, 8 * HOUR, lying(10))
    late = [*bout[:20], Seen(30, standing(10)), bout[3], *bout[20:]]

    assert [phase for phase, _ in Watch(Down(), USUAL).told(late)] == [Phase.ONSET]


def test_the_evidence_is_how_long_she_has_lain() -> None:
    """And that she has not ruminated; told again, it says how long it is by now."""
    watch = Watch(Down(), USUAL)

    (change,) = watch.see(every(10, 0, 5 * HOUR, lying(10, chews=False)))

    lies, chewed = change.evidence
    assert (lies.signal, lies.value, lies.limit) == ("lying_minutes", 240.0, 240.0)
    assert (chewed.signal, chewed.value) == ("rumination_minutes", 0.0)
    assert change.onset_us == 0
    assert watch.detector.evidence(watch.memory, 0)[0].value == 300.0


def test_a_farm_may_wait_longer_or_shorter() -> None:
    """Its own limits are those it is judged by."""
    patient = Down(SPEC.tuned({"bout_hours": 9.0, "known_hours": 9.0, "idle_bout_hours": 9.0}))

    assert Watch(patient, USUAL).told(every(10, 0, 8 * HOUR, lying(10))) == []


def test_readings_moved_out_of_her_bout_begin_it_anew() -> None:
    """The collar lay on another cow for an hour of it."""
    watch = Watch(Down(), USUAL)
    watch.see(every(10, 0, 4 * HOUR, lying(10)))

    watch.detector.forget(0, 90 * 60_000_000, watch.memory, ends=False)

    assert watch.told(every(10, 4 * HOUR, 8 * HOUR, lying(10))) == []
    assert watch.memory["run"][0] > UNDER
