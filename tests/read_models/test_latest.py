"""What a batch of readings changes of the latest values: pure, so every rule is tested bare."""

from datetime import timedelta
from typing import Any

from contracts.columns import columns_of, micros
from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.reading import CLOCK_AHEAD, NOBODY
from read_models.latest import Move, Put, canonical_lines, latest_from_json, newest_of
from tests.builders import FARM, MORNING, a_reading
from tests.read_models.measured import moved


def changes(*readings: Event[Any]) -> tuple[Put | Move, ...]:
    """What the batch changes, in order."""
    return newest_of(columns_of(list(enumerate(readings)))).changes


def newest(*readings: Event[Any]) -> dict[tuple[str, str], dict[str, float]]:
    """(farm, animal) → measures of what the batch leaves."""
    puts = [change for change in changes(*readings) if isinstance(change, Put)]
    return {
        (put.farm_id, put.animal_id): latest_from_json(f"[{put.kept}]")[put.animal_id].measures
        for put in puts  # the later over the earlier, as they are applied
    }


def test_of_a_whole_backlog_one_reading_an_animal_is_left() -> None:
    """A collar that was away brings hundreds: Redis is told one."""
    readings = [a_reading(seq=seq, activity=float(seq)) for seq in (3, 9, 1)]

    assert newest(*readings) == {(FARM, "nl-0017"): {"activity": 9.0}}


def test_of_two_at_one_moment_the_later_in_the_log_counts() -> None:
    """Every replay reads the log in the same order, so every replay agrees."""
    neck = a_reading(collar="c-1", time=MORNING, activity=4.0)
    bolus = a_reading(collar="c-2", time=MORNING, temperature_c=39.0)

    assert newest(neck, bolus) == {(FARM, "nl-0017"): {"temperature_c": 39.0}}
    assert newest(bolus, neck) == {(FARM, "nl-0017"): {"activity": 4.0}}


def test_a_collar_that_is_older_is_applied_before_the_newer() -> None:
    """What is applied last stands; and one that is refused must leave the other."""
    bolus, neck = a_reading(collar="c-2", seq=4), a_reading(collar="c-1", seq=9)

    found = changes(neck, bolus)

    assert [change.collar_id for change in found if isinstance(change, Put)] == ["c-2", "c-1"]


def test_a_move_keeps_its_place_among_the_readings() -> None:
    """What came before it may be taken away by it, what came after may not."""
    first, last = a_reading(seq=1), a_reading(seq=2)
    move = moved(first, "nl-0018", taken_by=3, first_offset=70)

    found = changes(first, move, last)

    assert [type(change) for change in found] == [Put, Move, Put]
    taken = found[1]
    assert isinstance(taken, Move)
    assert (taken.taken_from, taken.event_id) == ("nl-0017", first.event_id)
    assert (taken.taken_by, taken.put.animal_id) == (3, "nl-0018")


def test_what_nobody_wore_is_kept_nowhere() -> None:
    """A collar in a drawer measures, too."""
    (found,) = changes(moved(a_reading(), NOBODY, taken_by=3, first_offset=70))

    assert isinstance(found, Move)
    assert found.put.kept == ""


def test_farms_do_not_mix_even_where_animals_share_an_id() -> None:
    """Two herds may both have a cow named 17."""
    there = FarmId("farm-b")

    found = newest(a_reading(seq=1, activity=1.0), a_reading(seq=2, farm=there, activity=2.0))

    assert found == {(FARM, "nl-0017"): {"activity": 1.0}, (there, "nl-0017"): {"activity": 2.0}}


def test_a_farm_is_as_fresh_as_its_newest_reading_and_its_newest_arrival() -> None:
    """Late data arrive now and tell of yesterday: both times are shown."""
    fresh, late = a_reading(seq=9), a_reading(seq=1, received_at=MORNING + timedelta(hours=5))

    found = newest_of(columns_of([(0, fresh), (1, late)]))

    assert found.farms == {
        FARM: (micros(fresh.timestamp), micros(MORNING + timedelta(hours=5))),
    }


def test_readings_ahead_of_their_time_change_nothing() -> None:
    """They would stand as the newest until the clock of the world has caught up."""
    found = newest_of(columns_of([(0, a_reading(seq=5, clock=CLOCK_AHEAD))]))

    assert (found.farms, found.changes) == ({}, ())


def test_lines_for_comparing_replays_are_sorted_and_whole() -> None:
    """Two replays are compared by them."""
    found = changes(a_reading(animal="b"), a_reading(animal="a"))
    texts = ",".join(put.kept for put in found if isinstance(put, Put))

    lines = canonical_lines(latest_from_json(f"[{texts}]"))

    assert [line[:16] for line in lines] == ['{"animal_id":"a"', '{"animal_id":"b"']
    assert all("c-17" in line for line in lines)
