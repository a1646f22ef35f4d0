"""`python -m benchmarks.step`: what one core does in the engine's `step`, without Kafka or Avro.

The columns are laid down as the reader leaves them (texts in one buffer, in the order of the log),
so the figure is that of counting, judging and telling alone. CPU time: others may use the cores.
"""

import argparse
import cProfile
import json
import pstats
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from contracts.columns import (
    NONE_LONG,
    NONE_TEXT,
    Batch,
    ReadingColumns,
    TextColumn,
    fields_of,
    micros,
    moment,
)
from contracts.envelope import Event
from contracts.messages import BY_PAYLOAD, event_type_of, schema_of
from contracts.reading import CollarReading
from contracts.tick import Tick
from pipeline.engine import step
from pipeline.signals import COUNTED
from pipeline.state import PartitionState

BEGIN_US = micros(datetime(2026, 3, 1, tzinfo=UTC))
TICK_EVERY_S = 60
BATCH = 10_000
BYTES_OF = {"event_id": 36, "aggregate_id": 36, "collar_id": 36, "farm_id": 8}
SAID = {"temperature_site": b"rumen", "clock": b"ok"}
MEASURED = {
    "temperature_c": 38.6,
    "rumination_minutes": 0.3,
    "eating_minutes": 0.2,
    "lying_minutes": 0.5,
    "steps": 2.0,
    "activity": 3.0,
    "drinking_minutes": 0.01,
}

NOISE = {"latitude": 1e-7, "longitude": 1e-6}  # some metres: an animal that grazes
SUMMED = {*COUNTED}  # over a reading's span; all else is what it is at a moment


@dataclass(frozen=True, slots=True)
class Sizes:
    """A herd on one partition. upload: readings of one collar that lie together."""

    animals: int = 5000
    farms: int = 24
    cadence_s: int = 60
    count: int = 3_000_000
    upload: int = 1


