"""Rumination drop: one animal far below her own usual, while her herd is not."""

from datetime import timedelta

from contracts.detection import Condition, Detection, Phase
from contracts.envelope import Event
from pipeline.detectors.rumination_drop import SPEC
from tests.pipeline.logs import run_all, values_of
from tests.pipeline.weeks import HERD, Change, Measures, after_a_week, days_after, weeks, when

ILL = HERD[3]


def times(
    factor: float, *, since: int = 0, until: int = 10_000, herd: tuple[str, ...] = (ILL,)
) -> Change:
    """Rumination and eating of some animals, changed for some hours."""

    def change(animal: str, hour: int, measures: Measures) -> Measures:
        if animal not in herd or not since <= hour < until:
            return measures
        return measures | {
            name: measures[name] * factor for name in ("rumination_minutes", "eating_minutes")
        }

    return change


def drops(days: float, change: Change) -> list[Event[Detection]]:
    """The rumination drops told in some days after an ordinary week."""
    told = after_a_week(days_after(days, change)).detections
    return [event for event in told if event.payload.condition is Condition.RUMINATION_DROP]


def test_an_animal_that_ruminates_half_as_much_is_told_within_the_day() -> None:
    """It is what falls first in ketosis and displaced abomasum, days before anybody sees it."""
    told, *_ = drops(1, times(0.4))

    assert told.aggregate_id == ILL
    assert told.payload.phase is Phase.ONSET
    assert when(10) < told.payload.known_at < when(24)
    # the line at which it was judged: twenty minutes after its hour, of ticks every hour
    assert told.payload.known_at.minute == 20


def test_it_tells_minutes_usual_limit_eating_and_the_herd() -> None:
    """The farmer reads: 320 of her usual 510 minutes; she eats less too; the herd is as ever."""
    told, *_ = drops(1, times(0.4))

    rumination, eating, herd = told.payload.evidence
    assert (rumination.signal, rumination.unit) == ("rumination_minutes", "min")
    assert rumination.limit is not None
    assert rumination.usual is not None
    assert rumination.value < rumination.limit < rumination.usual
    assert 450 < rumination.usual < 650
    assert rumination.at == told.payload.known_at - timedelta(minutes=20)
    assert (eating.signal, eating.limit) == ("eating_minutes", None)
    assert eating.usual is not None
    assert eating.value < eating.usual
    assert (herd.signal, herd.unit) == ("herd_rumination_pct", "%")
    assert abs(herd.value) < 5


def test_a_herd_that_ruminates_less_as_a_whole_is_not_ill() -> None:
    """A hot day or a new ration takes all of them down; nobody is to be looked at for it."""
    assert drops(2, times(0.5, herd=HERD)) == []


def test_who_falls_further_than_the_herd_is_told() -> None:
    """On a hot day the ill one is still the one to be looked at."""

    def change(animal: str, hour: int, measures: Measures) -> Measures:
        return times(0.5)(animal, hour, times(0.8, herd=HERD)(animal, hour, measures) or {}) or {}

    assert {event.aggregate_id for event in drops(1.5, change)} == {ILL}


def test_it_ends_once_she_ruminates_as_usual() -> None:
    """The case is over when its cause is."""
    told = drops(3.5, times(0.4, until=30))

    phases = [event.payload.phase for event in told]
    assert phases[0] is Phase.ONSET
    assert phases[-1] is Phase.END
    assert set(phases[1:-1]) == {Phase.UPDATE}
    assert len({event.payload.detection_id for event in told}) == 1
    assert when(40) < told[-1].payload.known_at < when(60)


def test_an_ill_week_does_not_become_her_usual() -> None:
    """What she does while she is ill must not teach what is usual for her."""
    told = drops(9, times(0.4, until=24 * 8))

    usual = [event.payload.evidence[0].usual or 0.0 for event in told]
    assert all(abs(one - usual[0]) < 30 for one in usual)
    assert [event.payload.phase for event in told].count(Phase.ONSET) == 1


def test_nothing_is_said_of_hours_that_were_not_heard() -> None:
    """A collar in a dead zone looks like an ill animal to whoever does not count the hours."""

    def silent(animal: str, hour: int, measures: Measures) -> Measures | None:
        return None if animal == ILL and hour % 2 else times(0.4)(animal, hour, measures)

    assert drops(2, silent) == []


def test_nothing_is_said_before_anything_is_usual() -> None:
    """In her first days there is nothing to hold her against."""
    _, told = run_all(values_of(weeks(4, times(0.3, since=60))))

    assert [e for e in told.detections if e.payload.condition is Condition.RUMINATION_DROP] == []
    name = SPEC.name
    reasons = {
        s.why_not for h in told.hour_events() for s in h.payload.scores if s.detector == name
    }
    assert reasons == {"too_few_hours", "no_baseline"}
