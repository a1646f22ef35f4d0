"""`herd bench pipeline`: two worker processes read a log that was laid before, beside their floors.

In turn, over the very same records and on the same machine: the worker as it is deployed (all
detectors, exactly once), the same without transactions, a bare `consume()` loop (the floor), and a
plain loop without columns. Order changes from round to round; figures are medians. Then one run
with a stop-watch in it says where the worker's CPU goes, and the same workers meet a live stream.
"""

import json
import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.children import Children
from benchmarks.kafka_box import KafkaBox, kafka_box
from benchmarks.made_herds import HerdSizes, begin_before, values_of
from benchmarks.made_states import full_state, save
from benchmarks.pipeline_course import Course, course
from benchmarks.pipeline_live import LiveSizes, live
from benchmarks.timed_worker import TIMES_FILE
from pipeline.detectors.registry import ALL
from pipeline.state import PartitionState

Tell = Callable[[str], None]
Spans = dict[int, tuple[int, int]]  # partition → (first offset, one after the last)


@dataclass(frozen=True, slots=True)
class Sizes:
    """readings: of the laid log; plain_readings: of its begin, for the plain loop.

    learnt: whether workers begin with a state in which the herds were heard for weeks.
    """

    herd: HerdSizes = field(default_factory=HerdSizes)
    readings: int = 3_000_000
    plain_readings: int = 300_000
    rounds: int = 3
    workers: int = 2
    learnt: bool = True
    live: tuple[LiveSizes, ...] = (LiveSizes(5_000), LiveSizes(50_000))


@dataclass(frozen=True, slots=True)
class Loop:
    """What the processes of a floor said together."""

    per_s: float
    cpu_us: float


def run(tell: Tell, sizes: Sizes = Sizes()) -> dict[str, Any]:
    """Design's keys of `bench pipeline`, and what they were measured with."""
    with (
        tempfile.TemporaryDirectory(prefix="herd-bench-") as directory,
        kafka_box(Path(directory), tell) as box,
    ):
        return measure(box, Path(directory), sizes, tell)


def measure(box: KafkaBox, directory: Path, sizes: Sizes, tell: Tell) -> dict[str, Any]:
    """The same on a box that runs."""
    bench = _Bench(box, directory, sizes, tell)
    bench.lay()
    found = bench.rounds()
    return {**found, **bench.breakdown(), **bench.live(), **bench.said()}


