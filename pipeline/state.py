"""All that one partition remembers, as arrays (animals, …); to arrays for snapshots and back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts.columns import ReadingColumns
from contracts.reading import NOBODY
from pipeline.baselines import Baselines
from pipeline.detectors.base import ByHearing, ByHour, ByReading, ByTime, Detector
from pipeline.detectors.registry import ALL
from pipeline.episodes import Episodes
from pipeline.hour_events import HourTeller
from pipeline.hours import HourBins
from pipeline.moves import Moves, is_moved
from pipeline.sequences import Sequences
from pipeline.tables import Arrays, Column, Longs, Mask, Rows, Table, as_bytes, from_bytes
from pipeline.windows import LogTime

# goes up when to_arrays or a detector's memory changes its meaning: older snapshots are not read
STATE_VERSION = 4
NO_ROW = -1  # of a reading that belongs to no animal
PARTITION_CLOCK = ""  # the clock of all farms that have no log time of their own


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Readings as they were counted, all (readings,).

    row: of the animal each belongs to, NO_ROW = to none. first: whether it counts, and not a repeat
    of it. moved: whether it was moved (never first); taken_row: then, of whom it was taken from.
    """

    row: Longs
    first: Mask
    moved: Mask
    taken_row: Longs


class PartitionState:
    """Rows keyed (farm, animal): counts, hours, what is usual, detectors' memories, episodes."""

    def __init__(self, detectors: Sequence[Detector] = ALL) -> None:
        self.detectors = tuple(detectors)
        self.by_name = {d.spec.name: d for d in self.detectors}
        # told apart once: asking a protocol costs a millisecond
        self.by_reading = [d for d in self.detectors if isinstance(d, ByReading)]
        self.by_hour = [d for d in self.detectors if isinstance(d, ByHour)]
        self.by_time = [d for d in self.detectors if isinstance(d, ByTime)]
        self.by_hearing = [d for d in self.detectors if isinstance(d, ByHearing)]
        self.animals = Rows()  # keys (farm_id, animal_id) as bytes
        self.counted = Table({"counted": Column("int64")})
        self.sequences = Sequences()
        self.moves = Moves()
        self.hours = HourBins()
        self.baselines = Baselines()
        self.rows_of_farm: dict[str, list[int]] = {}
        # clock → the first hour not judged, not learnt; of a farm gone live: on its own clock
        self.judged_until: dict[str, int] = {}
        self.learnt_until: dict[str, int] = {}
        self.memories = {d.spec.name: Table(d.memory) for d in self.detectors}
        self.log_time = LogTime()
        self.moved_farms: set[str] = set()  # whose hours are told anew at the next tick
        self.episodes = Episodes(d.spec for d in self.detectors)
        hourly = [d.spec for d in self.by_hour]
        self.hour_teller = HourTeller(self.animals, self.hours, self.baselines, hourly)
        # farm → the offset in `herd.animals.v1` up to which its context has been applied
        self.context_offsets: dict[str, int] = {}

    def take_in(self, readings: ReadingColumns) -> TakenIn:
        """Count the readings, but for those that were moved: their animals are made known only."""
        farms = readings.texts["farm_id"].raw()
        animals = readings.texts["aggregate_id"].raw()
        moved = is_moved(readings)
        if not moved.any():
            rows = self._rows_of(list(zip(farms, animals, strict=True)))
            taken = rows
            first = self._first_seen(readings, farms)
        else:
            # both animals of a move become known where it stands, in the order of the log
            givers = readings.texts["taken_from"].raw()
            both = [
                (farm, who)
                for farm, giver, animal in zip(farms, givers, animals, strict=True)
                for who in (giver or animal, animal)
            ]
            known = [place for place, (_, who) in enumerate(both) if who != NOBODY.encode()]
            found = np.full(len(both), NO_ROW, np.int64)
            found[known] = self._rows_of([both[place] for place in known])
            taken, rows = found[::2], found[1::2]
            came = np.nonzero(~moved)[0]
            first = np.zeros(len(readings), np.bool_)
            first[came] = self._first_seen(readings.take(came), [farms[p] for p in came.tolist()])
        np.add.at(self.counted["counted"], rows[first], 1)
        return TakenIn(rows, first, moved, taken)

    def _rows_of(self, keys: list[tuple[bytes, bytes]]) -> Longs:
        rows = self.animals.of(keys)
        self._reach(len(self.animals))
        self._note_farms()
        return rows

    def _first_seen(self, readings: ReadingColumns, farms: list[bytes]) -> Mask:
        collars = readings.texts["collar_id"].raw()
        boots = readings.longs["boot_id"].tolist()
        keys = list(zip(farms, collars, boots, strict=True))
        return self.sequences.first_seen(keys, readings.longs["seq"])

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
            sorted(self.moved_farms),
        ]
        return {
            "animals": self.animals.to_array(),
            "times": as_bytes(said),
            "episodes": self.episodes.to_array(),
            "moves": self.moves.to_array(),
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
        state.judged_until, state.learnt_until, live, moved = cursors
        state.moved_farms = set(moved)
        spans = [(began, ended) for began, ended in deaf]
        state.log_time = LogTime(partition_us, own_us, spans, set(live))
        state.episodes.load(arrays["episodes"])
        state.moves.load(arrays["moves"])
        return state


def _part(arrays: Arrays, part: str) -> Arrays:
    prefix = f"{part}/"
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
