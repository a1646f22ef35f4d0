"""All that one partition remembers, as arrays (animals, …); to arrays for snapshots and back."""

from collections.abc import Sequence

import numpy as np

from contracts.columns import ReadingColumns
from pipeline.baselines import Baselines
from pipeline.detectors.base import ByHour, ByReading, ByTime, Detector
from pipeline.detectors.registry import ALL
from pipeline.episodes import Episodes
from pipeline.hour_events import HourTeller
from pipeline.hours import HourBins
from pipeline.sequences import Sequences
from pipeline.tables import Arrays, Column, Longs, Mask, Rows, Table, as_bytes, from_bytes
from pipeline.windows import LogTime

# goes up when to_arrays or a detector's memory changes its meaning: older snapshots are not read
STATE_VERSION = 2
PARTITION_CLOCK = ""  # the clock of all farms that have no log time of their own


class PartitionState:
    """Rows keyed (farm, animal): counts, hours, what is usual, detectors' memories, episodes."""

    def __init__(self, detectors: Sequence[Detector] = ALL) -> None:
        self.detectors = tuple(detectors)
        self.by_name = {d.spec.name: d for d in self.detectors}
        # told apart once: asking a protocol costs a millisecond
        self.by_reading = [d for d in self.detectors if isinstance(d, ByReading)]
        self.by_hour = [d for d in self.detectors if isinstance(d, ByHour)]
        self.by_time = [d for d in self.detectors if isinstance(d, ByTime)]
        self.animals = Rows()  # keys (farm_id, animal_id) as bytes
        self.counted = Table({"counted": Column("int64")})
        self.sequences = Sequences()
        self.hours = HourBins()
        self.baselines = Baselines()
        self.rows_of_farm: dict[str, list[int]] = {}
        # clock → the first hour not judged, not learnt; of a farm gone live: on its own clock
        self.judged_until: dict[str, int] = {}
        self.learnt_until: dict[str, int] = {}
        self.memories = {d.spec.name: Table(d.memory) for d in self.detectors}
        self.log_time = LogTime()
        self.episodes = Episodes(d.spec for d in self.detectors)
        hourly = [d.spec for d in self.by_hour]
        self.hour_teller = HourTeller(self.animals, self.hours, self.baselines, hourly)
        # farm → the offset in `herd.animals.v1` up to which its context has been applied
        self.context_offsets: dict[str, int] = {}

    def take_in(self, readings: ReadingColumns) -> tuple[Longs, Mask]:
        """Count the readings: (row of each one's animal, whether it is the first of its kind)."""
        farms = readings.texts["farm_id"].raw()
        collars = readings.texts["collar_id"].raw()
        boots = readings.longs["boot_id"].tolist()
        rows = self.animals.of(list(zip(farms, readings.texts["aggregate_id"].raw(), strict=True)))
        self._reach(len(self.animals))
        self._note_farms()
        first = self.sequences.first_seen(
            list(zip(farms, collars, boots, strict=True)), readings.longs["seq"]
        )
        np.add.at(self.counted["counted"], rows[first], 1)
        return rows, first

    def counted_by_animal(self) -> dict[tuple[str, str], int]:
        """(farm_id, animal_id) → how many readings counted: to hold against a ledger."""
        counts = self.counted["counted"][: len(self.animals)].tolist()
        return {
            (farm.decode(), animal.decode()): count
            for (farm, animal), count in zip(self.animals.keys, counts, strict=True)
        }

    def log_us_of(self, rows: Longs, partition_us: Longs) -> Longs:
        """(readings,): log time of each one's farm, given the partition's where each stands."""
        if not self.log_time.own_us:
            return partition_us
        farms = [self.animals.keys[row][0].decode() for row in rows.tolist()]
        own = self.log_time.own_us
        pairs = zip(farms, partition_us.tolist(), strict=True)
        return np.array([own.get(farm, common) for farm, common in pairs], np.int64)

    def _reach(self, rows: int) -> None:
        for table in self.tables():
            table.reach(rows)

    def _note_farms(self) -> None:
        known = sum(map(len, self.rows_of_farm.values()))
        for row in range(known, len(self.animals)):
            self.rows_of_farm.setdefault(self.animals.keys[row][0].decode(), []).append(row)

    def tables(self) -> list[Table]:
        """All that holds a row an animal."""
        return [self.counted, self.hours.table, self.baselines.table, *self.memories.values()]

    def to_arrays(self) -> Arrays:
        """Everything, as arrays by name: equal states give equal arrays."""
        rows = len(self.animals)
        parts: dict[str, Arrays] = {
            "counted": self.counted.to_arrays(rows),
            "hours": self.hours.to_arrays(rows),
            "baselines": self.baselines.table.to_arrays(rows),
            "sequences": self.sequences.to_arrays(),
            **{f"memory.{name}": table.to_arrays(rows) for name, table in self.memories.items()},
        }
        times = self.log_time
        said = [
            times.partition_us,
            times.own_us,
            times.deaf,
            self.context_offsets,
            self.judged_until,
            self.learnt_until,
            sorted(times.live),
        ]
        return {
            "animals": self.animals.to_array(),
            "times": as_bytes(said),
            "episodes": self.episodes.to_array(),
            **{f"{part}/{name}": a for part, some in parts.items() for name, a in some.items()},
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, detectors: Sequence[Detector] = ALL) -> "PartitionState":
        """What to_arrays gave; raises KeyError if something is missing."""
        state = cls(detectors)
        state.animals.load(arrays["animals"])
        state._note_farms()
        state.counted.load(_part(arrays, "counted"))
        state.hours.table.load(_part(arrays, "hours"))
        state.baselines.table.load(_part(arrays, "baselines"))
        state.sequences = Sequences.from_arrays(_part(arrays, "sequences"))
        for name, table in state.memories.items():
            table.load(_part(arrays, f"memory.{name}"))
        partition_us, own_us, deaf, state.context_offsets, *cursors = from_bytes(arrays["times"])
        state.judged_until, state.learnt_until, live = cursors
        spans = [(began, ended) for began, ended in deaf]
        state.log_time = LogTime(partition_us, own_us, spans, set(live))
        state.episodes.load(arrays["episodes"])
        return state


def _part(arrays: Arrays, part: str) -> Arrays:
    prefix = f"{part}/"
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
