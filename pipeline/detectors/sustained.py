"""Onset and end of what is judged by the hour: held for some hours, ended with hysteresis.

Problem: an hour may change for three days, and with it what began or ended in it and after it.
Approach: of each open hour a byte of verdict bits is kept, and of each animal two states of a small
machine: as of the newest hour that can change no more (`settled_…`), and now. Now is always the
fold of the bits over the open hours from there on, so whatever comes late, the machine is run again
and cannot remember what was not so. Rejected: undoing single hours, which would need a history of
runs; keeping scores, eight times the memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from pipeline.hours import NO_HOUR, OPEN_HOURS
from pipeline.tables import Column, Longs, Mask, Table

Bits = NDArray[np.uint8]

# of one hour: at or over the limit of an onset; back under that of an end; judged at all; an
# episode of an illness that is not judged by the hour was open then; one that teaches nothing was
OVER, UNDER, JUDGED, ILL, HELD = 1, 2, 4, 8, 16
VERDICT = OVER | UNDER | JUDGED
RUN_MAX = 255
ILL_LATELY_HOURS = 24  # who was ill in them still counts as ill
SETTLED = "settled_"

_MACHINE: Mapping[str, Column] = {
    "run": Column("uint8"),  # judged hours in a row that speak for a change
    "first_hour": Column("int32", fill=NO_HOUR),  # where the run to the newest onset began
    "open": Column("bool"),
    "ended_hour": Column("int32", fill=NO_HOUR),  # in which the newest episode ended
    "ill_hour": Column("int32", fill=NO_HOUR),  # the newest with ILL
}
MEMORY: Mapping[str, Column] = {
    **_MACHINE,
    **{f"{SETTLED}{name}": column for name, column in _MACHINE.items()},
    "bits": Column("uint8", (OPEN_HOURS,)),  # of the hours that may still change
    "again": Column("bool"),  # bits were taken back: the machine is to be run again
}


@dataclass(frozen=True, slots=True)
class Hold:
    """Judged hours in a row that an onset, and an end, must hold for.

    lasts_hours_max: one that is open so long ends. rest_hours: after one ended, none begins.
    not_while: none begins while one of these is open for her, or was within LATELY_HOURS.
    explained_by: neither does one then, and one that is open ends with the begin of these: what
    she has is told under its own name. None and 0: no such rule.
    """

    onset_hours: int
    end_hours: int
    lasts_hours_max: int | None = None
    rest_hours: int = 0
    not_while: frozenset[Condition] = frozenset()
    explained_by: frozenset[Condition] = frozenset()
    well: bool = False


@dataclass(slots=True)
class Machine:
    """The machines of some animals, all (animals,); see MEMORY."""

    run: Longs
    first_hour: Longs
    open: Mask
    ended_hour: Longs
    ill_hour: Longs

    @classmethod
    def of(cls, memory: Table, rows: Longs, part: str = "") -> "Machine":
        """A copy of what a detector's memory holds; part: SETTLED, or now."""
        run, first, is_open, ended, ill = (memory[f"{part}{name}"][rows] for name in _MACHINE)
        as_long = [array.astype(np.int64) for array in (run, first, ended, ill)]
        return cls(as_long[0], as_long[1], is_open, as_long[2], as_long[3])

    def put(self, memory: Table, rows: Longs, part: str = "") -> None:
        """Into a detector's memory."""
        for name in _MACHINE:
            array = memory[f"{part}{name}"]
            array[rows] = getattr(self, name).astype(array.dtype)

    def lately_ill(self, hour: int) -> Mask:
        """(animals,): for whom an episode is open, or ended within ILL_LATELY_HOURS."""
        lately: Mask = self.open | (hour - self.ended_hour < ILL_LATELY_HOURS)
        return lately

    def turn(self, hour: int, bits: Bits, ill: Mask, hold: Hold) -> "Turned":
        """Move on by one hour. ill: (animals,), by the other detectors of hours, before this one.

        Hours between both limits break a run of either kind; what was not judged moves nothing.
        """
        was_open = self.open
        self.ill_hour = np.where(bits & ILL > 0, hour, self.ill_hour)
        over, under, judged = (bits & bit > 0 for bit in (OVER, UNDER, JUDGED))
        if hold.well:
            over &= ~(ill | (hour - self.ill_hour < ILL_LATELY_HOURS))
        if hold.rest_hours:
            over &= hour - self.ended_hour >= hold.rest_hours
        if hold.lasts_hours_max is not None:
            under |= hour - self.first_hour >= hold.lasts_hours_max
        speaks = np.where(was_open, under, over)
        run = np.where(speaks, np.minimum(self.run + 1, RUN_MAX), 0)
        run = np.where(judged, run, self.run)
        starts = judged & ~was_open & (run == 1)
        self.first_hour = np.where(starts, hour, self.first_hour)
        begins = judged & ~was_open & (run >= hold.onset_hours)
        ends = judged & was_open & (run >= hold.end_hours)
        turned = begins | ends
        self.run = np.where(turned, 0, run)
        self.open = was_open ^ turned
        self.ended_hour = np.where(ends, hour, self.ended_hour)
        return Turned(was_open, begins, ends)


@dataclass(frozen=True, slots=True)
class Turned:
    """What an hour changed, all (animals,): open before it, begins with it, ends with it."""

    was_open: Mask
    begins: Mask
    ends: Mask


def bits_of(over: Mask, under: Mask, judged: Mask) -> Bits:
    """(animals,): a verdict as bits; none of an animal that was not judged."""
    bits = judged * JUDGED + (judged & over) * OVER + (judged & under) * UNDER
    found: Bits = bits.astype(np.uint8)
    return found
