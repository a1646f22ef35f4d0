"""Station silent: of all the collars that a station was the last to hear, none is heard any more.

One case for a dead station (or cable, or power cut) instead of one for each of its collars, which
can do nothing about it. Collars say which station heard them; those of a farm whose collars name
none count as one, whose silence is that of the line to the farm. Collars are not held silent while
their station is, nor right after it is back: they have to speak in turn first.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from contracts.ids import SubjectKind
from pipeline.detectors.base import (
    NO_READING,
    NO_STATION,
    Change,
    Limit,
    Measured,
    Spec,
    Voices,
)
from pipeline.detectors.voices import newest_of_each
from pipeline.tables import NEVER, Column, Longs, Mask, Table
from pipeline.windows import LogTime

SIGNAL, COLLARS = "silent_minutes", "silent_collars"
MINUTE_US = 60_000_000

SPEC = Spec(
    "station_silent",
    1,
    Condition.STATION_SILENT,
    (
        Limit(
            "silent_minutes",
            45.0,
            "min",
            "before the first of its collars is silent for an hour; a router is back in ten; ours",
        ),
        Limit("silent_intervals", 3.0, "1", "half of what a collar may be silent for; ours"),
        Limit("collars_min", 3.0, "1", "of fewer, each is told of; ours"),
        Limit("line_collars_min", 10.0, "1", "the same, where collars name no station; ours"),
    ),
    teaches=True,
    subject_kind=SubjectKind.STATION,
)


class StationSilent:
    """The detector of station_silent."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        "heard_us": Column("int64", fill=NEVER),  # the animal: as of collar_silent
        "interval_us": Column("int64"),
        "station": Column("int32", fill=NO_STATION),  # that heard her then
        "excused": Column("bool"),  # at this line: her silence is her station's
        "excused_until_us": Column("int64", fill=NEVER),
        "open": Column("bool"),  # of the station whose episode is held at this row
        "open_station": Column("int32", fill=NO_STATION),
        "silent_since_us": Column("int64", fill=NEVER),
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def hear(
        self,
        voices: Voices,
        memory: Table,
        times: LogTime,  # noqa: ARG002  the port's
    ) -> list[Change]:
        """Notes which station heard whom; what ends with it is told at the next line."""
        newest = newest_of_each(voices, memory, by_station=True)
        rows = voices.row[newest]
        memory["heard_us"][rows] = voices.heard_us[newest]
        memory["interval_us"][rows] = voices.interval_us[newest]
        memory["station"][rows] = voices.station[newest]
        return []

    def at_line(self, rows: Longs, line_us: int, memory: Table, times: LogTime) -> list[Change]:
        """Onsets and ends of the stations of a farm at a line; see ByTime."""
        is_open = memory["open"][rows]
        late = line_us - memory["heard_us"][rows] >= self._least_us()  # cheap first
        excused = memory["excused_until_us"][rows] > line_us
        memory["excused"][rows] = excused
        if not (late.any() or is_open.any()):
            return []
        spoke = rows[memory["heard_us"][rows] != NEVER]
        changes = []
        for row in rows[is_open].tolist():
            station = int(memory["open_station"][row])
            of_station = spoke[memory["station"][spoke] == station]
            heard_us = memory["heard_us"][of_station]
            if not len(of_station) or heard_us.max() > memory["silent_since_us"][row]:
                changes.append(self._end(row, of_station, line_us, memory, times))
        told = set(memory["open_station"][rows[memory["open"][rows]]].tolist())
        stations = memory["station"][spoke]
        for station in np.unique(stations[line_us - memory["heard_us"][spoke] >= self._least_us()]):
            of_station = spoke[stations == station]
            if station not in told and self._is_silent(of_station, line_us, memory, times):
                row = self._free_row(rows, of_station, memory)
                if row is not None:
                    begins = self._begin(row, int(station), of_station, line_us, memory, times)
                    changes.append(begins)
        for station in memory["open_station"][rows[memory["open"][rows]]].tolist():
            memory["excused"][spoke[stations == station]] = True
        return changes

    def explains(self, rows: Longs, memory: Table) -> Mask:
        """Whose silence is that of her station; see Explains."""
        found: Mask = memory["excused"][rows]
        return found

    def waits_for(self, rows: Longs, memory: Table) -> Mask:  # noqa: ARG002  the port's
        """Nobody in particular: collar_silent does."""
        return np.zeros(len(rows), np.bool_)

    def forget(
        self,
        row: int,
        at_us: int,  # noqa: ARG002  the port's
        memory: Table,
        times: LogTime,  # noqa: ARG002  the port's
    ) -> list[Change]:
        """Her collar is not to be waited for until it speaks again; see ByTime."""
        memory["heard_us"][row] = NEVER
        memory["interval_us"][row] = 0
        memory["station"][row] = NO_STATION
        return []

    def evidence_at(
        self, line_us: int, memory: Table, row: int, times: LogTime
    ) -> tuple[Measured, ...]:
        """How long the station that is held at this row has been silent; see ByTime."""
        since_us = int(memory["silent_since_us"][row])
        silent_us = times.hearing_us(since_us, line_us)
        limit = self.spec.value("silent_minutes")
        return (Measured(SIGNAL, "min", since_us, round(silent_us / MINUTE_US, 1), limit),)

    def _least_us(self) -> int:
        return round(self.spec.value("silent_minutes") * MINUTE_US)

    def _is_silent(self, of_station: Longs, line_us: int, memory: Table, times: LogTime) -> bool:
        """Whether none of these animals was heard for long enough; all spoke, through one."""
        named = memory["station"][of_station[0]] != NO_STATION
        if len(of_station) < self.spec.value("collars_min" if named else "line_collars_min"):
            return False
        interval_us = int(np.sort(memory["interval_us"][of_station])[len(of_station) // 2])
        limit_us = max(self._least_us(), round(self.spec.value("silent_intervals") * interval_us))
        return times.hearing_us(int(memory["heard_us"][of_station].max()), line_us) >= limit_us

    def _free_row(self, rows: Longs, of_station: Longs, memory: Table) -> int | None:
        """Where a station's case is held: at one of its animals, else at any of the farm (rows).

        Its animals may all hold cases of stations that heard them before. None: there are as many
        open cases as animals.
        """
        for some in (of_station, rows):
            free = some[~memory["open"][some]]
            if len(free):
                return int(free[0])
        return None

    def _begin(
        self,
        row: int,
        station: int,
        of_station: Longs,
        line_us: int,
        memory: Table,
        times: LogTime,
    ) -> Change:
        since_us = int(memory["heard_us"][of_station].max())
        memory["open"][row], memory["open_station"][row] = True, station
        memory["silent_since_us"][row] = since_us
        count = Measured(COLLARS, "1", since_us, float(len(of_station)), None)
        evidence = (*self.evidence_at(line_us, memory, row, times), count)
        return Change(Phase.ONSET, row, NO_READING, since_us, evidence, station=station)

    def _end(
        self, row: int, of_station: Longs, line_us: int, memory: Table, times: LogTime
    ) -> Change:
        evidence = self.evidence_at(line_us, memory, row, times)
        memory["open"][row], memory["open_station"][row] = False, NO_STATION
        memory["silent_since_us"][row] = NEVER
        turn_us = np.maximum(self._least_us(), 2 * memory["interval_us"][of_station])
        memory["excused_until_us"][of_station] = line_us + turn_us
        memory["excused"][of_station] = True
        return Change(Phase.END, row, NO_READING, 0, evidence)
