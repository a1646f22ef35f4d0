"""What a detector is: pure, all animals at once, with its limits and their source in the open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from contracts.detection import Condition, Phase
from pipeline.features import Signals
from pipeline.tables import Column, Table


@dataclass(frozen=True, slots=True)
class Limit:
    """A number a judgement hangs on, with its unit (UCUM) and where it comes from."""

    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Spec:
    """A detector's card. version: goes up when its answers may differ for the same log."""

    name: str
    version: int
    condition: Condition
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """One value behind a judgement: time in microseconds, value and limit in `unit`."""

    signal: str
    unit: str
    at_us: int
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Change:
    """An episode of an animal (row) begins or ends with a reading (index in the batch's columns).

    onset_us: when it began; 0 at an end, since the open episode knows.
    """

    phase: Phase
    row: int
    reading: int
    onset_us: int
    evidence: tuple[Measured, ...]


class Detector(Protocol):
    """Judges reading by reading, in log order; what it remembers of an animal is one table row."""

    @property
    def spec(self) -> Spec:
        """Its card."""
        ...

    @property
    def memory(self) -> Mapping[str, Column]:
        """What it remembers of each animal."""
        ...

    def judge(self, signals: Signals, memory: Table) -> list[Change]:
        """Onsets and ends these readings bring, in log order; moves `memory` on.

        The answer must not depend on how the log is cut into calls.
        """
        ...

    def evidence(self, memory: Table, row: int) -> tuple[Measured, ...]:
        """What it holds of an animal now: for telling an open episode again."""
        ...
