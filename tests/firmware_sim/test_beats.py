"""On its grid: no place left out, none twice, whether the clock stands, runs or is real."""

from datetime import datetime, timedelta

from contracts.clock import FakeClock, FarmClock
from contracts.ids import AnimalId, CollarId
from firmware_sim.beats import OnItsGrid
from firmware_sim.collar import Buffered, Collar
from firmware_sim.conditions import Laid, Silence
from firmware_sim.grid import grid_of
from firmware_sim.member import Member, Worn
from tests.builders import FARM, MORNING

HOUR = timedelta(hours=1)


def a_member(number: int, *conditions: Laid) -> Member:
    """One animal with her collar."""
    worn = Worn(
        farm_id=FARM,
        animal_id=AnimalId(f"nl-{number}"),
        collar_id=CollarId(f"c-{number}"),
        user=f"c-{number}",
        password="",
    )
    return Member(worn, Collar(worn.collar_id, boot_id=1, jitter=lambda: 0.5), conditions)


def three() -> list[Member]:
    """A herd of three."""
    return [a_member(number) for number in range(3)]


def on_its_grid(members: list[Member], clock: FakeClock) -> OnItsGrid:
    """Since the morning, every five minutes."""
    return OnItsGrid(members, clock, since=MORNING, interval_s=300)


def readings(beat: OnItsGrid) -> list[Buffered]:
    """Everything that is due now."""
    return [reading for _, reading in beat.measure(measuring=True)]


def all_places(members: list[Member], until: datetime) -> set[tuple[str, int]]:
    """Collar and seq of each place in (morning, until]."""
    grids = {one.worn.collar_id: grid_of(one.worn.collar_id, 300) for one in members}
    return {
        (collar_id, place)
        for collar_id, grid in grids.items()
        for place in range(grid.last_until(MORNING) + 1, grid.last_until(until) + 1)
    }


def test_every_place_is_measured_once_however_the_clock_is_looked_at() -> None:
    """At sixty times the speed one turn of the loop passes several places; in real time none."""
    members, clock = three(), FakeClock(MORNING)
    beat = on_its_grid(members, clock)
    beat.follow_clock()
    found: list[Buffered] = []
    for minutes in (0, 1, 1, 2, 7, 30, 0, 300, 1000, 3, 4):
        clock.advance(timedelta(minutes=minutes))
        found += readings(beat)

    assert len(found) == len({(one.collar_id, one.seq) for one in found})
    assert {(one.collar_id, one.seq) for one in found} == all_places(members, clock.now())
    for collar_id in ("c-0", "c-1", "c-2"):
        seqs = [one.seq for one in found if one.collar_id == collar_id]
        assert seqs == sorted(seqs)


def test_a_reading_is_a_function_of_its_place_alone() -> None:
    """What a killed simulator sends again must be the same event with the same content."""
    first = on_its_grid(three(), FakeClock(MORNING))
    first.reach(MORNING + 30 * HOUR)
    at_once = readings(first)
    again = OnItsGrid(three(), FakeClock(MORNING), since=MORNING + 10 * HOUR, interval_s=300)
    in_steps: list[Buffered] = []
    for hours in (11, 17, 30):
        again.reach(MORNING + hours * HOUR)
        in_steps += readings(again)

    late = [one for one in at_once if one.time > MORNING + 10 * HOUR]
    assert sorted(in_steps, key=lambda one: one.event_id) == sorted(
        late, key=lambda one: one.event_id
    )


def test_nothing_is_measured_before_a_horizon_is_given() -> None:
    """A farm that imports its past must not hear of its present first."""
    clock = FakeClock(MORNING)
    beat = on_its_grid(three(), clock)
    clock.advance(5 * HOUR)

    assert readings(beat) == []

    beat.reach(MORNING + HOUR)

    assert len(readings(beat)) == 3 * 12
    assert beat.has_measured(MORNING + HOUR)
    assert not beat.has_measured(MORNING + 2 * HOUR)


def test_a_paused_herd_catches_up_on_its_grid() -> None:
    """A place is a time: what was not measured while paused is measured then."""
    clock = FakeClock(MORNING)
    beat = on_its_grid(three(), clock)
    beat.follow_clock()
    clock.advance(HOUR)

    assert beat.measure(measuring=False) == []
    assert len(readings(beat)) == 3 * 12


def test_what_a_dead_collar_would_have_measured_never_was() -> None:
    """Its places stay empty: a seq stands for the same time whatever happened before."""
    silence = Silence(begins_at=MORNING + HOUR, ends_at=MORNING + 3 * HOUR, buffered=False)
    members = [a_member(1, silence)]
    beat = on_its_grid(members, FakeClock(MORNING))
    beat.reach(MORNING + 4 * HOUR)

    found = readings(beat)

    assert len(found) == 24
    assert all(not silence.covers(one.time) for one in found)
    assert all(grid_of(one.collar_id, 300).time_of(one.seq) == one.time for one in found)
    assert len(members[0].collar) == 24


def test_a_running_farm_clock_is_followed_into_real_time() -> None:
    """The demo's clock runs two hours in two minutes, then is the wall's."""
    real = FakeClock(MORNING)
    farm = FarmClock(MORNING, lead=2 * HOUR, speed=60.0)

    class Followed:
        def now(self) -> datetime:
            return farm.at(real.now())

    members = three()
    since = MORNING - 2 * HOUR
    beat = OnItsGrid(members, Followed(), since=since, interval_s=300)
    beat.follow_clock()
    found: list[Buffered] = []
    for _ in range(400):
        real.advance(timedelta(seconds=1))
        found += readings(beat)

    grids = [grid_of(one.worn.collar_id, 300) for one in members]
    until = real.now()
    assert len(found) == sum(grid.last_until(until) - grid.last_until(since) for grid in grids)
    assert max(one.time for one in found) > MORNING
