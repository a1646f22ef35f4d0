"""Collar silent: nothing heard of an animal for an hour of hearing time, or six of her intervals.

Only time in which the way in was open counts, so our own outage is not taken for hundreds of
broken collars. Where more than half of a herd is silent at once it is the station or the line to
the farm, not the collars: nothing is said of single ones then; station_silent tells of both.
"""

from collections.abc import Mapping

import numpy as np

from contracts.detection import Condition, Phase
from pipeline.detectors.base import NO_READING, Change, Limit, Measured, Spec, Voices
from pipeline.detectors.voices import newest_of_each
from pipeline.sums import HERD_MIN
from pipeline.tables import NEVER, Column, Longs, Mask, Table
from pipeline.windows import LogTime

SIGNAL = "silent_minutes"
MINUTE_US = 60_000_000
SHARE_MAX = 0.5  # of a herd of HERD_MIN or more

SILENT_LIMIT = Limit(
    "silent_minutes",
    60.0,
    "min",
    "a dead zone of the barn is left within the hour; real collars pause up to days "
    "(signatures.csv, device_offline); ours",
)
INTERVALS_LIMIT = Limit("silent_intervals", 6.0, "1", "sparse collars may lose some readings; ours")

SPEC = Spec(
    "collar_silent",
    1,
    Condition.COLLAR_SILENT,
    (SILENT_LIMIT, INTERVALS_LIMIT),
    teaches=True,
)


class CollarSilent:
    """The detector of collar_silent."""

    spec = SPEC
    memory: Mapping[str, Column] = {
        "heard_us": Column("int64", fill=NEVER),  # the later of log time and the reading's own
        "interval_us": Column("int64"),  # of that reading
        "open": Column("bool"),
    }

    def __init__(self, spec: Spec = SPEC) -> None:
        self.spec = spec

    def hear(self, voices: Voices, memory: Table, times: LogTime) -> list[Change]:
        """Ends, by the first reading of each silent animal; see ByTime."""
        changes: list[Change] = []
        if not len(voices.row):
            return changes
        silent = memory["open"][voices.row]
        for place in np.nonzero(silent)[0].tolist():
            who = int(voices.row[place])
            if memory["open"][who]:  # not her second reading of this segment
                until_us = int(voices.heard_us[place])
                changes.append(self._end(who, int(voices.reading[place]), until_us, memory, times))
        newest = newest_of_each(voices, memory)
        rows = voices.row[newest]
        memory["heard_us"][rows] = voices.heard_us[newest]
        memory["interval_us"][rows] = voices.interval_us[newest]
        return changes

    def at_line(self, rows: Longs, line_us: int, memory: Table, times: LogTime) -> list[Change]:
        """Onsets at a line; see ByTime."""
        spoke = rows[memory["heard_us"][rows] != NEVER]
        limit_us = self._limit_us(memory["interval_us"][spoke])
        # cheap first: hearing time is never longer than the time itself
        late = np.nonzero(line_us - memory["heard_us"][spoke] >= limit_us)[0]
        if not len(late):
            return []
        hearing_us = times.all_hearing_us(memory["heard_us"][spoke[late]], line_us)
        silent = spoke[late[hearing_us >= limit_us[late]]]
        if len(spoke) >= HERD_MIN and len(silent) > SHARE_MAX * len(spoke):
            return []
        fallen = silent[~memory["open"][silent]]
        memory["open"][fallen] = True
        return [
            Change(
                Phase.ONSET,
                row,
                NO_READING,
                int(memory["heard_us"][row]),
                self.evidence_at(line_us, memory, row, times),
            )
            for row in fallen.tolist()
        ]

    def waits_for(self, rows: Longs, memory: Table) -> Mask:
        """Whoever was heard and whose collar is on; see ByTime."""
        waits: Mask = memory["heard_us"][rows] != NEVER
        return waits

    def forget(self, row: int, at_us: int, memory: Table, times: LogTime) -> list[Change]:
        """Her collar was taken off or changed: wait for nothing until she speaks again."""
        changes = [self._end(row, NO_READING, at_us, memory, times)] if memory["open"][row] else []
        memory["heard_us"][row] = NEVER
        memory["interval_us"][row] = 0
        return changes

    def evidence_at(
        self, line_us: int, memory: Table, row: int, times: LogTime
    ) -> tuple[Measured, ...]:
        """How long she has been silent; see ByTime."""
        heard_us = int(memory["heard_us"][row])
        limit_us = int(self._limit_us(memory["interval_us"][[row]])[0])
        silent_us = times.hearing_us(heard_us, line_us)
        return (
            Measured(
                SIGNAL, "min", heard_us, round(silent_us / MINUTE_US, 1), limit_us / MINUTE_US
            ),
        )

    def _end(self, row: int, reading: int, until_us: int, memory: Table, times: LogTime) -> Change:
        evidence = self.evidence_at(until_us, memory, row, times)
        memory["open"][row] = False
        return Change(Phase.END, row, reading, 0, evidence)

    def _limit_us(self, interval_us: Longs) -> Longs:
        least, intervals = (self.spec.value(one.name) for one in (SILENT_LIMIT, INTERVALS_LIMIT))
        of_hers = np.rint(intervals * interval_us).astype(np.int64)
        limit: Longs = np.maximum(round(least * MINUTE_US), of_hers)
        return limit
