"""Which animal a collar's readings belong to, as the register says today; her raw readings. Pure.

A collar's list of assignments is cut into spans that do not overlap, so that every moment has at
most one holder, and asking whose a reading is means finding the span that began last before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.animal_event import ANIMAL, Assignment
from contracts.columns import Longs, micros
from read_models.analytics import NUMBERS, TIME_US_MAX, TIME_US_MIN, array_text, escaped

# one row a collar: its newest list replaces the one before as a whole
ASSIGNMENT_COLUMNS: Mapping[str, str] = {
    "collar_id": "String",
    "log_offset": "UInt64",
    "since_us": "Array(Int64)",
    "until_us": "Array(Int64)",
    "farms": "Array(String)",
    "animals": "Array(String)",
}
# what one answer holds of an animal's readings: half a year at 5 minutes
READINGS_MAX = 50_000


class Span(NamedTuple):
    """An animal wore the collar in [since_us, until_us), microseconds since 1970."""

    since_us: int
    until_us: int
    farm_id: str
    animal_id: str


class Worn(NamedTuple):
    """A collar that an animal wore in [since_us, until_us)."""

    collar_id: str
    since_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class CollarList:
    """A collar's whole list, as the record at `log_offset` of its partition says it.

    The offset says which list is the newest, not the list's own version: the log is compacted by
    it, so a rebuild finds the same one; and a register that was restored counts versions anew.
    """

    collar_id: str
    log_offset: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class AnimalReadings:
    """An animal's raw readings in order of time, one array a column, all (readings,).

    occurred_us: microseconds since 1970. measures: by column, only those that were measured at
    all; NaN = not in this reading. sites: of the temperature, "" = none. is_cut: there were more,
    and these are the first.
    """

    occurred_us: Longs
    collar_ids: tuple[str, ...]
    clocks: tuple[str, ...]
    sites: tuple[str, ...]
    measures: dict[str, NDArray[np.float64]]
    is_cut: bool


def spans_of(assignments: Sequence[Assignment]) -> tuple[Span, ...]:
    """The list as spans of animals, in order of time, none overlapping another.

    Where assignments overlap, the one that began last counts, of two that began together the
    later in the list: as a gateway reads it. Stations wear nothing.
    """
    ordered = sorted(assignments, key=lambda assignment: assignment.worn_from)
    edges = sorted({edge for assignment in ordered for edge in _bounds(assignment)})
    spans: list[Span] = []
    for since, until in pairwise(edges):
        holder = next((a for a in reversed(ordered) if _holds(a, since)), None)
        if holder is None or holder.kind != ANIMAL:
            continue
        span = Span(since, until, holder.farm_id, holder.animal_id)
        last = spans[-1] if spans else None
        if last is not None and last.until_us == since and last[2:] == span[2:]:
            spans[-1] = last._replace(until_us=until)
        else:
            spans.append(span)
    return tuple(spans)


def _bounds(assignment: Assignment) -> tuple[int, int]:
    until = TIME_US_MAX if assignment.worn_to is None else micros(assignment.worn_to)
    return _stored(micros(assignment.worn_from)), _stored(until)


def _stored(time_us: int) -> int:
    """A time as the store holds those of readings, moved to its edges."""
    return min(max(time_us, TIME_US_MIN), TIME_US_MAX)


def _holds(assignment: Assignment, time_us: int) -> bool:
    since, until = _bounds(assignment)
    return since <= time_us < until


def assignment_rows(lists: Iterable[CollarList]) -> bytes:
    """One line a list, in the order of ASSIGNMENT_COLUMNS."""
    lines = []
    for told in lists:
        columns = list(zip(*told.spans, strict=True)) or [(), (), (), ()]
        arrays = [f"[{','.join(map(str, times))}]" for times in columns[:2]]
        arrays += [array_text(texts) for texts in columns[2:]]
        lines.append("\t".join([escaped(told.collar_id), str(told.log_offset), *arrays]))
    return "".join(f"{line}\n" for line in lines).encode()


def worn_by(
    farm_id: str, animal_id: str, since_us: int, until_us: int, rows: Sequence[Sequence[Any]]
) -> list[Worn]:
    """What an animal of a farm wore within [since_us, until_us), the first first.

    rows: of ASSIGNMENT_COLUMNS without log_offset: (collar_id, [since_us], [until_us], [farm],
    [animal]).
    """
    found = []
    for collar_id, *columns in rows:
        for since, until, farm, animal in zip(*columns, strict=True):
            start, end = max(int(since), since_us), min(int(until), until_us)
            if (farm, animal) == (farm_id, animal_id) and start < end:
                found.append(Worn(collar_id, start, end))
    return sorted(found, key=lambda span: span.since_us)


def animal_readings(columns: Sequence[Sequence[Any]], *, is_cut: bool = False) -> AnimalReadings:
    """What columns (occurred_us, collar_id, clock, temperature_site, NUMBERS…) of an answer tell.

    The answer holds one reading more than READINGS_MAX where there are more; no columns = none.
    """
    if not columns:
        return no_readings(is_cut=is_cut)
    times, collars, clocks, sites, *numbers = [column[:READINGS_MAX] for column in columns]
    measured = {
        name: np.array(values, np.float64)  # null, which is NaN in JSON, becomes NaN again
        for name, values in zip(NUMBERS, numbers, strict=True)
        if any(value is not None for value in values)
    }
    return AnimalReadings(
        np.array([int(time) for time in times], np.int64),
        tuple(collars),
        tuple(clocks),
        tuple(sites),
        measured,
        is_cut=is_cut or len(columns[0]) > READINGS_MAX,
    )


def no_readings(*, is_cut: bool = False) -> AnimalReadings:
    """Of an animal that was not heard then."""
    return AnimalReadings(np.array([], np.int64), (), (), (), {}, is_cut=is_cut)
