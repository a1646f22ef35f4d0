"""What a detector is: pure, all animals at once, with its limits and their source in the open.

Five forms, by what makes them judge: each reading (what must not wait), each hour of a herd once it
is over (of each animal, or of the herd as one subject), time itself, or that nobody can be heard.
All are in one registry and tell through the same episodes.

What is known of a farm lies at the row of its first animal: there a detector whose subject is the
farm finds its memory, and when she leaves it is copied to the next one's row: the columns whose
names begin with `farm_`, or all if none does.

A detector is made from its card: `Oestrus(SPEC)`. It reads its limits from the card it was made
with (`self.spec.value("activity_factor")`), so that a farm's own threshold, a back-test and a
shadow are the same class with another card (`Spec.tuned`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from contracts.conditions import CARDS, ConditionCard
from contracts.detection import Condition, Phase
from contracts.ids import SubjectKind
from pipeline.detectors.sustained import Hold
from pipeline.features import Signals
from pipeline.herd_hour import HerdHour
from pipeline.tables import Column, Longs, Mask, Table
from pipeline.windows import LogTime

LIMIT_TIMES_MAX = 100.0  # the card's own value: a limit so far off is never reached
NO_READING = -1  # what changed came with an hour, a line or a context record
NO_STATION = -1  # nobody says who heard it
OF_THE_FARM = "farm_"  # begin of the names of columns that hold what is known of the farm


@dataclass(frozen=True, slots=True)
class Limit:
    """A number a judgement hangs on, with its unit (UCUM) and where it comes from."""

    name: str
    value: float
    unit: str
    source: str


class UnknownLimitError(LookupError):
    """A detector has no limit of that name."""

    def __init__(self, detector: str, limit: str) -> None:
        super().__init__(f"detector {detector} has no limit {limit}: `herd config` lists them")


class LimitBoundsError(ValueError):
    """A limit is no number, under nothing, or far beyond what its card says."""

    def __init__(self, detector: str, limit: str, value: float, most: float) -> None:
        super().__init__(f"{detector}.{limit}={value:g} is outside 0 … {most:g}")


@dataclass(frozen=True, slots=True)
class Spec:
    """A detector's card. version: goes up when its answers may differ for the same log.

    signals: columns of a reading without all of which it says nothing. teaches: whether the hours
    of its episodes still teach what is usual for the animal. subject_kind: an animal, or the farm:
    its row is that of the farm's first animal then. quiet_while: while an episode of these is open
    for the animal or her farm, none of this detector is told that begins; if it still lasts when
    those are over, it is told then.
    """

    name: str
    version: int
    condition: Condition
    limits: tuple[Limit, ...]
    teaches: bool = False
    subject_kind: SubjectKind = SubjectKind.ANIMAL
    signals: tuple[str, ...] = ()
    quiet_while: frozenset[Condition] = frozenset()

    @property
    def card(self) -> ConditionCard:
        """How pressing its condition is, and ICAR's words for it."""
        return CARDS[self.condition]

    def value(self, name: str) -> float:
        """The limit of that name; raises UnknownLimitError."""
        for limit in self.limits:
            if limit.name == name:
                return limit.value
        raise UnknownLimitError(self.name, name)

    def tuned(self, values: Mapping[str, float]) -> "Spec":
        """The same card with other values of some limits.

        Raises UnknownLimitError, LimitBoundsError: what somebody types for "never" must not be a
        number that no clock or counter holds.
        """
        for name, value in values.items():
            most = LIMIT_TIMES_MAX * max(abs(self.value(name)), 1.0)
            if not 0.0 <= value <= most:
                raise LimitBoundsError(self.name, name, value, most)
        limits = tuple(replace(one, value=values.get(one.name, one.value)) for one in self.limits)
        return replace(self, limits=limits)


