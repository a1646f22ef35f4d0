"""Onset and end of what is judged by the hour: held for some hours, ended with hysteresis.

Problem: an hour may change for three days, and with it what began or ended in it and after it.
Approach: of each open hour the verdict is kept in bits, and of each animal two states of a small
machine: as of the newest hour that can change no more (`settled_…`), and now. Now is always the
fold of the bits over the open hours from there on, so whatever comes late, the machine is run again
and cannot remember what was not so. Rejected: undoing single hours, which would need a history of
runs; keeping scores, sixteen times the memory.

What is not judged by the hour (a fever, an outbreak of the farm) lies around those machines: a byte
an hour for all of them says which of these were open, so that a fold sees it as it was.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.detection import Condition
from pipeline.hours import NO_HOUR, OPEN_HOURS
from pipeline.tables import Column, Longs, Mask, Table

Bits = NDArray[np.uint8]

# of one hour: at or over the limit of an onset; back under that of an end; judged at all
OVER, UNDER, JUDGED = 1, 2, 4
VERDICT = OVER | UNDER | JUDGED
PACKED = 2  # verdicts to a byte
# What may be open around the hour though it is not judged by it, each a bit of the hour's byte, for
# her or for her farm. A new one takes a bit that is free, and STATE_VERSION goes up.
AROUND = (
    Condition.FEVER,
    Condition.HYPOTHERMIA,
    Condition.DOWN,
    Condition.PREDATOR_PANIC,
    Condition.CALVING_PROLONGED,
    Condition.HEAT_STRESS,
    Condition.HERD_OUTBREAK,
)
HELD = 128  # one was open that does not teach: neither does the hour
RUN_MAX = 255
LATELY_HOURS = 24  # whatever was open in them still counts for what may not begin meanwhile
SETTLED = "settled_"

_MACHINE: Mapping[str, Column] = {
    "run": Column("uint8"),  # judged hours in a row that speak for a change
    "first_hour": Column("int32", fill=NO_HOUR),  # where the run to the newest onset began
    "open": Column("bool"),
    "quiet": Column("bool"),  # open, and not told yet: something of the farm explains it
    "ended_hour": Column("int32", fill=NO_HOUR),  # in which the newest episode ended
}
MEMORY: Mapping[str, Column] = {
    **_MACHINE,
    **{f"{SETTLED}{name}": column for name, column in _MACHINE.items()},
    "bits": Column("uint8", (OPEN_HOURS // PACKED,)),  # of the hours that may still change
}
# one for all detectors
AROUND_MEMORY: Mapping[str, Column] = {
    "bits": Column("uint8", (OPEN_HOURS,)),
    "hour": Column("int32", (len(AROUND),), NO_HOUR),  # the newest in which each was open
    f"{SETTLED}hour": Column("int32", (len(AROUND),), NO_HOUR),
    "again": Column("bool"),  # bits were taken back: the machines are to be run again
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

    @property
    def bars(self) -> frozenset[Condition]:
        """All while which none begins."""
        return self.not_while | self.explained_by


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What else is so in an hour, all (animals,). barred: none may begin. explained: what is open
    ends. hushed: what begins is not told.
    """

    barred: Mask
    explained: Mask
    hushed: Mask


