"""Latest values: of each animal the newest reading, of each farm when it was last heard. Pure.

Readings whose collar's clock ran ahead are left out: one of them would stand as the newest until
real time has caught up with it.

A moved reading is taken from the animal where it stands, and given to whom it belongs. What stood
before it is not known here any more: the old animal has none until she is heard again. Moves count
in the order of their collar's list, so that one told twice, or by two, changes nothing; and what
was taken does not come back by a repeat of the upload.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from contracts.columns import NONE_LONG, ReadingColumns, moment
from contracts.reading import NOBODY

FOLD_VERSION = 2  # one more with every change of what the fold answers: the projector rebuilds
HEARD_SPAN_S = 3600  # before the farm's newest reading: who spoke in it counts as heard


@dataclass(frozen=True, slots=True)
class Pulse:
    """How fresh a farm's data are; None = nothing was ever heard. Times are aware UTC.

    heard: animals with a reading within HEARD_SPAN_S before the newest one of the farm.
    """

    newest_reading_at: datetime | None
    newest_received_at: datetime | None
    heard: int


@dataclass(frozen=True, slots=True)
class LatestReading:
    """An animal's newest reading. measures: by column, only what was measured."""

    at: datetime
    received_at: datetime
    collar_id: str
    measures: dict[str, float]


class _Kept(msgspec.Struct):
    """As it is kept; times in microseconds since 1970. event_id: first, a script looks for it."""

    event_id: str
    animal_id: str
    at_us: int
    received_us: int
    collar_id: str
    measures: dict[str, float]


_kept: msgspec.json.Decoder[list[_Kept]] = msgspec.json.Decoder(list[_Kept])


@dataclass(frozen=True, slots=True)
class Put:
    """A reading that may be an animal's newest. occurred_us: microseconds since 1970."""

    farm_id: str
    animal_id: str
    collar_id: str
    occurred_us: int
    kept: str


@dataclass(frozen=True, slots=True)
class Move:
    """A reading taken from one animal and put to another, or to NOBODY.

    taken_by: version of the collar's list; a move by an older one than the last is a repeat.
    """

    taken_from: str
    event_id: str
    taken_by: int
    put: Put


@dataclass(frozen=True, slots=True)
class NewestOfBatch:
    """farms: farm → newest occurred, newest received, in microseconds since 1970.

    changes: to be applied one after the other, which gives what the batch's readings would give
    one by one.
    """

    farms: Mapping[str, tuple[int, int]]
    changes: tuple[Put | Move, ...]


def newest_of(readings: ReadingColumns) -> NewestOfBatch:
    """What a batch changes: of readings between two moves, the newest of each animal's collar."""
    readings = readings.take(np.nonzero(~readings.ahead)[0])
    occurred = readings.occurred_us.tolist()
    received = readings.longs["received_at"].tolist()
    farms: dict[str, tuple[int, int]] = {}
    for at, farm in enumerate(readings.texts["farm_id"].raw()):
        name = farm.decode()
        before = farms.get(name, (0, 0))
        farms[name] = max(before[0], occurred[at]), max(before[1], received[at])
    return NewestOfBatch(farms, tuple(_changes(readings)))


def _changes(readings: ReadingColumns) -> Iterator[Put | Move]:
    moves = np.nonzero(readings.longs["taken_by"] != NONE_LONG)[0].tolist()
    if not moves:
        yield from _newest_puts(readings)
        return
    start = 0
    for at in moves:
        if at > start:
            yield from _newest_puts(readings.take(np.arange(start, at)))
        yield Move(
            readings.texts["taken_from"].at(at) or "",
            readings.texts["event_id"].at(at) or "",
            int(readings.longs["taken_by"][at]),
            _put(readings, at),
        )
        start = at + 1
    yield from _newest_puts(readings.take(np.arange(start, len(readings))))


def _newest_puts(readings: ReadingColumns) -> Iterator[Put]:
    """The newest of each animal's collar, oldest first: of two as new the later in the log last."""
    names = ("farm_id", "aggregate_id", "collar_id")
    whose = list(zip(*(readings.texts[name].raw() for name in names), strict=True))
    order = np.argsort(readings.occurred_us, kind="stable").tolist()
    newest = {whose[at]: rank for rank, at in enumerate(order)}
    for rank in sorted(newest.values()):
        yield _put(readings, order[rank])


def _put(readings: ReadingColumns, at: int) -> Put:
    farm, animal, collar, event = (
        readings.texts[name].at(at) or ""
        for name in ("farm_id", "aggregate_id", "collar_id", "event_id")
    )
    kept = _Kept(
        event_id=event,
        animal_id=animal,
        at_us=int(readings.occurred_us[at]),
        received_us=int(readings.longs["received_at"][at]),
        collar_id=collar,
        measures={
            name: float(column[at])
            for name, column in readings.floats.items()
            if np.isfinite(column[at])
        },
    )
    # nobody's newest reading is nobody's: it is kept nowhere
    text = "" if animal == NOBODY else msgspec.json.encode(kept).decode()
    return Put(farm, animal, collar, kept.at_us, text)


def latest_from_json(text: str) -> dict[str, LatestReading]:
    """By animal, of a JSON array of readings as they are kept; raises ValidationError."""
    return {
        kept.animal_id: LatestReading(
            moment(kept.at_us), moment(kept.received_us), kept.collar_id, kept.measures
        )
        for kept in _kept.decode(text)
    }


def canonical_lines(latest: Mapping[str, LatestReading]) -> tuple[str, ...]:
    """Sorted lines of business fields, for comparing two replays."""
    lines = []
    for animal_id, reading in latest.items():
        fields: dict[str, Any] = {"animal_id": animal_id, **msgspec.to_builtins(reading)}
        lines.append(msgspec.json.encode(fields, order="sorted").decode())
    return tuple(sorted(lines))
