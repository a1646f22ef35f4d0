"""A farm's own time while it imports its past: it only ever moves on, and ends with going live."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.animal_event import (
    Corner,
    DetectorTuned,
    FarmLive,
    FarmTimeMoved,
    FenceDrawn,
    FenceRemoved,
    TunedLimit,
)
from contracts.clock import FakeClock
from contracts.context import Context
from contracts.ids import FarmId, InvalidIdError, UserId
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import ANIMALS, partition_of_farm
from event_store.memory import MemoryEventStore
from herdbook import (
    FarmIsLiveError,
    FenceRefusedError,
    Herdbook,
    LimitRefusedError,
    TimeRefusedError,
)
from herdbook.domain.errors import CorruptStreamError
from herdbook.domain.farm import Farm, evolve_farm
from herdbook.feed import register_records
from tests.builders import FARM, MORNING, an_event
from tests.herdbook.overtaken import OvertakenStore

ANNA = UserId("u-1")
NOW = MORNING + timedelta(days=14)


@pytest.fixture
def herdbook() -> Herdbook:
    """A register on the day after the past that is imported."""
    return Herdbook(MemoryEventStore(), clock=FakeClock(NOW))


def told(herdbook: Herdbook) -> list[object]:
    """What the farm's stream holds."""
    return [event.payload for event in herdbook.store.load(f"farm:{FARM}")]


def test_time_moves_on_step_by_step_until_the_farm_is_live(herdbook: Herdbook) -> None:
    """Each step's position is what an importer waits for before it tells more."""
    steps = [MORNING + timedelta(hours=6 * step) for step in range(3)]

    positions = [herdbook.move_time(FARM, to, by=ANNA) for to in steps]
    live_at = herdbook.go_live(FARM, by=ANNA)

    assert [*positions, live_at] == [1, 2, 3, 4]
    assert told(herdbook) == [
        *(FarmTimeMoved(to_at=to) for to in steps),
        FarmLive(imported_to_at=steps[-1]),
    ]


def test_an_order_repeated_or_overtaken_changes_nothing(herdbook: Herdbook) -> None:
    """An importer that was killed begins its last step again; time never moves back."""
    reached = herdbook.move_time(FARM, MORNING + timedelta(hours=6), by=ANNA)

    again = herdbook.move_time(FARM, MORNING + timedelta(hours=6), by=ANNA)
    behind = herdbook.move_time(FARM, MORNING, by=ANNA)

    assert (again, behind) == (reached, reached)
    assert len(told(herdbook)) == 1


def test_going_live_twice_is_going_live_once(herdbook: Herdbook) -> None:
    """Also a farm without a past may be told to be live."""
    assert herdbook.go_live(FARM, by=ANNA) == herdbook.go_live(FARM, by=ANNA)
    assert told(herdbook) == [FarmLive(imported_to_at=None)]


def test_a_live_farms_time_cannot_be_moved(herdbook: Herdbook) -> None:
    """Its timers run by everybody's ticks; what comes late is judged as late."""
    herdbook.move_time(FARM, MORNING, by=ANNA)
    herdbook.go_live(FARM, by=ANNA)

    with pytest.raises(FarmIsLiveError, match="farm farm-a is live"):
        herdbook.move_time(FARM, MORNING + timedelta(hours=6), by=ANNA)

    assert len(told(herdbook)) == 2


def test_time_is_not_moved_ahead_of_now(herdbook: Herdbook) -> None:
    """One step into the future would leave all readings until then unjudged."""
    with pytest.raises(TimeRefusedError, match=r"it is 2026-03-15T04:00:00Z"):
        herdbook.move_time(FARM, NOW + timedelta(seconds=1), by=ANNA)

    assert told(herdbook) == []


def test_no_farm_without_an_id(herdbook: Herdbook) -> None:
    """An id outside the grammar names no stream."""
    with pytest.raises(InvalidIdError):
        herdbook.go_live(FarmId("a farm"), by=ANNA)


def test_an_importer_overtaken_by_another_decides_again() -> None:
    """The other was further already: nothing is left to tell."""
    store = OvertakenStore()
    herdbook, further = Herdbook(store, clock=FakeClock(NOW)), MORNING + timedelta(hours=6)
    store.overtakers = [lambda: herdbook.move_time(FARM, further, by=ANNA)]

    herdbook.move_time(FARM, MORNING, by=ANNA)

    assert told(herdbook) == [FarmTimeMoved(to_at=further)]