class _Bench:
    def __init__(self, box: KafkaBox, directory: Path, sizes: Sizes, tell: Tell) -> None:
        self._box, self._directory, self._sizes, self._tell = box, directory, sizes, tell
        self._begin: dict[int, int] = {}
        self._end: dict[int, int] = {}
        self._readings_share = 1.0
        self._states: dict[int, PartitionState] = {}

    def lay(self) -> None:
        """Put the log into Kafka."""
        sizes = self._sizes
        self._begin = self._box.ends()
        begin, slices = begin_before(datetime.now(UTC), sizes.herd, sizes.readings)
        self._tell(f"laying {sizes.readings:,} readings, {slices} slices of each partition")
        self._box.lay(values_of(sizes.herd, begin, slices, self._box.schema_ids))
        self._end = self._box.ends()
        records = sum(self._end.values()) - sum(self._begin.values())
        self._readings_share = 1 - slices * sizes.herd.partitions / records
        self._tell(f"{records:,} records laid")
        if sizes.learnt:
            ids, partitions = self._box.schema_ids, range(sizes.herd.partitions)
            self._states = {p: full_state(sizes.herd, p, begin, ids) for p in partitions}

    def rounds(self) -> dict[str, Any]:
        """All rounds, and their medians."""
        ours: dict[str, list[Course]] = {"exactly_once": [], "at_least_once": []}
        floor: list[Loop] = []
        plain: list[Loop] = []
        for number in range(self._sizes.rounds):
            names = sorted(ours, reverse=number % 2 == 0)  # the first of two changes
            ours[names[0]].append(self._worker(names[0]))
            floor.append(self._loop("floor", "benchmarks.bare_loop", self._spans(1.0)))
            ours[names[1]].append(self._worker(names[1]))
            share = min(1.0, self._sizes.plain_readings / self._sizes.readings)
            plain.append(self._loop("plain loop", "benchmarks.plain_loop", self._spans(share)))
        exactly = ours["exactly_once"]
        per_s = statistics.median(one.per_s for one in exactly)
        loose_per_s = statistics.median(one.per_s for one in ours["at_least_once"])
        floor_per_s = statistics.median(one.per_s for one in floor)
        plain_per_s = statistics.median(one.per_s for one in plain)
        share = self._readings_share
        animals = self._sizes.herd.animals * self._sizes.herd.partitions
        return {
            "readings_per_s": round(per_s * share),
            "floor_per_s": round(floor_per_s * share),
            "plain_loop_per_s": round(plain_per_s * share),
            "at_least_once_per_s": round(loose_per_s * share),
            "of_floor": round(per_s / floor_per_s, 2),
            "of_plain_loop": round(per_s / plain_per_s, 1),
            "exactly_once_cost_pct": round((1 - per_s / loose_per_s) * 100, 1),
            "cpu_us_per_reading": _median([one.cpu_us for one in exactly]),
            "cpu_us_per_reading_broker": _median([one.broker_cpu_us for one in exactly]),
            "cpu_us_per_reading_floor": _median([one.cpu_us for one in floor]),
            "cpu_us_per_reading_plain_loop": _median([one.cpu_us for one in plain]),
            "resident_mb": round(max(one.resident_mb for one in exactly)),
            "resident_bytes_per_animal": round(exactly[-1].resident_mb * 1e6 / animals),
            "each": {
                "readings_per_s": [round(one.per_s * share) for one in exactly],
                "at_least_once_per_s": [round(one.per_s * share) for one in ours["at_least_once"]],
                "floor_per_s": [round(one.per_s * share) for one in floor],
                "plain_loop_per_s": [round(one.per_s * share) for one in plain],
            },
        }

    def breakdown(self) -> dict[str, Any]:
        """Where the CPU of the workers goes, microseconds a record, by part."""
        slots = self._slots()
        fields = [{TIMES_FILE: str(self._directory / f"{slot}.times")} for slot in slots]
        self._set_back()
        workers = [
            self._box.worker(slot, module="benchmarks.timed_worker", more=more)
            for slot, more in zip(slots, fields, strict=True)
        ]
        found = course(self._box, workers, self._begin, self._end)
        parts: dict[str, float] = {}
        records = sum(self._end.values()) - sum(self._begin.values())
        process_s = 0.0
        for more in fields:
            told = json.loads(Path(more[TIMES_FILE]).read_text("utf-8"))
            process_s += told["process"]
            for part, seconds in told["parts"].items():
                parts[part] = parts.get(part, 0.0) + seconds
        parts["all else (client threads, start, snapshots)"] = process_s - sum(parts.values())
        said = {part: round(seconds / records * 1e6, 3) for part, seconds in parts.items()}
        self._tell(f"timed: {found.per_s:,.0f}/s, µs a record: {said}")
        return {"cpu_us_by_part": said}

    def _set_back(self) -> None:
        """As before the first run, with what the herds are known by."""
        self._box.forget_runs(self._begin)
        for partition, state in self._states.items():
            save(self._box, state, partition, self._begin[partition])

    def live(self) -> dict[str, Any]:
        """Reading produced → detection readable, at each rate."""
        found: dict[str, Any] = {}
        for sizes in self._sizes.live:
            found |= live(self._box, self._slots(), sizes, self._tell)
        return found

    def said(self) -> dict[str, Any]:
        """What it was measured with."""
        herd = self._sizes.herd
        return {
            "bytes_per_animal": round(self._bytes_per_animal()),
            "detectors": [detector.spec.name for detector in ALL],
            "workers": self._sizes.workers,
            "farms": herd.farms * herd.partitions,
            "animals": herd.animals * herd.partitions,
            "animals_a_partition": herd.animals,
            "partitions": herd.partitions,
            "cadence_s": herd.cadence_s,
            "readings": self._sizes.readings,
            "learnt": self._sizes.learnt,
            "rounds": self._sizes.rounds,
            "load_average": [round(one, 1) for one in os.getloadavg()],
        }

    def _bytes_per_animal(self) -> float:
        """Of a state in which a herd of this size was met."""
        herd, now = self._sizes.herd, datetime.now(UTC)
        state = self._states.get(0) or full_state(herd, 0, now, self._box.schema_ids)
        return state.bytes_per_animal()

    def _worker(self, name: str) -> Course:
        module = "" if name == "exactly_once" else f"benchmarks.{name}"
        self._set_back()
        workers = [self._box.worker(slot, module=module) for slot in self._slots()]
        found = course(self._box, workers, self._begin, self._end)
        self._tell(
            f"{name}: {found.per_s:,.0f} records/s, CPU {found.cpu_us:.2f} µs a record, broker "
            f"{found.broker_cpu_us:.2f} µs, {found.resident_mb:,.0f} MB"
        )
        return found

    def _loop(self, name: str, module: str, spans: Spans) -> Loop:
        shares = [
            {p: span for p, span in spans.items() if p * self._sizes.workers // len(spans) == one}
            for one in range(self._sizes.workers)
        ]
        children = Children(
            module,
            [
                {
                    "bootstrap": self._box.bootstrap,
                    "registry_url": self._box.registry_url,
                    "spans": share,
                }
                for share in shares
                if share
            ],
        )
        children.go()
        said = children.answers()
        records = sum(one["records"] for one in said)
        seconds = max(one["ended_s"] for one in said) - min(one["begun_s"] for one in said)
        found = Loop(records / seconds, sum(one["cpu_s"] for one in said) / records * 1e6)
        self._tell(f"{name}: {found.per_s:,.0f} records/s, CPU {found.cpu_us:.2f} µs a record")
        return found

    def _spans(self, share: float) -> Spans:
        """The begin of the log in each partition that holds any of it."""
        return {
            p: (begin, begin + round((self._end[p] - begin) * share))
            for p, begin in self._begin.items()
            if self._end[p] > begin
        }

    def _slots(self) -> list[str]:
        return [f"pipeline-{number}" for number in range(self._sizes.workers)]


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 2)