class MadeColumns:
    """Batches of a herd that speaks in turn; one tick a minute.

    measured: what each reading says in the mean, of a minute where it is minutes or counts.
    """

    def __init__(self, sizes: Sizes, measured: Mapping[str, float] = MEASURED) -> None:
        self._sizes, self._measured = sizes, measured
        who = np.arange(sizes.animals)
        self._record = sum(BYTES_OF.values()) + sum(map(len, SAID.values()))
        self._herd = np.zeros((sizes.animals, self._record), np.uint8)
        at = 0
        for name, width in BYTES_OF.items():
            made = [_id(name, int(n), sizes.farms, width) for n in who]
            self._herd[:, at : at + width] = np.frombuffer(b"".join(made), np.uint8).reshape(
                -1, width
            )
            at += width
        for value in SAID.values():
            self._herd[:, at : at + len(value)] = np.frombuffer(value, np.uint8)
            at += len(value)

    def batches(self) -> Iterator[Batch]:
        """All readings, in batches of BATCH."""
        sizes = self._sizes
        per_s = sizes.animals / sizes.cadence_s
        ticked = -1
        for first in range(0, sizes.count, BATCH):
            number = np.arange(first, min(first + BATCH, sizes.count))
            turn, within = np.divmod(number, sizes.upload)
            animal = turn % sizes.animals
            seq = turn // sizes.animals * sizes.upload + within
            at_s = number / per_s
            occurred_s = seq * sizes.cadence_s + animal / per_s
            minute = (at_s // TICK_EVERY_S).astype(np.int64)
            before = np.concatenate([[ticked], minute[:-1]])
            places = np.nonzero(minute != before)[0]
            ticked = int(minute[-1])
            shift = np.cumsum(minute != before)
            ticks = tuple(
                (int(place + rank), _tick(int(minute[place])))
                for rank, place in enumerate(places.tolist())
            )
            yield Batch(
                len(number) + len(ticks),
                self._columns(np.arange(len(number)) + shift, animal, seq, occurred_s),
                ticks,
            )

    def _columns(
        self,
        place: NDArray[np.int64],
        animal: NDArray[np.int64],
        seq: NDArray[np.int64],
        occurred_s: NDArray[np.float64],
    ) -> ReadingColumns:
        size = len(place)
        columns = ReadingColumns(place, {}, {}, {})
        buffer = self._herd[animal].tobytes()
        begin = np.arange(size) * self._record
        for name, width in [*BYTES_OF.items(), *((n, len(v)) for n, v in SAID.items())]:
            columns.texts[name] = TextColumn(buffer, begin, begin + width)
            begin = begin + width
        occurred_us = BEGIN_US + (occurred_s * 1e6).astype(np.int64)
        columns.longs["timestamp"] = occurred_us
        columns.longs["received_at"] = occurred_us + 1_000_000
        columns.longs["seq"] = seq
        columns.longs["boot_id"] = np.full(size, 7)
        columns.longs["interval_s"] = np.full(size, self._sizes.cadence_s)
        draw = np.random.default_rng(int(seq[0]))
        for name, usual in self._measured.items():
            noise = draw.normal(1.0, 0.1 if name in SUMMED else NOISE.get(name, 0.003), size)
            scaled = usual * self._sizes.cadence_s / 60 if name in SUMMED else usual
            columns.floats[name] = (scaled * noise).astype(np.float32).astype(np.float64)
        none = np.full(size, NONE_TEXT, np.int64)
        for field in fields_of(schema_of(BY_PAYLOAD[CollarReading])):
            name, kind = field["name"], field["type"]
            if name in columns.longs | columns.floats | columns.texts:
                continue
            match kind[1] if isinstance(kind, list) else kind:
                case "string":
                    columns.texts[name] = TextColumn(b"", none, none)
                case "float" | "double":
                    columns.floats[name] = np.full(size, np.nan)
                case _:
                    columns.longs[name] = np.full(size, NONE_LONG, np.int64)
        return columns


def _id(name: str, number: int, farms: int, width: int) -> bytes:
    if name == "farm_id":
        return f"farm-{number % farms:0{width - 5}d}".encode()
    return f"{name[:6]}-{number:0{width - 7}d}"[:width].encode()


def _tick(minute: int) -> Event[Tick]:
    return Event(
        event_id=f"tick-{minute}",
        event_type=event_type_of(Tick),
        timestamp=moment(BEGIN_US + minute * TICK_EVERY_S * 1_000_000),
        aggregate_id="partition:0",
        actor="herd-clock",
        farm_id=None,
        payload=Tick(writer="herd-clock"),
    )


def measured(sizes: Sizes, *, profile: bool = False) -> dict[str, object]:
    """Readings a CPU second and the longest step, once every animal was heard."""
    state = PartitionState()
    spent, longest, known, done, hours = 0.0, 0.0, 0, 0, 0
    profiler = cProfile.Profile()
    for batch in MadeColumns(sizes).batches():
        if profile:
            profiler.enable()
        begun = time.process_time()
        told = step(state, batch)
        took = time.process_time() - begun
        profiler.disable()
        known += len(batch.readings)
        if known <= sizes.animals + BATCH:
            continue  # rows are made, and their memory touched for the first time
        spent, longest = spent + took, max(longest, took)
        done += len(batch.readings)
        hours += sum(map(len, told.hours))
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(28)
    return {
        **asdict(sizes),
        "readings_per_cpu_s": round(done / spent),
        "us_per_reading": round(spent / done * 1e6, 3),
        "longest_step_ms": round(longest * 1000, 1),
        "animal_hours": hours,
        "bytes_per_animal": round(state.bytes_per_animal()),
    }


def main() -> None:
    """One line of JSON a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--animals", type=int, nargs="+", default=[500, 5000, 50_000])
    parser.add_argument("--cadence", type=int, nargs="+", default=[60, 600])
    parser.add_argument("--readings", type=int, default=3_000_000)
    parser.add_argument("--upload", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    for cadence_s in asked.cadence:
        for animals in asked.animals:
            sizes = Sizes(
                animals=animals,
                farms=min(24, animals),
                cadence_s=cadence_s,
                count=asked.readings,
                upload=asked.upload,
            )
            print(json.dumps(measured(sizes, profile=asked.profile)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
