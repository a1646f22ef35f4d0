"""All that one partition remembers, as arrays (animals, …); to arrays for snapshots and back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts.columns import ReadingColumns
from contracts.ids import SubjectKind
from contracts.reading import NOBODY
from pipeline.air import Air
from pipeline.baselines import Baselines
from pipeline.calendars import Calendars
from pipeline.detectors.base import OF_THE_FARM, Detector
from pipeline.detectors.registry import ALL
from pipeline.detectors.sustained import AROUND_MEMORY
from pipeline.episodes import Episodes
from pipeline.fences import Fences
from pipeline.herds import Herds
from pipeline.hour_events import HourTeller
from pipeline.hours import HourBins
from pipeline.keys import NO_KEY, FarmKeys, Farms, Words
from pipeline.moves import Moves, is_moved
from pipeline.sequences import Sequences
from pipeline.stations import Stations
from pipeline.tables import (
    NO_DAY,
    Arrays,
    Column,
    Longs,
    Mask,
    Table,
    as_bytes,
    from_bytes,
    note_day,
)
from pipeline.tuning import Tuning
from pipeline.windows import LogTime

# goes up when to_arrays or a detector's memory changes its meaning: older snapshots are not read
STATE_VERSION = 5
NO_ROW = NO_KEY  # of a reading that belongs to no animal
PARTITION_CLOCK = ""  # the clock of all farms that have no log time of their own


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Readings as they were counted, all (readings,).

    row: of the animal each belongs to, NO_ROW = to none. first: whether it counts, and not a repeat
    of it. moved: whether it was moved (never first); taken_row: then, of whom it was taken from.
    boot: the row of its collar's boot, NO_ROW where it was moved.
    """

    row: Longs
    first: Mask
    moved: Mask
    taken_row: Longs
    boot: Longs