def test_the_farms_own_partition_hears_of_it(herdbook: Herdbook) -> None:
    """Herd-clock, who owns the partition, makes ticks and context of it."""
    herdbook.move_time(FARM, MORNING, by=ANNA)
    serde = Serde(FixedSchemaIds())

    (record,) = register_records(herdbook.store, serde)(herdbook.store.read(0, 10))

    assert record.kafka_topic is ANIMALS
    assert (record.key, record.partition) == (FARM, partition_of_farm(FARM))
    event = serde.decode(record.value)
    assert (event.payload, event.timestamp) == (FarmTimeMoved(to_at=MORNING), NOW)
    assert (event.actor, event.aggregate_id) == ("user:u-1", FARM)


def test_what_cannot_follow_is_a_damaged_stream() -> None:
    """Better no answer than a wrong one."""
    stray = Context(source_offset=1, source_event_id="e", source_event_type="t", details_json="{}")
    for farm, payload in ((Farm(live=True), FarmTimeMoved(to_at=MORNING)), (Farm(), stray)):
        with pytest.raises(CorruptStreamError):
            evolve_farm(farm, an_event(payload))


def square(**said: Any) -> FenceDrawn:  # noqa: ANN401  any field
    """A paddock."""
    corners = [(52.0, 5.0), (52.0, 5.01), (52.01, 5.01), (52.01, 5.0)]
    given = {
        "fence_id": "north",
        "name": "North paddock",
        "corners": tuple(Corner(latitude=at, longitude=to) for at, to in corners),
    }
    return FenceDrawn(**(given | said))


def test_a_fence_stands_until_it_is_removed(herdbook: Herdbook) -> None:
    """Drawn twice the same it is one; a fence nobody drew cannot be removed."""
    herdbook.draw_fence(FARM, square(), by=ANNA)
    herdbook.draw_fence(FARM, square(), by=ANNA)
    herdbook.draw_fence(FARM, square(group="heifers"), by=ANNA)
    herdbook.remove_fence(FARM, "north", by=ANNA)

    assert told(herdbook) == [square(), square(group="heifers"), FenceRemoved(fence_id="north")]
    with pytest.raises(FenceRefusedError, match="no fence north"):
        herdbook.remove_fence(FARM, "north", by=ANNA)


@pytest.mark.parametrize(
    "corners",
    [
        (),
        (Corner(latitude=52, longitude=5),) * 4,
        (*square().corners[:2], Corner(latitude=91, longitude=5)),
        (*square().corners[:2], Corner(latitude=float("nan"), longitude=5)),
    ],
)
def test_a_fence_that_encloses_nothing_is_refused(
    herdbook: Herdbook, corners: tuple[Corner, ...]
) -> None:
    """Every animal of the farm would be outside it."""
    with pytest.raises(FenceRefusedError):
        herdbook.draw_fence(FARM, square(corners=corners), by=ANNA)


def test_a_farms_own_limits_are_told_whole_and_can_be_taken_back(herdbook: Herdbook) -> None:
    """What a detector judges by at any place of the log is the newest event before it."""
    own = DetectorTuned(detector="oestrus", limits=(TunedLimit(name="activity_factor", value=2.0),))
    back = DetectorTuned(detector="oestrus", reason="too many missed")

    for order in (back, own, own, back):
        herdbook.tune_detector(FARM, order, by=ANNA)

    assert told(herdbook) == [own, back]
    for limits in (own.limits * 2, (TunedLimit(name="activity_factor", value=float("inf")),)):
        with pytest.raises(LimitRefusedError):
            herdbook.tune_detector(FARM, DetectorTuned(detector="oestrus", limits=limits), by=ANNA)


def test_rolling_back_goes_to_the_limits_before(herdbook: Herdbook) -> None:
    """A promotion that was a mistake is taken back by one event, and twice back is forth again."""
    first = (TunedLimit(name="activity_factor", value=2.0),)
    second = (TunedLimit(name="activity_factor", value=1.3),)
    with pytest.raises(LimitRefusedError, match="no limits of its own"):
        herdbook.roll_back_detector(FARM, "oestrus", by=ANNA)

    for limits in (first, second):
        herdbook.tune_detector(FARM, DetectorTuned(detector="oestrus", limits=limits), by=ANNA)
    back = [herdbook.roll_back_detector(FARM, "oestrus", by=ANNA).limits for _ in range(2)]

    assert back == [first, second]
