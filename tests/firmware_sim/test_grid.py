"""The grid: a place and a time are one, so a reading's seq can be told from its time alone."""

from datetime import timedelta

from contracts.ids import CollarId
from firmware_sim.grid import Grid, grid_of
from tests.builders import MORNING


def test_a_place_is_the_last_until_its_time_and_not_a_second_earlier() -> None:
    """Never twice, never skipped: both follow from this."""
    grid = Grid(interval_s=300, phase_s=17)
    at = grid.time_of(1000)

    assert grid.last_until(at) == 1000
    assert grid.last_until(at - timedelta(seconds=1)) == 999
    assert grid.last_until(at + timedelta(seconds=299, microseconds=999_999)) == 1000
    assert (
        grid.time_of(grid.last_until(MORNING))
        <= MORNING
        < grid.time_of(grid.last_until(MORNING) + 1)
    )


def test_collars_are_spread_over_the_interval() -> None:
    """A herd that speaks in one second is silent for the other 299."""
    phases = [grid_of(CollarId(f"c-{number}"), 300).phase_s for number in range(200)]

    assert len({phase // 30 for phase in phases}) == 10
    assert phases[7] == grid_of(CollarId("c-7"), 300).phase_s
