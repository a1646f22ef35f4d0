"""Onset and end of what is judged by the hour: held for some hours, ended with hysteresis."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.detection import Phase
from pipeline.detectors.base import NO_READING, Change, Measured
from pipeline.tables import HOUR_US, Column, Longs, Mask, Table

MEMORY: Mapping[str, Column] = {
    "run": Column("uint8"),  # judged hours in a row that speak for a change
    "first_hour": Column("int32"),  # where the run to the newest onset began
    "open": Column("bool"),
}
RUN_MAX = 255


@dataclass(frozen=True, slots=True)
class Hold:
    """Judged hours in a row that an onset, and an end, must hold for."""

    onset_hours: int
    end_hours: int


@dataclass(frozen=True, slots=True)
class Turns:
    """Indices among the judged animals: whose episode begins, and whose ends."""

    begin: Longs
    end: Longs


def turns(memory: Table, rows: Longs, hour: int, over: Mask, under: Mask, hold: Hold) -> Turns:
    """Move the runs of these animals on by one judged hour, opening and closing episodes.

    over: at or over the limit of an onset; under: back under that of an end. Hours between both
    limits break a run of either kind.
    """
    was_open = memory["open"][rows]
    speaks = np.where(was_open, under, over)
    before = memory["run"][rows].astype(np.int64)
    run = np.where(speaks, np.minimum(before + 1, RUN_MAX), 0)
    starts = ~was_open & (run == 1)
    memory["first_hour"][rows] = np.where(starts, hour, memory["first_hour"][rows])
    begins = ~was_open & (run >= hold.onset_hours)
    ends = was_open & (run >= hold.end_hours)
    turned = begins | ends
    memory["run"][rows] = np.where(turned, 0, run).astype(np.uint8)
    memory["open"][rows] = was_open ^ turned
    return Turns(np.nonzero(begins)[0], np.nonzero(ends)[0])


def forget(row: int, memory: Table) -> None:
    """Close an animal's episode, and begin to count her hours anew."""
    memory["open"][row] = False
    memory["run"][row] = 0


def changes_of(
    turned: Turns, rows: Longs, memory: Table, evidence: Mapping[int, tuple[Measured, ...]]
) -> list[Change]:
    """The changes; an episode began with the first hour of the run that opened it."""
    first_hour = memory["first_hour"]
    begun = [
        Change(Phase.ONSET, row, NO_READING, int(first_hour[row]) * HOUR_US, evidence[row])
        for row in rows[turned.begin].tolist()
    ]
    ended = [
        Change(Phase.END, row, NO_READING, 0, evidence[row]) for row in rows[turned.end].tolist()
    ]
    return begun + ended
