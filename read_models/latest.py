"""Latest values: of each animal the newest reading, of each farm when it was last heard. Pure.

Readings whose collar's clock ran ahead are left out: one of them would stand as the newest until
real time has caught up with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from contracts.columns import ReadingColumns, moment

FOLD_VERSION = 1  # one more with every change of what the fold answers: the projector rebuilds
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
    """As it is kept; times in microseconds since 1970."""

    animal_id: str
    at_us: int
    received_us: int
    collar_id: str
    measures: dict[str, float]


_kept: msgspec.json.Decoder[list[_Kept]] = msgspec.json.Decoder(list[_Kept])


@dataclass(frozen=True, slots=True)
class NewestOfBatch:
    """farms: farm → newest occurred, newest received. animals: farm, animal, occurred, as kept.

    Times in microseconds since 1970.
    """

    farms: Mapping[str, tuple[int, int]]
    animals: tuple[tuple[str, str, int, str], ...]


def newest_of(readings: ReadingColumns) -> NewestOfBatch:
    """What a batch changes: one reading an animal, the later in the log where two are as new."""
    readings = readings.take(np.nonzero(~readings.ahead)[0])
    order = np.argsort(readings.occurred_us, kind="stable").tolist()
    farm_of, animal_of = readings.texts["farm_id"].raw(), readings.texts["aggregate_id"].raw()
    newest = {(farm_of[at], animal_of[at]): at for at in order}
    occurred = readings.occurred_us.tolist()
    received = readings.longs["received_at"].tolist()
    farms: dict[str, tuple[int, int]] = {}
    for at, farm in enumerate(farm_of):
        name = farm.decode()
        before = farms.get(name, (0, 0))
        farms[name] = max(before[0], occurred[at]), max(before[1], received[at])
    animals = tuple(
        (farm.decode(), animal.decode(), occurred[at], _kept_json(readings, at, animal.decode()))
        for (farm, animal), at in newest.items()
    )
    return NewestOfBatch(farms, animals)


def _kept_json(readings: ReadingColumns, at: int, animal_id: str) -> str:
    kept = _Kept(
        animal_id=animal_id,
        at_us=int(readings.occurred_us[at]),
        received_us=int(readings.longs["received_at"][at]),
        collar_id=readings.texts["collar_id"].at(at) or "",
        measures={
            name: float(column[at])
            for name, column in readings.floats.items()
            if np.isfinite(column[at])
        },
    )
    return msgspec.json.encode(kept).decode()


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
