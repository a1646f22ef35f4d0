"""Successive readings of one animal: runs on one side of a limit, and what they begin and end.

Problem: what must not wait is judged reading by reading, millions of them, in whatever pieces the
log is read, and a reading may come late or out of order. Approach: time decides what is successive;
a reading not newer than the newest judged one of its animal is counted, but not judged here. All
readings of a segment are judged at once: a run is the distance to where it began, in this segment
or in what is remembered of the animal, and an episode is open from the last run that was long
enough. Rejected: a loop over readings, which costs a hundred times as much.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Phase
from pipeline.detectors.base import Change, Measured
from pipeline.tables import NEVER, Column, Longs, Mask, Table

Side = NDArray[np.int8]
Window = dict[str, Longs]  # by column of memory: (places, readings), oldest first

RUN_MAX = 100  # a longer run is remembered as one of so many: no rule asks for more readings
OVER, BETWEEN, UNDER = 1, 0, -1  # of a reading: speaks for an episode, for neither, for its end


def memory_of(readings: int, *values: str) -> Mapping[str, Column]:
    """What is remembered of an animal: her run, and the newest so many readings judged.

    values: further columns of those readings, integers of hundredths and the like.
    """
    return {
        "run": Column("int8"),  # readings in a row, > 0 over, < 0 under, no further than RUN_MAX
        "since_us": Column("int64", fill=NEVER),  # when what the run says began
        "open": Column("bool"),
        "at_us": Column("int64", (readings,), NEVER),
        **{name: Column("int32", (readings,)) for name in values},
    }


@dataclass(frozen=True, slots=True)
class Course:
    """Readings by animal, then in order of time, all (readings,).

    reading: index in the batch's columns. start: index where the animal's readings begin.
    """

    reading: Longs
    row: Longs
    occurred_us: Longs
    start: Longs

    @property
    def first(self) -> Mask:
        """(readings,): the first of each animal."""
        found: Mask = self.start == np.arange(len(self.row))
        return found

    @property
    def last(self) -> Longs:
        """Indices of the last reading of each animal."""
        return np.nonzero(np.append(self.row[1:] != self.row[:-1], [True]))[0]


@dataclass(frozen=True, slots=True)
class Runs:
    """The run that each reading ends, all (readings,).

    side: as given. length: readings of it. since_us: when what it says began. begin: index of its
    first reading in this segment. carried: whether it began before this segment.
    """

    side: Side
    length: Longs
    since_us: Longs
    begin: Longs
    carried: Mask

    def summed(self, values: Longs, before: Longs) -> Longs:
        """(readings,): the sum over the run so far; before: of what was carried over."""
        total = np.cumsum(values)
        return total - (total - values)[self.begin] + np.where(self.carried, before, 0)


@dataclass(frozen=True, slots=True)
class Turned:
    """(readings,): whether the episode was open before each reading, and is after it."""

    was_open: Mask
    is_open: Mask

    @property
    def places(self) -> Longs:
        """Indices of the readings that begin or end one."""
        return np.nonzero(self.was_open != self.is_open)[0]


def in_time_order(row: Longs, occurred_us: Longs, newest_us: Longs) -> Longs:
    """Indices by animal, then in order of time, of the readings newer than all hers before them.

    newest_us: (rows,), her newest before this segment.
    """
    order = np.argsort(row, kind="stable")
    rows, times = row[order], occurred_us[order]
    kept = np.ones(len(order), np.bool_)
    same = rows[1:] == rows[:-1]
    kept[1:] = ~same | (times[1:] > times[:-1])
    kept &= times > newest_us[rows]
    if not kept.all():  # seldom: one by one, since a dropped reading must not hide the next
        newest = {r: int(newest_us[r]) for r in set(rows.tolist())}
        for place, (r, at) in enumerate(zip(rows.tolist(), times.tolist(), strict=True)):
            kept[place] = at > newest[r]
            newest[r] = max(newest[r], at)
    return order[kept]


def course_of(reading: Longs, row: Longs, occurred_us: Longs) -> Course:
    """Readings that are in that order."""
    here = np.arange(len(row))
    first = np.append([True], row[1:] != row[:-1]) if len(row) else np.zeros(0, np.bool_)
    return Course(reading, row, occurred_us, np.maximum.accumulate(np.where(first, here, 0)))


def runs_of(
    course: Course, side: Side, since_us: Longs, memory: Table, gap_us: Longs | None = None
) -> Runs:
    """The runs of the readings.

    side: OVER, BETWEEN or UNDER, of which BETWEEN ends every run. since_us: when what a reading
    says began: its own time, or the begin of the span it covers. gap_us: further from the one
    before, it begins a run of its own; None: however far.
    """
    here, first = np.arange(len(side)), course.first
    before = np.where(first, np.sign(memory["run"][course.row]), np.roll(side, 1))
    goes_on = (before == side) & (side != BETWEEN)
    if gap_us is not None:
        newest_us = memory["at_us"][course.row, -1]
        last_us = np.where(first, newest_us, np.roll(course.occurred_us, 1))
        goes_on &= course.occurred_us - last_us <= gap_us
    begin = np.maximum.accumulate(np.where(first | ~goes_on, here, 0))
    carried = (goes_on & first)[begin]
    run = np.abs(memory["run"][course.row].astype(np.int64))
    length = here - begin + 1 + np.where(carried, run, 0)
    since = np.where(carried, memory["since_us"][course.row], since_us[begin])
    return Runs(side, np.where(side == BETWEEN, 0, length), since, begin, carried)


def turned(course: Course, begins: Mask, ends: Mask, memory: Table) -> Turned:
    """What the readings at which a run is long enough begin and end."""
    here = np.arange(len(begins))
    decider = np.maximum.accumulate(np.where(begins | ends, here, -1))
    carried: Mask = memory["open"][course.row]
    is_open = np.where(decider >= course.start, begins[decider], carried)
    was_open = np.where(course.first, carried, np.append([False], is_open[:-1]))
    return Turned(was_open, is_open)


def windows(course: Course, values: Window, places: Longs, memory: Table) -> Window:
    """Of each value (places, readings): that of the reading there and those before, oldest first.

    values: (readings,), under the name of the column that remembers what came before them.
    """
    if not len(places):
        return {}
    found = {}
    for name, array in values.items():
        kept = memory[name].shape[1]
        earlier = places[:, None] - np.arange(kept - 1, -1, -1)
        missing = course.start[places][:, None] - earlier  # > 0: so many places into the memory
        window = array[np.maximum(earlier, 0)]
        if (missing > 0).any():
            rows = course.row[places][:, None]
            before = memory[name][rows, kept - np.maximum(missing, 1)]
            window = np.where(missing <= 0, window, before)
        found[name] = window
    return found


def remember(course: Course, runs: Runs, is_open: Mask, values: Window, memory: Table) -> None:
    """Keep what the animals' next readings are judged with; values: as of `windows`."""
    last = course.last
    rows = course.row[last]
    for name, array in windows(course, values, last, memory).items():
        memory[name][rows] = array
    signed = runs.length[last] * runs.side[last]
    memory["run"][rows] = np.clip(signed, -RUN_MAX, RUN_MAX)
    memory["since_us"][rows] = runs.since_us[last]
    memory["open"][rows] = is_open[last]