class PartitionState:
    """Rows keyed (farm, animal): counts, hours, what is usual, detectors' memories, episodes."""

    def __init__(self, detectors: Sequence[Detector] = ALL) -> None:
        self.detectors = tuple(detectors)
        self.tuning = Tuning(self.detectors)
        # as the registry has them: what they remember is the same for all farms
        self.by_name = self.tuning.common.by_name
        self.by_hour = self.tuning.common.by_hour
        self.farms = Farms()
        self.animals = FarmKeys(self.farms)
        self.counted = Table(
            {"counted": Column("int64"), "heard_day": Column("int32", fill=NO_DAY)}
        )
        self.counted_freed = 0  # readings of animals whose rows were freed
        self.sequences = Sequences(self.farms)
        self.moves = Moves()
        self.stations = Stations()
        self.fences = Fences()
        self.hours = HourBins()
        self.air = Air()
        self.baselines = Baselines()
        self.judged = Herds(key for d in self.by_hour for key in d.medians)
        # in the order in which they came; the first one's row is the farm's where it is the subject
        self.rows_of_farm: dict[str, Longs] = {}
        self._first_rows = np.zeros(0, np.int64)  # (farms,): that row, NO_ROW = none now
        # clock → the first hour not judged, not learnt; of a farm gone live: on its own clock
        self.judged_until: dict[str, int] = {}
        self.learnt_until: dict[str, int] = {}
        self.memories = {d.spec.name: Table(d.memory) for d in self.detectors}
        self.around = Table(AROUND_MEMORY)
        self.calendars = Calendars()
        self.log_time = LogTime()
        self.moved_farms: set[str] = set()  # whose hours are told anew at the next tick
        self.episodes = Episodes(d.spec for d in self.detectors)
        self.hour_teller = HourTeller(
            self.animals, self.hours, self.baselines, self.tuning.hourly_specs
        )
        # farm → the offset in `herd.animals.v1` up to which its context has been applied
        self.context_offsets: dict[str, int] = {}

    def take_in(self, readings: ReadingColumns) -> TakenIn:
        """Count the readings, but for those that were moved: their animals are made known only."""
        farms = self.farms.take(readings.texts["farm_id"])
        animals = self.farms.ids.words_of(readings.texts["aggregate_id"])
        moved = is_moved(readings)
        if not moved.any():
            rows = self._rows_of(farms, animals)
            boot = self._boots_of(readings, farms)
            first = self.sequences.first_seen(boot, readings.longs["seq"])
            taken = rows
        else:
            taken, rows = self._both_of(readings, farms, animals)
            came = np.nonzero(~moved)[0]
            boot = np.full(len(readings), NO_ROW, np.int64)
            boot[came] = self._boots_of(readings.take(came), farms[came])
            first = np.zeros(len(readings), np.bool_)
            first[came] = self.sequences.first_seen(boot[came], readings.longs["seq"][came])
        np.add.at(self.counted["counted"], rows[first], 1)
        return TakenIn(rows, first, moved, taken, boot)

    def _both_of(
        self, readings: ReadingColumns, farms: Longs, animals: Words
    ) -> tuple[Longs, Longs]:
        """Rows of the animals that readings were taken from (else their own), and of their own.

        Both become known where a move stands, in the order of the log.
        """
        givers = self.farms.ids.words_of(readings.texts["taken_from"])
        none = (givers == 0).all(axis=1)
        givers[none] = animals[none]
        who = np.stack([givers, animals], axis=1).reshape(-1, animals.shape[1])
        known = np.nonzero((who != self.farms.ids.words(NOBODY.encode())).any(axis=1))[0]
        found = np.full(len(who), NO_ROW, np.int64)
        found[known] = self._rows_of(np.repeat(farms, 2)[known], who[known])
        return found[::2], found[1::2]

    def _rows_of(self, farms: Longs, animals: Words) -> Longs:
        rows, fresh = self.animals.index.take(self.animals.words(farms, animals))
        if len(fresh):
            for table in self.tables():
                table.reach(len(self.animals))
            self._join_herds(fresh)
        return rows

    def _boots_of(self, readings: ReadingColumns, farms: Longs) -> Longs:
        collars = self.farms.ids.words_of(readings.texts["collar_id"])
        return self.sequences.rows_of(farms, collars, readings.longs["boot_id"])

    def _join_herds(self, fresh: Longs) -> None:
        farms = self.animals.farm_of(fresh)
        met, first = np.unique(farms, return_index=True)
        for farm in met[np.argsort(first)].tolist():
            name = self.farms.names[farm]
            here = self.rows_of_farm.get(name, fresh[:0])
            self._put_herd(name, np.concatenate([here, fresh[farms == farm]]))

    def _put_herd(self, farm_id: str, rows: Longs) -> None:
        """These are the rows of a farm now; none: it is not met any more."""
        farm = self.farms.rows_of([farm_id])
        more = len(self.farms.names) - len(self._first_rows)
        if more:
            self._first_rows = np.append(self._first_rows, np.full(more, NO_ROW))
        if len(rows):
            self.rows_of_farm[farm_id] = rows
            self._first_rows[farm] = rows[0]
        else:
            del self.rows_of_farm[farm_id]
            self._first_rows[farm] = NO_ROW

    def farm_rows_of(self, rows: Longs) -> Longs:
        """(rows,): of each animal's farm the row at which lies what is known of the farm."""
        found: Longs = self._first_rows[self.animals.farm_of(rows)]
        return found

    def group_of(self, row: int) -> str | None:
        """The group (pen, paddock) an animal is in; None = nobody told."""
        farm_id = self.animals.key(row)[0].decode()
        code = int(self.groups_of(farm_id, np.array([row]))[0])
        return self.calendars.group_name(farm_id, code)

    def groups_of(self, farm_id: str, rows: Longs) -> Longs:
        """(rows,): codes of the groups that a farm's animals are in; NO_GROUP = nobody told."""
        return self.calendars.groups(farm_id, self.animals.id_words(rows))

    def heard(self, taken: TakenIn, which: Longs, days: Longs) -> None:
        """Note on which days of log time animals and boots were heard; which: of the readings."""
        for rows in (taken.row[which], taken.taken_row[which]):
            known = rows != NO_ROW
            note_day(self.counted["heard_day"], rows[known], days[known])
        boot = taken.boot[which]
        came = boot != NO_ROW
        self.sequences.heard(boot[came], days[came])

    def free_animals(self, farm_id: str, rows: Longs) -> None:
        """Free the rows of animals that have left a farm: they hold what untouched ones do."""
        herd = self.rows_of_farm[farm_id]
        stays = herd[~np.isin(herd, rows)]
        if len(stays) and stays[0] != herd[0]:
            self._hand_over_farm(int(herd[0]), int(stays[0]))
        self._put_herd(farm_id, stays)
        self.counted_freed += int(self.counted["counted"][rows].sum())
        for table in self.tables():
            table.clear(rows)
        self.animals.index.free(rows)

    def _hand_over_farm(self, row: int, to: int) -> None:
        """What is known of a farm lies at its first animal: it goes on to the next one."""
        for detector in self.detectors:
            if detector.spec.subject_kind is SubjectKind.FARM:
                names = [name for name in detector.memory if name.startswith(OF_THE_FARM)]
                self.memories[detector.spec.name].copy_row(row, to, names)

    def bytes_per_animal(self) -> float:
        """Memory of all that grows with the herd, by the animals held."""
        tables = sum(table.bytes_per_row for table in self.tables()) * len(self.animals)
        keys = self.animals.index.bytes_held + self.sequences.bytes_held
        keys += self.calendars.bytes_held
        return (tables + keys) / max(self.animals.index.held, 1)

    def counted_by_animal(self) -> dict[tuple[str, str], int]:
        """(farm_id, animal_id) → how many readings counted: to hold against a ledger."""
        rows = np.nonzero(self.animals.index.in_use())[0]
        farms = self.animals.farm_of(rows).tolist()
        counts = self.counted["counted"][rows].tolist()
        return {
            (self.farms.names[farm], animal): count
            for farm, animal, count in zip(farms, self.animals.names(rows), counts, strict=True)
        }

    def log_us_of(self, rows: Longs, partition_us: Longs) -> Longs:
        """(readings,): log time of each one's farm, given the partition's where each stands."""
        own = self.log_time.own_us
        if not own:
            return partition_us
        farms = self.animals.farm_of(rows)
        found = partition_us.copy()
        for name, own_us in own.items():
            farm = self.farms.find(name.encode())
            found[farms == (NO_ROW if farm is None else farm)] = own_us
        return found

    def tables(self) -> list[Table]:
        """All that holds a row an animal."""
        of_detectors = [self.around, *self.memories.values()]
        return [self.counted, self.hours.table, self.baselines.table, *of_detectors]

    def to_arrays(self) -> Arrays:
        """Everything, as arrays by name: equal states give equal arrays."""
        rows = len(self.animals)
        parts: dict[str, Arrays] = {
            "counted": self.counted.to_arrays(rows),
            "hours": self.hours.to_arrays(rows),
            "baselines": self.baselines.table.to_arrays(rows),
            "sequences": self.sequences.to_arrays(),
            "farms": self.farms.to_arrays(),
            "animals": self.animals.index.to_arrays(),
            "herds": self._herds(),
            "judged": self.judged.to_arrays(),
            "stations": self.stations.to_arrays(),
            "calendars": self.calendars.to_arrays(),
            "priors": self.baselines.priors.to_arrays(),
            "air": self.air.to_arrays(),
            "around": self.around.to_arrays(rows),
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
            self.counted_freed,
        ]
        return {
            "times": as_bytes(said),
            "episodes": self.episodes.to_array(),
            "moves": self.moves.to_array(),
            "fences": self.fences.to_array(),
            "tuning": self.tuning.to_array(),
            **{f"{part}/{name}": a for part, some in parts.items() for name, a in some.items()},
        }

    def _herds(self) -> Arrays:
        """Whose rows are whose, in order: farms by row, animals by row."""
        farms = self.farms.rows_of(list(self.rows_of_farm))
        sizes = [len(rows) for rows in self.rows_of_farm.values()]
        rows = [np.zeros(0, np.int64), *self.rows_of_farm.values()]
        return {"farm": farms, "size": np.array(sizes, np.int64), "rows": np.concatenate(rows)}

    def _load_herds(self, arrays: Arrays) -> None:
        herds = np.split(arrays["rows"], np.cumsum(arrays["size"])[:-1])
        for farm, rows in zip(arrays["farm"].tolist(), herds, strict=False):
            self._put_herd(self.farms.names[farm], rows)

    @classmethod
    def from_arrays(cls, arrays: Arrays, detectors: Sequence[Detector] = ALL) -> "PartitionState":
        """What to_arrays gave; raises KeyError if something is missing."""
        state = cls(detectors)
        state.farms.load(_part(arrays, "farms"))
        state.animals.index.load(_part(arrays, "animals"))
        state._load_herds(_part(arrays, "herds"))
        state.counted.load(_part(arrays, "counted"))
        state.hours.table.load(_part(arrays, "hours"))
        state.baselines.table.load(_part(arrays, "baselines"))
        state.sequences.load(_part(arrays, "sequences"))
        state.judged.load(_part(arrays, "judged"))
        state.stations.load(_part(arrays, "stations"))
        state.calendars.load(_part(arrays, "calendars"))
        state.baselines.priors.load(_part(arrays, "priors"))
        state.air.load(_part(arrays, "air"))
        state.around.load(_part(arrays, "around"))
        for name, table in state.memories.items():
            table.load(_part(arrays, f"memory.{name}"))
        partition_us, own_us, deaf, state.context_offsets, *cursors = from_bytes(arrays["times"])
        state.judged_until, state.learnt_until, live, moved, state.counted_freed = cursors
        state.moved_farms = set(moved)
        spans = [(began, ended) for began, ended in deaf]
        state.log_time = LogTime(partition_us, own_us, spans, set(live))
        state.episodes.load(arrays["episodes"])
        state.moves.load(arrays["moves"])
        state.fences.load(arrays["fences"])
        state.tuning.load(arrays["tuning"])
        return state


def _part(arrays: Arrays, part: str) -> Arrays:
    prefix = f"{part}/"
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
