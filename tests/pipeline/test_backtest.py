"""Other limits over a farm's own log: what both tell, what only one tells, who was diagnosed."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.animal_event import AnimalDiagnosed, DetectorTuned, TunedLimit
from contracts.context import Context
from contracts.detection import Condition
from contracts.envelope import Event
from contracts.ids import AnimalId, FarmId
from contracts.messages import event_type_of
from pipeline.backtest import Backtest, Pair, UnknownDetectorError
from pipeline.backtest_figures import figures
from pipeline.detectors.base import UnknownLimitError
from tests.builders import FARM, a_reading, a_tick, an_event, at
from tests.pipeline.logs import READER, values_of

BEGIN = at("2026-03-01T00:00Z")
BELLA, CLARA = "nl-0017", "nl-0018"
MILD_C, HIGH_C, HEALTHY_C = 39.8, 41.0, 38.6  # in the rumen: the card's limit lies between both
CHANGED = {"fever": {"rumen_c": 39.7}}


def day_of(animal: str, celsius: float, farm: FarmId = FARM) -> list[Event[Any]]:
    """A day of readings at ten minutes, warm from hour 6 to hour 9."""
    return [
        a_reading(
            animal=animal,
            farm=farm,
            collar=f"c-{animal}-{farm}",
            seq=number + 1,
            time=BEGIN + timedelta(minutes=10 * number),
            interval_s=600,
            temperature_c=celsius if 36 <= number < 54 else HEALTHY_C,
            temperature_site="rumen",
        )
        for number in range(144)
    ]


def ticked(readings: list[Event[Any]]) -> list[Event[Any]]:
    """The log of these readings in the order of their times, with a tick every ten minutes."""
    ticks = [a_tick(BEGIN + timedelta(minutes=10 * number + 5)) for number in range(144)]
    return sorted([*readings, *ticks], key=lambda event: event.timestamp)


def told(payload: Any, hours: float) -> Event[Context]:  # noqa: ANN401  any event of the register
    """The register's copy of an event, so many hours from the begin."""
    return an_event(
        Context(
            source_offset=int(100 * hours),
            source_event_id=f"e-{hours}",
            source_event_type=event_type_of(type(payload)),
            details_json=msgspec.json.encode(payload).decode(),
        ),
        timestamp=BEGIN + timedelta(hours=hours),
    )


def diagnosed(animal: str, condition: str, hours: float) -> Event[Context]:
    """What somebody found who looked at her."""
    when = BEGIN + timedelta(hours=hours)
    found = AnimalDiagnosed(animal_id=AnimalId(animal), diagnosed_at=when, condition=condition)
    return told(found, hours)


def read(
    log: list[Event[Any]], limits: dict[str, dict[str, float]], batch: int = 10_000
) -> Backtest:
    """A back-test that has read the log in batches of so many."""
    backtest, values = Backtest(FARM, limits), values_of(log)
    for start in range(0, len(values), batch):
        backtest.feed(READER.read(values[start : start + batch]))
    return backtest


def subjects(pair: Pair) -> tuple[list[str], list[str], list[str]]:
    """Whose fever both told of, whose only one did."""
    sides = ([now for now, _ in pair.both], pair.only_now, pair.only_changed)
    now, only_now, only_changed = (
        [case.subject_id for case in side if case.condition is Condition.FEVER] for side in sides
    )
    return now, only_now, only_changed


LOG = ticked([*day_of(BELLA, HIGH_C), *day_of(CLARA, MILD_C)])


@pytest.mark.parametrize("batch", [7, 10_000])
def test_a_lower_limit_tells_of_whom_the_running_one_is_silent(batch: int) -> None:
    """Whoever turns a threshold sees whom he would have been called for, and whom not."""
    assert subjects(read(LOG, CHANGED, batch).pair()) == ([BELLA], [], [CLARA])
    assert subjects(read(LOG, {"fever": {"rumen_c": 42.0}}, batch).pair()) == ([], [BELLA], [])


def test_the_limits_that_run_now_differ_in_nothing() -> None:
    """Otherwise each difference might be the back-test's own."""
    both, only_now, only_changed = subjects(read(LOG, {"fever": {}}).pair())

    assert (both, only_now, only_changed) == ([BELLA], [], [])


def test_a_case_that_begins_earlier_is_the_same_case() -> None:
    """A lower limit is passed sooner: that is lead, not another alert."""
    rising = [
        a_reading(
            animal=BELLA,
            seq=number + 1,
            time=BEGIN + timedelta(minutes=10 * number),
            interval_s=600,
            temperature_c=min(HEALTHY_C + 0.05 * number, 41.0),
            temperature_site="rumen",
        )
        for number in range(144)
    ]

    pair = read(ticked(rising), CHANGED).pair()

    ((now, changed),) = [both for both in pair.both if both[0].condition is Condition.FEVER]
    assert changed.known_at < now.known_at
    assert (pair.only_now, pair.only_changed) == ((), ())


def test_neighbours_of_the_partition_do_not_count() -> None:
    """Farms share partitions; another farm's nights are not this one's business."""
    log = ticked([*day_of(BELLA, HIGH_C), *day_of(CLARA, HIGH_C, FarmId("farm-b"))])

    assert subjects(read(log, CHANGED).pair()) == ([BELLA], [], [])


def test_figures_say_who_was_diagnosed_and_what_a_day_would_have_brought() -> None:
    """Fewer alerts are no gain if they are the right ones that went."""
    log = sorted(
        [*LOG, diagnosed(CLARA, "fever", 20), diagnosed(CLARA, "of_tomorrow", 21)],
        key=lambda event: event.timestamp,
    )
    backtest = read(log, CHANGED)
    assert backtest.since
    assert backtest.until

    found = figures(backtest.pair(), backtest.diagnoses, backtest.since, backtest.until)

    fever = found["conditions"][str(Condition.FEVER)]
    assert found["diagnoses"] == fever["diagnoses"] == 1
    assert (fever["now"]["found"], fever["changed"]["found"]) == (0, 1)
    assert (fever["now"]["cases"], fever["changed"]["cases"], fever["both"]) == (1, 2, 1)
    assert [case["animal_id"] for case in found["only_changed"]] == [CLARA]


def test_what_runs_now_is_judged_by_the_farms_own_limits_and_the_changed_side_is_not() -> None:
    """A farm that has tuned a detector asks what another limit would do to it, not to the card."""
    own = DetectorTuned(detector="fever", limits=(TunedLimit(name="rumen_c", value=42.0),))
    log = sorted([*LOG, told(own, 1)], key=lambda event: event.timestamp)

    assert subjects(read(log, {"fever": {}}).pair()) == ([], [], [BELLA])
    assert subjects(read(log, {"collar_silent": {}}).pair()) == ([], [], [])


def test_what_is_not_there_is_named() -> None:
    """A slip of the pen must not run for minutes and then say that nothing changed."""
    with pytest.raises(UnknownDetectorError, match=r"no detector heat: there are .*fever"):
        Backtest(FARM, {"heat": {}})
    with pytest.raises(UnknownLimitError, match="fever has no limit rumen_f"):
        Backtest(FARM, {"fever": {"rumen_f": 104.0}})