@dataclass(frozen=True, slots=True)
class Measured:
    """One value behind a judgement: time in microseconds; value, limit and usual in `unit`."""

    signal: str
    unit: str
    at_us: int
    value: float
    limit: float | None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An episode of an animal (row; of a farm, its first animal's) begins, ends or is retracted.

    reading: index in the batch's columns of the reading it comes with, or NO_READING. onset_us:
    when it began; 0 at an end, since the open episode knows. station: code of the station whose
    episode begins (see Voices), held at that row; NO_STATION where the subject is a station: the
    line to the farm, whose subject is the farm.
    """

    phase: Phase
    row: int
    reading: int
    onset_us: int
    evidence: tuple[Measured, ...]
    station: int = NO_STATION


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a detector says of a herd's hour, all (animals,).

    score: NaN = not judged; it speaks for an episode at or over the first limit of the detector's
    card, in its unit. why_not: why she was not judged. over, under: whether the hour speaks for an
    episode, and for its end. partial: see HourScore.
    """

    score: NDArray[np.float64]
    why_not: list[str | None]
    over: Mask
    under: Mask
    partial: Mask


@dataclass(frozen=True, slots=True)
class Voices:
    """Readings as signs of life, in log order, all (readings,).

    reading: index in the batch's columns. row: of the animal. heard_us: the later of log time and
    its own time. interval_us: what it covers. station: code of the station that heard it (of one
    farm's stations each has its own, and keeps it), NO_STATION = it names none.
    """

    reading: Longs
    row: Longs
    heard_us: Longs
    interval_us: Longs
    station: Longs

    def only(self, kept: Mask) -> "Voices":
        """Some of them; kept: (readings,)."""
        columns = (self.reading, self.row, self.heard_us, self.interval_us, self.station)
        return Voices(*(column[kept] for column in columns))


class Detector(Protocol):
    """What all forms have in common; what a detector remembers of an animal is one table row."""

    @property
    def spec(self) -> Spec:
        """Its card."""
        ...

    @property
    def memory(self) -> Mapping[str, Column]:
        """What it remembers of each animal."""
        ...


@runtime_checkable
class ByReading(Detector, Protocol):
    """Judges reading by reading, in log order."""

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends these readings bring, in log order; moves `memory` on.

        The answer must not depend on how the log is cut into calls.
        """
        ...

    def forget(self, row: int, at_us: int, memory: Table, *, ends: bool) -> None:
        """The reading of that time was not hers: no judgement may hang on it from here on.

        ends: it was one of those that opened her episode, which is over with it.
        """
        ...

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """What it holds of an animal now, () = nothing: for telling an open episode again."""
        ...


@runtime_checkable
class ByHour(Detector, Protocol):
    """Judges each hour of a herd when it is over and grace has passed, and again when it changes.

    What it says of an hour hangs on the hour alone; that an onset must hold, and what else must be
    true of the hours around it, is in `hold`. Its memory is that of `sustained`.
    """

    @property
    def window_hours(self) -> int:
        """How many hours it looks back; at an onset none of them teaches what is usual."""
        ...

    @property
    def medians(self) -> tuple[tuple[str, int], ...]:
        """(signal, hours) of the windows that it holds against the herd's median."""
        ...

    @property
    def hold(self) -> Hold:
        """What makes an episode of its hours."""
        ...

    def judge_hour(self, herd: HerdHour) -> Verdict:
        """What it says of the hour."""
        ...

    def evidence(self, herd: HerdHour, place: int) -> tuple[Measured, ...]:
        """What it holds of one animal that it could judge in this hour."""
        ...


@runtime_checkable
class ByHerd(Detector, Protocol):
    """Judges each hour of a herd as one subject, once, when grace has passed.

    What it says is fixed then, as the herd's medians are: hours that change later amend nothing.
    """

    def judge_herd(self, herd: HerdHour, row: int, memory: Table) -> list[Change]:
        """Onset or end of the herd's episode in this hour (row: the subject's), or nothing.

        herd: all animals that were heard lately. Moves `memory` on.
        """
        ...

    def evidence(self, herd: HerdHour, row: int, memory: Table) -> tuple[Measured, ...]:
        """What it holds of the herd in this hour: for telling an open episode again."""
        ...


@runtime_checkable
class ByTime(Detector, Protocol):
    """Judges at the five-minute lines of log time, by what has not come since."""

    def hear(self, voices: Voices, memory: Table, times: LogTime) -> list[Change]:
        """Ends these readings bring, in log order; moves `memory` on."""
        ...

    def at_line(self, rows: Longs, line_us: int, memory: Table, times: LogTime) -> list[Change]:
        """Onsets among a herd's animals (rows) at a line."""
        ...

    def waits_for(self, rows: Longs, memory: Table) -> Mask:
        """(rows,): from whom it expects to hear."""
        ...

    def forget(self, row: int, at_us: int, memory: Table, times: LogTime) -> list[Change]:
        """The animal is not to be waited for until she speaks again."""
        ...

    def evidence_at(
        self, line_us: int, memory: Table, row: int, times: LogTime
    ) -> tuple[Measured, ...]:
        """What it holds of an animal at a line: for telling an open episode again."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A detector by time whose open episodes explain what later ones of the registry would find."""

    def explains(self, rows: Longs, memory: Table) -> Mask:
        """(rows,): of whom the later ones are not asked at this line."""
        ...


@runtime_checkable
class ByHearing(Detector, Protocol):
    """Judges at ticks, by the spans in which nobody could be heard; its subject is the farm."""

    def at_tick(self, rows: Longs, at_us: int, memory: Table, times: LogTime) -> list[Change]:
        """Onsets and ends among farms (rows, one each) at a tick; asked while an episode is open
        or the tick tells of deafness.
        """
        ...

    def evidence_at(
        self, line_us: int, memory: Table, row: int, times: LogTime
    ) -> tuple[Measured, ...]:
        """What it holds of a farm at a line: for telling an open episode again."""
        ...