def forget(row: int, at_us: int, memory: Table, *, ends: bool) -> None:
    """Judge her anew, if one of the newest readings, or of her run over, is of that time.

    See ByReading.
    """
    of_run = memory["run"][row] > 0 and at_us >= memory["since_us"][row]
    if ends or of_run or at_us in memory["at_us"][row].tolist():
        is_open = bool(memory["open"][row]) and not ends
        memory.clear(np.array([row]))
        memory["open"][row] = is_open


def measured(window: Window, signal: str, unit: str, per_unit: int = 100) -> tuple[Measured, ...]:
    """Readings of a window as evidence, oldest first; columns: at_us, value, limit."""
    return tuple(
        Measured(signal, unit, at_us, value / per_unit, limit / per_unit)
        for at_us, value, limit in zip(
            window["at_us"].tolist(),
            window["value"].tolist(),
            window["limit"].tolist(),
            strict=True,
        )
        if at_us != NEVER
    )


def held(memory: Table, row: int, *names: str) -> Window:
    """The window that is remembered of one animal; names: further columns beside at_us."""
    return {name: memory[name][row] for name in ("at_us", *names)}


def change_of(
    course: Course, turns: Turned, place: int, onset_us: int, evidence: tuple[Measured, ...]
) -> Change:
    """The onset or end that the reading at `place` brings."""
    begins = bool(turns.is_open[place])
    return Change(
        phase=Phase.ONSET if begins else Phase.END,
        row=int(course.row[place]),
        reading=int(course.reading[place]),
        onset_us=onset_us if begins else 0,
        evidence=evidence,
    )


def in_log_order(changes: list[Change]) -> list[Change]:
    """As the log brings their readings."""
    return sorted(changes, key=lambda change: change.reading)
