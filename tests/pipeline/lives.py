"""Lives of workers over a Kafka in memory: begun, left, frozen and woken as a test asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from contracts.clock import FakeClock
from contracts.column_reader import ColumnReader
from contracts.columns import Batch
from contracts.serde import FixedSchemaIds
from pipeline.runner import Worker
from pipeline.settings import PipelineSettings
from runtime.lifecycle import Running
from tests.builders import MORNING
from tests.pipeline.memory_kafka import MemoryInput, MemoryKafka, MemoryOutput, MemorySnapshots

SCHEMA_IDS = FixedSchemaIds()
KEPT_MAX = 20_000  # batches
SETTINGS = {"commit_every_s": 0, "unknown_schema_wait_s": 0}


class _ReadOnce(ColumnReader):
    """Reads the same bytes once: thousands of schedules run over a few small logs."""

    def __init__(self) -> None:
        super().__init__(SCHEMA_IDS)
        self._kept: dict[tuple[bytes | None, ...], Batch] = {}

    def read(self, values: Sequence[bytes | None]) -> Batch:
        """See ColumnReader."""
        key = tuple(values)
        found = self._kept.get(key)
        if found is None:
            found = super().read(values)
            if len(self._kept) < KEPT_MAX:
                self._kept[key] = found
        return found


class CrashedError(BaseException):
    """A worker is gone at this very place; no handler of its own may notice."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Who stands for the clients of Kafka: a test plants a bug by another class."""

    source: type[MemoryInput] = MemoryInput
    output: type[MemoryOutput] = MemoryOutput
    snapshots: type[MemorySnapshots] = MemorySnapshots
    worker: type[Worker] = Worker


@dataclass(slots=True)
class Life:
    """One life of a worker process; said: its settings."""

    kafka: MemoryKafka
    batch: int = 2
    slot: str = "pipeline-0"
    said: dict[str, Any] = field(default_factory=dict)
    ports: Ports = Ports()
    number: int = 0  # tells the lives of one slot apart
    input: MemoryInput = field(init=False)
    output: MemoryOutput = field(init=False)
    worker: Worker = field(init=False)
    running: Running = field(init=False)

    def __post_init__(self) -> None:
        """As `pipeline.app` wires it: the slot is taken before the group is joined."""
        kafka = self.kafka
        self.input = self.ports.source(kafka, self.batch, self.slot)
        self.output = self.ports.output(kafka, self.input, self.slot)
        self.output.open()
        self.running = Running()
        self.worker = self.ports.worker(
            self.input,
            self.output,
            self.ports.snapshots(kafka),
            SCHEMA_IDS,
            FakeClock(MORNING),
            _settings(tuple(sorted((SETTINGS | self.said).items()))),
            monotonic=lambda: kafka.now_s,
        )
        self.worker._reader = _READ_ONCE
        self.input.subscribe(self.worker)

    def turns(self, count: int) -> "Life":
        """So many turns of the loop; then it is as if it stood still."""
        for _ in range(count):
            self.worker.turn(self.running)
        return self

    def to_the_end(self, turns_max: int = 10_000) -> "Life":
        """Turns until it has read everything and all is committed, then an orderly stop."""
        for _ in range(turns_max):
            ends = {p: len(some) for p, some in self.kafka.inputs.items()}
            if self.kafka.done and self.input.positions == ends:
                return self.stop()
            self.turns(1)
        raise AssertionError(f"{self.slot} is not through after {turns_max} turns")

    def stop(self) -> "Life":
        """SIGTERM: the loop ends, and saves what is done."""
        self.running.stop()
        self.worker.run(self.running)
        self.input.close()
        return self

    def crash(self) -> None:
        """Kill -9: the group does not hear of it again."""
        self.input.freeze()

    def frozen(self, meanwhile: Callable[[], None]) -> None:
        """SIGSTOP, whatever happens meanwhile, SIGCONT."""
        self.input.freeze()
        meanwhile()
        self.input.thaw()


@cache
def _settings(said: tuple[tuple[str, Any], ...]) -> PipelineSettings:
    return PipelineSettings(**dict(said))


_READ_ONCE = _ReadOnce()
