"""`herd bench scale`: a million animals in one process, one reading a minute, all detectors on.

What is in the loop: the Avro bytes of every reading and tick, decoded; the engine's steps, in the
slices that a live worker reads (five seconds of each partition); detections and hours encoded as
they are told; a snapshot of each partition cut into its records and hashed, and read back. What is
not: Kafka and its client (`herd bench pipeline` has them), and the making of the bytes.

A week of a million animals cannot be lived through in minutes: the herd of one farm lives it in
the engine, and its rows are copied to all others, who go on from there by themselves.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.herd_bytes import HOUR_S, SEQ_FIRST, HerdBytes, Herds
from benchmarks.processes import resident_mb_of
from contracts.column_reader import ColumnReader
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import PARTITIONS
from pipeline.engine import step
from pipeline.settings import PipelineSettings
from pipeline.snapshots import Draft, Ends, assembled
from pipeline.state import PartitionState
from pipeline.telling import Told

Tell = Callable[[str], None]
LIVED_HOURS = 24 * 7  # three days of each hour are settled, and its 72 open hours are full
START = datetime(2026, 3, 2, tzinfo=UTC)
MB = 1e6


@dataclass(frozen=True, slots=True)
class Sizes:
    """herd: animals of a farm. minutes: of log time that are measured. debt_s: to be replayed."""

    animals: int = 1_000_000
    herd: int = 250
    partitions: int = PARTITIONS
    minutes: int = 120
    interval_s: int = 60
    slice_s: int = 5
    debt_s: float = PipelineSettings().snapshot_debt_s

    @property
    def farms(self) -> int:
        """Of each partition."""
        return max(1, self.animals // self.partitions // self.herd)

    @property
    def all_animals(self) -> int:
        """As many as whole herds in whole partitions make of them."""
        return self.farms * self.herd * self.partitions

    @property
    def herds(self) -> Herds:
        """Of each partition."""
        return Herds(self.farms * self.herd, self.farms, self.interval_s)


def run(tell: Tell, sizes: Sizes = Sizes()) -> dict[str, Any]:
    """What a million animals cost, and what they were made of."""
    bench = _Bench(sizes, tell)
    bench.lay_down()
    live = bench.live()
    return {**bench.said(), **live, **bench.saved_and_restored(), **asdict(sizes)}


class _Course:
    """What a state was fed, and what that cost by part; one thread, CPU seconds."""

    def __init__(self, serde: Serde) -> None:
        self._serde, self._reader = serde, ColumnReader(FixedSchemaIds())
        self.cpu_s: dict[str, float] = defaultdict(float)
        self.readings = self.detections = self.hours = 0
        self.longest_ms = self.longest_usual_ms = 0.0

    def feed(self, state: PartitionState, values: list[bytes]) -> None:
        """Decode, step, encode."""
        begun_s, began = time.perf_counter(), time.process_time()
        batch = self._reader.read(values)
        decoded = time.process_time()
        told = step(state, batch)
        stepped = time.process_time()
        self._encode(told)
        ended = time.process_time()
        for part, took in (
            ("decode", decoded - began),
            ("step", stepped - decoded),
            ("encode", ended - stepped),
        ):
            self.cpu_s[part if not told.hours else f"{part}_hours"] += took
        took_ms = (time.perf_counter() - begun_s) * 1e3
        if told.hours:
            self.longest_ms = max(self.longest_ms, took_ms)
        else:
            self.longest_usual_ms = max(self.longest_usual_ms, took_ms)
        self.readings += len(batch.readings)

    def _encode(self, told: Told) -> None:
        for event in told.detections:
            self._serde.encode(event)
        self.detections += len(told.detections)
        self.hours += sum(1 for hours in told.hours for _ in self._serde.encode_hours(hours))


class _Bench:
    def __init__(self, sizes: Sizes, tell: Tell) -> None:
        self._sizes, self._tell = sizes, tell
        self._serde = Serde(FixedSchemaIds())
        self._bytes = HerdBytes(sizes.herds, self._serde)
        self._states: dict[int, PartitionState] = {}
        self._bare_mb = 0.0
        self._counted_before = 0
        self._seq = SEQ_FIRST

    def lay_down(self) -> None:
        """All partitions as after a week."""
        one = self._one_farm()
        self._bare_mb = resident_mb_of(os.getpid())
        begun_s = time.perf_counter()
        for partition in range(self._sizes.partitions):
            self._states[partition] = self._as_if_lived(one, partition)
        self._counted_before = self._counted()
        self._seq += 1
        grown_mb = resident_mb_of(os.getpid()) - self._bare_mb
        took_s = time.perf_counter() - begun_s
        self._tell(f"{self._sizes.all_animals:,} animals in {took_s:.0f} s: {grown_mb:,.0f} MB")

    def live(self) -> dict[str, Any]:
        """Feed so many minutes of log time as a live worker would get them."""
        sizes = self._sizes
        course, begun_s = _Course(self._serde), time.perf_counter()
        rounds = sizes.minutes * 60 // sizes.interval_s
        for number in range(rounds):
            begin = START + timedelta(seconds=sizes.interval_s * (number + 1))
            for partition, state in self._states.items():
                for _, values in self._bytes.slices(partition, begin, self._seq, sizes.slice_s):
                    course.feed(state, values)
            self._seq += 1
            if number % 10 == 9:  # noqa: PLR2004  a line now and then
                self._tell(f"{number + 1} of {rounds} minutes, {course.readings:,} readings")
        took_s, log_s = time.perf_counter() - begun_s, rounds * sizes.interval_s
        cpu_s = sum(course.cpu_s.values())
        judging_s = sum(took for part, took in course.cpu_s.items() if part.endswith("_hours"))
        return {
            "readings": course.readings,
            "uncounted": course.readings - (self._counted() - self._counted_before),
            "log_s": log_s,
            "took_s": round(took_s),
            "cpu_share": round(cpu_s / log_s, 3),
            "cpu_us_per_reading": round(cpu_s / course.readings * 1e6, 2),
            "cpu_us_per_animal_hour": round(judging_s / max(1, course.hours) * 1e6, 1),
            "cpu_s": {part: round(took, 1) for part, took in course.cpu_s.items()},
            "longest_step_ms": round(max(course.longest_ms, course.longest_usual_ms)),
            "longest_step_without_hours_ms": round(course.longest_usual_ms),
            "detections": course.detections,
            "hours_told": course.hours,
        }

    def said(self) -> dict[str, Any]:
        """The herd, and its memory."""
        grown_mb = resident_mb_of(os.getpid()) - self._bare_mb
        held = sum(a.nbytes for s in self._states.values() for a in s.to_arrays().values())
        return {
            "animals_held": self._sizes.all_animals,
            "farms": self._sizes.farms * self._sizes.partitions,
            "resident_mb": round(grown_mb),
            "bytes_per_animal": round(grown_mb * MB / self._sizes.all_animals),
            "saved_bytes_per_animal": round(held / self._sizes.all_animals),
        }

    def saved_and_restored(self) -> dict[str, Any]:
        """A snapshot of each partition, in turn, and the way back from it."""
        copies, writes, reads, sizes = [], [], [], []
        peak_mb = 0.0
        for partition in list(self._states):
            state = self._states.pop(partition)  # a crash leaves none
            began = time.perf_counter()
            draft = Draft(state, partition, 0, 0, ends=Ends(0, 0, 0))
            copied = time.perf_counter()
            records: dict[str, bytes | None] = {}
            while not draft.complete:
                records |= dict(draft.slice(4 << 20))
            manifest, _ = draft.finish()
            written = time.perf_counter()
            peak_mb = max(peak_mb, resident_mb_of(os.getpid()) - self._bare_mb)
            del state, draft
            chunks = {key: value for key, value in records.items() if value is not None}
            del records
            again = time.perf_counter()
            found = assembled(manifest, chunks)
            reads.append(time.perf_counter() - again)
            if found is None:
                raise RuntimeError(f"the snapshot of partition {partition} cannot be read back")
            self._states[partition] = found
            copies.append(copied - began)
            writes.append(written - copied)
            sizes.append(sum(map(len, chunks.values())))
        replayed = self._replay()
        return {
            "snapshot_mb": round(max(sizes) / MB),
            "snapshot_copy_ms": round(max(copies) * 1e3),
            "snapshot_write_s": round(max(writes), 2),
            "snapshots_mb": round(sum(sizes) / MB),
            "resident_while_saving_mb": round(peak_mb),
            "restore_s": round(sum(reads), 1),
            **replayed,
            "recover_s": round(sum(reads) + replayed["replay_s"], 1),
        }

    def _replay(self) -> dict[str, Any]:
        """The largest debt that settings allow: seconds of replay, at the speed that was measured.

        Replayed in batches of a worker's size, its answers dropped.
        """
        settings = PipelineSettings()
        reader = ColumnReader(FixedSchemaIds())
        seq = self._seq
        begin = START + timedelta(seconds=self._sizes.interval_s * (seq - SEQ_FIRST))
        records, took_s = 0, 0.0
        while took_s < self._sizes.debt_s and records < settings.snapshot_records_max:
            for partition, state in self._states.items():
                rounds = self._bytes.slices(partition, begin, seq, self._sizes.interval_s)
                values = [value for _, some in rounds for value in some]
                for start in range(0, len(values), settings.batch_records_max):
                    piece = values[start : start + settings.batch_records_max]
                    begun_s = time.perf_counter()
                    step(state, reader.read(piece))
                    took_s += time.perf_counter() - begun_s
                    records += len(piece)
                if took_s >= self._sizes.debt_s:
                    break
            begin, seq = begin + timedelta(seconds=self._sizes.interval_s), seq + 1
        return {
            "replayed_records": records,
            "replay_s": round(took_s, 1),
            "replay_records_per_s": round(records / took_s),
        }

    def _counted(self) -> int:
        return sum(sum(s.counted_by_animal().values()) for s in self._states.values())

    def _one_farm(self) -> PartitionState:
        """A herd after a week of hourly readings."""
        herd = HerdBytes(Herds(self._sizes.herd, 1, HOUR_S), self._serde)
        state, course = PartitionState(), _Course(self._serde)
        for number in range(LIVED_HOURS):
            begin = START - timedelta(hours=LIVED_HOURS - number)
            for _, values in herd.slices(0, begin, SEQ_FIRST + number, HOUR_S):
                course.feed(state, values)
        return state

    def _as_if_lived(self, one: PartitionState, partition: int) -> PartitionState:
        """A partition whose animals have spoken once, and hold what the one farm's animals hold."""
        sizes, state = self._sizes, PartitionState()
        course = _Course(self._serde)
        for _, values in self._bytes.slices(partition, START, self._seq, sizes.interval_s):
            course.feed(state, values)
        rows = np.arange(sizes.farms * sizes.herd)
        alike = rows // sizes.farms  # animals speak farm after farm: see HerdBytes
        for table, theirs in zip(state.tables(), one.tables(), strict=True):
            for name, column in theirs.to_arrays(sizes.herd).items():
                table[name][rows] = column[alike]
        state.judged_until.update(one.judged_until)
        state.learnt_until.update(one.learnt_until)
        return state