@dataclass(slots=True)
class Machine:
    """The machines of some animals, all (animals,); see MEMORY."""

    run: Longs
    first_hour: Longs
    open: Mask
    quiet: Mask
    ended_hour: Longs

    @classmethod
    def of(cls, memory: Table, rows: Longs, part: str = "") -> "Machine":
        """A copy of what a detector's memory holds; part: SETTLED, or now."""
        found = [memory[f"{part}{name}"][rows] for name in _MACHINE]
        run, first, is_open, quiet, ended = found
        as_long = [array.astype(np.int64) for array in (run, first, ended)]
        return cls(as_long[0], as_long[1], is_open, quiet, as_long[2])

    def put(self, memory: Table, rows: Longs, part: str = "") -> None:
        """Into a detector's memory."""
        for name in _MACHINE:
            array = memory[f"{part}{name}"]
            array[rows] = getattr(self, name).astype(array.dtype)

    def lately(self, hour: int) -> Mask:
        """(animals,): for whom an episode is open, or ended within LATELY_HOURS."""
        lately: Mask = self.open | (hour - self.ended_hour < LATELY_HOURS)
        return lately

    def turn(self, hour: int, bits: Bits, meanwhile: Meanwhile, hold: Hold) -> "Turned":
        """Move on by one hour.

        Hours between both limits break a run of either kind; what was not judged moves nothing.
        """
        was_open, was_quiet = self.open, self.quiet
        over, under, judged = (bits & bit > 0 for bit in (OVER, UNDER, JUDGED))
        over &= ~meanwhile.barred
        if hold.rest_hours:
            over &= hour - self.ended_hour >= hold.rest_hours
        if hold.lasts_hours_max is not None:
            under |= hour - self.first_hour >= hold.lasts_hours_max
        speaks = np.where(was_open, under, over)
        run = np.where(speaks, np.minimum(self.run + 1, RUN_MAX), 0)
        run = np.where(judged, run, self.run)
        starts = judged & ~was_open & (run == 1)
        self.first_hour = np.where(starts, hour, self.first_hour)
        opens = judged & ~was_open & (run >= hold.onset_hours)
        closes = judged & was_open & ((run >= hold.end_hours) | meanwhile.explained)
        turned = opens | closes
        self.run = np.where(turned, 0, run)
        self.open = was_open ^ turned
        self.ended_hour = np.where(closes, hour, self.ended_hour)
        untold = self.open & (opens | was_quiet)
        begins = untold & judged & ~meanwhile.hushed
        self.quiet = untold & ~begins
        return Turned(was_open, opens, was_open & ~was_quiet, begins, closes & ~was_quiet)


@dataclass(frozen=True, slots=True)
class Turned:
    """What an hour changed, all (animals,): open before it, opens with it; and of what is told:
    told before it, begins with it, ends with it.
    """

    was_open: Mask
    opens: Mask
    was_told: Mask
    begins: Mask
    ends: Mask


@dataclass(slots=True)
class Around:
    """What lay around the machines of some animals; hour: (animals, AROUND), see AROUND_MEMORY."""

    hour: Longs

    @classmethod
    def of(cls, memory: Table, rows: Longs, part: str = "") -> "Around":
        """A copy of what is held; part: SETTLED, or now."""
        return cls(memory[f"{part}hour"][rows].astype(np.int64))

    def put(self, memory: Table, rows: Longs, part: str = "") -> None:
        """Into the memory."""
        memory[f"{part}hour"][rows] = self.hour.astype(np.int32)

    def turn(self, hour: int, bits: Bits) -> None:
        """Move on by one hour."""
        is_open = bits[:, None] & _FLAGS > 0
        self.hour = np.where(is_open, hour, self.hour)

    def within(self, hours: int, hour: int, conditions: Collection[Condition]) -> Mask:
        """(animals,): for whom one of these was open in the last so many hours."""
        places = [place for place, one in enumerate(AROUND) if one in conditions]
        found: Mask = np.logical_or.reduce(hour - self.hour[:, places] < hours, axis=1)
        return found


def bits_of(over: Mask, under: Mask, judged: Mask) -> Bits:
    """(animals,): a verdict as bits; none of an animal that was not judged."""
    bits = judged * JUDGED + (judged & over) * OVER + (judged & under) * UNDER
    found: Bits = bits.astype(np.uint8)
    return found


def flag_of(condition: Condition) -> int:
    """The bit of what may be open around an hour; 0 of what is not asked for."""
    return 1 << AROUND.index(condition) if condition in AROUND else 0


def verdicts_in(memory: Table, rows: Longs, hour: int | Longs) -> Bits:
    """(rows,): the bits of one hour of each; or of one row, of some hours."""
    slot = hour % OPEN_HOURS
    found: Bits = (memory["bits"][rows, slot // PACKED] >> _shift(slot)) & VERDICT
    return found


def put_verdicts(memory: Table, rows: Longs, hour: int, bits: Bits) -> None:
    """Keep the bits of one hour of each row."""
    slot = hour % OPEN_HOURS
    shift = _shift(slot)
    ring = memory["bits"]
    others = ring[rows, slot // PACKED] & np.uint8(255 - (VERDICT << int(shift)))
    ring[rows, slot // PACKED] = others | (bits << shift)


def _shift(slot: int | Longs) -> Bits:
    return np.asarray(slot % PACKED * 4, np.uint8)


_FLAGS = np.array([flag_of(condition) for condition in AROUND], np.uint8)
