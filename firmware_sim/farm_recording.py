"""A simulated farm over some weeks as a Recording: planned once from its seed, told day by day.

Each animal's day is made as columns and thrown away with its slice: memory does not grow with the
recording, and no object stands for a reading. Pure.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np

from contracts.ids import FarmId
from firmware_sim.conditions import Truth
from firmware_sim.course_farm import plan_of
from firmware_sim.course_plan import Plan
from firmware_sim.farm_recording_wearer import Heard, Wearer, joined, us_of
from firmware_sim.recording import Composition, Enrolled, Happening, Recording, Slice

DAY = timedelta(days=1)
TICK = timedelta(minutes=5)  # so often the gateway's clock tells that the way in is closed


def recording_of(composition: Composition) -> Recording:
    """The farm that this composition's seed decides."""
    return FarmRecording(composition)


class FarmRecording:
    """See recording.Recording."""

    def __init__(self, composition: Composition) -> None:
        self.composition = composition
        self.plan: Plan = plan_of(composition)
        self.farm_id: FarmId = self.plan.farm_id
        self.since = self.plan.since
        self.until = self.plan.until
        self.temperature_site = composition.site
        self.stations: Sequence[str] = tuple(self.plan.stations)
        self.animals: Sequence[Enrolled] = tuple(one.enrolled for one in self.plan.animals)

    def happenings(self) -> Sequence[Happening]:
        """What the register is told."""
        return self.plan.told

    def truths(self) -> Sequence[Truth]:
        """What was true."""
        return self.plan.truths()

    def slices(self) -> Iterator[Slice]:
        """Day by day, and tick by tick while our own way in is closed."""
        wearers = [
            Wearer(self.composition, self.plan, number) for number in range(len(self.animals))
        ]
        late: list[Heard] = []
        begins = self.since
        while begins < self.until:
            ends = min(begins + DAY, self.until)
            found = joined([*late, *(one.day(begins, ends) for one in wearers)])
            now = found.heard_us <= us_of(ends)
            late = [found.take(np.nonzero(~now)[0])]
            order = np.nonzero(now)[0]
            order = order[np.argsort(found.heard_us[order], kind="stable")]
            yield from self._cut(found.take(order), begins, ends)
            begins = ends

    def _cut(self, heard: Heard, since: datetime, until: datetime) -> Iterator[Slice]:
        """Slices that end where something must be told of a closed way in."""
        begins = since
        for ends in [*_told_at(self.plan.deaf, since, until), until]:
            first, last = np.searchsorted(heard.heard_us, [us_of(begins), us_of(ends)], "right")
            first = 0 if begins == since else first
            deaf = tuple(
                (max(us_of(begins), us_of(one)), min(us_of(ends), us_of(other)))
                for one, other in self.plan.deaf
                if one < ends and begins < other
            )
            yield self._slice(heard.take(np.arange(first, last)), begins, ends, deaf)
            begins = ends

    def _slice(
        self, heard: Heard, since: datetime, until: datetime, deaf: tuple[tuple[int, int], ...]
    ) -> Slice:
        count = len(heard.time_us)
        stations = np.array(self.plan.station_of, np.int64)
        return Slice(
            since=since,
            until=until,
            heard_us=heard.heard_us,
            time_us=heard.time_us,
            animal=heard.animal,
            seq=heard.seq,
            interval_s=np.full(count, self.composition.interval_s, np.int64),
            station=stations[heard.animal],
            columns=heard.columns,
            deaf=deaf,
        )


def _told_at(
    deaf: Sequence[tuple[datetime, datetime]], since: datetime, until: datetime
) -> list[datetime]:
    """Every tick of a closed way in, and its end."""
    found: list[datetime] = []
    for begins, ends in deaf:
        at = begins + TICK
        while at < ends:
            found.append(at)
            at += TICK
        found.append(ends)
    return [at for at in found if since < at < until]
