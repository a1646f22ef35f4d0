"""Log time, deaf spans, and which readings may be judged."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tables import NEVER
from pipeline.windows import (
    AHEAD_MAX_US,
    LATE_MAX_US,
    LINE_US,
    LogTime,
    line_of,
    log_us_at,
    may_be_judged,
    united,
)

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda s: (s[0], sum(s))))


def test_log_time_is_the_highest_tick() -> None:
    """Two writers overlap for a moment: their ticks must not move time back."""
    times = LogTime()

    for at_us in (10, 30, 20):
        times.tick(None, at_us)

    assert times.of("farm-a") == 30


def test_a_farm_that_imports_has_a_time_of_its_own_until_it_is_live() -> None:
    """Its past must not be judged late by the clock of its neighbours."""
    times = LogTime()
    times.tick(None, 1000)
    times.tick("farm-a", 10)

    in_import = times.of("farm-a"), times.of("farm-b")
    times.go_live("farm-a")

    assert in_import == (10, 1000)
    assert times.of("farm-a") == 1000


def test_a_live_farm_is_not_held_by_a_tick_of_its_past_that_comes_again() -> None:
    """Herd-clock writes at least once; held there, nobody of the farm would ever be missed."""
    times = LogTime()
    times.tick(None, 1000)
    times.tick("farm-a", 10)
    times.go_live("farm-a")
    times.tick("farm-a", 10)

    assert times.of("farm-a") == 1000


@given(spans)
def test_united_spans_cover_what_they_covered_once(found: list[tuple[int, int]]) -> None:
    """A deaf span told by two writers must count once, or silence would seem shorter."""
    together = united(found)

    covered = {moment for began, ended in found for moment in range(began, ended)}
    assert [m for began, ended in together for m in range(began, ended)] == sorted(covered)
    assert all(one[1] < two[0] for one, two in itertools.pairwise(together))


def test_hearing_time_leaves_out_what_nobody_could_hear() -> None:
    """Our own outage must not look like silent collars."""
    times = LogTime()
    for span in ((10, 20), (15, 30), (15, 30)):
        times.add_deaf(*span)

    assert times.hearing_us(0, 100) == 80
    assert times.hearing_us(12, 18) == 0


def test_old_deaf_spans_are_forgotten() -> None:
    """Nothing asks beyond late_max, and the list must not grow for ever."""
    times = LogTime()
    times.tick(None, 10 * LATE_MAX_US)
    times.add_deaf(0, 5)

    times.add_deaf(10 * LATE_MAX_US - 1, 10 * LATE_MAX_US)

    assert times.deaf == [(10 * LATE_MAX_US - 1, 10 * LATE_MAX_US)]


def test_readings_are_judged_between_late_and_ahead() -> None:
    """The edges belong to what is judged; without a tick nothing is late."""
    log_us = 10 * LATE_MAX_US
    occurred = np.array(
        [log_us - LATE_MAX_US, log_us - LATE_MAX_US - 1, log_us + AHEAD_MAX_US, log_us]
    )
    early = np.array([log_us + AHEAD_MAX_US + 1] * 2)
    received = np.array([log_us, log_us + 1])
    log, none = np.full(4, log_us), np.zeros(4, np.bool_)

    found = may_be_judged(occurred, np.zeros(4, np.int64), log, none)
    found_early = may_be_judged(early, received, log[:2], none[:2])
    found_marked = may_be_judged(occurred, occurred, log, ~none)
    found_before_ticks = may_be_judged(occurred, occurred, np.full(4, NEVER), none)

    assert found.tolist() == [True, False, True, True]
    assert found_early.tolist() == [False, True]
    assert not found_marked.any()
    assert found_before_ticks.all()


def test_lines_are_five_minutes_apart() -> None:
    """Ticks act at these lines only; before the first tick there is none."""
    assert line_of(LINE_US * 3 + 1) == line_of(LINE_US * 3) == LINE_US * 3
    assert line_of(NEVER) == NEVER


def test_each_reading_is_judged_at_the_log_time_of_its_place() -> None:
    """A tick in the middle of a batch speaks for what follows it only."""
    found = log_us_at(np.array([0, 2, 4, 9]), [(1, 100), (3, 200)], 50)

    assert found.tolist() == [50, 100, 200, 200]
