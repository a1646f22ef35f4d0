"""Successive readings: the vectorised machine says what a plain loop says, however it is cut."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detectors import successive
from pipeline.detectors.successive import BETWEEN, OVER, UNDER
from pipeline.tables import NEVER, Table

BEGINS, LASTS, ENDS, GAP = 2, 4, 2, 6  # readings, minutes, readings, minutes
Made = tuple[int, int, int, int]  # row, minute, side, amount

made = st.tuples(
    st.integers(0, 2),
    st.integers(0, 40),
    st.sampled_from([OVER, OVER, BETWEEN, UNDER]),
    st.integers(0, 3),
)


@dataclass
class Cow:
    """What the plain loop remembers of one."""

    newest: int = -1
    side: int = BETWEEN
    run: int = 0
    since: int = 0
    amount: int = 0
    is_open: bool = False


def one_by_one(readings: Sequence[Made]) -> list[tuple[int, bool, int, int, int]]:
    """Whom each judged reading leaves how: (row, open, run, since, amount over the run)."""
    cows: dict[int, Cow] = {}
    found = []
    for row, minute, side, amount in readings:
        cow = cows.setdefault(row, Cow())
        if minute <= cow.newest:
            continue
        goes_on = side == cow.side and side != BETWEEN and minute - cow.newest <= GAP
        if not goes_on:
            cow.run, cow.since, cow.amount = 0, minute, 0
        cow.newest, cow.side = minute, side
        cow.run, cow.amount = (0 if side == BETWEEN else cow.run + 1), cow.amount + amount
        if side == OVER and cow.run >= BEGINS and minute - cow.since >= LASTS:
            cow.is_open = True
        if side == UNDER and cow.run >= ENDS:
            cow.is_open = False
        found.append((row, cow.is_open, cow.run, cow.since, cow.amount))
    return found


def a_table() -> Table:
    """What is remembered of three animals."""
    memory = Table({**successive.memory_of(3, "value"), **successive.memory_of(3)})
    memory.reach(3)
    return memory


def at_once(readings: Sequence[Made], memory: Table) -> list[tuple[int, bool, int, int, int]]:
    """The same by the machine, in the order of the readings; moves `memory` on."""
    row, minute, side, amount = np.array(readings, np.int64).reshape(-1, 4).T
    chosen = successive.in_time_order(row, minute, memory["at_us"][:, -1])
    course = successive.course_of(chosen, row[chosen], minute[chosen])
    if not len(chosen):
        return []
    sides = side[chosen].astype(np.int8)
    gap = np.full(len(chosen), GAP)
    runs = successive.runs_of(course, sides, course.occurred_us, memory, gap)
    before = memory["value"][course.row, -1].astype(np.int64)
    summed = runs.summed(amount[chosen], before)
    lasts = course.occurred_us - runs.since_us >= LASTS
    begins = (sides == OVER) & (runs.length >= BEGINS) & lasts
    ends = (sides == UNDER) & (runs.length >= ENDS)
    turns = successive.turned(course, begins, ends, memory)
    values = {"at_us": course.occurred_us, "value": summed}
    successive.remember(course, runs, turns.is_open, values, memory)
    columns = (course.row, turns.is_open, runs.length, runs.since_us, summed)
    found = [one for _, one in sorted(zip(chosen.tolist(), _rows(columns), strict=True))]
    return [(a, bool(b), c, d, e) for a, b, c, d, e in found]


def _rows(columns: Sequence[np.ndarray]) -> list[tuple[int, int, int, int, int]]:
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(st.lists(made, max_size=60), st.integers(1, 20))
@settings(max_examples=300, deadline=None)
def test_all_at_once_is_as_one_by_one_wherever_the_log_is_cut(
    readings: list[Made], batch: int
) -> None:
    """Runs, their length, begin and sum are carried over from one piece of the log to the next."""
    whole, cut = a_table(), a_table()

    found: list[tuple[int, bool, int, int, int]] = []
    for start in range(0, len(readings), batch):
        found += at_once(readings[start : start + batch], cut)

    assert at_once(readings, whole) == one_by_one(readings)
    assert found == one_by_one(readings)
    for name, array in whole.to_arrays(3).items():
        assert array.tobytes() == cut[name][:3].tobytes(), name


def test_a_run_of_months_fits_its_byte() -> None:
    """A cow that is well for a year is under the limit a hundred thousand times in a row."""
    memory = a_table()

    for batch in range(4):
        at_once([(0, 90 * batch + n, UNDER, 0) for n in range(90)], memory)

    assert memory["run"][0] == -successive.RUN_MAX


def test_what_hangs_on_a_reading_that_was_not_hers_is_forgotten() -> None:
    """The collar hung on another neck: her run begins anew, an episode of before it stays."""
    memory = a_table()
    at_once([(0, 10, OVER, 0), (0, 15, OVER, 0)], memory)

    successive.forget(0, 9, memory, ends=False)
    assert memory["at_us"][0].tolist() == [NEVER, 10, 15]

    successive.forget(0, 12, memory, ends=False)  # older than the newest kept, but of her run
    assert (memory["run"][0], memory["open"][0]) == (0, True)
    assert memory["at_us"][0].tolist() == [NEVER] * 3

    successive.forget(0, 99, memory, ends=True)
    assert not memory["open"][0]
