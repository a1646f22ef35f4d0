"""A herd's history in memory: every place of every grid once, in the order of receiving."""

from datetime import timedelta

from contracts.envelope import Event
from contracts.ids import FarmId
from contracts.reading import CollarReading
from firmware_sim.conditions import Course, Silence
from firmware_sim.grid import grid_of
from firmware_sim.history import a_herd, herd_readings
from tests.builders import MORNING

FARM = FarmId("home")
HERD = a_herd(FARM, 3)
UNTIL = MORNING + timedelta(hours=20)
FIRST = HERD[0]


def told(course: Course | None = None) -> list[Event[CollarReading]]:
    """Twenty hours of three animals."""
    return list(herd_readings(FARM, HERD, MORNING, UNTIL, course=course))


def silent(*, buffered: bool) -> Course:
    """The first animal's collar is not heard for two hours."""
    silence = Silence(
        begins_at=MORNING + timedelta(hours=5),
        ends_at=MORNING + timedelta(hours=7),
        buffered=buffered,
    )
    return Course({FIRST.animal_id: (silence,)})


def seqs_of_first(events: list[Event[CollarReading]]) -> list[int]:
    """The first collar's seqs, as received."""
    return [one.payload.seq for one in events if one.aggregate_id == FIRST.animal_id]


def test_every_place_of_the_grid_is_read_once() -> None:
    """Twelve an hour of each animal, each its own event."""
    events = told()

    assert len(events) == 3 * 20 * 12
    assert len({one.event_id for one in events}) == len(events)
    assert all(MORNING < one.timestamp <= UNTIL for one in events)
    grid = grid_of(FIRST.collar_id, 300)
    assert all(
        grid.time_of(one.payload.seq) == one.timestamp
        for one in events
        if one.payload.collar_id == FIRST.collar_id
    )


def test_readings_come_in_the_order_in_which_they_are_received() -> None:
    """That is the order of a farm's log."""
    received = [one.payload.received_at for one in told(silent(buffered=True))]

    assert received == sorted(received)


def test_a_buffered_silence_is_caught_up_and_a_dead_collars_readings_never_were() -> None:
    """Both are silence while it lasts; only one leaves a gap."""
    whole = seqs_of_first(told())

    assert seqs_of_first(told(silent(buffered=True))) == whole
    assert len(seqs_of_first(told(silent(buffered=False)))) == len(whole) - 24
    late = [
        one
        for one in told(silent(buffered=True))
        if one.payload.received_at - one.timestamp > timedelta(minutes=1)
    ]
    assert len(late) == 24


def test_a_span_in_two_parts_is_the_span_in_one() -> None:
    """History is laid down in steps."""
    middle = MORNING + timedelta(hours=7, seconds=23)
    parts = [
        *herd_readings(FARM, HERD, MORNING, middle),
        *herd_readings(FARM, HERD, middle, UNTIL),
    ]

    assert [one.event_id for one in parts] == [one.event_id for one in told()]
    assert parts == told()
