"""A simulated farm over some weeks as a Recording: drawn once from its seed, told day by day.

Each animal's day is made as columns and thrown away with its slice: memory does not grow with the
recording, and no object stands for a reading. Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from contracts.ids import CollarId, FarmId
from firmware_sim.animal import Animal, Measures
from firmware_sim.collar import SITE
from firmware_sim.conditions import Course, Silence, Truth
from firmware_sim.course import draw_course
from firmware_sim.grid import BEGINS_AT, Grid, grid_of
from firmware_sim.history import a_herd, silences_of
from firmware_sim.recording import Composition, Enrolled, Floats, Happening, Longs, Recording, Slice

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ON_ITS_WAY_US = 2_000_000  # from the collar to the gateway
SECOND_US = 1_000_000
NEVER_US = -1  # a reading that nobody ever hears


def recording_of(composition: Composition) -> Recording:
    """The farm that this composition's seed decides."""
    return FarmRecording(composition)


@dataclass(frozen=True, slots=True)
class _Heard:
    """Columns of some readings; see recording.Slice."""

    heard_us: Longs
    time_us: Longs
    animal: Longs
    seq: Longs
    values: Floats

    def take(self, which: Longs) -> "_Heard":
        return _Heard(
            self.heard_us[which],
            self.time_us[which],
            self.animal[which],
            self.seq[which],
            self.values[:, which],
        )


class FarmRecording:
    """See recording.Recording."""

    def __init__(self, composition: Composition) -> None:
        self.composition = composition
        self.farm_id = FarmId(f"sim-{composition.seed}")
        self.since = SINCE
        self.until = SINCE + composition.days * DAY
        self.temperature_site = SITE
        self.stations: Sequence[str] = ()
        wearers = a_herd(self.farm_id, composition.animals)
        self.animals = [Enrolled(animal_id=one.animal_id) for one in wearers]
        self._collars = [one.collar_id for one in wearers]
        self._course: Course = draw_course(
            composition.seed, [one.animal_id for one in wearers], self.since, self.until
        )

    def happenings(self) -> Sequence[Happening]:
        """What the register is told."""
        return ()

    def truths(self) -> Sequence[Truth]:
        """What was true."""
        return self._course.truths()

    def slices(self) -> Iterator[Slice]:
        """Day by day."""
        bodies = [
            Animal(one.animal_id, self.farm_id, self._course.of(one.animal_id))
            for one in self.animals
        ]
        grids = [grid_of(CollarId(one), self.composition.interval_s) for one in self._collars]
        silences = [silences_of(self._course.of(one.animal_id)) for one in self.animals]
        late: list[_Heard] = []
        begins = self.since
        while begins < self.until:
            ends = min(begins + DAY, self.until)
            found = [
                _day_of(number, body, grids[number], silences[number], begins, ends)
                for number, body in enumerate(bodies)
            ]
            heard = _joined([*late, *found])
            ends_us = _us(ends)
            now = heard.heard_us <= ends_us
            late = [heard.take(np.nonzero(~now)[0])]
            order = np.nonzero(now)[0]
            order = order[np.argsort(heard.heard_us[order], kind="stable")]
            yield self._slice(heard.take(order), begins, ends)
            begins = ends

    def _slice(self, heard: _Heard, since: datetime, until: datetime) -> Slice:
        count = len(heard.time_us)
        return Slice(
            since=since,
            until=until,
            heard_us=heard.heard_us,
            time_us=heard.time_us,
            animal=heard.animal,
            seq=heard.seq,
            interval_s=np.full(count, self.composition.interval_s, np.int64),
            station=np.full(count, -1, np.int64),
            columns=dict(zip(Measures.__struct_fields__, heard.values, strict=True)),
        )


def _day_of(
    number: int,
    body: Animal,
    grid: Grid,
    silences: Sequence[Silence],
    since: datetime,
    until: datetime,
) -> _Heard:
    """What one animal's collar measures in (since, until], without what nobody ever hears."""
    first = grid.last_until(since) + 1
    places = np.arange(first, grid.last_until(until) + 1, dtype=np.int64)
    times_s = BEGINS_AT.timestamp() + grid.phase_s + grid.interval_s * places
    time_us = times_s.astype(np.int64) * SECOND_US
    heard_us = time_us + ON_ITS_WAY_US
    for one in silences:
        during = (time_us >= _us(one.begins_at)) & (time_us < _us(one.ends_at))
        heard_us[during] = _us(one.ends_at) + ON_ITS_WAY_US if one.buffered else NEVER_US
    values = body.table(times_s.astype(np.float64), grid.interval_s)
    found = _Heard(heard_us, time_us, np.full(len(places), number, np.int64), places, values)
    return found.take(np.nonzero(heard_us != NEVER_US)[0])


def _joined(parts: Sequence[_Heard]) -> _Heard:
    return _Heard(
        np.concatenate([one.heard_us for one in parts]),
        np.concatenate([one.time_us for one in parts]),
        np.concatenate([one.animal for one in parts]),
        np.concatenate([one.seq for one in parts]),
        np.concatenate([one.values for one in parts], axis=1),
    )


def _us(at: datetime) -> int:
    return round(at.timestamp() * SECOND_US)
